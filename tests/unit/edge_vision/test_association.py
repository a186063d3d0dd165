"""Overlap and assignment."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from edge.vision.association import assign, overlap

_LIKENESS = nps.arrays(
    np.float64,
    st.tuples(st.integers(0, 6), st.integers(0, 6)),
    elements=st.floats(0.0, 1.0, width=32),
)


def test_overlap_of_known_boxes() -> None:
    """Half-shifted squares share a third; apart they share nothing; a point has no area."""
    first = np.array([[0, 0, 2, 2], [5, 5, 5, 5]], np.float32)
    second = np.array([[1, 0, 3, 2], [9, 9, 10, 10]], np.float32)

    assert np.allclose([[1 / 3, 0.0], [0.0, 0.0]], overlap(first, second))


def test_total_likeness_decides() -> None:
    """A good pair is given up where two pairs together are better."""
    pairs = assign(np.array([[0.9, 0.8], [0.7, 0.1]]), 0.2)

    assert list(zip(pairs.rows.tolist(), pairs.columns.tolist(), strict=True)) == [(0, 1), (1, 0)]


def test_a_pair_below_the_floor_pushes_nothing_aside() -> None:
    """What may not be paired anyway does not change the good pair."""
    pairs = assign(np.array([[0.5, 0.45], [0.19, 0.0]]), 0.2)

    assert pairs.rows.tolist() == [0]
    assert pairs.columns.tolist() == [0]


@given(likeness=_LIKENESS, floor=st.floats(0.01, 1.0))
def test_pairs_are_one_to_one_and_above_the_floor(
    likeness: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", floor: float
) -> None:
    """No row or column is used twice, and no pair lies below the floor."""
    pairs = assign(likeness, floor)

    assert len(pairs.rows) == len(set(pairs.rows.tolist()))
    assert len(pairs.columns) == len(set(pairs.columns.tolist()))
    assert (likeness[pairs.rows, pairs.columns] >= floor).all()

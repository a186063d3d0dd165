"""Average precision is COCO's, to the last digit that matters."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.judging.boxes import Found, Truth
from models.judging.matching import match
from models.judging.precision import average_precision
from tests.unit.models_judging.coco_oracle import coco_precision

PICTURES, CLASSES = 3, 2
# few places and few scores: boxes that share a place, and ties
_SIDES = st.sampled_from([10.0, 10.0, 12.0, 40.0])
_BOX = st.tuples(st.sampled_from([0.0, 1.0, 2.0]), st.sampled_from([0.0, 1.0]), _SIDES, _SIDES)
_PICTURE = st.integers(0, PICTURES - 1)
_CLASS = st.integers(0, CLASSES - 1)
_LABEL = st.tuples(_PICTURE, _CLASS, _BOX, st.booleans())
_FOUND = st.tuples(_PICTURE, _CLASS, _BOX, st.sampled_from([0.1, 0.3, 0.5, 0.5001, 0.9]))


def truth_of(rows: Sequence[tuple[int, int, tuple[float, ...], bool]]) -> Truth:
    """Return labels of (picture, class, box, crowd)."""
    return Truth.of_rows(
        [(image, kind, box, box[2] * box[3], crowd, 1.0) for image, kind, box, crowd in rows]
    )


def found_of(rows: Sequence[tuple[int, int, tuple[float, ...], float]]) -> Found:
    """Return found boxes of (picture, class, box, score)."""
    return Found(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float64).reshape(-1, 4),
        np.array([row[3] for row in rows], np.float64),
    )


_SIZES = {"all": (0.0, 1e10), "small": (0.0, 1024.0), "medium": (1024.0, 9216.0)}


def assert_as_coco(truth: Truth, found: Found) -> None:
    """Compare every figure with COCO's, for all sizes and for some."""
    oracle = coco_precision(truth, found, pictures=PICTURES, classes=CLASSES)
    size = found.xywh[:, 2] * found.xywh[:, 3]
    for name, (low, high) in _SIZES.items():
        matches = match(
            truth,
            found,
            ignored=(truth.area < low) | (truth.area > high),
            outside=(size < low) | (size > high),
        )
        told = average_precision(matches, truth, CLASSES)
        expected = oracle[name]
        means = expected.mean(axis=1)

        assert np.isnan(told.by_class).tolist() == (means < 0.0).tolist()
        np.testing.assert_allclose(np.where(means < 0.0, -1.0, told.by_class), means, atol=1e-12)
        np.testing.assert_allclose(
            np.where(expected[0].T < 0.0, -1.0, told.curves), expected[0].T, atol=1e-12
        )


@settings(max_examples=60, deadline=None)
@given(labels=st.lists(_LABEL, max_size=16), boxes=st.lists(_FOUND, max_size=24))
def test_precision_is_that_of_coco(
    labels: Sequence[tuple[int, int, tuple[float, ...], bool]],
    boxes: Sequence[tuple[int, int, tuple[float, ...], float]],
) -> None:
    """With crowds, ties, sizes that do not count and empty classes, every figure is COCO's."""
    assert_as_coco(truth_of(labels), found_of(boxes))


@pytest.mark.parametrize("seed", range(12))
def test_precision_of_crowded_pictures_is_that_of_coco(seed: int) -> None:
    """Where many boxes fit many labels, crowds among them, every figure is COCO's."""
    rng = np.random.default_rng(seed)

    def box() -> tuple[float, ...]:
        return *rng.integers(0, 4, 2).astype(float), *rng.choice([10.0, 12.0, 14.0, 40.0], 2)

    labels = [(int(rng.integers(2)), 0, box(), bool(rng.random() < 0.3)) for _ in range(12)]
    boxes = [
        (int(rng.integers(2)), 0, box(), float(rng.choice([0.2, 0.5, 0.9]))) for _ in range(40)
    ]

    assert_as_coco(truth_of(labels), found_of(boxes))


@given(labels=st.lists(_LABEL, max_size=10), boxes=st.lists(_FOUND, max_size=16))
@settings(max_examples=60, deadline=None)
def test_pictures_that_are_left_out_do_not_count(
    labels: Sequence[tuple[int, int, tuple[float, ...], bool]],
    boxes: Sequence[tuple[int, int, tuple[float, ...], float]],
) -> None:
    """The figure of some pictures is that of a set that holds only them."""
    truth, found = truth_of(labels), found_of(boxes)
    some = np.array([True, False, True])
    part = average_precision(match(truth, found), truth, CLASSES, pictures=some)
    truth_alone = truth_of([row for row in labels if some[row[0]]])
    found_alone = found_of([row for row in boxes if some[row[0]]])
    alone = average_precision(match(truth_alone, found_alone), truth_alone, CLASSES)

    np.testing.assert_allclose(part.by_class, alone.by_class, atol=1e-12)


def test_only_the_surest_hundred_of_a_picture_count() -> None:
    """As in COCO, a right box that comes after a hundred surer ones is too late."""
    truth = truth_of([(0, 0, (0.0, 0.0, 40.0, 40.0), False)])
    noise = [(0, 0, (100.0 + number, 0.0, 9.0, 9.0), 0.9) for number in range(100)]
    right = [(0, 0, (0.0, 0.0, 40.0, 40.0), 0.5)]
    late, soon = found_of([*noise, *right]), found_of([*noise[1:], *right])

    assert average_precision(match(truth, late), truth, 1).map50 == 0.0
    assert average_precision(match(truth, soon), truth, 1).map50 == pytest.approx(0.01)


def test_a_picture_that_counts_twice_is_one_that_is_there_twice() -> None:
    """Weights, which the bootstrap draws, do what repeating a picture does."""
    rows = [(0, 0, (0.0, 0.0, 10.0, 10.0), False), (1, 0, (0.0, 0.0, 40.0, 40.0), False)]
    boxes = [(0, 0, (0.0, 0.0, 10.0, 10.0), 0.9), (1, 0, (50.0, 0.0, 9.0, 9.0), 0.95)]
    truth, found = truth_of(rows), found_of(boxes)
    weighted = average_precision(match(truth, found), truth, 1, weights=np.array([1.0, 2.0]))
    twice_rows = [*rows, (2, *rows[1][1:])]
    twice_boxes = [*boxes, (2, *boxes[1][1:])]
    twice_truth, twice_found = truth_of(twice_rows), found_of(twice_boxes)
    twice = average_precision(match(twice_truth, twice_found), twice_truth, 1)

    np.testing.assert_allclose(weighted.by_class, twice.by_class, atol=1e-12)

"""Distributions that move, and those that do not."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.second_look.drift import MAJOR, MODERATE, Shift, shift_of, stability_index
from edge.second_look.drift_watch import Drifted, DriftWatch
from edge.vision.tracks import Tracks

COUNTS = st.dictionaries(st.integers(0, 9), st.integers(0, 500), max_size=10)


@given(COUNTS, COUNTS)
def test_the_index_is_never_negative_and_the_same_both_ways(
    first: dict[int, int], second: dict[int, int]
) -> None:
    """It is a distance of a kind, though none that adds up."""
    index = stability_index(first, second)

    assert index >= 0.0
    assert index == pytest.approx(stability_index(second, first))


@given(COUNTS)
def test_the_same_again_has_not_moved(counts: dict[int, int]) -> None:
    """A sample is at nought from itself."""
    assert stability_index(counts, counts) == pytest.approx(0.0, abs=1e-12)


def test_a_known_value() -> None:
    """Shares of 0.2 and 0.8 that change places: twice 0.6 ln 4."""
    index = stability_index({0: 200_000, 1: 800_000}, {0: 800_000, 1: 200_000})

    assert index == pytest.approx(1.2 * math.log(4.0), rel=1e-4)


def test_noise_alone_is_no_shift() -> None:
    """Two windows of 500 from one distribution stay below the threshold in 99 of 100 cases."""
    rng = np.random.default_rng(3)
    shares = [0.05, 0.05, 0.1, 0.1, 0.1, 0.1, 0.15, 0.15, 0.1, 0.1]
    indices = [
        stability_index(*(Counter(rng.choice(10, 500, p=shares).tolist()) for _ in range(2)))
        for _ in range(200)
    ]

    assert sum(index >= MODERATE for index in indices) <= 2


@pytest.mark.parametrize(
    ("index", "shift"),
    [(0.0, Shift.NONE), (MODERATE, Shift.MODERATE), (MAJOR, Shift.MAJOR), (9.0, Shift.MAJOR)],
    ids=str,
)
def test_thresholds(index: float, shift: Shift) -> None:
    """Each threshold belongs to the larger shift."""
    assert shift_of(index) is shift


def tracks(*found: tuple[int, int, float]) -> Tracks:
    """Return tracks seen now: number, class id, confidence."""
    ids, classes, scores = zip(*found, strict=True) if found else ((), (), ())
    count = len(ids)
    return Tracks(
        np.asarray(ids, np.int64),
        np.zeros((count, 4), np.float32),
        np.asarray(scores, np.float32),
        np.asarray(classes, np.int32),
        np.zeros(count),
        np.ones(count, np.int32),
        np.zeros(count),
        ("car", "person"),
    )


def windows(watch: DriftWatch, scores: list[float], *, class_id: int = 0) -> list[Drifted | None]:
    """Let a watch see one thing a second; return what it says to each."""
    begin = watch_time[0]
    watch_time[0] += len(scores)
    return [
        watch.look(tracks((begin + number, class_id, score)), float(begin + number), "m-1")
        for number, score in enumerate(scores)
    ]


watch_time = [0]


def test_a_camera_in_winter_light_has_drifted() -> None:
    """Findings that are less sure than those of the first window are a major shift."""
    watch, rng = DriftWatch("c-1", 100), np.random.default_rng(1)
    first = windows(watch, rng.uniform(0.7, 0.95, 100).tolist())
    same = windows(watch, rng.uniform(0.7, 0.95, 100).tolist())[-1]
    winter = windows(watch, rng.uniform(0.4, 0.7, 100).tolist())[-1]

    assert first == [None] * 100
    assert same is not None
    assert same.shift is Shift.NONE
    assert winter is not None
    assert winter.shift is Shift.MAJOR
    assert winter.classes < MODERATE < winter.scores


def test_another_class_is_a_drift_too() -> None:
    """Where cars drove and now people walk, the classes tell."""
    watch = DriftWatch("c-1", 60)
    windows(watch, [0.85] * 60)
    found = windows(watch, [0.85] * 60, class_id=1)[-1]

    assert found is not None
    assert (found.shift, found.scores < MODERATE) == (Shift.MAJOR, True)


def test_another_network_begins_anew() -> None:
    """It is compared with itself, not with the one before."""
    watch = DriftWatch("c-1", 50)
    windows(watch, [0.9] * 50)
    watch.look(tracks((10_000, 0, 0.2)), 10_000.0, "m-2")
    seen = [watch.look(tracks((20_000 + n, 0, 0.2)), 20_000.0 + n, "m-2") for n in range(50)]

    assert seen == [None] * 50


def test_a_parked_car_counts_once_a_second() -> None:
    """Ten looks a second at one thing are not ten findings."""
    watch = DriftWatch("c-1", 50)
    seen = [watch.look(tracks((1, 0, 0.9)), 30_000.0 + n / 10, "m-1") for n in range(400)]

    assert seen == [None] * 400

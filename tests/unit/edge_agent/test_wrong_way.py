"""Against the direction of a lane."""

import pytest

from edge.analytics.wrong_way import WrongWay, WrongWayChange


def _run(path: list[tuple[float, float]], *, fps: float = 10.0) -> list[WrongWayChange]:
    lane = WrongWay((0.0, 1.0))
    return [
        change
        for number, point in enumerate(path)
        for change in lane.update({1: point}, number / fps)
    ]


DOWN = [(0.5, 0.2 + 0.01 * step) for step in range(60)]
UP = [(0.5, 0.8 - 0.01 * step) for step in range(60)]


def test_who_goes_with_the_lane_is_left_alone() -> None:
    """Down the picture is this lane's direction."""
    assert _run(DOWN) == []


def test_who_goes_against_it_is_told_once() -> None:
    """It began where the way back began, and is told when eight percent are behind."""
    assert _run(UP) == [WrongWayChange(1, True, 0.0, 0.8)]


@pytest.mark.parametrize("fps", [5.0, 25.0])
def test_the_frame_rate_does_not_matter(fps: float) -> None:
    """The same way at another pace of frames is the same finding."""
    assert [change.began for change in _run(UP, fps=fps)] == [True]


def test_trembling_and_crossing_do_not_count() -> None:
    """A box that wavers by three percent, and one that goes across, are no wrong way."""
    trembling = [(0.5, 0.5 + 0.03 * (step % 2)) for step in range(100)]
    across = [(0.01 * step, 0.5) for step in range(100)]

    assert _run(trembling) == []
    assert _run(across) == []


def test_backing_into_a_gap_counts_from_the_farthest_point() -> None:
    """Forty percent forwards, then ten back: the ten are the wrong way."""
    path = [
        *[(0.5, 0.2 + 0.01 * step) for step in range(41)],
        *[(0.5, 0.6 - 0.01 * s) for s in range(1, 11)],
    ]
    (change,) = _run(path)

    assert change.began
    assert change.since_s == 4.0


def test_it_ends_when_the_way_is_made_good_or_the_track_is_gone() -> None:
    """Turning round ends it where the turn was; leaving ends it where it was last seen."""
    turned = _run([*UP, *[(0.5, 0.21 + 0.01 * step) for step in range(20)]])
    lane = WrongWay((0.0, 1.0))
    for number, point in enumerate(UP):
        lane.update({1: point}, number / 10.0)
    gone = lane.update({}, 20.0)

    assert [(change.began, change.until_s) for change in turned] == [(True, 0.8), (False, 6.0)]
    assert gone == [WrongWayChange(1, False, 0.0, 5.9)]

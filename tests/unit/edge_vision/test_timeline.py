"""Presentation times across jumps and loops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cameras.timeline import Placed, Timeline


def _times(timeline: Timeline, *raw_s: float | None) -> list[float]:
    return [round(timeline.place(each).pts_s, 6) for each in raw_s]


def _rounded(placed: Placed) -> tuple[float, bool]:
    return round(placed.pts_s, 6), placed.discontinuity


def test_time_begins_at_nought() -> None:
    """A stream whose clock begins anywhere begins at 0 here."""
    assert _times(Timeline(), 1000.0, 1000.04, 1000.08) == [0.0, 0.04, 0.08]


@pytest.mark.parametrize("jump_s", [-500.0, 3600.0], ids=["back", "forward"])
def test_a_jump_is_marked_and_bridged_by_one_step(jump_s: float) -> None:
    """When the stream's clock jumps, time goes on by the last step, as a discontinuity."""
    timeline = Timeline()
    _times(timeline, 1000.0, 1000.1)
    jumped = timeline.place(1000.1 + jump_s)
    after = timeline.place(1000.2 + jump_s)

    assert _rounded(jumped) == (0.2, True)
    assert _rounded(after) == (0.3, False)


def test_a_slow_camera_does_not_jump() -> None:
    """One frame in five seconds is slow, not a discontinuity."""
    timeline = Timeline()
    timeline.place(0.0)

    assert Placed(5.0, discontinuity=False) == timeline.place(5.0)


def test_a_loop_goes_on_growing() -> None:
    """The first frame after a restart follows the last one by a step, and is marked."""
    timeline = Timeline()
    _times(timeline, 0.0, 0.04, 0.08)
    timeline.restart()

    assert _rounded(timeline.place(0.0)) == (0.12, True)
    assert _rounded(timeline.place(0.04)) == (0.16, False)


def test_missing_times_are_one_step_apart() -> None:
    """A frame without a time of its own follows the last one."""
    assert _times(Timeline(), 0.0, 0.1, None) == [0.0, 0.1, 0.2]


def test_frames_out_of_order_are_no_jump() -> None:
    """B-frames whose times come in the order of decoding are set a millisecond apart."""
    timeline = Timeline()
    placed = [timeline.place(raw_s) for raw_s in (0.0, 0.08, 0.04, 0.12)]

    assert [round(each.pts_s, 6) for each in placed] == [0.0, 0.08, 0.081, 0.12]
    assert not any(each.discontinuity for each in placed)


def test_times_that_begin_late_are_no_jump() -> None:
    """The first frames of an RTSP stream have no times; the first known one continues them."""
    timeline = Timeline()
    _times(timeline, None, None)

    assert _rounded(timeline.place(4.8)) == (0.08, False)
    assert _rounded(timeline.place(4.84)) == (0.12, False)


@given(st.lists(st.none() | st.floats(-1e6, 1e6), max_size=50))
def test_time_always_grows(raw_s: list[float | None]) -> None:
    """Whatever the stream's clock says, ours moves on with every frame."""
    timeline = Timeline()
    times = [timeline.place(each).pts_s for each in raw_s]

    assert sorted(set(times)) == times

"""How frames get from a camera to the loop."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np

from edge.cameras.scripted_source import ScriptedSource
from edge.errors import CameraFault, CameraSetup
from edge.feed import DirectFeed, ThreadedFeed

START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
PICTURE = np.zeros((8, 8), np.uint8)


def source(count: int) -> ScriptedSource:
    """Return a camera with so many frames at 10 a second."""
    return ScriptedSource("c-1", [PICTURE] * count, epoch=START, fps=10.0)


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, at most ten seconds."""
    deadline = time.monotonic() + 10.0
    while not condition():
        assert time.monotonic() < deadline, "nothing happened for ten seconds"
        time.sleep(0.002)


def test_a_direct_feed_follows_the_clock() -> None:
    """A frame is handed out when the clock has reached its moment."""
    feed = DirectFeed(source(10))
    feed.start()
    found = [len(feed.take(START + timedelta(seconds=s))) for s in (0.0, 0.05, 0.3, 5.0, 6.0)]

    assert found == [1, 0, 3, 6, 0]
    assert feed.ended


def test_a_direct_feed_without_pace_gives_one_frame_a_step() -> None:
    """As fast as possible means one frame a step, none skipped."""
    feed = DirectFeed(source(3), paced=False)
    feed.start()

    assert [len(feed.take(START)) for _ in range(4)] == [1, 1, 1, 0]
    assert feed.ended


def test_a_direct_feed_names_a_fault() -> None:
    """A recording that breaks off is a named fault, not an exception in the loop."""
    broken = ScriptedSource("c-1", [PICTURE, CameraFault("c-1", "torn")], epoch=START)
    feed = DirectFeed(broken, paced=False)
    feed.start()

    assert [len(feed.take(START)) for _ in range(2)] == [1, 0]
    assert feed.fault is not None
    assert "torn" in feed.fault


def test_a_late_loop_gets_the_newest_frames_and_drops_are_counted() -> None:
    """Overload drops the oldest frames, never grows a backlog."""
    feed = ThreadedFeed(source(50), capacity=2)
    feed.start()
    until(lambda: feed.counters["frames"] == 50)
    until(lambda: feed.counters["frames_overrun"] == 48)
    indices = [frame.index for frame in feed.take(START)]
    feed.close()

    assert indices == [48, 49]


def test_a_dropped_break_in_the_stream_is_not_forgotten() -> None:
    """The mark of a discontinuity moves on to the oldest frame that is left."""
    broken = source(50)
    read = broken.read

    def marked(timeout_s: float) -> object:
        frame = read(timeout_s)
        assert frame is not None
        return frame.moved(index=frame.index, pts_s=frame.pts_s, discontinuity=frame.index == 3)

    broken.read = marked  # type: ignore[method-assign, assignment]
    feed = ThreadedFeed(broken, capacity=2)
    feed.start()
    until(lambda: feed.counters["frames_overrun"] == 48)
    marks = [frame.discontinuity for frame in feed.take(START)]
    feed.close()

    assert marks == [True, False]


def test_a_recording_read_fast_loses_nothing() -> None:
    """Without dropping, the reader waits for the loop."""
    feed = ThreadedFeed(source(50), capacity=2, drop=False)
    feed.start()
    indices: list[int] = []

    def everything_came() -> bool:
        indices.extend(frame.index for frame in feed.take(START))
        return feed.ended

    until(everything_came)
    feed.close()

    assert list(range(50)) == indices
    assert feed.counters["frames_overrun"] == 0


def test_what_a_person_must_put_right_ends_a_feed() -> None:
    """A setup error is kept for the loop to name."""
    wrong = ScriptedSource("c-1", [CameraSetup("c-1", "no such file")], epoch=START)
    feed = ThreadedFeed(wrong)
    feed.start()
    until(lambda: feed.fault is not None)
    feed.close()

    assert feed.trouble is not None
    assert "no such file" in feed.trouble

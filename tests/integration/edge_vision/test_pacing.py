"""Files played at the pace at which they were filmed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.cameras.frame import Frame
from edge.cameras.pyav_source import PyAvSource
from edge.errors import CameraEnded
from tests.integration.edge_vision.drawn_video import draw_video

_START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


class _Wall:
    """Real time that passes only while somebody waits, and a clock of ours upon it."""

    def __init__(self, scale: float = 1.0) -> None:
        self.elapsed_s = 0.0
        self._scale = scale

    def seconds(self) -> float:
        return self.elapsed_s

    def wait(self, seconds: float) -> None:
        self.elapsed_s += seconds

    def now(self) -> datetime:
        return _START + timedelta(seconds=self.elapsed_s * self._scale)

    def wall_seconds(self, seconds: float) -> float:
        return seconds / self._scale


def _play(
    video: Path,
    wall: _Wall,
    timeout_s: float = 1.0,
    work: Callable[[Frame], None] = lambda _: None,
) -> tuple[PyAvSource, list[tuple[int, float]]]:
    """Return the source and, for each frame, its index and when it came in real seconds."""
    source = PyAvSource(
        "c-1", video, clock=wall, seconds=wall.seconds, wait=wall.wait, pace="realtime"
    )
    source.open()
    arrivals = []
    try:
        while True:
            frame = source.read(timeout_s)
            if frame is not None:
                arrivals.append((frame.index, wall.elapsed_s))
                work(frame)
    except CameraEnded:
        source.close()
    return source, arrivals


@pytest.mark.parametrize("scale", [1.0, 10.0], ids=["realtime", "ten-times"])
def test_frames_come_when_they_are_due(tmp_path: Path, scale: float) -> None:
    """Frame n comes n/25 s of the clock after the first, however the clock is scaled."""
    video = draw_video(tmp_path / "clip.mp4", frames=30)
    _, arrivals = _play(video, _Wall(scale))

    assert pytest.approx([n / 25 / scale for n in range(30)]) == [at for _, at in arrivals]


def test_the_pace_does_not_drift(tmp_path: Path) -> None:
    """Work between frames does not add up: the last frame is still on time."""
    wall = _Wall()
    video = draw_video(tmp_path / "clip.mp4", frames=50)
    source, arrivals = _play(video, wall, work=lambda _: wall.wait(0.03))

    assert arrivals[-1][0] == 49
    assert pytest.approx(49 / 25) == arrivals[-1][1]
    assert source.counters["dropped_frames"] == 0


def test_a_short_timeout_is_kept(tmp_path: Path) -> None:
    """A reader that waits 10 ms at a time still gets every frame on time."""
    wall = _Wall()
    video = draw_video(tmp_path / "clip.mp4", frames=10)
    _, arrivals = _play(video, wall, timeout_s=0.01)

    assert list(range(10)) == [index for index, _ in arrivals]
    assert pytest.approx(9 / 25, abs=0.011) == arrivals[-1][1]


def test_a_slow_reader_loses_frames_like_a_camera(tmp_path: Path) -> None:
    """Work that takes longer than a frame drops frames, counted, instead of falling behind."""
    wall = _Wall()
    video = draw_video(tmp_path / "clip.mp4", frames=50)
    source, arrivals = _play(video, wall, work=lambda _: wall.wait(0.2))

    assert source.counters["dropped_frames"] > 20
    assert source.counters["dropped_frames"] + source.counters["frames"] == 50
    assert all(at - index / 25 <= 0.5 + 1e-9 for index, at in arrivals[:-1])
    assert arrivals[-1][0] == 49


def test_frames_carry_the_clocks_time(tmp_path: Path) -> None:
    """Without an epoch of its own a file was filmed now, by the clock given."""
    wall = _Wall()
    moments: list[datetime] = []
    video = draw_video(tmp_path / "clip.mp4", frames=5)
    _play(video, wall, work=lambda frame: moments.append(frame.captured_at))

    assert [_START + timedelta(seconds=n / 25) for n in range(5)] == moments

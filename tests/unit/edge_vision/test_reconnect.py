"""The reconnecting source over scripted cameras."""

from datetime import UTC, datetime
from random import Random

import numpy as np
import pytest

from edge.cameras.frame import Frame
from edge.cameras.reconnect import CameraState, ReconnectingSource
from edge.cameras.scripted_source import ScriptedSource
from edge.errors import CameraEnded, CameraError, CameraFault, CameraSetup

_EPOCH = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
_PICTURE = np.zeros((4, 6), np.uint8)
_FAULT = CameraFault("c-12", "sent nothing for 3 s; check its power")


class _Time:
    """A clock that moves on only while somebody waits."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.waits: list[float] = []

    def seconds(self) -> float:
        return self.now_s

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now_s += seconds


def _source(
    *script: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | CameraError | None",
    refusals: int = 0,
    cap_s: float = 60.0,
) -> tuple[ReconnectingSource, _Time]:
    time = _Time()
    inner = ScriptedSource("c-12", script, epoch=_EPOCH, fps=10, refusals=refusals)
    source = ReconnectingSource(inner, Random(1), cap_s=cap_s, seconds=time.seconds, wait=time.wait)
    return source, time


def _read(source: ReconnectingSource, count: int) -> list[tuple[int, float, bool]]:
    """Return index, time and discontinuity of the next ``count`` frames, waits left out."""
    frames: list[Frame] = []
    for _ in range(500):
        frame = source.read(10.0)
        frames += [] if frame is None else [frame]
        if len(frames) == count:
            break
    return [(f.index, round(f.pts_s, 3), f.discontinuity) for f in frames]


def test_frames_pass_through_unchanged() -> None:
    """Without faults nothing is added and nothing is waited for."""
    source, time = _source(_PICTURE, _PICTURE)

    assert _read(source, 2) == [(0, 0.0, False), (1, 0.1, False)]
    assert time.waits == []
    assert CameraState.STREAMING is source.state


def test_the_first_frame_after_a_fault_is_a_discontinuity() -> None:
    """Index and time go on growing across the gap, and only the first frame is marked."""
    source, _ = _source(_PICTURE, _PICTURE, _FAULT, _PICTURE, _PICTURE)

    assert _read(source, 4) == [
        (0, 0.0, False),
        (1, 0.1, False),
        (2, 0.2, True),
        (3, 0.3, False),
    ]
    assert source.counters["faults"] == 1
    assert source.counters["reconnects"] == 1


def test_the_moment_of_a_frame_is_not_touched() -> None:
    """After a reconnect the time of capture is still the camera's."""
    source, _ = _source(_PICTURE, _FAULT, _PICTURE)
    frames = [frame for frame in (source.read(10.0) for _ in range(3)) if frame is not None]

    assert [(f.captured_at - _EPOCH).total_seconds() for f in frames] == [0.0, 0.1]


def test_a_fault_is_kept_until_frames_come_again() -> None:
    """While the camera is away its last fault can be read; afterwards it is gone."""
    source, _ = _source(_PICTURE, _FAULT, _PICTURE)
    _read(source, 1)
    source.read(10.0)
    during = source.fault
    _read(source, 1)

    assert _FAULT is during
    assert source.fault is None


def test_refusals_are_waited_out_with_growing_random_delays() -> None:
    """Every refusal waits; no delay is longer than its doubling ceiling or the cap."""
    source, time = _source(_PICTURE, refusals=10, cap_s=20.0)
    frames = _read(source, 1)
    counters = source.counters

    assert frames[:1] == [(0, 0.0, False)]
    assert counters["faults"] == 10
    assert counters["opens"] == 11
    assert time.now_s <= sum(min(20.0, 2.0**n) for n in range(10))
    assert len(set(time.waits)) > 5


def test_nothing_blocks_longer_than_the_timeout() -> None:
    """Waiting for the next attempt is cut into pieces of the caller's timeout."""
    source, time = _source(_PICTURE, refusals=8)
    for _ in range(200):
        source.read(0.5)

    assert max(time.waits) <= 0.5


def test_a_camera_that_only_accepts_is_not_well() -> None:
    """Opening without ever sending a frame does not shorten the delays."""
    source, time = _source(*[_FAULT] * 12, cap_s=60.0)
    for _ in range(400):
        if source.counters["faults"] >= 12:
            break
        source.read(10.0)

    assert time.now_s > 60.0


def test_the_end_of_a_file_is_passed_on() -> None:
    """A recorded source that is over is not opened again."""
    source, _ = _source(_PICTURE)
    _read(source, 1)

    with pytest.raises(CameraEnded, match="camera 'c-12'"):
        source.read(1.0)
    assert CameraState.ENDED is source.state
    assert source.read(1.0) is None


def test_a_wrong_setup_is_passed_on() -> None:
    """What no retry can cure reaches the caller at once."""
    source, time = _source(CameraSetup("c-12", "no such file"))

    with pytest.raises(CameraSetup):
        source.read(1.0)
    assert time.waits == []


def test_closing_and_opening_again_is_a_discontinuity() -> None:
    """Whoever closes a camera and opens it again has missed something."""
    source, _ = _source(_PICTURE, _PICTURE)
    _read(source, 1)
    source.close()

    assert _read(source, 1) == [(1, 0.1, True)]

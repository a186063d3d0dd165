"""A camera that speaks RTSP, from its first frame to its power cut and back."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from random import Random
from threading import Event

import av
import numpy as np
import pytest

from edge.cameras.frame import Frame
from edge.cameras.packet_ring import PacketRing
from edge.cameras.picture import YuvPicture
from edge.cameras.ports import CameraSource
from edge.cameras.pyav_source import PyAvSource
from edge.cameras.reconnect import CameraState, ReconnectingSource
from edge.errors import CameraFault
from runtime.clock import ManualClock
from tests.integration.edge_vision.drawn_video import draw_video

pytest.importorskip("aio_rtsp_toolkit", reason="the RTSP server for tests is not installed")
pytestmark = pytest.mark.slow

_SERVE = """
import asyncio, sys, aio_rtsp_toolkit.server as server
asyncio.run(server.serve(sys.argv[1], "127.0.0.1", int(sys.argv[2])))
"""
_DEADLINE_S = 30.0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def _camera(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Serve the videos of a folder by RTSP over TCP until the block is left."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(folder), str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + _DEADLINE_S
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                assert process.poll() is None, "the RTSP server ended by itself"
        yield process
    finally:
        process.kill()
        process.wait()


def _read(source: CameraSource, count: int, *, timeout_s: float = 0.5) -> list[Frame]:
    frames: list[Frame] = []
    deadline = time.monotonic() + _DEADLINE_S
    while len(frames) < count and time.monotonic() < deadline:
        frame = source.read(timeout_s)
        frames += [] if frame is None else [frame]
    return frames


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an H.264 clip of 40 s."""
    folder = tmp_path_factory.mktemp("rtsp")
    draw_video(folder / "main.mp4", frames=1000, fps=25, codec="libx264")
    return folder


def test_frames_come_over_rtsp(folder: Path) -> None:
    """Frames of the right size arrive in order, with growing times, at the camera's pace."""
    port = _free_port()
    with _camera(folder, port):
        source = PyAvSource("c-1", f"rtsp://u:pw@127.0.0.1:{port}/main.mp4", open_timeout_s=10.0)
        source.open()
        frames = _read(source, 30)
        source.close()
    times = [frame.pts_s for frame in frames]

    assert len(frames) == 30
    assert {(160, 120)} == {(frame.width, frame.height) for frame in frames}
    assert sorted(set(times)) == times
    assert list(range(30)) == [frame.index for frame in frames]


def test_a_slow_reader_gets_the_newest_frames(folder: Path) -> None:
    """While nobody reads, old frames are dropped and counted; the next one read is fresh."""
    port = _free_port()
    with _camera(folder, port):
        source = PyAvSource("c-1", f"rtsp://127.0.0.1:{port}/main.mp4", open_timeout_s=10.0)
        source.open()
        deadline = time.monotonic() + _DEADLINE_S
        tick = Event()
        while source.counters["dropped_frames"] < 10 and time.monotonic() < deadline:
            tick.wait(0.02)
        frame = source.read(1.0)
        source.close()

    assert frame is not None
    assert source.counters["dropped_frames"] >= 10
    assert source.counters["frames"] == 1


def test_a_stream_without_pictures_is_a_fault(folder: Path) -> None:
    """A picture that is later than the limit is a stall, though the connection lives."""
    port = _free_port()
    with _camera(folder, port):
        source = PyAvSource(
            "c-1", f"rtsp://127.0.0.1:{port}/main.mp4", open_timeout_s=10.0, stall_s=0.01
        )
        source.open()
        with pytest.raises(CameraFault, match=r"sent no picture for 0\.01 s"):
            _read(source, 100_000, timeout_s=0.001)
        source.close()


def test_a_clip_is_cut_from_the_stream_without_coding_it_again(folder: Path) -> None:
    """What came over the wire is an MP4 file of the camera's own pictures, from a key frame on."""
    port = _free_port()
    ring = PacketRing("c-1", span_s=30.0, budget_bytes=1_000_000)
    with _camera(folder, port):
        source = PyAvSource("c-1", f"rtsp://127.0.0.1:{port}/main.mp4", ring=ring)
        source.open()
        frames = _read(source, 30)
        clip = ring.cut(frames[5].captured_at, frames[-1].captured_at)
        source.close()
    assert clip is not None
    with av.open(BytesIO(clip.data), "r") as container:
        pictures = list(container.decode(video=0))
        codec = container.streams.video[0].codec_context.name
    shown = [YuvPicture(picture).luma for picture in pictures]

    assert codec == "h264"
    assert len(pictures) >= 25
    assert clip.starts_at <= frames[5].captured_at
    assert any(np.array_equal(frames[5].luma, one) for one in shown)
    assert source.counters["clip_refusals"] == 0


def test_a_boxs_clock_that_jumps_moves_the_moments_and_nothing_else(folder: Path) -> None:
    """Frames are dated by the new clock at once, counted, while presentation time goes on evenly."""
    port, clock = _free_port(), ManualClock(datetime(2026, 7, 1, 8, 0, tzinfo=UTC))
    with _camera(folder, port):
        source = PyAvSource("c-1", f"rtsp://127.0.0.1:{port}/main.mp4", clock=clock)
        source.open()
        before = _read(source, 5)
        clock.set(clock.now() + timedelta(hours=1))
        after = _read(source, 5)
        source.close()
    steps = [late.pts_s - early.pts_s for early, late in pairwise((*before, *after))]

    assert source.counters["epoch_resets"] == 1
    assert after[0].captured_at - before[-1].captured_at > timedelta(minutes=59)
    assert max(steps) < 5.0
    assert {False} == {frame.discontinuity for frame in after}


def test_a_power_cut_is_a_fault(folder: Path) -> None:
    """When the camera dies, reading raises a fault that names it."""
    port = _free_port()
    with _camera(folder, port) as process:
        source = PyAvSource(
            "c-1",
            f"rtsp://127.0.0.1:{port}/main.mp4",
            open_timeout_s=10.0,
            read_timeout_s=2.0,
        )
        source.open()
        _read(source, 3)
        process.kill()
        with pytest.raises(CameraFault, match="camera 'c-1'"):
            _read(source, 1000)
        source.close()


def test_the_camera_is_opened_again_after_a_power_cut(folder: Path) -> None:
    """After the cut frames come again, the first one marked, with index and time grown on."""
    port = _free_port()
    source = ReconnectingSource(
        PyAvSource(
            "c-1",
            f"rtsp://127.0.0.1:{port}/main.mp4",
            open_timeout_s=10.0,
            read_timeout_s=2.0,
        ),
        Random(1),
        base_s=0.2,
        cap_s=0.5,
    )
    with _camera(folder, port):
        before = _read(source, 5)
    deadline = time.monotonic() + _DEADLINE_S
    last = before[-1]
    while source.state is CameraState.STREAMING and time.monotonic() < deadline:
        last = source.read(0.5) or last
    with _camera(folder, port):
        after = _read(source, 5)
    source.close()

    assert [frame.discontinuity for frame in after] == [True, False, False, False, False]
    assert last.index + 1 == after[0].index
    assert after[0].pts_s > last.pts_s
    assert source.counters["reconnects"] >= 1

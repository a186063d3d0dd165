"""Real RTSP over UDP on loopback, as cameras send that know nothing else."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge.cameras.frame import Frame
from edge.cameras.pyav_source import PyAvSource
from edge.errors import CameraFault
from tests.integration.edge_vision.drawn_video import draw_video

_SERVER, _FFMPEG = shutil.which("rtsp-server-perl"), shutil.which("ffmpeg")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        _SERVER is None or _FFMPEG is None,
        reason="no RTSP server that sends over UDP (Debian: rtsp-server-perl, ffmpeg)",
    ),
]

_DEADLINE_S = 60.0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.05)  # the server is starting
        else:
            return
    raise AssertionError("the RTSP server never listened")


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[str]:
    """Serve a looped clip; return its address."""
    clip = draw_video(tmp_path / "main.mp4", frames=100, fps=25, codec="libx264")
    client, source = _free_port(), _free_port()
    listen = ["--client_listen_address", "127.0.0.1", "--source_listen_address", "127.0.0.1"]
    serve = [str(_SERVER), "-c", str(client), "-s", str(source), *listen]
    publish = [str(_FFMPEG), "-loglevel", "error", "-nostdin", "-re", "-stream_loop", "-1"]
    publish += ["-i", str(clip), "-c:v", "libx264", "-tune", "zerolatency", "-g", "25"]
    publish += ["-f", "rtsp", f"rtsp://127.0.0.1:{source}/main"]
    with ExitStack() as stack:
        for command, port in ((serve, source), (publish, None)):
            process = subprocess.Popen(
                command,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "HOME": str(tmp_path)},
            )
            stack.callback(process.wait, 10)
            stack.callback(process.kill)
            if port is not None:
                _wait_for(port)
        yield f"rtsp://127.0.0.1:{client}/main"


def _opened(address: str) -> PyAvSource:
    """Return the camera, opened as soon as it is there."""
    deadline = time.monotonic() + _DEADLINE_S
    while True:
        source = PyAvSource(
            "c-1", address, transport="udp", open_timeout_s=10.0, read_timeout_s=10.0
        )
        try:
            source.open()
        except CameraFault:
            assert time.monotonic() < deadline, "the camera never answered"
            time.sleep(0.1)  # the clip is not published yet
        else:
            return source


def test_frames_come_over_udp(camera: str) -> None:
    """Pictures of the right size arrive in order, with growing times."""
    source = _opened(camera)
    frames: list[Frame] = []
    deadline = time.monotonic() + _DEADLINE_S
    try:
        while len(frames) < 20 and time.monotonic() < deadline:
            frame = source.read(1.0)
            frames += [] if frame is None else [frame]
    finally:
        source.close()
    times = [frame.pts_s for frame in frames]

    assert len(frames) == 20
    assert {(160, 120)} == {(frame.width, frame.height) for frame in frames}
    assert sorted(set(times)) == times

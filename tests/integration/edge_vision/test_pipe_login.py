"""A camera with a login, decoded by a real ffmpeg program that nobody else may learn the login from."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.cameras.frame import Frame
from edge.cameras.pipe_source import PipeSource
from edge.errors import CameraFault
from tests.contract.runtime.brokers import free_port, wait_until
from tests.integration.edge_vision.drawn_video import draw_video

pytest.importorskip("aio_rtsp_toolkit", reason="the RTSP server for tests is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg on this machine"),
]

_LOGIN = "ward:s3'cret@7"
_WRITTEN = "ward:s3%27cret%407"
_SERVE = """
import asyncio, base64, sys
import aio_rtsp_toolkit.server as server
from aio_rtsp_toolkit.server_session import RtspServerSession as Session

folder, port, login = sys.argv[1:]
wanted = "Basic " + base64.b64encode(login.encode()).decode()
describe = Session._handle_describe

async def guarded(self, uri, headers):
    if headers.get("authorization") == wanted:
        return await describe(self, uri, headers)
    await self._send_response(headers, 401, "Unauthorized", {"WWW-Authenticate": 'Basic realm="c"'})

Session._handle_describe = guarded
asyncio.run(server.serve(folder, "127.0.0.1", int(port)))
"""
_DEADLINE_S = 60.0


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Yield the port of a running RTSP server that gives its clip to one login alone."""
    folder = tmp_path_factory.mktemp("rtsp")
    draw_video(folder / "main.mp4", frames=1000, fps=25, codec="libx264")
    chosen = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(folder), str(chosen), _LOGIN],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def listens() -> bool:
        assert process.poll() is None, "the RTSP server ended by itself"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", chosen)) == 0

    try:
        wait_until(listens, "the RTSP server listens")
        yield chosen
    finally:
        process.kill()
        process.wait()


def _read(source: PipeSource, count: int) -> list[Frame]:
    frames: list[Frame] = []
    deadline = time.monotonic() + _DEADLINE_S
    while len(frames) < count and time.monotonic() < deadline:
        frame = source.read(0.5)
        frames += [] if frame is None else [frame]
    return frames


def _shown_of_children() -> list[str]:
    """Return the arguments and the environment of every ffmpeg that this process started."""
    shown = []
    for children in Path("/proc/self/task").glob("*/children"):
        for pid in children.read_text().split():
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
            if arguments.split(b"\0")[0].endswith(b"ffmpeg"):
                environment = Path(f"/proc/{pid}/environ").read_bytes()
                shown.append((arguments + environment).decode("utf-8", "replace"))
    return shown


def test_the_login_stands_in_no_list_of_processes(port: int) -> None:
    """The program shows the camera's pictures; neither its arguments nor its environment tell the login."""
    source = PipeSource(
        "c-1",
        f"rtsp://{_WRITTEN}@127.0.0.1:{port}/main.mp4",
        before=("-rtsp_transport", "tcp", "-threads", "1"),
        after=("-vf", "fps=10"),
        timeout_s=30.0,
    )
    source.open()
    try:
        frames = _read(source, 5)
        shown = _shown_of_children()
    finally:
        source.close()

    assert len(frames) == 5
    assert len(shown) == 1
    assert "-threads" in shown[0]
    assert "cret" not in shown[0]
    assert "ward" not in shown[0]


def test_a_wrong_login_is_told_without_it(port: int) -> None:
    """The fault has what ffmpeg said, and neither name nor password."""
    source = PipeSource(
        "c-1",
        f"rtsp://ward:wrong-one@127.0.0.1:{port}/main.mp4",
        before=("-rtsp_transport", "tcp"),
        timeout_s=30.0,
    )
    source.open()
    try:
        with pytest.raises(CameraFault, match="401") as caught:
            _read(source, 1)
    finally:
        source.close()

    assert "wrong-one" not in str(caught.value)
    assert "ward" not in str(caught.value)

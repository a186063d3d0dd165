"""The doctor and the installer's page look at cameras that speak RTSP, and at some that do not."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import convert

from edge.camera_config import CameraConfig
from edge.doctor.camera_check import check_camera
from edge.setup_page.source_address import parse_typed
from edge.setup_page.workbench import Workbench
from runtime.finding import Finding, Verdict
from tests.contract.runtime.brokers import free_port, wait_until
from tests.integration.edge_vision.drawn_video import draw_video

pytest.importorskip("aio_rtsp_toolkit", reason="the RTSP server for tests is not installed")
pytestmark = pytest.mark.slow

SERVE = """
import asyncio, sys, aio_rtsp_toolkit.server as server
asyncio.run(server.serve(sys.argv[1], "127.0.0.1", int(sys.argv[2])))
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Yield the port of a running RTSP server with one clip."""
    folder = tmp_path_factory.mktemp("rtsp")
    draw_video(folder / "main.mp4", frames=400, fps=25, codec="libx264")
    chosen = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder), str(chosen)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", chosen)) == 0

    wait_until(listens, "the RTSP server listens")
    yield chosen
    process.kill()
    process.wait()


def look(address: str, timeout_s: float = 3.0) -> Finding:
    """Return what the doctor says about a camera with a password."""
    section = {"rtsp": address, "timeout_s": timeout_s}
    data = {"id": "c-1", "source": section, "detector": {"kind": "background"}}
    secret = address.replace("://", "://viewer:geheim-7@")
    return check_camera(convert(data, CameraConfig), secret)[0]


def test_a_camera_is_described(port: int) -> None:
    """Size, rate and what decoding it costs."""
    finding = look(f"rtsp://127.0.0.1:{port}/main.mp4", 10.0)

    assert finding.verdict is not Verdict.FAIL
    assert "frames/s" in finding.detail


def test_the_installer_gets_his_picture(port: int, tmp_path: Path) -> None:
    """From an address with a password, without the password in what is written."""
    typed = parse_typed(f"rtsp://viewer:geheim-7@127.0.0.1:{port}/main.mp4")
    bench = Workbench(tmp_path / "edge.yaml", "c-1", typed, {"kind": "background"})
    bench.take_picture()

    assert bench.picture is not None
    assert bench.picture.jpeg.startswith(b"\xff\xd8")
    assert "geheim" not in str(bench.section)


def test_a_camera_that_is_not_there_is_named_without_its_password(port: int) -> None:
    """Refused, unknown and silent ones each fail within their patience, and say what to do."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        number = silent.getsockname()[1]
        findings = [
            look(f"rtsp://127.0.0.1:{free_port()}/x"),
            look(f"rtsp://127.0.0.1:{port}/gone.mp4"),
            look(f"rtsp://127.0.0.1:{number}/x", 1.0),
        ]

    assert {finding.verdict for finding in findings} == {Verdict.FAIL}
    assert all("login" in finding.advice for finding in findings)
    assert "geheim" not in "".join(finding.detail + finding.advice for finding in findings)

"""A drawn camera that speaks RTSP, seen by a real client."""

import subprocess
import sys
from pathlib import Path

import pytest

from edge.cameras.pyav_source import PyAvSource
from tests.integration.simulators.conftest import free_port, wait_for_port

pytestmark = pytest.mark.slow


def test_a_box_reads_a_drawn_street_over_rtsp(tmp_path: Path) -> None:
    """`cityloop sim camera` draws, serves, and names its address; the edge's own source gets frames."""
    port, log = free_port(), tmp_path / "camera.log"
    command = [sys.executable, "-m", "simulators", "camera", "fire-lane", "--seconds", "8"]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*command, "--port", str(port)], stdout=sink, stderr=subprocess.STDOUT
        )
    try:
        wait_for_port(port, process, log)
        source = PyAvSource("c", f"rtsp://127.0.0.1:{port}/fire-lane.mp4", open_timeout_s=10.0)
        source.open()
        frames = [frame for _ in range(20) if (frame := source.read(1.0)) is not None]
        source.close()
    finally:
        process.terminate()
        code = process.wait(20.0)
    moments = [frame.pts_s for frame in frames]

    assert code == 0
    assert f"rtsp://127.0.0.1:{port}/fire-lane.mp4" in log.read_text(encoding="utf-8")
    assert len(frames) >= 10
    assert {(frame.width, frame.height) for frame in frames} == {(640, 360)}
    assert moments == sorted(moments)


def test_what_is_neither_scene_nor_video_is_refused() -> None:
    """The names there are, are named."""
    run = subprocess.run(
        [sys.executable, "-m", "simulators", "camera", "street-dya"],
        capture_output=True,
        text=True,
        timeout=60.0,
        check=False,
    )

    assert run.returncode == 1
    assert "street-day" in run.stderr

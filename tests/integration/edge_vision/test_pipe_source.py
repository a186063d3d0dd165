"""Cameras decoded by a real ffmpeg program."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from edge.cameras.frame import Frame
from edge.cameras.pipe_source import PipeSource
from edge.cameras.pyav_source import PyAvSource
from edge.errors import CameraEnded, CameraFault, CameraSetup
from tests.integration.edge_vision.drawn_video import draw_video

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg on this machine"),
]


def read_all(source: PipeSource | PyAvSource) -> list[Frame]:
    """Return the frames until the end."""
    frames: list[Frame] = []
    source.open()
    try:
        while True:
            frame = source.read(5.0)
            if frame is not None:
                frames.append(frame)
    except CameraEnded:
        return frames
    finally:
        source.close()


def drain(source: PipeSource, timeout_s: float) -> None:
    """Read until something is wrong, at most a hundred times."""
    for _ in range(100):
        source.read(timeout_s)


def test_a_recording_gives_the_pictures_that_the_library_gives(tmp_path: Path) -> None:
    """Same frames, same times, same brightness; then the end."""
    path = draw_video(tmp_path / "clip.mp4", frames=30)
    piped = read_all(PipeSource("c-1", str(path), live=False, timeout_s=30.0))
    here = read_all(PyAvSource("c-1", path, pace="fast"))

    assert [f.pts_s for f in piped] == pytest.approx([f.pts_s for f in here])
    for one, other in zip(piped, here, strict=True):
        difference = np.abs(one.luma.astype(int) - other.luma.astype(int))
        assert difference.max() <= 2


def test_the_programs_filters_are_used(tmp_path: Path) -> None:
    """Size and rate are those that ffmpeg was told, odd sides included."""
    path = draw_video(tmp_path / "clip.mp4", frames=50)
    frames = read_all(
        PipeSource("c-1", str(path), after=("-vf", "fps=5,scale=81:61"), live=False, timeout_s=30.0)
    )

    assert {(f.width, f.height) for f in frames} == {(81, 61)}
    assert 9 <= len(frames) <= 11
    assert frames[-1].bgr().shape == (61, 81, 3)


def test_a_camera_that_refuses_tells_ffmpegs_words_without_the_password() -> None:
    """The fault says what ffmpeg said; the credentials in it are covered."""
    source = PipeSource("c-1", "rtsp://admin:s3cret@127.0.0.1:9/x", timeout_s=30.0)
    source.open()
    with pytest.raises(CameraFault, match="ffmpeg ended with") as caught:
        drain(source, 1.0)
    source.close()

    assert "s3cret" not in str(caught.value)


def test_a_program_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    """A decoder that hangs is a fault after the limit, and closing ends it."""
    silent = tmp_path / "silent"
    silent.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    silent.chmod(0o755)
    source = PipeSource("c-1", "anything", program=str(silent), timeout_s=0.2)
    source.open()
    with pytest.raises(CameraFault, match="gave no picture for"):
        drain(source, 0.1)
    source.close()


def test_rubbish_and_giant_promises_are_faults(tmp_path: Path) -> None:
    """What is no picture stream ends as a fault; nobody reserves memory for a lie."""
    liar = tmp_path / "liar"
    liar.write_text("#!/bin/sh\nprintf 'YUV4MPEG2 W999999 H999999 F25:1\\nFRAME\\n'\n")
    liar.chmod(0o755)
    source = PipeSource("c-1", "anything", program=str(liar), timeout_s=10.0)
    source.open()
    with pytest.raises(CameraFault, match="999999 x 999999"):
        drain(source, 0.5)
    source.close()


def test_a_missing_program_needs_a_person() -> None:
    """The message says what to install."""
    with pytest.raises(CameraSetup, match="install ffmpeg"):
        PipeSource("c-1", "x", program="/nowhere/ffmpeg").open()


def test_the_documented_command_runs_with_the_processors_own_scaler(tmp_path: Path) -> None:
    """What docs/vision.md gives for VAAPI, with the processor in place of the graphics unit: 10 pictures a second, NV12."""
    path = draw_video(tmp_path / "clip.mp4", frames=50)
    piped = PipeSource(
        "c-1",
        str(path),
        before=("-hwaccel", "none"),
        after=("-vf", "fps=10,scale=640:360,format=nv12"),
        live=False,
        timeout_s=30.0,
    )
    frames = read_all(piped)

    assert {(f.width, f.height) for f in frames} == {(640, 360)}
    assert len(frames) == 20
    assert frames[0].bgr()[180, 80].tolist() == pytest.approx([220, 220, 220], abs=12)


@pytest.mark.skipif(Path("/dev/dri").exists(), reason="this machine has a graphics unit")
def test_a_box_without_a_graphics_unit_says_so(tmp_path: Path) -> None:
    """The documented VAAPI options on a machine without one are a fault that names what is missing."""
    path = draw_video(tmp_path / "clip.mp4", frames=10)
    source = PipeSource(
        "c-1",
        str(path),
        before=("-hwaccel", "vaapi", "-hwaccel_output_format", "vaapi"),
        after=("-vf", "fps=10,scale_vaapi=640:360,hwdownload,format=nv12"),
        live=False,
        timeout_s=30.0,
    )
    source.open()
    with pytest.raises(CameraFault, match="vaapi"):
        drain(source, 1.0)
    source.close()


@pytest.mark.parametrize("program", [False, True], ids=["library", "program"])
def test_h265_is_read(tmp_path: Path, *, program: bool) -> None:
    """A recording in H.265 gives its pictures, through the library and through the machine's ffmpeg."""
    path = draw_video(tmp_path / "clip.mp4", frames=12, codec="libx265")
    source: PipeSource | PyAvSource = PyAvSource("c-1", path, pace="fast")
    if program:
        source = PipeSource("c-1", str(path), live=False, timeout_s=30.0)
    frames = read_all(source)

    assert len(frames) == 12
    # 220 in the range of brightness that video keeps to, 16 to 235
    assert int(frames[0].luma[60, 20]) == pytest.approx(205, abs=8)

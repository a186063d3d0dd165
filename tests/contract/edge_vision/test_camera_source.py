"""What every camera source promises, tried on each of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest

from edge.cameras.folder_source import FolderSource
from edge.cameras.frame import Frame
from edge.cameras.ports import CameraSource
from edge.cameras.pyav_source import PyAvSource
from edge.cameras.reconnect import ReconnectingSource
from edge.cameras.scripted_source import ScriptedSource
from edge.errors import CameraEnded
from tests.integration.edge_vision.drawn_video import draw_video

_EPOCH = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
_FRAMES = 10


def _file(folder: Path) -> CameraSource:
    video = draw_video(folder / "clip.mp4", frames=_FRAMES, fps=25)
    return PyAvSource("c-1", video, pace="fast", epoch=_EPOCH)


def _script(folder: Path) -> CameraSource:
    pictures = [np.full((120, 160), number, np.uint8) for number in range(_FRAMES)]
    return ScriptedSource("c-1", pictures, epoch=_EPOCH, fps=25)


def _reconnecting(folder: Path) -> CameraSource:
    return ReconnectingSource(_file(folder), Random(1))


def _folder(folder: Path) -> CameraSource:
    for number in range(_FRAMES):
        cv2.imwrite(str(folder / f"{number:03}.png"), np.full((120, 160, 3), number, np.uint8))
    return FolderSource("c-1", folder, every_s=1 / 25, epoch=_EPOCH)


_SOURCES: list[Callable[[Path], CameraSource]] = [_file, _script, _reconnecting, _folder]


@pytest.fixture(params=_SOURCES, ids=["pyav", "scripted", "reconnecting", "folder"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> CameraSource:
    """Return a closed camera ``c-1`` with ten frames at 25 frames/s from 08:00 UTC on."""
    build: Callable[[Path], CameraSource] = request.param
    return build(tmp_path)


def _read_to_end(source: CameraSource) -> list[Frame]:
    frames: list[Frame] = []
    source.open()
    for _ in range(100):
        try:
            frame = source.read(1.0)
        except CameraEnded:
            return frames
        if frame is not None:
            frames.append(frame)
    raise AssertionError("the source never ended")


def test_every_frame_comes_once_and_then_the_end(source: CameraSource) -> None:
    """Ten frames, numbered from 0, then CameraEnded."""
    frames = _read_to_end(source)

    assert list(range(_FRAMES)) == [frame.index for frame in frames]
    assert source.counters["frames"] == _FRAMES


def test_times_are_those_of_the_stream(source: CameraSource) -> None:
    """Frame n lies n/25 s after the first, and its moment is the epoch plus that."""
    frames = _read_to_end(source)

    assert pytest.approx([number / 25 for number in range(_FRAMES)]) == [f.pts_s for f in frames]
    assert all(f.captured_at == _EPOCH + timedelta(seconds=f.pts_s) for f in frames)


def test_frames_name_their_camera_and_size(source: CameraSource) -> None:
    """A frame says where it is from and how large it is; nothing is discontinuous."""
    frames = _read_to_end(source)

    assert {"c-1"} == {frame.camera for frame in frames}
    assert {(160, 120)} == {(frame.width, frame.height) for frame in frames}
    assert not any(frame.discontinuity for frame in frames)


def test_opening_and_closing_twice_is_harmless(source: CameraSource) -> None:
    """Neither a second open nor a second close does anything."""
    source.open()
    source.open()
    first = source.read(1.0)
    source.close()
    source.close()

    assert first is not None
    assert first.index == 0


def test_a_frame_outlives_its_source(source: CameraSource) -> None:
    """Evidence is cut from a frame after its camera may have been closed."""
    source.open()
    frame = source.read(1.0)
    source.close()

    assert frame is not None
    assert frame.bgr().shape == (120, 160, 3)
    assert frame.luma.shape == (120, 160)

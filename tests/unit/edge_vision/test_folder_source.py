"""Pictures in a folder as a camera."""

import os
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cameras.folder_source import FolderSource
from edge.errors import CameraEnded, CameraFault, CameraSetup

EPOCH = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def picture(path: Path, level: int = 100, *, at_s: float = 0.0) -> Path:
    """Write a grey picture whose file has a time; return its path."""
    cv2.imwrite(str(path), np.full((20, 30, 3), level, np.uint8))
    moment = EPOCH.timestamp() + at_s
    os.utime(path, (moment, moment))
    return path


def test_pictures_come_by_name_and_then_the_end(tmp_path: Path) -> None:
    """Names decide the order, the configured step the time; other files are none."""
    for name, level in (("b.png", 20), ("a.jpg", 10), ("c.BMP", 30)):
        picture(tmp_path / name, level)
    (tmp_path / "notes.txt").write_text("no picture")
    source = FolderSource("c-1", tmp_path, every_s=0.5, epoch=EPOCH)
    source.open()
    frames = [source.read(0.0) for _ in range(3)]

    assert [round(float(f.luma.mean())) for f in frames if f] == [10, 20, 30]
    assert [f.pts_s for f in frames if f] == [0.0, 0.5, 1.0]
    with pytest.raises(CameraEnded):
        source.read(0.0)


def test_what_is_no_picture_is_counted_and_passed_over(tmp_path: Path) -> None:
    """A damaged file costs itself."""
    (tmp_path / "a.jpg").write_bytes(b"rubbish")
    picture(tmp_path / "b.jpg")
    source = FolderSource("c-1", tmp_path)
    source.open()
    frame = source.read(0.0)

    assert frame is not None
    assert source.counters == {"frames": 1, "unreadable_pictures": 1}


def test_a_followed_folder_gives_what_is_uploaded_later(tmp_path: Path) -> None:
    """Old pictures are skipped, new ones have their files' times, half-written ones are waited for."""
    picture(tmp_path / "001.jpg")
    waited: list[float] = []
    source = FolderSource(
        "c-1", tmp_path, follow=True, seconds=lambda: sum(waited), wait=waited.append
    )
    source.open()
    nothing = source.read(1.0)
    whole = picture(tmp_path / "late.jpg").read_bytes()
    (tmp_path / "late.jpg").unlink()
    picture(tmp_path / "002.jpg", at_s=5.0)
    (tmp_path / "003.jpg").write_bytes(b"")
    first, unfinished = source.read(0.0), source.read(0.0)
    (tmp_path / "003.jpg").write_bytes(whole)
    os.utime(tmp_path / "003.jpg", (EPOCH.timestamp() + 9.0,) * 2)
    second = source.read(0.0)

    assert nothing is None
    assert unfinished is None
    assert first is not None
    assert second is not None
    assert second.pts_s - first.pts_s == 4.0
    assert source.counters["unreadable_pictures"] == 0


@pytest.mark.parametrize("exists", [True, False], ids=["an empty folder", "no folder"])
def test_a_folder_without_pictures_needs_a_person(tmp_path: Path, exists: bool) -> None:
    """The message names the folder and what was expected."""
    folder = tmp_path / "stills"
    if exists:
        folder.mkdir()

    with pytest.raises(CameraSetup, match="stills"):
        FolderSource("c-1", folder).open()


def test_a_folder_that_vanishes_is_a_fault(tmp_path: Path) -> None:
    """A share that is unmounted may come back."""
    folder = tmp_path / "stills"
    folder.mkdir()
    source = FolderSource("c-1", folder, follow=True)
    source.open()
    folder.rmdir()

    with pytest.raises(CameraFault, match="opened again"):
        source.read(0.0)

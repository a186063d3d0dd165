"""Frames to calibrate with and frames to compare on: never the same ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.cameras.folder_source import FolderSource
from edge.cameras.frame import Frame
from edge.cameras.ports import CameraSource
from edge.cameras.pyav_source import PyAvSource
from edge.errors import CameraEnded, CameraError
from models.shrinking.errors import PicturesMissing

__all__ = ["Pictures", "gather"]


@dataclass(frozen=True, slots=True)
class Pictures:
    """Frames of one source.

    Attributes:
        name: of the source: its file and folder.
        calibration: frames to calibrate with.
        comparison: frames to compare on.
    """

    name: str
    calibration: tuple[Frame, ...]
    comparison: tuple[Frame, ...]


def gather(path: Path, *, most: int, every: int) -> Pictures:
    """Return frames of a video, or of a folder of pictures, in turn for calibration and comparison.

    Args:
        path: the video or folder.
        most: frames of each kind.
        every: take each ``every``-th frame.

    Raises:
        PicturesMissing: it cannot be read, or holds fewer than two such frames.
    """
    taken: list[Frame] = []
    try:
        for number, frame in enumerate(_frames(path)):
            if number % every == 0:
                taken.append(frame)
            if len(taken) == 2 * most:
                break
    except CameraError as error:
        raise PicturesMissing(f"frames {path}: {error}") from error
    if len(taken) < 2:
        raise PicturesMissing(
            f"frames {path}: {len(taken)} taken, at least 2 are needed; give a longer recording"
        )
    return Pictures("/".join(path.parts[-2:]), tuple(taken[0::2]), tuple(taken[1::2]))


def _frames(path: Path) -> Iterator[Frame]:
    source: CameraSource = (
        FolderSource(path.name, path)
        if path.is_dir()
        else PyAvSource(path.name, path, pace="fast", threads=1)
    )
    source.open()
    try:
        while True:
            frame = source.read(5.0)
            if frame is None:
                return
            yield frame
    except CameraEnded:
        return
    finally:
        source.close()

"""Labelled pictures to judge a detector on, wherever they lie."""

from dataclasses import dataclass
from pathlib import Path

from models.judging.boxes import Truth

__all__ = ["JudgedPicture", "JudgedSet"]


@dataclass(frozen=True, slots=True)
class JudgedPicture:
    """One picture.

    Attributes:
        path: its file; or the video that it is a frame of.
        frame: number of the frame in the video, from 0; None for a file of its own.
        name: what the labels call it.
        camera: which took it; empty where the labels do not say.
        scene: which recording it belongs to; empty where the labels do not say.
        tags: words about it: night, rain, glare, occlusion.
    """

    path: Path
    frame: int | None
    name: str
    camera: str = ""
    scene: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """Pictures and what is in them; classes by number.

    Attributes:
        name: of the set, for reports.
        classes: names by class number.
        pictures: by picture number.
        truth: the labels.
    """

    name: str
    classes: tuple[str, ...]
    pictures: tuple[JudgedPicture, ...]
    truth: Truth

    def tags(self) -> tuple[str, ...]:
        """Return every tag that a picture has, in alphabetical order."""
        return tuple(sorted({tag for picture in self.pictures for tag in picture.tags}))

"""Who was in the picture when the box stopped: numbers that survive a restart."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from edge.vision.tracks import Tracks

__all__ = [
    "Recollection",
    "RememberedTrack",
    "load_recollection",
    "remembered",
    "save_recollection",
]

_FRESH = timedelta(minutes=2)
"""Age from which nobody is taken for whom he was: what stood there may be another's car.

Source: expert setting; a box restarts within seconds, a power cut takes longer.
"""


class RememberedTrack(msgspec.Struct, frozen=True):
    """A track: number, box in pixels of the picture, class name and confidence."""

    id: int
    xyxy: tuple[float, float, float, float]
    label: str
    confidence: float


class Recollection(msgspec.Struct, frozen=True, kw_only=True):
    """The tracks of one camera at one moment.

    Attributes:
        at: that moment, aware.
        width: of the picture in pixels.
        height: of the picture in pixels.
        next_id: first number that was never given.
        tracks: those that were there.
    """

    at: Annotated[datetime, msgspec.Meta(tz=True)]
    width: int
    height: int
    next_id: int
    tracks: tuple[RememberedTrack, ...]

    def holds_for(self, at: datetime, width: int, height: int) -> bool:
        """Return whether who is remembered may be taken for who is there now."""
        age = at - self.at
        return timedelta(0) <= age <= _FRESH and (self.width, self.height) == (width, height)


def remembered(tracks: Tracks) -> tuple[RememberedTrack, ...]:
    """Return tracks as a later run should know them."""
    kept = zip(
        tracks.id.tolist(),
        tracks.xyxy.tolist(),
        tracks.labels(),
        tracks.confidence.tolist(),
        strict=True,
    )
    return tuple(RememberedTrack(*one) for one in kept)


def save_recollection(recollection: Recollection, path: Path) -> None:
    """Write it, by a rename, so that a power cut leaves the old or the new one.

    Raises:
        OSError: the disk refuses.
    """
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(msgspec.json.encode(recollection))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def load_recollection(path: Path) -> Recollection | None:
    """Return what was saved; None where there is nothing, or it is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Recollection)
    except (OSError, msgspec.DecodeError):
        return None

"""Things that stand still: remembered by their look, so that nobody has to look at them again and again.

A parked car's headlights, the shadow of a tree or the rain move within its box. As long as a crop
of the picture still shows the car, none of this is a reason to call a detector, and a detector that
misses it once has not made it go away.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.vision.tracks import Tracks

__all__ = ["StillThings"]

Luma = NDArray[np.uint8]

_SIDE = 48
"""Rows and columns of a remembered crop. Frigate keeps 96 x 96 (edge.md §2); a quarter of it told the
same things apart on the clips at a quarter of the cost."""

_SAME = 0.85
"""Normalised cross-correlation (-1..1) from which a crop still shows the thing. Source: edge.md §2
(0.90 and 0.85)."""

_SAME_PLACE = 0.8
"""Overlap (0..1) with where it first stood, below which a thing has moved. Source: expert setting;
a detector's box of a parked car wavers by a tenth of its size."""

_FLAT = 4.0
"""Grey levels: a crop with less contrast looks like any other and anchors nothing."""

_PLACE_GAIN = 0.1
"""Weight of a new box in where a thing stands: wavering averages out within ten looks."""


_LOOK_EVERY_S = 0.5
"""Least time between two crops of one thing: light does not change faster."""


@dataclass(slots=True)
class _Thing:
    box: list[float]
    since_s: float
    seen_s: float
    crop: Luma | None = None
    looked_s: float = -np.inf


class StillThings:
    """What stands where, and since when; for one camera, one thread.

    Args:
        after_s: seconds of presentation time after which a thing that did not move is still.
        forget_s: seconds without a detection after which a look alone does not keep a thing.
    """

    def __init__(self, *, after_s: float = 10.0, forget_s: float = 300.0) -> None:
        self._after_s = after_s
        self._forget_s = forget_s
        self._things: dict[int, _Thing] = {}

    def __len__(self) -> int:
        return sum(thing.crop is not None for thing in self._things.values())

    def reset(self) -> None:
        """Forget everything."""
        self._things.clear()

    def learn(self, tracks: Tracks, luma: Luma, pts_s: float) -> None:
        """Take the tracks that were just detected into account.

        Args:
            tracks: all confirmed ones; those seen now count.
            luma: the frame's brightness, uint8 (h, w).
            pts_s: presentation time of the frame in seconds.
        """
        known = self._things
        self._things = {}
        for track in tracks.id.tolist():
            if track in known:
                self._things[track] = known[track]
        seen = tracks.seen_now()
        for track, box in zip(seen.id.tolist(), seen.xyxy.tolist(), strict=True):
            thing = self._things.get(track)
            if thing is None or not _same_place(thing.box, box):
                self._things[track] = _Thing(box, pts_s, pts_s)
                continue
            # plain numbers: for single boxes they are several times as fast as arrays
            thing.box = [
                old + _PLACE_GAIN * (new - old) for old, new in zip(thing.box, box, strict=True)
            ]
            thing.seen_s = pts_s
            if pts_s - thing.since_s >= self._after_s and pts_s - thing.looked_s >= _LOOK_EVERY_S:
                # the look follows the light of the day
                thing.crop, thing.looked_s = _crop(luma, thing.box), pts_s

    def anchored(self, luma: Luma, pts_s: float) -> dict[int, NDArray[np.float64]]:
        """Return the still things that the picture still shows: box (4,) in pixels by track id."""
        return {
            track: np.asarray(thing.box)
            for track, thing in self._things.items()
            if thing.crop is not None
            and pts_s - thing.seen_s <= self._forget_s
            and _alike(thing.crop, _crop(luma, thing.box))
        }

    def is_still(self, track: int) -> bool:
        """Return whether a track has stood long enough to count as still."""
        thing = self._things.get(track)
        return thing is not None and thing.crop is not None


def _same_place(a: list[float], b: list[float]) -> bool:
    """Return whether two boxes overlap so far that nothing has moved."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0.0 or height <= 0.0:
        return False
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height
    return bool(width * height >= _SAME_PLACE * union)


def _crop(luma: Luma, box: list[float]) -> Luma | None:
    height, width = luma.shape
    left, top = max(int(box[0]), 0), max(int(box[1]), 0)
    right, bottom = min(math.ceil(box[2]), width), min(math.ceil(box[3]), height)
    if right - left < 2 or bottom - top < 2:
        return None
    part = cv2.resize(luma[top:bottom, left:right], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(part, np.uint8) if float(part.std()) >= _FLAT else None


def _alike(known: Luma, now: Luma | None) -> bool:
    if now is None:
        return False
    return float(cv2.matchTemplate(now, known, cv2.TM_CCOEFF_NORMED)[0, 0]) >= _SAME

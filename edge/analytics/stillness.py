"""Which tracks stand still, and since when."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Spot", "Stillness"]

_LEAST_REACH = 0.01
"""Share of the picture's height within which even the smallest box wavers."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a track stands in the picture: its anchor, and the size of its box, in heights of it."""

    x: float
    y: float
    size: float


@dataclass(slots=True)
class _Rest:
    x: float
    y: float
    since_s: float
    seen_s: float


class Stillness:
    """Knows since when each track has not left its place.

    A track stands still while it stays within ``reach`` of its own size of where it came to rest: a
    share of its own size is about the same distance on the ground, near the camera and far from it.
    A car that crawls leaves its place again and again, and so never stands for long.

    Args:
        reach: share of the box's size. Source: expert setting; a detector's lower edge wavers by a
            few percent of it.
        forget_s: seconds after which a track that is not seen is forgotten.
    """

    def __init__(self, *, reach: float = 0.35, forget_s: float = 5.0) -> None:
        self._reach, self._forget_s = reach, forget_s
        self._rests: dict[int, _Rest] = {}

    def update(self, spots: Mapping[int, Spot], pts_s: float) -> None:
        """Take in the tracks seen at this moment, ``pts_s`` seconds of presentation time."""
        for track, spot in spots.items():
            rest = self._rests.get(track)
            reach = max(self._reach * spot.size, _LEAST_REACH)
            if rest is None or math.hypot(spot.x - rest.x, spot.y - rest.y) > reach:
                self._rests[track] = _Rest(spot.x, spot.y, pts_s, pts_s)
            else:
                rest.seen_s = pts_s
        gone = [t for t, rest in self._rests.items() if pts_s - rest.seen_s > self._forget_s]
        for track in gone:
            del self._rests[track]

    def since(self, track: int) -> float | None:
        """Return since when a track has stood still, seconds of presentation time; None: unknown."""
        rest = self._rests.get(track)
        return None if rest is None else rest.since_s

    def still_s(self, track: int) -> float:
        """Return for how long a track was seen standing still, in seconds."""
        rest = self._rests.get(track)
        return 0.0 if rest is None else rest.seen_s - rest.since_s

    def clear(self) -> None:
        """Forget every track."""
        self._rests.clear()

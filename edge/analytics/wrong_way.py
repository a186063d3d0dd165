"""Who goes against the direction of a lane."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["WrongWay", "WrongWayChange"]

_ROUNDING = 1e-9
"""Shares of a picture are binary fractions: 0.6 - 0.52 must count as 0.08."""


@dataclass(frozen=True, slots=True)
class WrongWayChange:
    """A track began, or ceased, to go the wrong way; times in seconds of presentation time."""

    track: int
    began: bool
    since_s: float
    until_s: float


@dataclass(slots=True)
class _Course:
    """What is known of one track: where its present run began, and what was told of it."""

    x: float
    y: float
    at_s: float
    seen_s: float
    wrong_since_s: float | None = None


class WrongWay:
    """Tells of tracks that move against a lane's direction, by displacement and not by a frame's step.

    A track goes the wrong way once it has come ``min_displacement`` against the direction from where
    it was farthest along it; it ceases when it has come as far along it again, or is gone. Whoever
    stands, trembles or crosses does neither. Distances are in heights of the picture.

    Args:
        direction: x and y of the lane's direction in the picture, in heights of it; not zero.
        min_displacement: share of the picture's height.
        min_s: seconds that the way against the direction must take at least.
        forget_s: seconds after which a track that is not seen inside is gone.
    """

    def __init__(
        self,
        direction: tuple[float, float],
        *,
        min_displacement: float = 0.08,
        min_s: float = 0.5,
        forget_s: float = 2.0,
    ) -> None:
        length = math.hypot(*direction)
        self._ux, self._uy = direction[0] / length, direction[1] / length
        self._min, self._min_s, self._forget_s = min_displacement, min_s, forget_s
        self._courses: dict[int, _Course] = {}

    def update(
        self, points: Mapping[int, tuple[float, float]], pts_s: float
    ) -> list[WrongWayChange]:
        """Return what changed.

        Args:
            points: anchors of the tracks inside the lane at this moment, in heights of the picture.
            pts_s: presentation time in seconds.
        """
        changes: list[WrongWayChange] = []
        for track in sorted(points):
            x, y = points[track]
            course = self._courses.get(track)
            if course is None:
                self._courses[track] = _Course(x, y, pts_s, pts_s)
                continue
            changes += self._step(track, course, x, y, pts_s)
        for track, course in sorted(self._courses.items()):
            if track not in points and pts_s - course.seen_s > self._forget_s:
                changes += self._leave(track)
        return changes

    def clear(self) -> list[WrongWayChange]:
        """Forget every track; return that those who went the wrong way have ceased."""
        return [change for track in sorted(self._courses) for change in self._leave(track)]

    def _step(
        self, track: int, course: _Course, x: float, y: float, pts_s: float
    ) -> list[WrongWayChange]:
        course.seen_s = pts_s
        along = (x - course.x) * self._ux + (y - course.y) * self._uy
        if course.wrong_since_s is None:
            if along >= 0.0:
                course.x, course.y, course.at_s = x, y, pts_s
            elif -along >= self._min - _ROUNDING and pts_s - course.at_s >= self._min_s - 1e-6:
                course.wrong_since_s = course.at_s
                course.x, course.y = x, y
                return [WrongWayChange(track, True, course.at_s, pts_s)]
            return []
        if along <= 0.0:
            course.x, course.y, course.at_s = x, y, pts_s
            return []
        if along < self._min - _ROUNDING:
            return []
        since_s, until_s = course.wrong_since_s, course.at_s
        course.wrong_since_s = None
        course.x, course.y, course.at_s = x, y, pts_s
        return [WrongWayChange(track, False, since_s, until_s)]

    def _leave(self, track: int) -> list[WrongWayChange]:
        course = self._courses.pop(track)
        if course.wrong_since_s is None:
            return []
        return [WrongWayChange(track, False, course.wrong_since_s, course.seen_s)]

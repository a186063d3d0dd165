"""Who crossed a line, and which way."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Crossing", "Direction", "LineCrossing"]


class Direction(StrEnum):
    """Which way a line was crossed."""

    FORWARD = "forward"
    """From the left of the line to its right, as one walks from its start to its end."""
    BACKWARD = "backward"


@dataclass(frozen=True, slots=True)
class Crossing:
    """One track's passage over a line, at ``pts_s`` seconds of presentation time."""

    track: int
    direction: Direction
    pts_s: float


@dataclass(slots=True)
class _Path:
    """What a line remembers of one track.

    Attributes:
        x: last position, in picture heights.
        y: last position, in picture heights.
        distance: last signed distance from the line, positive on its right.
        side: side on which the track was last settled: -1 left, +1 right, 0 not yet known.
        through: whether the last change of sign went through the line between its two ends.
        seen_s: when the track was last seen.
    """

    x: float
    y: float
    distance: float
    side: int
    through: bool
    seen_s: float


class LineCrossing:
    """Counts a track once for each real crossing of a line segment.

    A track belongs to the side on which it first appears, however near the line. It has crossed
    when it is at least ``min_displacement`` beyond the line on the other side and its path went
    between the two ends of the line; from then on it belongs to that side. A box that trembles on
    the line never gets that far, so it is not counted. Distances are measured in heights of the
    picture, so that they mean the same along both axes.

    ``forward`` is from left to right of the walk from ``start`` to ``end``: for a line drawn from
    left to right that is down the picture, for one drawn upwards it is towards the right.

    Args:
        start: where the line begins, normalised to the picture.
        end: where the line ends, normalised to the picture.
        aspect: width of the picture divided by its height.
        min_displacement: share of the picture's height.
        forget_s: seconds after which a track that is not seen any more is forgotten.
    """

    def __init__(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        aspect: float,
        min_displacement: float,
        forget_s: float = 10.0,
    ) -> None:
        self._aspect = aspect
        self._x0, self._y0 = start[0] * aspect, start[1]
        dx, dy = end[0] * aspect - self._x0, end[1] - self._y0
        self._length = math.hypot(dx, dy)
        self._ux, self._uy = dx / self._length, dy / self._length
        self._min_displacement = min_displacement
        self._forget_s = forget_s
        self._paths: dict[int, _Path] = {}

    def update(self, points: Mapping[int, tuple[float, float]], pts_s: float) -> list[Crossing]:
        """Return the crossings completed at this moment.

        Args:
            points: anchor of every track seen at this moment, normalised to the picture.
            pts_s: presentation time in seconds.
        """
        crossings: list[Crossing] = []
        for track in sorted(points):
            x, y = points[track][0] * self._aspect, points[track][1]
            path = self._paths.get(track)
            if path is None:
                distance = self._distance(x, y)
                self._paths[track] = _Path(x, y, distance, _sign(distance), False, pts_s)
            elif self._advance(path, x, y, pts_s):
                direction = Direction.FORWARD if path.side > 0 else Direction.BACKWARD
                crossings.append(Crossing(track, direction, pts_s))
        gone = [
            track
            for track, path in self._paths.items()
            if track not in points and pts_s - path.seen_s > self._forget_s
        ]
        for track in gone:
            del self._paths[track]
        return crossings

    def clear(self) -> None:
        """Forget every track."""
        self._paths.clear()

    def _distance(self, x: float, y: float) -> float:
        return self._ux * (y - self._y0) - self._uy * (x - self._x0)

    def _along(self, x: float, y: float) -> float:
        return self._ux * (x - self._x0) + self._uy * (y - self._y0)

    def _advance(self, path: _Path, x: float, y: float, pts_s: float) -> bool:
        distance = self._distance(x, y)
        if _sign(distance) * _sign(path.distance) < 0:
            share = path.distance / (path.distance - distance)
            before, after = self._along(path.x, path.y), self._along(x, y)
            path.through = 0.0 <= before + share * (after - before) <= self._length
        if distance != 0.0:
            # a point exactly on the line keeps the sign it came with, so that the passage is
            # seen when the path goes on
            path.x, path.y, path.distance = x, y, distance
        path.seen_s = pts_s
        if path.side == 0:
            path.side = _sign(distance)
        if distance * path.side >= 0.0 or abs(distance) < self._min_displacement:
            return False
        path.side = -path.side
        return path.through


def _sign(value: float) -> int:
    return (value > 0.0) - (value < 0.0)

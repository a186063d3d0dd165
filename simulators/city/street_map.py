"""Streets and grid cells of a district: lengths, places along them, and what is nearest to a place."""

import math
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from contracts.event import Title
from contracts.geometry import point_in_polygon

__all__ = ["GridCell", "Spot", "Street", "StreetMap", "crosses_itself"]

Spot = tuple[float, float]
"""Metres east and north of the map's centre."""

_PAVED_M_S = 6.196
"""Speed of water on pavement at a slope of 1, metres a second; it goes with the slope's square root.
Source: USDA NRCS, TR-55, 1986, appendix F: 20.3282 ft/s for shallow flow over paved areas."""


class Street(Struct, frozen=True, kw_only=True):
    """A street. ``line``: its centre line from its upper to its lower end."""

    id: str
    names: Title
    line: tuple[Spot, ...]
    width_m: float
    drains_to: str | None
    slope: float
    gullies_mm_h: float

    @property
    def length_m(self) -> float:
        """Length of the centre line, metres."""
        return sum(math.dist(a, b) for a, b in pairwise(self.line))

    @property
    def area_m2(self) -> float:
        """What it catches rain with, square metres."""
        return self.length_m * self.width_m

    @property
    def water_m_s(self) -> float:
        """How fast water runs down it, metres a second."""
        return _PAVED_M_S * math.sqrt(self.slope)

    def at(self, along_m: float) -> Spot:
        """Return the place so far from the upper end; beyond either end, that end."""
        left_m = max(0.0, along_m)
        for a, b in pairwise(self.line):
            span_m = math.dist(a, b)
            if left_m <= span_m:
                share = left_m / span_m
                return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
            left_m -= span_m
        return self.line[-1]

    def nearest(self, spot: Spot) -> tuple[float, float]:
        """Return how far along the street it is nearest to a place, and how far off it is there, metres."""
        found, passed_m = (0.0, math.inf), 0.0
        for a, b in pairwise(self.line):
            span_m = math.dist(a, b)
            dot = (spot[0] - a[0]) * (b[0] - a[0]) + (spot[1] - a[1]) * (b[1] - a[1])
            share = min(1.0, max(0.0, dot / span_m**2))
            foot = (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
            away_m = math.dist(spot, foot)
            if away_m < found[1]:
                found = (passed_m + share * span_m, away_m)
            passed_m += span_m
        return found


class GridCell(Struct, frozen=True, kw_only=True):
    """A cell of the district."""

    id: str
    corners: tuple[Spot, ...]


class StreetMap(Struct, frozen=True, kw_only=True):
    """All streets and grid cells of a district; most scenarios have none."""

    streets: tuple[Street, ...] = ()
    grids: tuple[GridCell, ...] = ()

    def street(self, name: str) -> Street | None:
        """Return a street by its id; None: there is none."""
        return next((street for street in self.streets if street.id == name), None)

    def nearest(self, spot: Spot, within_m: float) -> tuple[Street, float] | None:
        """Return the street nearest to a place and how far along it; None: none is within that distance."""
        found = [(street.nearest(spot), street) for street in self.streets]
        close = [(away_m, along_m, street) for (along_m, away_m), street in found]
        away_m, along_m, street = min(close, key=lambda one: one[0], default=(math.inf, 0.0, None))
        return None if street is None or away_m > within_m else (street, along_m)

    def grid_of(self, spot: Spot) -> str | None:
        """Return the id of the cell that a place lies in; None: in none."""
        return next((grid.id for grid in self.grids if point_in_polygon(spot, grid.corners)), None)


def crosses_itself(points: Sequence[Spot], *, closed: bool) -> bool:
    """Return whether a line touches itself anywhere but where its parts join, or turns back on itself.

    Args:
        points: at least two, no two alike one after the other.
        closed: whether the last is joined to the first.
    """
    ring = [*points, points[0]] if closed else list(points)
    parts = list(pairwise(ring))
    for first, (a, b) in enumerate(parts):
        for second in range(first + 1, len(parts)):
            c, d = parts[second]
            if second == first + 1 or (closed and first == 0 and second == len(parts) - 1):
                joint, left, right = (b, a, d) if second == first + 1 else (a, b, c)
                if _turn(left, joint, right) == 0 and _ahead(joint, left, right):
                    return True
            elif _touch(a, b, c, d):
                return True
    return False


def _turn(a: Spot, b: Spot, c: Spot) -> int:
    cross = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (cross > 0.0) - (cross < 0.0)


def _ahead(joint: Spot, left: Spot, right: Spot) -> bool:
    """Return whether two places lie on the same side of the joint between them."""
    east, north = (
        (left[0] - joint[0], right[0] - joint[0]),
        (left[1] - joint[1], right[1] - joint[1]),
    )
    return east[0] * east[1] + north[0] * north[1] > 0.0


def _within(a: Spot, b: Spot, spot: Spot) -> bool:
    return min(a[0], b[0]) <= spot[0] <= max(a[0], b[0]) and (
        min(a[1], b[1]) <= spot[1] <= max(a[1], b[1])
    )


def _touch(a: Spot, b: Spot, c: Spot, d: Spot) -> bool:
    turns = (_turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b))
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(turn == 0 and _within(*end) for turn, end in zip(turns, ends, strict=True))

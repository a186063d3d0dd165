"""Areas: which of thousands of polygons a place lies in, by an index of their bounds.

shapely is imported here and nowhere else in this package, and only when there are areas: a gateway
without spatial rules does not need it.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from contracts.envelope import Place
from contracts.geometry import EARTH_RADIUS_M, Point, to_local_m

if TYPE_CHECKING:
    from shapely import Geometry, Polygon

__all__ = ["AreaIndex", "Areas", "Rings", "line_distance_m"]

Rings = Sequence[Sequence[Point]]
"""A polygon: its outer ring and its holes, as lon, lat in degrees."""

_METRES_PER_DEGREE = math.radians(1.0) * EARTH_RADIUS_M
_QUARTER_SEGMENTS = 16
_MOST_KNOWN = 20_000
"""Most answers kept: sensors stay where they are."""
_NARROWEST = 1e-3
"""Cosine of the latitude at the poles, where no city is."""


class Areas(NamedTuple):
    """A table of areas.

    Attributes:
        key: name of the key that the areas are values of.
        polygons: finds them.
    """

    key: str
    polygons: "AreaIndex"


class AreaIndex:
    """Polygons by name, found by place.

    Args:
        areas: the polygons of each area.

    Raises:
        ModuleNotFoundError: shapely is not installed.
        ValueError: a polygon that crosses itself, named with the place where it does.
    """

    def __init__(self, areas: Mapping[str, Sequence[Rings]]) -> None:
        import shapely  # noqa: PLC0415 - optional, see the module's docstring

        self._shapely = shapely
        self._names: list[str] = []
        self._shapes: list[Polygon] = []
        for name, polygons in areas.items():
            for rings in polygons:
                shape = shapely.Polygon(rings[0], rings[1:])
                if not shape.is_valid:
                    reason = shapely.is_valid_reason(shape)
                    msg = f"area {name[:40]!r} is no simple polygon: {reason}; correct its corners"
                    raise ValueError(msg)
                self._names.append(name)
                self._shapes.append(shape)
        for shape in self._shapes:
            shapely.prepare(shape)
        self._tree = shapely.STRtree(self._shapes)
        self._known: dict[tuple[float, float], tuple[str, ...]] = {}
        self.tried = 0
        """How many polygons were looked at so far."""

    def __len__(self) -> int:
        return len(set(self._names))

    def find(self, place: Place) -> tuple[str, ...]:
        """Return the names of the areas that a place lies in, sorted; on the edge is inside."""
        here = (place.lon, place.lat)
        known = self._known.get(here)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            point = self._shapely.Point(*here)
            indices = self._candidates(point)
            names = {self._names[i] for i in indices if self._shapes[i].covers(point)}
            known = self._known[here] = tuple(sorted(names))
        return known

    def holds(self, place: Place) -> bool:
        """Return whether a place lies in any area; on the edge is inside."""
        point = self._shapely.Point(place.lon, place.lat)
        return any(self._shapes[index].covers(point) for index in self._candidates(point))

    def share(self, place: Place) -> float:
        """Return the largest share of where something may be that lies in one polygon, 0 to 1.

        It may be anywhere within ``accuracy_m`` of its place; without an accuracy it is there.
        """
        if place.accuracy_m <= 0.0:
            return 1.0 if self.holds(place) else 0.0
        disc = self._disc(place, place.accuracy_m)
        found = (
            self._shapes[index].intersection(disc).area / disc.area
            for index in self._candidates(disc)
        )
        # what lies wholly inside is all of it, whatever the last digit says
        return min(round(max(found, default=0.0), 9), 1.0)

    def reaches(self, place: Place, within_m: float) -> bool:
        """Return whether a place lies in an area or within a distance of one."""
        if self.holds(place):
            return True
        here = (place.lon, place.lat)
        for index in self._candidates(self._disc(place, within_m)):
            shape = self._shapes[index]
            for ring in (shape.exterior, *shape.interiors):
                if line_distance_m(here, list(ring.coords)) <= within_m:
                    return True
        return False

    def _candidates(self, shape: "Geometry") -> Sequence[int]:
        """Return the polygons whose bounds meet those of a shape."""
        found: Sequence[int] = self._tree.query(shape).tolist()
        self.tried += len(found)
        return found

    def _disc(self, place: Place, radius_m: float) -> "Polygon":
        """Return the circle around a place in degrees, where it is an ellipse; ratios of areas hold."""
        height = radius_m / _METRES_PER_DEGREE
        width = height / max(math.cos(math.radians(place.lat)), _NARROWEST)
        corners = 4 * _QUARTER_SEGMENTS
        turns = (2.0 * math.pi * index / corners for index in range(corners))
        return self._shapely.Polygon(
            [(place.lon + width * math.cos(t), place.lat + height * math.sin(t)) for t in turns]
        )


def line_distance_m(place: Point, line: Sequence[Sequence[float]]) -> float:
    """Return the distance of a place from a line of corners, all lon, lat in degrees, in metres.

    In the local projection around the place: within 5 km of it the error is below 0.1 %.
    """
    corners = [to_local_m(place, (corner[0], corner[1])) for corner in line]
    nearest = math.hypot(*corners[0])
    for (x1, y1), (x2, y2) in itertools.pairwise(corners):
        run_x, run_y = x2 - x1, y2 - y1
        length_2 = run_x * run_x + run_y * run_y
        along = 0.0 if length_2 == 0.0 else -(x1 * run_x + y1 * run_y) / length_2
        along = min(max(along, 0.0), 1.0)
        nearest = min(nearest, math.hypot(x1 + along * run_x, y1 + along * run_y))
    return nearest

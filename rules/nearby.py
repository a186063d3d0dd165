"""Which places lie near a point: an index of cells, so that a look-up does not try them all."""

import math
from collections.abc import Iterable

from contracts.geometry import EARTH_RADIUS_M, distance_m

__all__ = ["Nearby"]

_METRES_PER_DEGREE = math.radians(1.0) * EARTH_RADIUS_M
_NORTHMOST = 85.0
_MOST_KNOWN = 20_000
"""Most answers kept: sensors stay where they are."""


class Nearby:
    """Places by name, found by distance.

    Args:
        places: name, lon and lat in degrees.
        reach_m: how far away, in metres, a place still is near.
    """

    def __init__(self, places: Iterable[tuple[str, float, float]], reach_m: float) -> None:
        self._reach_m = reach_m
        found = list(places)
        north = min(max((abs(lat) for _, _, lat in found), default=0.0) + 1.0, _NORTHMOST)
        self._height = reach_m / _METRES_PER_DEGREE
        # a cell is at least as wide as the reach wherever a place lies
        self._width = self._height / math.cos(math.radians(north))
        self._cells: dict[tuple[int, int], list[tuple[str, float, float]]] = {}
        for place in found:
            self._cells.setdefault(self._cell(place[1], place[2]), []).append(place)
        self._known: dict[tuple[float, float], tuple[str, ...]] = {}
        self.tried = 0
        """How many distances were computed so far."""

    def find(self, lon: float, lat: float) -> tuple[str, ...]:
        """Return the names of the places within reach of a point, sorted."""
        known = self._known.get((lon, lat))
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[lon, lat] = self._find(lon, lat)
        return known

    def _find(self, lon: float, lat: float) -> tuple[str, ...]:
        column, row = self._cell(lon, lat)
        near: list[str] = []
        for x in (column - 1, column, column + 1):
            for y in (row - 1, row, row + 1):
                for name, place_lon, place_lat in self._cells.get((x, y), ()):
                    self.tried += 1
                    if distance_m((lon, lat), (place_lon, place_lat)) <= self._reach_m:
                        near.append(name)
        return tuple(sorted(near))

    def _cell(self, lon: float, lat: float) -> tuple[int, int]:
        return math.floor(lon / self._width), math.floor(lat / self._height)

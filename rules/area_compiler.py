"""``areas``: GeoJSON coordinates as written become checked polygons."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from contracts.geometry import Point
from rules.areas import AreaIndex, Areas, Rings
from rules.where_declaration import AreasDeclaration

__all__ = ["AreaTables", "read_polygons"]

Fail = Callable[[Sequence[str | int], str], Exception]

_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MOST_AREAS = 50_000
_MOST_CORNERS = 10_000
_Here = tuple[str | int, ...]


class AreaTables:
    """The tables of areas of a pack; each is read and indexed when a rule first names it.

    Args:
        declared: by name.
        fail: makes the error for a path of the document.
        shared: tables of other packs, for names that are not declared; None: there are none.
    """

    def __init__(
        self,
        declared: Mapping[str, AreasDeclaration],
        fail: Fail,
        shared: "AreaTables | None" = None,
    ) -> None:
        self._declared = declared
        self._fail = fail
        self._shared = shared
        self._made: dict[str, AreaIndex] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._declared or (self._shared is not None and name in self._shared)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tables."""
        others = () if self._shared is None else self._shared.names
        return tuple(dict.fromkeys((*self._declared, *others)))

    def check(self) -> None:
        """Read every table, also those that no rule names.

        Raises:
            Exception: what ``fail`` makes.
        """
        for name in self._declared:
            self.index(name)

    def index(self, name: str) -> AreaIndex:
        """Return the index of a table.

        Raises:
            Exception: what ``fail`` makes.
        """
        if name not in self._declared and self._shared is not None:
            return self._shared.index(name)
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = self._index(name, self._declared[name])
        return found

    def table(self, name: str) -> Areas:
        """Return a table with the key name that its areas give.

        Raises:
            Exception: what ``fail`` makes.
        """
        if name not in self._declared and self._shared is not None:
            return self._shared.table(name)
        return Areas(self._declared[name].key, self.index(name))

    def _index(self, name: str, declared: AreasDeclaration) -> AreaIndex:
        here: _Here = ("areas", name)
        if _KEY.fullmatch(declared.key) is None:
            raise self._fail((*here, "key"), f"{declared.key[:40]!r}: expected a-z, 0-9 and '_'")
        if (declared.shapes is None) == (declared.geojson is None):
            raise self._fail(here, "expected exactly one of 'shapes' and 'geojson'")
        if declared.shapes is not None:
            areas = {
                area: read_polygons((*here, "shapes", area), coordinates, self._fail)
                for area, coordinates in declared.shapes.items()
            }
        else:
            areas = dict(self._features((*here, "geojson"), declared))
        if not areas:
            raise self._fail(here, "expected at least one area")
        if len(areas) > _MOST_AREAS:
            raise self._fail(here, f"{len(areas)} areas; expected at most {_MOST_AREAS}")
        return index_areas(here, areas, self._fail)

    def _features(
        self, here: _Here, declared: AreasDeclaration
    ) -> Iterator[tuple[str, list[Rings]]]:
        try:
            collection = msgspec.json.decode(declared.geojson or "", type=_Collection)
        except (msgspec.DecodeError, msgspec.ValidationError) as failure:
            raise self._fail(here, f"no FeatureCollection of polygons: {failure}") from failure
        seen: set[str] = set()
        for index, feature in enumerate(collection.features):
            name = feature.properties.get(declared.name)
            if not isinstance(name, str | int) or str(name) in seen:
                raise self._fail(
                    here,
                    f"feature {index + 1}: expected a property {declared.name!r} with a name of its "
                    "own; say in 'name' which property names an area",
                )
            seen.add(str(name))
            if feature.geometry.type not in {"Polygon", "MultiPolygon"}:
                raise self._fail(
                    here,
                    f"feature {index + 1} is a {feature.geometry.type[:20]}; expected Polygon or "
                    "MultiPolygon",
                )
            yield str(name), read_polygons(here, feature.geometry.coordinates, self._fail)


class _Geometry(msgspec.Struct):
    type: str
    coordinates: list[Any]


class _Feature(msgspec.Struct):
    geometry: _Geometry
    properties: dict[str, Any] = {}


class _Collection(msgspec.Struct):
    features: list[_Feature]


def index_areas(here: _Here, areas: Mapping[str, Sequence[Rings]], fail: Fail) -> AreaIndex:
    """Return the index of some areas.

    Raises:
        Exception: what ``fail`` makes: a polygon crosses itself, or shapely is not installed.
    """
    try:
        return AreaIndex(areas)
    except ValueError as failure:
        raise fail(here, str(failure)) from failure
    except ModuleNotFoundError as failure:
        raise fail(
            here, "areas need shapely, which is not installed; pip install 'cityloop[gateway,grid]'"
        ) from failure


def read_polygons(here: _Here, coordinates: Sequence[Any], fail: Fail) -> list[Rings]:
    """Return the polygons in a ring, a Polygon's or a MultiPolygon's coordinates.

    Raises:
        Exception: what ``fail`` makes: coordinates that are none.
    """
    depth, inner = 0, coordinates
    while isinstance(inner, list) and inner and depth < 5:
        depth, inner = depth + 1, inner[0]
    if depth == 2:
        return [[_ring(here, coordinates, fail)]]
    if depth == 3:
        return [_rings(here, coordinates, fail)]
    if depth == 4:
        return [_rings(here, polygon, fail) for polygon in coordinates]
    raise fail(here, "expected a ring of corners, like [[121.47, 31.23], [121.48, 31.23], …]")


def _rings(here: _Here, coordinates: object, fail: Fail) -> Rings:
    if not isinstance(coordinates, list) or not coordinates:
        raise fail(here, "expected a list of rings: the outer one, then holes")
    return [_ring(here, ring, fail) for ring in coordinates]


def _ring(here: _Here, corners: object, fail: Fail) -> list[Point]:
    if not isinstance(corners, list) or not 3 <= len(corners) <= _MOST_CORNERS:
        raise fail(here, f"expected a ring of 3 to {_MOST_CORNERS} corners")
    return [read_point(here, corner, fail) for corner in corners]


def read_point(here: _Here, corner: object, fail: Fail) -> Point:
    """Return lon, lat in degrees of a corner.

    Raises:
        Exception: what ``fail`` makes.
    """
    if isinstance(corner, list) and 2 <= len(corner) <= 3:
        lon, lat = corner[:2]
        numbers = all(
            isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one)
            for one in (lon, lat)
        )
        if numbers and abs(lon) <= 180 and abs(lat) <= 90:
            return float(lon), float(lat)
        if numbers and abs(lat) <= 180 and abs(lon) <= 90:
            raise fail(here, f"[{lon}, {lat}]: latitude before longitude? expected lon, then lat")
    raise fail(here, f"{str(corner)[:40]}: expected a corner like [121.47, 31.23], lon before lat")

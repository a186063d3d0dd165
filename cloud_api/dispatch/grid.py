"""The grid: from a point to its cell, its community, street and district, and who answers for it."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cloud_api.errors import ProfileError
from contracts.coordinates import bd09_to_wgs84, gcj02_to_wgs84

__all__ = ["COORDINATES", "GridCell", "GridMap", "load_grid"]

COORDINATES = ("wgs84", "gcj02", "bd09")
"""What a file's coordinates can be; the member ``coordinates`` beside ``features`` says it."""

_PROPERTIES = ("code", "name", "community", "street", "district")


class GridCell(NamedTuple):
    """One cell 单元网格 and what it belongs to; ``owner`` is a person or unit, where one is named."""

    code: str
    name: str
    community: str
    street: str
    district: str
    owner: str | None

    @property
    def areas(self) -> tuple[str, ...]:
        """Where it is, from narrow to wide, as responsibility lists name it."""
        return (self.code, self.community, self.street, self.district)


class GridMap:
    """Cells that can be looked up by place; WGS 84 degrees, longitude first.

    A place on a border belongs to the cell with the lower code, so that every place has one answer.

    Args:
        features: GeoJSON features: polygons with the properties code, name, community, street,
            district and, where it is known, owner.
        name: what the file is called in errors.
        coordinates: one of ``COORDINATES``.

    Raises:
        ProfileError: a feature is no valid polygon, lacks a property, or a code stands twice.
    """

    def __init__(self, features: Iterable[Any], name: str, coordinates: str = "wgs84") -> None:
        try:
            from shapely import STRtree  # noqa: PLC0415 - a city without a grid needs no shapely
        except ModuleNotFoundError as error:
            raise ProfileError(
                f"{name}: reading cells needs shapely; pip install 'cityloop[grid]'"
            ) from error

        self.cells: list[GridCell] = []
        shapes = []
        seen: set[str] = set()
        for index, feature in enumerate(features):
            place = f"{name}: features[{index}]"
            if not isinstance(feature, dict):
                raise ProfileError(f"{place}: expected a GeoJSON feature")
            cell = _cell(feature, place)
            if cell.code in seen:
                raise ProfileError(f"{place}: code {cell.code} stands twice")
            seen.add(cell.code)
            self.cells.append(cell)
            shapes.append(_shape(feature, place, coordinates))
        self._shapes = shapes
        self._tree = STRtree(shapes)

    def locate(self, lon: float, lat: float) -> GridCell | None:
        """Return the cell of a place; None where no cell is."""
        from shapely import Point  # noqa: PLC0415 - as above

        found = self._tree.query(Point(lon, lat), predicate="intersects")
        cells = [self.cells[int(index)] for index in found]
        return min(cells, key=lambda cell: cell.code, default=None)

    def outlines(self) -> list[tuple[GridCell, dict[str, Any]]]:
        """Return each cell with its GeoJSON geometry, in WGS 84."""
        from shapely.geometry import mapping  # noqa: PLC0415 - as above

        return [
            (cell, mapping(found)) for cell, found in zip(self.cells, self._shapes, strict=True)
        ]

    def middles(self) -> list[tuple[GridCell, tuple[float, float]]]:
        """Return each cell with a place that lies in it, longitude and latitude in WGS 84."""
        points = [found.representative_point() for found in self._shapes]
        return [(cell, (point.x, point.y)) for cell, point in zip(self.cells, points, strict=True)]

    def overlaps(self, share: float = 0.01) -> list[tuple[str, str]]:
        """Return pairs of cells that share more than a share of the smaller one's area."""
        found: list[tuple[str, str]] = []
        for left, right in self._tree.query(self._shapes, predicate="intersects").T:
            if left >= right:
                continue
            one, other = self._shapes[left], self._shapes[right]
            if one.intersection(other).area > share * min(one.area, other.area):
                found.append((self.cells[left].code, self.cells[right].code))
        return found


def _cell(feature: Mapping[str, Any], place: str) -> GridCell:
    properties = feature.get("properties")
    if not isinstance(properties, Mapping):
        raise ProfileError(f"{place}: expected a GeoJSON feature with properties")
    lacking = [key for key in _PROPERTIES if not properties.get(key)]
    if lacking:
        raise ProfileError(f"{place}: properties.{lacking[0]} is missing; expected a text")
    owner = properties.get("owner")
    code, name, community, street, district = (str(properties[key]) for key in _PROPERTIES)
    return GridCell(code, name, community, street, district, str(owner) if owner else None)


def _shape(feature: Mapping[str, Any], place: str, coordinates: str) -> Any:
    import numpy as np  # noqa: PLC0415 - comes with shapely
    from shapely import GEOSException, is_valid_reason, transform  # noqa: PLC0415 - as above
    from shapely.geometry import shape  # noqa: PLC0415 - as above

    try:
        found = shape(dict(feature["geometry"]))
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, GEOSException) as error:
        raise ProfileError(f"{place}: geometry: {error}; expected a polygon") from error
    if found.geom_type not in {"Polygon", "MultiPolygon"} or found.is_empty:
        raise ProfileError(f"{place}: geometry is a {found.geom_type}; expected a polygon")
    if not found.is_valid:
        raise ProfileError(f"{place}: geometry: {is_valid_reason(found)}; mend the polygon")
    if coordinates == "wgs84":
        return found
    convert = gcj02_to_wgs84 if coordinates == "gcj02" else bd09_to_wgs84
    return transform(found, lambda points: np.array([convert(lon, lat) for lon, lat in points]))


def load_grid(path: Path) -> GridMap:
    """Return the grid in a GeoJSON file.

    Raises:
        ProfileError: the file is no GeoJSON feature collection, or as for :class:`GridMap`.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ProfileError(f"{path}: {error}; expected GeoJSON") from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise ProfileError(f"{path}: expected a GeoJSON FeatureCollection")
    coordinates = str(document.get("coordinates", "wgs84"))
    if coordinates not in COORDINATES:
        raise ProfileError(
            f"{path}: coordinates {coordinates!r}; expected one of {', '.join(COORDINATES)}"
        )
    return GridMap(features, path.name, coordinates)

"""The shape of areas and of a spatial ``where`` as written."""

from typing import Annotated, Any

import msgspec

from rules.operator_declaration import Declared

__all__ = [
    "AreasDeclaration",
    "InsideDeclaration",
    "NearDeclaration",
    "OverlapDeclaration",
    "WhereDeclaration",
]


class AreasDeclaration(Declared, frozen=True, kw_only=True):
    """One of ``areas``: polygons by name, in GeoJSON's coordinates (WGS 84, lon before lat)."""

    shapes: dict[str, list[Any]] | None = None
    """Per area a ring, a Polygon's rings or a MultiPolygon's polygons; this or ``geojson``."""
    geojson: str | None = None
    """A FeatureCollection as text; this or ``shapes``."""
    name: str = "name"
    """Property of a feature that names its area; default name."""
    key: str = "area"
    """Key name that the areas give to samples of ``signals`` inside them; default area."""


class InsideDeclaration(Declared, frozen=True, kw_only=True):
    """``inside``: in which zones or areas something must be."""

    zone: str | list[str] = []
    """Zones of the box; default any."""
    zone_kind: str | list[str] = []
    """Kinds of zone of the box; default any."""
    areas: str | None = None
    """Table of areas, in any of which the place must lie."""
    polygon: list[Any] | None = None
    """Coordinates of one area of its own."""
    point: str = "foot"
    """Which point of a thing must be inside: foot, the one that boxes report. Default foot."""


class OverlapDeclaration(Declared, frozen=True, kw_only=True):
    """``overlap``: how much of where something may be must lie in an area."""

    share: Annotated[float, msgspec.Meta(gt=0, le=1)]
    """Least share of the circle of the place's ``accuracy_m``, above 0 up to 1."""
    areas: str | None = None
    """Table of areas."""
    polygon: list[Any] | None = None
    """Coordinates of one area of its own."""


class NearDeclaration(Declared, frozen=True, kw_only=True):
    """``near``: how near to something the place must be."""

    within: str
    """Greatest distance, like 50m or 1.5km."""
    point: list[float] | None = None
    """Lon and lat of a point."""
    line: list[list[float]] | None = None
    """Lon and lat of the corners of a line."""
    of: str | None = None
    """Table of places or of areas, any of which may be near."""


class WhereDeclaration(Declared, frozen=True, kw_only=True):
    """``where`` in parts, all of which must hold."""

    inside: InsideDeclaration | None = None
    """In which zones or areas; default anywhere."""
    overlap: OverlapDeclaration | None = None
    """How much of where it may be lies in an area; default any."""
    near: NearDeclaration | None = None
    """How near to something; default any distance."""
    speed: str | None = None
    """Comparison with its speed, like ``< 0.5 m/s``; default any speed."""
    when: str | None = None
    """Any other condition; default none."""

"""``map.streets`` and ``map.grids`` of a scenario: the Structs of its YAML, and places on a street."""

from typing import Annotated

from msgspec import Meta, Struct

from contracts.envelope import Id
from contracts.event import Title

__all__ = ["GridDeclaration", "StreetDeclaration", "StreetPlace", "StreetStretch"]

Metres = Annotated[float, Meta(ge=-20_000.0, le=20_000.0)]
Along = Annotated[float, Meta(ge=0.0, le=40_000.0)]
Spot = tuple[Metres, Metres]


class Declared(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a scenario's YAML is made of: unknown keys are refused."""


class StreetDeclaration(Declared, frozen=True, kw_only=True):
    """A street; what rains on it runs down its centre line and on to where it drains."""

    id: Id
    names: Title
    """What people call it."""
    line: list[Spot]
    """Centre line from its upper to its lower end, metres east and north of the map's centre."""
    width_m: Annotated[float, Meta(ge=1.0, le=120.0)] = 12.0
    """From house to house, metres; default 12."""
    drains_to: str | None = None
    """A street, or the water-level sensor of a low point; default a sewer that takes everything."""
    slope: Annotated[float, Meta(ge=0.0005, le=0.2)] = 0.005
    """Fall of the centre line, metres a metre: how fast water runs; default 0.005."""
    gullies_mm_h: Annotated[float, Meta(ge=0.0, le=500.0)] = 0.0
    """Rain that its own gullies just take away, millimetres an hour; default none."""


class GridDeclaration(Declared, frozen=True, kw_only=True):
    """A cell of the district, as its staff divide it: 单元网格."""

    id: Id
    corners: list[Spot]
    """Metres east and north of the map's centre, in order."""


class StreetPlace(Declared, frozen=True, kw_only=True):
    """``on``: a place on a street."""

    street: str
    along_m: Along = 0.0
    """Distance from the street's upper end, metres; default 0."""


class StreetStretch(Declared, frozen=True, kw_only=True):
    """``on`` of sensors: the part of a street along which they stand, drawn evenly by the seed."""

    street: str
    from_m: Along = 0.0
    """Distance from the street's upper end, metres; default 0."""
    to_m: Along | None = None
    """Until here; default the street's lower end."""

"""A scenario as people write it: the Structs of its YAML. Durations are text, like ``90s`` or ``7d``."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.envelope import Id
from contracts.event import Title
from simulators.city.camera_declaration import CameraDeclaration
from simulators.city.citizen_declaration import CitizensDeclaration
from simulators.city.street_declaration import (
    GridDeclaration,
    StreetDeclaration,
    StreetPlace,
    StreetStretch,
)

__all__ = [
    "FaultDeclaration",
    "IncidentDeclaration",
    "LinkLossDeclaration",
    "LowPointDeclaration",
    "MapDeclaration",
    "ScenarioDeclaration",
    "SensorDeclaration",
    "StormDeclaration",
    "WeatherDeclaration",
]

Duration = Annotated[str, Meta(min_length=1, max_length=16)]
Metres = Annotated[float, Meta(ge=-20_000.0, le=20_000.0)]


class Declared(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a scenario's YAML is made of: unknown keys are refused."""


class MapDeclaration(Declared, frozen=True, kw_only=True):
    """``map``: the district. Places in the scenario are metres east and north of its centre."""

    centre: tuple[float, float] = (114.0, 30.5)
    """Longitude and latitude in WGS 84 degrees; default a place in no particular city."""
    extent_m: Annotated[float, Meta(gt=0.0, le=40_000.0)] = 3000.0
    """Side of the square around the centre, metres; nothing may lie outside; default 3000."""
    site: Id = "old-town"
    """Second level of the boxes' topics; default ``old-town``."""
    district: Id = "riverside"
    """First level of the boxes' topics; default ``riverside``."""
    utc_offset_h: Annotated[float, Meta(ge=-12.0, le=14.0)] = 8.0
    """Local time: hours ahead of UTC, for daily cycles; default 8 (China)."""
    streets: list[StreetDeclaration] = []
    """Streets, down which the rain runs and on which things may stand; default none."""
    grids: list[GridDeclaration] = []
    """Cells of the district; default none."""


class StormDeclaration(Declared, frozen=True, kw_only=True):
    """One storm with a Chicago hyetograph."""

    at: Duration
    """When the rain begins, after the scenario's start."""
    lasts: Duration
    """How long it rains."""
    return_period_a: Annotated[float, Meta(ge=1.0, le=1000.0)] = 5.0
    """Return period in years; default 5."""
    peak_ratio: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.4
    """Share of the duration before the peak; default 0.4."""
    strength: Annotated[float, Meta(gt=0.0, le=10.0)] = 1.0
    """Factor on the design storm's intensity, for drizzle below 1; default 1."""


class WeatherDeclaration(Declared, frozen=True, kw_only=True):
    """``weather``: storms; between them it is dry."""

    storms: list[StormDeclaration] = []
    """Storms in any order; default none."""


class LowPointDeclaration(Declared, frozen=True, kw_only=True):
    """Where the water of a level sensor gathers; a range is drawn from evenly by the seed."""

    catchment_ha: tuple[float, float] = (0.5, 2.4)
    """Area that drains into the low point, hectares, from and to."""
    floor_m2: tuple[float, float] = (140.0, 260.0)
    """Area of its level floor, square metres, from and to."""
    drain_mm_h: tuple[float, float] = (90.0, 180.0)
    """Rain that its drains just carry away, millimetres an hour, from and to."""


class SensorDeclaration(Declared, frozen=True, kw_only=True):
    """``sensors``: a group of equal sensors; they are called ``{id}-001`` and so on."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,48}$")]
    profile: str
    """Device profile; each sensor reports at its profile's cadence."""
    count: Annotated[int, Meta(ge=1, le=200_000)]
    """How many."""
    around: tuple[Metres, Metres] = (0.0, 0.0)
    """Middle of where they stand, metres east and north of the map's centre; default the centre."""
    within_m: Annotated[float, Meta(ge=0.0, le=20_000.0)] = 1000.0
    """How far from there they stand at most; drawn evenly by the seed; default 1000."""
    on: StreetStretch | None = None
    """The part of a street along which they stand, in place of ``around`` and ``within_m``."""
    beside: str | None = None
    """A group further up, beside whose sensors they stand, one by one, in place of all that."""
    low_point: LowPointDeclaration = LowPointDeclaration()
    """For ``water_level`` only: what gathers there."""


class IncidentDeclaration(Declared, frozen=True, kw_only=True):
    """``incidents``: something goes wrong in the world, at a time or so often a day."""

    cause: Literal[
        "works", "missed_collection", "manhole_open", "hydrant_leak", "lift_trapped", "lamp_out"
    ]
    """What happens in the world; which incidents come of it is reckoned from the true values."""
    sensors: str
    """Group or single sensor where it happens, or near which works stand; drawn within a group."""
    at: Duration | None = None
    """When, after the scenario's start; either this or ``per_day``."""
    per_day: Annotated[float, Meta(gt=0.0, le=10_000.0)] | None = None
    """How many a day, drawn evenly over time by the seed."""
    lasts: Duration = "1h"
    """How long; default an hour."""
    size: float | None = None
    """How strong: level of the works at 10 m (dBA), tilt (deg), pressure left (kPa); default drawn."""
    on: StreetPlace | None = None
    """Where on a street: the sensor of the group nearest to there is chosen, and works stand just there."""
    hours: tuple[Annotated[int, Meta(ge=0, le=24)], Annotated[int, Meta(ge=0, le=24)]] = (0, 24)
    """Local hours of the day in which drawn ones begin; over midnight when the first is later."""


class FaultDeclaration(Declared, frozen=True, kw_only=True):
    """``faults``: a device breaks; the world goes on as it is."""

    kind: Literal[
        "stuck", "drift", "spike", "range", "bias", "silent", "flood", "reboot", "clock", "repeat"
    ]
    sensors: str
    """Group or single sensor; drawn by the seed within a group. A box's fault hits all of the box."""
    at: Duration | None = None
    """When; either this or ``per_day``."""
    per_day: Annotated[float, Meta(gt=0.0, le=10_000.0)] | None = None
    """How many a day, drawn evenly over time by the seed."""
    lasts: Duration = "24h"
    """How long; default a day."""
    size: float | None = None
    """How strong: offset (bias), change an hour (drift), step (spike) in the field's base unit, or
    seconds the clock is off (clock), messages after each reading (flood); default by profile."""


class LinkLossDeclaration(Declared, frozen=True, kw_only=True):
    """``links``: boxes lose the hub for a while; they keep what they measured."""

    at: Duration
    """When."""
    lasts: Duration
    """How long."""
    share: Annotated[float, Meta(gt=0.0, le=1.0)] = 1.0
    """Share of the boxes; default all."""


class ScenarioDeclaration(Declared, frozen=True, kw_only=True):
    """One scenario: a district, its weather, its sensors, and what goes wrong."""

    name: Id
    """Lower case letters, digits and hyphens."""
    title: Title
    """What people read, in both languages."""
    start: Annotated[datetime, Meta(tz=True)]
    """The scenario's second 0, with its offset."""
    lasts: Duration
    """How long it takes."""
    quick: Duration | None = None
    """How much of it a quick exam takes, from the start; default all."""
    step: Duration = "60s"
    """How often boxes send what they measured since; default 60s."""
    sensors_per_box: Annotated[int, Meta(ge=1, le=1000)] = 20
    """How many sensors speak through one box; default 20."""
    packs: list[str] = []
    """Rule packs, paths from this file; default those that ship."""
    map: MapDeclaration = MapDeclaration()
    weather: WeatherDeclaration = WeatherDeclaration()
    sensors: list[SensorDeclaration] = []
    """Groups of sensors; a scenario has sensors, cameras or both."""
    cameras: list[CameraDeclaration] = []
    """Drawn cameras."""
    incidents: list[IncidentDeclaration] = []
    faults: list[FaultDeclaration] = []
    links: list[LinkLossDeclaration] = []
    citizens: CitizensDeclaration | None = None
    """People who report what they see; default nobody."""
    ignore: list[str] = []
    """Event types that neither count for nor against the stack here, such as ``device.offline``
    in a scenario that cuts links; default none."""

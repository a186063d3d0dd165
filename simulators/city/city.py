"""A scenario made ready to run: sensors with places, boxes, storms, and everything that will go wrong.

A function of the declaration and the seed; nothing here depends on the order of calls.
"""

import math
import zlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from msgspec import Struct

from contracts.event import Title
from contracts.geometry import from_local_m
from contracts.profiles import PROFILES, DeviceProfile
from simulators.city.declaration import (
    FaultDeclaration,
    IncidentDeclaration,
    MapDeclaration,
    ScenarioDeclaration,
    SensorDeclaration,
)
from simulators.duration import parse_duration
from simulators.rainstorm import Rainstorm

__all__ = [
    "MEASURED_PROFILES",
    "Box",
    "City",
    "Fault",
    "Happening",
    "LinkLoss",
    "SensorGroup",
    "build_city",
    "stream_of",
]

Path = Sequence[str | int]
ErrorFactory = Callable[[Path, str], Exception]

DAY_S = 86_400.0

MEASURED_PROFILES = frozenset(
    {
        "air",
        "bin_fill",
        "dust",
        "elevator",
        "fire_water",
        "manhole",
        "noise",
        "rain_gauge",
        "street_lamp",
        "water_level",
    }
)
"""Device profiles that a city has instruments for."""

_CAUSE_PROFILES = {
    "works": "noise",
    "missed_collection": "bin_fill",
    "manhole_open": "manhole",
    "hydrant_leak": "fire_water",
    "lift_trapped": "elevator",
}
"""What a cause can happen to."""

_SIZES = {
    "works": (84.0, 96.0),
    "missed_collection": (0.0, 0.0),
    "manhole_open": (35.0, 90.0),
    "hydrant_leak": (60.0, 125.0),
    "lift_trapped": (1.0, 1.0),
}
"""From and to: level of works at 10 m (dBA; breakers and excavators, BS 5228-1:2009 annex C gives 75 to
95), tilt in degrees, pressure left in kPa. The latter two are invented, well beyond any threshold."""


class SensorGroup(Struct, frozen=True, kw_only=True, eq=False):
    """Equal sensors. ``east_m``, ``north_m``: float64 ``(count,)``, metres from the map's centre."""

    id: str
    profile: DeviceProfile
    declaration: SensorDeclaration
    subjects: tuple[str, ...]
    east_m: np.ndarray[Any, np.dtype[np.float64]]
    north_m: np.ndarray[Any, np.dtype[np.float64]]

    @property
    def count(self) -> int:
        """How many sensors."""
        return len(self.subjects)


class Happening(Struct, frozen=True, kw_only=True):
    """Something that goes wrong in the world from ``start_s`` to ``end_s``."""

    cause: str
    group: str
    index: int
    """Which sensor of the group it happens to, or near which."""
    start_s: float
    end_s: float
    size: float
    bearing_deg: float
    """Direction from the sensor, for works."""
    distance_m: float
    """Distance from the sensor, for works."""


class Fault(Struct, frozen=True, kw_only=True):
    """A broken device from ``start_s`` to ``end_s``."""

    kind: str
    group: str
    index: int
    subject: str
    box: str
    start_s: float
    end_s: float
    size: float | None


class LinkLoss(Struct, frozen=True, kw_only=True):
    """Boxes without the hub from ``start_s`` to ``end_s``."""

    boxes: tuple[str, ...]
    start_s: float
    end_s: float


class Box(Struct, frozen=True, kw_only=True):
    """One box and what speaks through it: (group, index) each."""

    name: str
    sensors: tuple[tuple[str, int], ...]


class City(Struct, frozen=True, kw_only=True, eq=False):
    """A scenario, ready to run. Times are seconds since its start."""

    name: str
    title: Title
    seed: int
    start: datetime
    lasts_s: float
    quick_s: float
    step_s: float
    packs: tuple[str, ...]
    map: MapDeclaration
    storms: tuple[Rainstorm, ...]
    groups: tuple[SensorGroup, ...]
    boxes: tuple[Box, ...]
    happenings: tuple[Happening, ...]
    faults: tuple[Fault, ...]
    links: tuple[LinkLoss, ...]
    ignore: frozenset[str]

    def local_hour(self, at_s: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, Any]:
        """Return the local hour of the day, 0 to 24, at seconds since the start."""
        utc_s = self.start.timestamp() + at_s
        return (utc_s / 3600.0 + self.map.utc_offset_h) % 24.0

    def place(self, group: SensorGroup, index: int) -> tuple[float, float]:
        """Return where a sensor stands: longitude and latitude, WGS 84 degrees."""
        offset = (float(group.east_m[index]), float(group.north_m[index]))
        return from_local_m(self.map.centre, offset)

    def group(self, name: str) -> SensorGroup:
        """Return a group by its id.

        Raises:
            KeyError: there is none of that name.
        """
        for group in self.groups:
            if group.id == name:
                return group
        raise KeyError(name)


def stream_of(seed: int, *names: str, chunk: int = 0) -> np.random.Generator:
    """Return a stream of random numbers of its own for every seed, name and chunk."""
    name = "/".join((*names, str(chunk)))
    key = (seed & 0xFFFFFFFF) << 32 | zlib.crc32(name.encode())
    return np.random.Generator(np.random.Philox(key=key))


def build_city(
    declared: ScenarioDeclaration, seed: int, error: ErrorFactory, *, surge: float = 1.0
) -> City:
    """Return the city of a scenario.

    Args:
        declared: the scenario.
        seed: 0 or more; equal seeds give equal cities.
        error: makes the error for a path of the scenario's document.
        surge: how many times more sensors, incidents and faults there are, 1 to 10.

    Raises:
        Exception: what ``error`` makes, at the first fault: an unknown profile or group, a place
            outside the map, a duration that is none, a time after the end.
    """
    lasts_s = _seconds(declared.lasts, ("lasts",), error)
    step_s = _seconds(declared.step, ("step",), error)
    if step_s <= 0.0 or lasts_s < step_s:
        raise error(
            ("step",), f"step of {step_s:g} s: expected more than 0 and at most {lasts_s:g} s"
        )
    quick_s = lasts_s if declared.quick is None else _seconds(declared.quick, ("quick",), error)
    if not 0.0 < quick_s <= lasts_s:
        raise error(("quick",), f"{quick_s:g} s: expected more than 0 and at most {lasts_s:g} s")
    groups = _groups(declared, seed, error, surge)
    boxes = _boxes(groups, declared.sensors_per_box)
    return City(
        name=declared.name,
        title=declared.title,
        seed=seed,
        start=declared.start,
        lasts_s=lasts_s,
        quick_s=quick_s,
        step_s=step_s,
        packs=tuple(declared.packs),
        map=declared.map,
        storms=_storms(declared, lasts_s, error),
        groups=groups,
        boxes=boxes,
        happenings=_happenings(declared, groups, lasts_s, seed, error, surge),
        faults=_faults(declared, groups, boxes, lasts_s, seed, error, surge),
        links=_links(declared, boxes, lasts_s, error),
        ignore=frozenset(declared.ignore),
    )


def _seconds(text: str, path: Path, error: ErrorFactory) -> float:
    try:
        return parse_duration(text)
    except ValueError as failure:
        raise error(path, str(failure)) from failure


def _storms(
    declared: ScenarioDeclaration, lasts_s: float, error: ErrorFactory
) -> tuple[Rainstorm, ...]:
    storms = []
    for index, storm in enumerate(declared.weather.storms):
        path = ("weather", "storms", index)
        start_s = _moment(storm.at, (*path, "at"), lasts_s, error)
        rain_s = _seconds(storm.lasts, (*path, "lasts"), error)
        if rain_s < 60.0:
            raise error((*path, "lasts"), f"a storm of {rain_s:g} s: expected at least 60 s")
        design = Rainstorm()
        storms.append(
            Rainstorm(
                a_mm_min=design.a_mm_min * storm.strength,
                start_s=start_s,
                duration_s=rain_s,
                return_period_a=storm.return_period_a,
                peak_ratio=storm.peak_ratio,
            )
        )
    return tuple(storms)


def _moment(text: str, path: Path, lasts_s: float, error: ErrorFactory) -> float:
    at_s = _seconds(text, path, error)
    if at_s >= lasts_s:
        raise error(
            path, f"at {at_s:g} s: the scenario ends at {lasts_s:g} s; choose an earlier time"
        )
    return at_s


def _groups(
    declared: ScenarioDeclaration, seed: int, error: ErrorFactory, surge: float
) -> tuple[SensorGroup, ...]:
    groups: dict[str, SensorGroup] = {}
    half_m = declared.map.extent_m / 2.0
    for index, one in enumerate(declared.sensors):
        path = ("sensors", index)
        profile = PROFILES.get(one.profile)
        if profile is None or profile.name not in MEASURED_PROFILES:
            known = ", ".join(sorted(MEASURED_PROFILES))
            raise error(
                (*path, "profile"),
                f"a city has no instrument for {one.profile[:40]!r}; it has some for {known}",
            )
        if one.id in groups:
            raise error((*path, "id"), f"group {one.id!r} is declared twice; rename one")
        reach_m = max(abs(one.around[0]), abs(one.around[1])) + one.within_m
        if reach_m > half_m:
            raise error(
                (*path, "around"),
                f"sensors up to {reach_m:g} m from the centre: the map ends at {half_m:g} m; "
                "move them, draw them closer together or enlarge map.extent_m",
            )
        _check_low_point(one, path, error)
        count = max(1, round(one.count * surge))
        rng = stream_of(seed, "place", one.id)
        radius = one.within_m * np.sqrt(rng.random(count))
        angle = 2.0 * math.pi * rng.random(count)
        groups[one.id] = SensorGroup(
            id=one.id,
            profile=profile,
            declaration=one,
            subjects=tuple(f"{one.id}-{number:03}" for number in range(1, count + 1)),
            east_m=one.around[0] + radius * np.cos(angle),
            north_m=one.around[1] + radius * np.sin(angle),
        )
    return tuple(groups.values())


def _check_low_point(one: SensorDeclaration, path: Path, error: ErrorFactory) -> None:
    for name in ("catchment_ha", "floor_m2", "drain_mm_h"):
        low, high = getattr(one.low_point, name)
        if not 0.0 < low <= high:
            raise error((*path, "low_point", name), f"{low:g} to {high:g}: expected 0 < from <= to")


def _boxes(groups: Sequence[SensorGroup], per_box: int) -> tuple[Box, ...]:
    sensors = [(group.id, index) for group in groups for index in range(group.count)]
    return tuple(
        Box(name=f"sim-{number + 1:04}", sensors=tuple(sensors[at : at + per_box]))
        for number, at in enumerate(range(0, len(sensors), per_box))
    )


def _chosen(
    sensors: str, groups: Sequence[SensorGroup], path: Path, error: ErrorFactory
) -> tuple[SensorGroup, int | None]:
    """Return the group that a text names, and which of its sensors; None: any."""
    for group in groups:
        if sensors == group.id:
            return group, None
        if sensors in group.subjects:
            return group, group.subjects.index(sensors)
    known = ", ".join(group.id for group in groups)
    raise error(path, f"{sensors[:60]!r} is no sensor and no group; groups are {known}")


def _times(
    one: IncidentDeclaration | FaultDeclaration,
    path: Path,
    lasts_s: float,
    rng: np.random.Generator,
    error: ErrorFactory,
    surge: float,
) -> list[float]:
    if (one.at is None) == (one.per_day is None):
        raise error(path, "give either 'at' or 'per_day'")
    if one.at is not None:
        return [_moment(one.at, (*path, "at"), lasts_s, error)]
    count = round((one.per_day or 0.0) * lasts_s / DAY_S * surge)
    return sorted(round(float(at_s), 1) for at_s in rng.random(count) * lasts_s)


def _happenings(
    declared: ScenarioDeclaration,
    groups: Sequence[SensorGroup],
    lasts_s: float,
    seed: int,
    error: ErrorFactory,
    surge: float,
) -> tuple[Happening, ...]:
    offset_s = declared.start.timestamp() + declared.map.utc_offset_h * 3600.0
    found: list[Happening] = []
    for number, one in enumerate(declared.incidents):
        path = ("incidents", number)
        group, index = _chosen(one.sensors, groups, (*path, "sensors"), error)
        if group.profile.name != _CAUSE_PROFILES[one.cause]:
            raise error(
                (*path, "sensors"),
                f"{one.cause} happens to {_CAUSE_PROFILES[one.cause]}, not to {group.profile.name}",
            )
        rng = stream_of(seed, "incident", str(number))
        length_s = _seconds(one.lasts, (*path, "lasts"), error)
        for at_s in _times(one, path, lasts_s, rng, error, surge):
            low, high = _SIZES[one.cause]
            drawn = float(rng.uniform(low, high))
            chosen = int(rng.integers(group.count)) if index is None else index
            bearing, distance = float(rng.uniform(0.0, 360.0)), float(rng.uniform(8.0, 25.0))
            start_s = at_s if one.at is not None else _in_hours(at_s, one.hours, offset_s)
            found.append(
                Happening(
                    cause=one.cause,
                    group=group.id,
                    index=chosen,
                    start_s=start_s,
                    end_s=start_s + length_s,
                    size=drawn if one.size is None else one.size,
                    bearing_deg=bearing,
                    distance_m=distance,
                )
            )
    return tuple(found)


def _in_hours(at_s: float, hours: tuple[int, int], offset_s: float) -> float:
    """Move a time within its local day into some hours of it, keeping its order in the day."""
    begin, end = hours
    span_h = (end - begin) % 24 or 24
    hour = ((at_s + offset_s) % DAY_S) / 3600.0
    wanted = begin + hour / 24.0 * span_h
    return round(max(0.0, at_s + (wanted - hour) * 3600.0), 1)


def _faults(
    declared: ScenarioDeclaration,
    groups: Sequence[SensorGroup],
    boxes: Sequence[Box],
    lasts_s: float,
    seed: int,
    error: ErrorFactory,
    surge: float,
) -> tuple[Fault, ...]:
    box_of = {sensor: box.name for box in boxes for sensor in box.sensors}
    found: list[Fault] = []
    for number, one in enumerate(declared.faults):
        path = ("faults", number)
        group, index = _chosen(one.sensors, groups, (*path, "sensors"), error)
        rng = stream_of(seed, "fault", str(number))
        length_s = _seconds(one.lasts, (*path, "lasts"), error)
        for at_s in _times(one, path, lasts_s, rng, error, surge):
            chosen = int(rng.integers(group.count)) if index is None else index
            fault = Fault(
                kind=one.kind,
                group=group.id,
                index=chosen,
                subject=group.subjects[chosen],
                box=box_of[(group.id, chosen)],
                start_s=at_s,
                end_s=at_s + length_s,
                size=one.size,
            )
            # a sensor has one fault at a time: what a second one does could not be told apart
            if not any(_clashes(fault, other) for other in found):
                found.append(fault)
    return tuple(found)


def _clashes(one: Fault, other: Fault) -> bool:
    same = one.subject == other.subject or (one.box == other.box and one.kind == other.kind)
    return same and one.start_s < other.end_s + 3600.0 and other.start_s < one.end_s + 3600.0


def _links(
    declared: ScenarioDeclaration, boxes: Sequence[Box], lasts_s: float, error: ErrorFactory
) -> tuple[LinkLoss, ...]:
    found = []
    for number, one in enumerate(declared.links):
        path = ("links", number)
        start_s = _moment(one.at, (*path, "at"), lasts_s, error)
        count = max(1, round(len(boxes) * one.share))
        found.append(
            LinkLoss(
                boxes=tuple(box.name for box in boxes[:count]),
                start_s=start_s,
                end_s=start_s + _seconds(one.lasts, (*path, "lasts"), error),
            )
        )
    return tuple(found)

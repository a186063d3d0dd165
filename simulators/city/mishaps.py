"""What goes wrong in a city: causes in the world, broken devices, lost links, drawn by the seed."""

import math
from collections.abc import Sequence

import numpy as np

from simulators.city.city import DAY_S, Box, Fault, Happening, LinkLoss, SensorGroup, stream_of
from simulators.city.declaration import (
    FaultDeclaration,
    IncidentDeclaration,
    ScenarioDeclaration,
)
from simulators.city.spans import ErrorFactory, Path, moment_s, span_s
from simulators.city.street_map import Spot, StreetMap
from simulators.city.street_plan import spot_on

__all__ = ["plan_faults", "plan_happenings", "plan_links"]

_CAUSE_PROFILES = {
    "works": "noise",
    "missed_collection": "bin_fill",
    "manhole_open": "manhole",
    "hydrant_leak": "fire_water",
    "lift_trapped": "elevator",
    "lamp_out": "street_lamp",
}
"""What a cause can happen to."""

_SIZES = {
    "works": (84.0, 96.0),
    "missed_collection": (0.0, 0.0),
    "manhole_open": (35.0, 90.0),
    "hydrant_leak": (60.0, 125.0),
    "lift_trapped": (1.0, 1.0),
    "lamp_out": (0.0, 0.0),
}
"""From and to: level of works at 10 m (dBA; breakers and excavators, BS 5228-1:2009 annex C gives 75 to
95), tilt in degrees, pressure left in kPa. The latter two are invented, well beyond any threshold."""


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
        return [moment_s(one.at, (*path, "at"), lasts_s, error)]
    count = round((one.per_day or 0.0) * lasts_s / DAY_S * surge)
    return sorted(round(float(at_s), 1) for at_s in rng.random(count) * lasts_s)


_REACH_M = 200.0
"""How far from a place on a street the sensor may stand to which something happens there."""


def _nearest(
    one: IncidentDeclaration, group: SensorGroup, spot: Spot, path: Path, error: ErrorFactory
) -> int:
    """Return which sensor of a group stands nearest to a place."""
    if one.sensors != group.id:
        raise error((*path, "on"), f"give either 'on' or a single sensor; the group is {group.id}")
    away_m = np.hypot(group.east_m - spot[0], group.north_m - spot[1])
    index = int(np.argmin(away_m))
    if away_m[index] > _REACH_M:
        raise error(
            (*path, "on"),
            f"the nearest sensor of {group.id} is {away_m[index]:.0f} m off; expected one within "
            f"{_REACH_M:g} m: let sensors stand on that street",
        )
    return index


def plan_happenings(
    declared: ScenarioDeclaration,
    streets: StreetMap,
    groups: Sequence[SensorGroup],
    lasts_s: float,
    seed: int,
    error: ErrorFactory,
    surge: float,
) -> tuple[Happening, ...]:
    """Return what goes wrong in the world, in the order of the scenario.

    Raises:
        Exception: what ``error`` makes, at the first fault of the document.
    """
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
        spot: Spot | None = None
        if one.on is not None:
            spot = spot_on(streets, one.on.street, one.on.along_m, (*path, "on"), error)
            index = _nearest(one, group, spot, path, error)
        rng = stream_of(seed, "incident", str(number))
        length_s = span_s(one.lasts, (*path, "lasts"), error)
        for at_s in _times(one, path, lasts_s, rng, error, surge):
            low, high = _SIZES[one.cause]
            drawn = float(rng.uniform(low, high))
            chosen = int(rng.integers(group.count)) if index is None else index
            bearing, distance = float(rng.uniform(0.0, 360.0)), float(rng.uniform(8.0, 25.0))
            if spot is not None:
                east = spot[0] - float(group.east_m[chosen])
                north = spot[1] - float(group.north_m[chosen])
                bearing, distance = (
                    math.degrees(math.atan2(east, north)) % 360.0,
                    math.hypot(east, north),
                )
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


def plan_faults(
    declared: ScenarioDeclaration,
    groups: Sequence[SensorGroup],
    boxes: Sequence[Box],
    lasts_s: float,
    seed: int,
    error: ErrorFactory,
    surge: float,
) -> tuple[Fault, ...]:
    """Return the broken devices; a sensor has one fault at a time.

    Raises:
        Exception: what ``error`` makes, at the first fault of the document.
    """
    box_of = {sensor: box.name for box in boxes for sensor in box.sensors}
    found: list[Fault] = []
    for number, one in enumerate(declared.faults):
        path = ("faults", number)
        group, index = _chosen(one.sensors, groups, (*path, "sensors"), error)
        rng = stream_of(seed, "fault", str(number))
        length_s = span_s(one.lasts, (*path, "lasts"), error)
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


def plan_links(
    declared: ScenarioDeclaration, boxes: Sequence[Box], lasts_s: float, error: ErrorFactory
) -> tuple[LinkLoss, ...]:
    """Return which boxes lose the hub, and when.

    Raises:
        Exception: what ``error`` makes, at the first fault of the document.
    """
    found = []
    for number, one in enumerate(declared.links):
        path = ("links", number)
        start_s = moment_s(one.at, (*path, "at"), lasts_s, error)
        count = max(1, round(len(boxes) * one.share))
        found.append(
            LinkLoss(
                boxes=tuple(box.name for box in boxes[:count]),
                start_s=start_s,
                end_s=start_s + span_s(one.lasts, (*path, "lasts"), error),
            )
        )
    return tuple(found)

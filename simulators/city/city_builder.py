"""From a scenario's declaration to a city that is ready to run, checked on the way."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from contracts.profiles import PROFILES
from simulators.city.citizen_declaration import CitizensDeclaration
from simulators.city.city import MEASURED_PROFILES, Box, City, SensorGroup, stream_of
from simulators.city.declaration import MapDeclaration, ScenarioDeclaration, SensorDeclaration
from simulators.city.mishaps import plan_faults, plan_happenings, plan_links
from simulators.city.scene_cameras import plan_cameras
from simulators.city.spans import ErrorFactory, Path, moment_s, span_s
from simulators.city.street_drainage import plan_run_off
from simulators.city.street_map import StreetMap
from simulators.city.street_plan import plan_streets, spot_on
from simulators.rainstorm import Rainstorm

__all__ = ["build_city"]

Array = np.ndarray[Any, np.dtype[np.float64]]


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
    lasts_s = span_s(declared.lasts, ("lasts",), error)
    step_s = span_s(declared.step, ("step",), error)
    if step_s <= 0.0 or lasts_s < step_s:
        raise error(
            ("step",), f"step of {step_s:g} s: expected more than 0 and at most {lasts_s:g} s"
        )
    quick_s = lasts_s if declared.quick is None else span_s(declared.quick, ("quick",), error)
    if not 0.0 < quick_s <= lasts_s:
        raise error(("quick",), f"{quick_s:g} s: expected more than 0 and at most {lasts_s:g} s")
    if not declared.sensors and not declared.cameras:
        raise error((), "neither sensors nor cameras; expected something that notices what happens")
    streets = plan_streets(declared.map, error)
    groups = _groups(declared, streets, seed, error, surge)
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
        happenings=plan_happenings(declared, streets, groups, lasts_s, seed, error, surge),
        faults=plan_faults(declared, groups, boxes, lasts_s, seed, error, surge),
        links=plan_links(declared, boxes, lasts_s, error),
        ignore=frozenset(declared.ignore),
        citizens=_citizens(declared, error),
        cameras=plan_cameras(declared.cameras, declared.map, streets, lasts_s, seed, error, surge),
        streets=streets,
        run_off=plan_run_off(streets, groups, error),
    )


def _citizens(declared: ScenarioDeclaration, error: ErrorFactory) -> CitizensDeclaration | None:
    if declared.citizens is not None:
        late_s = span_s(declared.citizens.late, ("citizens", "late"), error)
        if late_s <= 0.0:
            raise error(("citizens", "late"), f"{late_s:g} s: expected more than 0")
    return declared.citizens


def _storms(
    declared: ScenarioDeclaration, lasts_s: float, error: ErrorFactory
) -> tuple[Rainstorm, ...]:
    storms = []
    for index, storm in enumerate(declared.weather.storms):
        path = ("weather", "storms", index)
        start_s = moment_s(storm.at, (*path, "at"), lasts_s, error)
        rain_s = span_s(storm.lasts, (*path, "lasts"), error)
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


def _groups(
    declared: ScenarioDeclaration,
    streets: StreetMap,
    seed: int,
    error: ErrorFactory,
    surge: float,
) -> tuple[SensorGroup, ...]:
    groups: dict[str, SensorGroup] = {}
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
        if streets.street(one.id) is not None:
            raise error((*path, "id"), f"{one.id!r} is a street already; rename one of them")
        _check_low_point(one, path, error)
        count = max(1, round(one.count * surge))
        beside = _beside(one, groups, path, error)
        if beside is not None:
            count = min(count, beside.count)
            east_m, north_m = beside.east_m[:count], beside.north_m[:count]
        else:
            east_m, north_m = _places(one, count, declared.map, streets, seed, path, error)
        groups[one.id] = SensorGroup(
            id=one.id,
            profile=profile,
            declaration=one,
            subjects=tuple(f"{one.id}-{number:03}" for number in range(1, count + 1)),
            east_m=east_m,
            north_m=north_m,
        )
    return tuple(groups.values())


def _beside(
    one: SensorDeclaration, groups: Mapping[str, SensorGroup], path: Path, error: ErrorFactory
) -> SensorGroup | None:
    """Return the group beside whose sensors those of another stand; None: they stand by themselves."""
    if one.beside is None:
        return None
    group = groups.get(one.beside)
    if group is None:
        known = ", ".join(groups) or "none yet"
        raise error((*path, "beside"), f"no group {one.beside[:60]!r} further up; there is {known}")
    if one.on is not None or one.around != (0.0, 0.0):
        raise error((*path, "beside"), "give one of 'beside', 'on' and 'around'")
    if one.count > group.declaration.count:
        raise error(
            (*path, "count"),
            f"{one.count} sensors beside {group.declaration.count} of {group.id}; choose no more",
        )
    return group


def _places(
    one: SensorDeclaration,
    count: int,
    where: MapDeclaration,
    streets: StreetMap,
    seed: int,
    path: Path,
    error: ErrorFactory,
) -> tuple[Array, Array]:
    """Return where a group's sensors stand, metres east and north: around a place, or along a street."""
    rng = stream_of(seed, "place", one.id)
    if one.on is not None:
        if one.around != (0.0, 0.0):
            raise error((*path, "on"), "give either 'on' or 'around'")
        spot_on(streets, one.on.street, one.on.from_m, (*path, "on"), error)
        street = streets.street(one.on.street)
        length_m = 0.0 if street is None else street.length_m
        to_m = length_m if one.on.to_m is None else one.on.to_m
        spot_on(streets, one.on.street, to_m, (*path, "on"), error)
        if to_m < one.on.from_m:
            raise error((*path, "on"), f"from {one.on.from_m:g} to {to_m:g} m: expected from <= to")
        along = one.on.from_m + (to_m - one.on.from_m) * rng.random(count)
        spots = np.array(
            [spot_on(streets, one.on.street, at, (*path, "on"), error) for at in along.tolist()]
        )
        return spots[:, 0], spots[:, 1]
    half_m = where.extent_m / 2.0
    reach_m = max(abs(one.around[0]), abs(one.around[1])) + one.within_m
    if reach_m > half_m:
        raise error(
            (*path, "around"),
            f"sensors up to {reach_m:g} m from the centre: the map ends at {half_m:g} m; "
            "move them, draw them closer together or enlarge map.extent_m",
        )
    radius = one.within_m * np.sqrt(rng.random(count))
    angle = 2.0 * math.pi * rng.random(count)
    return one.around[0] + radius * np.cos(angle), one.around[1] + radius * np.sin(angle)


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

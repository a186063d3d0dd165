"""What lies on the map: cases, events, devices, people on duty and cells, as small GeoJSON (RFC 7946)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, func, select, true

from cloud_api.devices.tables import registry
from cloud_api.dispatch.advice import Dispatcher
from cloud_api.narrowing import IS_OPEN, RUNNING, Compared, equal
from cloud_api.people.scope import Scope, scoped_cases, scoped_events
from cloud_api.privacy.viewing import Veil
from cloud_api.queries import CaseFilter, EventFilter
from cloud_api.schema import cases, events
from contracts.envelope import Place
from contracts.event import EventPhase
from contracts.levels import Lamp

__all__ = [
    "MOST",
    "Box",
    "Points",
    "case_points",
    "cells",
    "counted",
    "device_points",
    "event_points",
    "team_points",
]

MOST = 50_000
"""Most points of one layer in one answer: what a browser still draws smoothly (docs/console.md)."""

_SHOWN = ("id", "number", "level", "lamp", "state", "event_type", "department")
"""Of a case, after its place."""

_WORST = {Lamp.RED.value: 2, Lamp.YELLOW.value: 1, Lamp.GREEN.value: 0}


class Box(NamedTuple):
    """A part of the map, WGS 84 degrees."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, place: Place) -> bool:
        """Return whether a place lies in it or on its edge."""
        return self.west <= place.lon <= self.east and self.south <= place.lat <= self.north


class Point(Struct, frozen=True, tag="Point", gc=False):
    """A GeoJSON point; longitude first."""

    coordinates: tuple[float, float]


class Feature(Struct, frozen=True, tag="Feature", gc=False):
    """A GeoJSON feature; its geometry is a point or a polygon."""

    geometry: Any
    properties: dict[str, Any]


class Points(Struct, frozen=True, tag="FeatureCollection"):
    """A layer of the map. ``truncated``: there is more; ask for a smaller part of the map."""

    features: list[Feature]
    truncated: bool = False


class _Placed(Struct, frozen=True):
    """The part of a stored body that says where something is."""

    place: Place | None = None
    name: str = ""


def case_points(
    connection: Connection, chosen: CaseFilter, box: Box | None, scope: Scope, most: int
) -> Points:
    """Return cases that have a place, the youngest first; nothing of their documents is read."""
    query = select(
        cases.c.lon,
        cases.c.lat,
        cases.c.case_id,
        cases.c.number,
        cases.c.level,
        cases.c.lamp,
        cases.c.state,
        cases.c.event_type,
        cases.c.department,
    ).where(scoped_cases(scope), cases.c.lon.is_not(None))
    if box is not None:
        query = query.where(
            cases.c.lon.between(box.west, box.east), cases.c.lat.between(box.south, box.north)
        )
    exact = (
        (cases.c.state, chosen.state),
        (cases.c.level, chosen.level),
        (cases.c.event_type, chosen.event_type),
        (cases.c.district, chosen.district),
        (cases.c.department, chosen.department),
        (cases.c.lamp, chosen.lamp),
    )
    query = query.where(*equal(exact, searched=not chosen.is_open))
    if chosen.is_open is not None:
        query = query.where(IS_OPEN if chosen.is_open else Compared(cases.c.is_open) == 0)
    rows = connection.execute(query.order_by(cases.c.opened_seq.desc()).limit(most + 1)).all()
    features = [
        Feature(Point((round(lon, 6), round(lat, 6))), dict(zip(_SHOWN, shown, strict=True)))
        for lon, lat, *shown in rows[:most]
    ]
    return Points(features, len(rows) > most)


def event_points(
    connection: Connection, chosen: EventFilter, box: Box | None, scope: Scope, most: int
) -> Points:
    """Return events that have a place and, unless a phase is asked for, have not ended."""
    query = select(
        events.c.event_id,
        events.c.rev,
        events.c.level,
        events.c.phase,
        events.c.event_type,
        events.c.case_id,
        events.c.body,
    ).where(scoped_events(scope))
    phase = chosen.phase
    running = phase is not EventPhase.END
    exact = (
        (events.c.phase, phase),
        (events.c.level, chosen.level),
        (events.c.event_type, chosen.event_type),
        (events.c.district, chosen.district),
    )
    query = query.where(*equal(exact, searched=not running))
    if running:
        query = query.where(RUNNING)
    rows = connection.execute(query.order_by(events.c.first_seq.desc()).limit(most + 1)).all()
    reader = msgspec.json.Decoder(_Placed)
    features = []
    for row in rows[:most]:
        place = reader.decode(row.body).place
        if place is None or (box is not None and not box.holds(place)):
            continue
        features.append(
            _point(
                place.lon,
                place.lat,
                id=row.event_id,
                rev=row.rev,
                level=row.level,
                phase=row.phase,
                event_type=row.event_type,
                case_id=row.case_id,
            )
        )
    return Points(features, len(rows) > most)


def device_points(
    connection: Connection,
    dispatcher: Dispatcher,
    district: str | None,
    box: Box | None,
    scope: Scope,
    veil: Veil,
    most: int,
) -> Points:
    """Return cameras, sensors and boxes of the registry that have a place.

    Who sees some districts or cells sees what stands there; departments set no bound on devices.
    """
    query = select(
        registry.c.kind, registry.c.id, registry.c.profile, registry.c.lifecycle, registry.c.body
    ).where(registry.c.gone == 0, _in_districts(scope))
    if district is not None:
        query = query.where(registry.c.district == district)
    rows = connection.execute(query.order_by(registry.c.kind, registry.c.id).limit(most + 1)).all()
    reader = msgspec.json.Decoder(_Placed)
    features = []
    for row in rows[:most]:
        known = reader.decode(row.body)
        place = known.place
        if place is None or (box is not None and not box.holds(place)):
            continue
        if not _in_cells(dispatcher, scope, place):
            continue
        kind = row.kind if row.kind == "box" else "camera" if row.profile == "camera" else "sensor"
        features.append(
            _point(
                place.lon,
                place.lat,
                id=row.id,
                kind=kind,
                name=veil.text(known.name),
                profile=row.profile,
                lifecycle=row.lifecycle,
            )
        )
    return Points(features, len(rows) > most)


def team_points(
    dispatcher: Dispatcher, now: datetime, box: Box | None, scope: Scope, veil: Veil
) -> Points:
    """Return who is on duty now and where, as the duty roster says it; to whom gives out no work, only the unit."""
    features = []
    for duty in dispatcher.roster.present(now):
        if duty.place is None:
            continue
        place = Place(lon=duty.place[0], lat=duty.place[1])
        if box is not None and not box.holds(place):
            continue
        if _in_cells(dispatcher, scope, place) and _among(duty.unit, scope.departments):
            features.append(
                _point(place.lon, place.lat, person=veil.person(duty.person), unit=duty.unit)
            )
    return Points(features)


def cells(connection: Connection, dispatcher: Dispatcher, scope: Scope, veil: Veil) -> Points:
    """Return the cells of the grid with how many open cases each has, and their worst lamp."""
    if dispatcher.grid is None:
        return Points([])
    query = (
        select(cases.c.grid, cases.c.lamp, func.count())
        .where(IS_OPEN, cases.c.grid.is_not(None), scoped_cases(scope))
        .group_by(cases.c.grid, cases.c.lamp)
    )
    counts: dict[str, int] = {}
    worst: dict[str, str] = {}
    for grid, lamp, count in connection.execute(query):
        counts[grid] = counts.get(grid, 0) + count
        if lamp is not None and _WORST[lamp] >= _WORST[worst.get(grid, Lamp.GREEN.value)]:
            worst[grid] = lamp
    return Points(
        [
            Feature(
                outline,
                {
                    "code": cell.code,
                    "name": veil.text(cell.name),
                    "community": veil.text(cell.community),
                    "street": veil.text(cell.street),
                    "district": cell.district,
                    "cases": counts.get(cell.code, 0),
                    "lamp": worst.get(cell.code),
                },
            )
            for cell, outline in dispatcher.grid.outlines()
            if _begins(cell.code, scope.grids)
        ]
    )


def counted(connection: Connection, scope: Scope) -> tuple[dict[str, int], dict[str, int]]:
    """Return open cases by lamp and running events by level."""
    by_lamp = (
        select(cases.c.lamp, func.count())
        .where(IS_OPEN, scoped_cases(scope))
        .group_by(cases.c.lamp)
    )
    by_level = (
        select(events.c.level, func.count())
        .where(RUNNING, scoped_events(scope))
        .group_by(events.c.level)
    )
    lamps = {row[0] or Lamp.GREEN.value: row[1] for row in connection.execute(by_lamp)}
    return lamps, {row[0]: row[1] for row in connection.execute(by_level)}


def _point(lon: float, lat: float, **properties: Any) -> Feature:
    return Feature(Point((round(lon, 6), round(lat, 6))), properties)


def _in_districts(scope: Scope) -> ColumnElement[bool]:
    if not scope.districts:
        return true()
    return registry.c.district.in_(scope.districts)


def _in_cells(dispatcher: Dispatcher, scope: Scope, place: Place) -> bool:
    if not scope.grids:
        return True
    cell = dispatcher.cell_of(place)
    return cell is not None and _begins(cell.code, scope.grids)


def _begins(code: str, beginnings: Iterable[str]) -> bool:
    wanted = tuple(beginnings)
    return not wanted or code.startswith(wanted)


def _among(name: str, names: Iterable[str]) -> bool:
    wanted = tuple(names)
    return not wanted or name in wanted

"""What is true before a drawn camera: long stays, dense crowds, and who goes the wrong way.

Reckoned from where the bodies are in the street; no picture, detector or rule is looked at.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from contracts.geometry import point_in_polygon
from simulators.city.incident_classes import IncidentClass, incident_classes
from simulators.city.incident_truth import Incident, incidents_in
from simulators.city.scene_cameras import GroundZone, SceneCamera, Spot
from simulators.scene.bodies import Body

__all__ = ["CAMERA_CADENCE_S", "CameraTruth"]

CAMERA_CADENCE_S = 5.0
"""Seconds between two counts of a camera."""

_NOBODY = -1000.0
"""Value of a stay while nobody stands there; far below every threshold."""

_FORGIVEN_S = 1.0
"""Who leaves a zone for less than this has not left it."""

Series = tuple[list[float], list[float]]


class _ZoneTruth:
    """One zone's series: longest stay in it, stays of each body, people per square metre."""

    def __init__(self, zone: GroundZone) -> None:
        self.zone = zone
        self.blocked: Series = ([], [])
        self.density: Series = ([], [])
        self.stays: dict[int, Series] = {}
        self.against: dict[int, Series] = {}
        self._entered: dict[int, float] = {}
        self._seen: dict[int, float] = {}
        self._blocked_since: float | None = None
        self._flow = None if zone.flow is None else _unit(*zone.flow)

    def add(self, at_s: float, bodies: Sequence[Body]) -> None:
        zone = self.zone
        here = {
            body.id: body
            for body in bodies
            if (not zone.classes or body.kind in zone.classes)
            and point_in_polygon((body.east_m, body.north_m), zone.corners)
        }
        self._follow(at_s, here)
        people = sum(body.kind == "person" for body in here.values())
        _append(self.density, at_s, people / zone.area_m2)
        self._stay(at_s)
        if self._flow is not None:
            self._oppose(at_s, here, self._flow)

    def _follow(self, at_s: float, here: Mapping[int, Body]) -> None:
        for number in here:
            self._entered.setdefault(number, at_s)
            self._seen[number] = at_s
        for number in [one for one, seen in self._seen.items() if at_s - seen > _FORGIVEN_S]:
            del self._seen[number], self._entered[number]
            if number in self.stays:
                _append(self.stays[number], at_s, _NOBODY)

    def _stay(self, at_s: float) -> None:
        if self.zone.dwell_s is None:
            return
        longest = _NOBODY
        for number, entered in self._entered.items():
            beyond = at_s - entered - self.zone.dwell_s
            longest = max(longest, beyond)
            if beyond > -self.zone.dwell_s / 2.0:
                _append(self.stays.setdefault(number, ([], [])), at_s, beyond)
        if longest < 0.0:
            self._blocked_since = None
        elif self._blocked_since is None:
            self._blocked_since = at_s - longest
        since = self._blocked_since
        _append(self.blocked, at_s, longest if since is None else at_s - since)

    def _oppose(self, at_s: float, here: Mapping[int, Body], flow: Spot) -> None:
        for number, body in here.items():
            turn = math.radians(body.heading_deg)
            along = math.sin(turn) * flow[0] + math.cos(turn) * flow[1]
            opposes = along < -0.5 and body.speed_m_s > 1.0
            values = self.against.setdefault(number, ([], []))
            since = at_s - values[0][0] if values[0] else 0.0
            _append(values, at_s, since if opposes else -1.0)
        for number, values in self.against.items():
            if number not in here and values[1][-1] > -1.0:
                _append(values, at_s, -1.0)

    def series(self, field: str) -> list[Series]:
        """Return the series of a field of the incident classes."""
        if field == "blocked_s":
            return [self.blocked]
        if field == "density_m2":
            return [self.density]
        return list((self.stays if field == "stood_s" else self.against).values())


class CameraTruth:
    """Collects what was true of a camera's frames and says which incidents were in it."""

    def __init__(self, camera: SceneCamera) -> None:
        self.camera = camera
        self._zones = [_ZoneTruth(zone) for zone in camera.zones]

    def add(self, at_s: float, bodies: Sequence[Body]) -> None:
        """Take in where everybody is at a second of the scenario."""
        for zone in self._zones:
            zone.add(at_s, bodies)

    def incidents(self) -> list[Incident]:
        """Return every incident so far, in order of zone and class."""
        found: list[Incident] = []
        for truth in self._zones:
            for name, kind in incident_classes().items():
                if kind.zone_kind == truth.zone.kind:
                    for series in truth.series(kind.field):
                        found += self._incidents(name, kind, truth.zone, series)
        return found

    def _incidents(
        self, name: str, kind: IncidentClass, zone: GroundZone, series: Series
    ) -> list[Incident]:
        at_s, values = (np.asarray(one, np.float64) for one in series)
        if not len(at_s):
            return []
        middle = tuple(float(value) for value in np.mean(np.asarray(zone.corners), axis=0))
        # an event of a lane without a zone in its key is known by its camera
        subject = f"{self.camera.id}/{zone.id}" if kind.keyed_by_zone else self.camera.id
        found = incidents_in(
            name,
            kind,
            subject,
            at_s,
            values,
            self.camera.lon_lat(middle[0], middle[1]),
            cadence_s=CAMERA_CADENCE_S,
        )
        return [_from_entry(one, kind, zone) for one in found]


def _from_entry(incident: Incident, kind: IncidentClass, zone: GroundZone) -> Incident:
    """Let a stay begin when somebody came in, not when it had become too long."""
    if kind.field not in {"blocked_s", "stood_s"} or zone.dwell_s is None:
        return incident
    first = min(kind.levels.values())
    begin_s = max(0.0, incident.start_s - first - zone.dwell_s)
    return replace(incident, start_s=begin_s)


def _append(series: Series, at_s: float, value: float) -> None:
    series[0].append(at_s)
    series[1].append(value)


def _unit(start: Spot, end: Spot) -> Spot:
    east, north = end[0] - start[0], end[1] - start[1]
    length = math.hypot(east, north)
    return (east / length, north / length)

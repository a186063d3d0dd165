"""What lies where in a district after a sitting: in metres, ready to be drawn."""

from collections.abc import Sequence

from msgspec import Struct

from cityloop.exam.marking import Finding, Marks
from contracts.geometry import to_local_m
from simulators.city.city import City
from simulators.city.scene_cameras import SceneCamera
from simulators.city.street_map import Spot

__all__ = ["CameraSpot", "DistrictPlan", "IncidentSpot", "district_plan"]


class IncidentSpot(Struct, frozen=True, kw_only=True):
    """All incidents at one place."""

    spot: Spot
    found: int
    missed: int
    what: tuple[str, ...]
    """Their classes and subjects, each once."""


class CameraSpot(Struct, frozen=True, kw_only=True):
    """A drawn camera: the foot of its mast, and which way it looks."""

    name: str
    spot: Spot
    heading_deg: float


class DistrictPlan(Struct, frozen=True, kw_only=True):
    """Everything that a district's picture shows beside its streets and grid cells."""

    city: City
    sensors: dict[str, list[tuple[str, Spot]]]
    """By profile: name and place of each sensor."""
    cameras: tuple[CameraSpot, ...]
    incidents: tuple[IncidentSpot, ...]
    false: tuple[tuple[str, Spot], ...]
    """False alarms that name a place."""
    unnoticed: tuple[tuple[str, Spot], ...]
    """Broken sensors of which somebody should have said so, and nobody did."""

    @property
    def bounds(self) -> tuple[Spot, Spot]:
        """South-western and north-eastern corner of all that is there, with room around it, metres."""
        streets, cells = self.city.streets.streets, self.city.streets.grids
        spots = [
            *(spot for street in streets for spot in street.line),
            *(spot for cell in cells for spot in cell.corners),
            *(spot for group in self.sensors.values() for _, spot in group),
            *(camera.spot for camera in self.cameras),
            *(one.spot for one in self.incidents),
        ]
        low = (min(spot[0] for spot in spots), min(spot[1] for spot in spots))
        high = (max(spot[0] for spot in spots), max(spot[1] for spot in spots))
        room_m = max(40.0, 0.04 * max(high[0] - low[0], high[1] - low[1]))
        return (low[0] - room_m, low[1] - room_m), (high[0] + room_m, high[1] + room_m)


def district_plan(city: City, marks: Marks) -> DistrictPlan:
    """Return what lies where after a sitting of a city."""
    sensors: dict[str, list[tuple[str, Spot]]] = {}
    for group in city.groups:
        places = zip(group.east_m.tolist(), group.north_m.tolist(), strict=True)
        sensors.setdefault(group.profile.name, []).extend(zip(group.subjects, places, strict=True))
    known = {name: spot for group in sensors.values() for name, spot in group}
    return DistrictPlan(
        city=city,
        sensors=sensors,
        cameras=tuple(_camera(city, camera) for camera in city.cameras),
        incidents=_incidents(city, marks.findings),
        false=tuple(
            (
                f"{one.event_type} about {one.subject}",
                to_local_m(city.map.centre, (one.lon, one.lat)),
            )
            for one in marks.false
            if one.lon is not None and one.lat is not None
        ),
        unnoticed=tuple(
            (f"{one.fault.subject}: {one.fault.kind}", known[one.fault.subject])
            for one in marks.faults
            if one.demanded and one.episode is None
        ),
    )


def _camera(city: City, camera: SceneCamera) -> CameraSpot:
    pose = camera.setting.camera
    foot = camera.lon_lat(pose.east_m, pose.north_m)
    return CameraSpot(
        name=camera.id, spot=to_local_m(city.map.centre, foot), heading_deg=pose.heading_deg
    )


def _incidents(city: City, findings: Sequence[Finding]) -> tuple[IncidentSpot, ...]:
    """Return the incidents that count, place by place."""
    places: dict[Spot, list[tuple[str, bool]]] = {}
    for finding in findings:
        one = finding.incident
        east, north = to_local_m(city.map.centre, (one.lon, one.lat))
        places.setdefault((round(east, 1), round(north, 1)), []).append(
            (f"{one.class_name} at {one.subject}", finding.episode is not None)
        )
    return tuple(_summed(spot, told) for spot, told in places.items())


def _summed(spot: Spot, told: Sequence[tuple[str, bool]]) -> IncidentSpot:
    found = sum(right for _, right in told)
    return IncidentSpot(
        spot=spot,
        found=found,
        missed=len(told) - found,
        what=tuple(dict.fromkeys(what for what, _ in told)),
    )

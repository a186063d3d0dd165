"""The drawn cameras of a city, made ready to run: scenes with what is staged in them, zones on the ground."""

import zlib
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import asdict, replace

from contracts.geometry import from_local_m
from simulators.city.camera_declaration import (
    CameraDeclaration,
    DetectorDeclaration,
    LineDeclaration,
    StagedDeclaration,
)
from simulators.city.declaration import MapDeclaration
from simulators.city.spans import ErrorFactory, Path, moment_s, span_s
from simulators.city.street_map import StreetMap
from simulators.city.street_plan import spot_on
from simulators.errors import ScenarioError
from simulators.scene.bodies import BODIES
from simulators.scene.lighting import LIGHTS
from simulators.scene.pinhole import PinholeCamera
from simulators.scene.staging import StagedCrowd, StagedStop, StagedStray, StagedThing, Staging
from simulators.scene.street_camera import SCENES, SceneSetting, StreetCamera, scene_setting

__all__ = ["GroundZone", "SceneCamera", "Spot", "plan_cameras"]

Spot = tuple[float, float]

_USUAL = {"put_up": "stall", "falls": "falling_object"}
"""Body of a cause that names none; of the others a car."""

_FILLS_S = 40.0
"""Seconds over which a crowd comes; invented."""

_EDGE_SHARE = 0.005
"""A zone's corner must be so far inside the picture, share of it: a foot on the edge is not seen."""


class GroundZone(Struct, frozen=True, kw_only=True):
    """A zone on the ground. ``corners``: metres, convex; ``polygon``: shares of the picture."""

    id: str
    kind: str
    corners: tuple[Spot, ...]
    polygon: tuple[Spot, ...]
    classes: tuple[str, ...]
    dwell_s: float | None
    flow: tuple[Spot, Spot] | None
    """Metres."""
    flow_in_picture: tuple[Spot, Spot] | None

    @property
    def area_m2(self) -> float:
        """Area in square metres, by the shoelace formula."""
        turned = (*self.corners[1:], self.corners[0])
        return 0.5 * abs(
            sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(self.corners, turned, strict=True))
        )


class SceneCamera(Struct, frozen=True, kw_only=True, eq=False):
    """One drawn camera."""

    id: str
    setting: SceneSetting
    fps: float
    seed: int
    origin: Spot
    """Longitude and latitude of the scene's middle."""
    zones: tuple[GroundZone, ...]
    lines: tuple[LineDeclaration, ...]
    detector: DetectorDeclaration

    def open(self) -> StreetCamera:
        """Return the camera at its first frame."""
        return StreetCamera(self.setting, self.seed, fps=self.fps)

    def lon_lat(self, east_m: float, north_m: float) -> Spot:
        """Return where a place of the scene is, WGS 84 degrees."""
        return from_local_m(self.origin, (east_m, north_m))

    def in_picture(self, spot: Spot) -> Spot:
        """Return where a place of the ground is in the picture, as shares of it."""
        return _in_picture(self.setting.camera, spot)


def plan_cameras(
    declared: Sequence[CameraDeclaration],
    where: MapDeclaration,
    streets: StreetMap,
    lasts_s: float,
    seed: int,
    error: ErrorFactory,
    surge: float,
) -> tuple[SceneCamera, ...]:
    """Return the cameras of a scenario.

    Args:
        declared: as in the document's ``cameras``.
        where: the map they stand on.
        streets: its streets.
        lasts_s: seconds until the scenario's end.
        seed: 0 or more.
        error: makes the error for a path of the document.
        surge: so many times the traffic.

    Raises:
        Exception: what ``error`` makes: an id used twice, an unknown scene or body, a camera that
            cannot be or stands off the map, a zone outside its picture, a lane that is not there.
    """
    found: list[SceneCamera] = []
    for number, one in enumerate(declared):
        path = ("cameras", number)
        if any(one.id == other.id for other in found):
            raise error((*path, "id"), f"camera {one.id!r} is declared twice; rename one")
        if one.scene not in SCENES:
            raise error(
                (*path, "scene"), f"no scene {one.scene[:40]!r}; there is {', '.join(SCENES)}"
            )
        at = one.at
        if one.on is not None:
            if at != (0.0, 0.0):
                raise error((*path, "on"), "give either 'on' or 'at'")
            at = spot_on(streets, one.on.street, one.on.along_m, (*path, "on"), error)
        if len(at) != 2 or max(map(abs, at)) > where.extent_m / 2.0:
            raise error(
                (*path, "at"),
                f"{list(one.at)} is off the map, which ends at {where.extent_m / 2.0:g} m; move it",
            )
        setting = _setting(one, path, lasts_s, error, surge)
        found.append(
            SceneCamera(
                id=one.id,
                setting=setting,
                fps=one.fps,
                seed=zlib.crc32(f"{seed}/camera/{one.id}".encode()),
                origin=from_local_m(where.centre, (at[0], at[1])),
                zones=_zones(one, setting.camera, path, error),
                lines=_lines(one, setting.camera, path, error),
                detector=one.detector,
            )
        )
    return tuple(found)


def _setting(
    one: CameraDeclaration, path: Path, lasts_s: float, error: ErrorFactory, surge: float
) -> SceneSetting:
    setting = scene_setting(one.scene)
    pose = {name: value for name, value in asdict(one.pose).items() if value is not None}
    try:
        camera = replace(setting.camera, **pose)
    except ScenarioError as failure:
        raise error((*path, "pose"), str(failure)) from failure
    busy = one.traffic * surge
    return replace(
        setting,
        camera=camera,
        lighting=setting.lighting if one.light is None else LIGHTS[one.light],
        lanes=tuple(replace(lane, per_minute=lane.per_minute * busy) for lane in setting.lanes),
        walks=tuple(replace(walk, per_minute=walk.per_minute * busy) for walk in setting.walks),
        staging=_staging(one.incidents, setting, (*path, "incidents"), lasts_s, error),
    )


def _staging(
    declared: Sequence[StagedDeclaration],
    setting: SceneSetting,
    path: Path,
    lasts_s: float,
    error: ErrorFactory,
) -> Staging:
    stops: list[StagedStop] = []
    strays: list[StagedStray] = []
    things: list[StagedThing] = []
    crowds: list[StagedCrowd] = []
    for number, one in enumerate(declared):
        here = (*path, number)
        at_s = moment_s(one.at, (*here, "at"), lasts_s, error)
        until_s = at_s + span_s(one.lasts, (*here, "lasts"), error)
        body = one.body or _USUAL.get(one.cause, "car")
        if body not in BODIES:
            known = ", ".join(sorted(BODIES))
            raise error((*here, "body"), f"no body {body[:40]!r}; there is {known}")
        if one.cause in {"pulls_up", "wrong_way"} and one.lane >= len(setting.lanes):
            raise error(
                (*here, "lane"),
                f"scene {setting.name} has {len(setting.lanes)} lanes, from 0; there is no {one.lane}",
            )
        if one.cause == "crowd" and not setting.walks:
            raise error((*here, "cause"), f"scene {setting.name} has no walk to come by")
        if one.cause == "pulls_up":
            stops.append(
                StagedStop(
                    lane=one.lane, along_m=one.along_m, at_s=at_s, until_s=until_s, kind=body
                )
            )
        elif one.cause == "wrong_way":
            strays.append(StagedStray(lane=one.lane, at_s=at_s, kind=body))
        elif one.cause in {"put_up", "falls"}:
            things.append(
                StagedThing(
                    kind=body,
                    east_m=one.place[0],
                    north_m=one.place[1],
                    at_s=at_s,
                    until_s=until_s,
                    scale=one.scale,
                    from_m=one.from_m if one.cause == "falls" else 0.0,
                )
            )
        else:
            crowds.append(
                StagedCrowd(
                    centre=one.place,
                    radius_m=one.radius_m,
                    people=one.people,
                    at_s=at_s,
                    fills_s=_FILLS_S,
                    until_s=until_s,
                )
            )
    return Staging(
        stops=tuple(stops), strays=tuple(strays), things=tuple(things), crowds=tuple(crowds)
    )


def _zones(
    one: CameraDeclaration, camera: PinholeCamera, path: Path, error: ErrorFactory
) -> tuple[GroundZone, ...]:
    found: list[GroundZone] = []
    for number, zone in enumerate(one.zones):
        here = (*path, "zones", number)
        corners = tuple(zone.corners)
        if not _is_convex(corners):
            raise error((*here, "corners"), "not convex, or not in order; expected a convex piece")
        polygon = _seen(corners, camera, (*here, "corners"), error)
        flow_in_picture = None
        if zone.flow is not None:
            begin, end = _seen(zone.flow, camera, (*here, "flow"), error)
            flow_in_picture = (begin, end)
        dwell_s = None if zone.dwell is None else span_s(zone.dwell, (*here, "dwell"), error)
        found.append(
            GroundZone(
                id=zone.id,
                kind=zone.kind,
                corners=corners,
                polygon=polygon,
                classes=tuple(zone.classes),
                dwell_s=dwell_s,
                flow=zone.flow,
                flow_in_picture=flow_in_picture,
            )
        )
    return tuple(found)


def _lines(
    one: CameraDeclaration, camera: PinholeCamera, path: Path, error: ErrorFactory
) -> tuple[LineDeclaration, ...]:
    for number, line in enumerate(one.lines):
        _seen((line.start, line.end), camera, (*path, "lines", number), error)
    return tuple(one.lines)


def _is_convex(corners: Sequence[Spot]) -> bool:
    turns = []
    for index, b in enumerate(corners):
        a, c = corners[index - 1], corners[(index + 1) % len(corners)]
        turns.append((b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]))
    return all(turn > 1e-9 for turn in turns) or all(turn < -1e-9 for turn in turns)


def _in_picture(camera: PinholeCamera, spot: Spot) -> Spot:
    pixels, _ = camera.project(np.array([[spot[0], spot[1], 0.0]]))
    return (float(pixels[0, 0]) / camera.width, float(pixels[0, 1]) / camera.height)


def _seen(
    spots: Sequence[Spot], camera: PinholeCamera, path: Path, error: ErrorFactory
) -> tuple[Spot, ...]:
    """Return places of the ground as shares of the picture; all must be in it."""
    for spot in spots:
        _, depth = camera.project(np.array([[spot[0], spot[1], 0.0]]))
        x, y = _in_picture(camera, spot)
        inside = all(_EDGE_SHARE <= share <= 1.0 - _EDGE_SHARE for share in (x, y))
        if depth[0] <= 0.5 or not inside:
            raise error(
                path,
                f"{list(spot)} is not in the picture (it would be at {x:.2f}, {y:.2f}; expected 0 "
                "to 1 each way); move it or turn the camera",
            )
    return tuple(_in_picture(camera, spot) for spot in spots)

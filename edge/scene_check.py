"""What is wrong with zones, lines, masks and ground points of one camera, and what the points amount to.

The same checks and the same fit that the box makes when it is given them.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from edge.analytics.calibration import CalibrationError
from edge.camera_config import CameraConfig
from edge.config import check_edge_config
from edge.ground_view import GroundView, calibration_of
from edge.setup_page.ground_fit import GroundFit, fit_ground
from runtime.errors import ConfigError
from runtime.yaml_document import parse_document

__all__ = ["SceneAsked", "SceneFault", "SceneFound", "check_scene", "scene_camera"]

_HEAD = "cameras[0]."
_Pixels = Annotated[int, Meta(ge=1, le=20_000)]


class SceneAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be looked at."""

    scene: dict[str, Any]
    """``zones``, ``lines``, ``masks``, ``calibration``, as in the box's file."""
    width: _Pixels
    """Columns of the picture."""
    height: _Pixels
    """Rows of it."""


class SceneFault(Struct, frozen=True, kw_only=True):
    """One thing that the box would refuse."""

    part: str
    """``zones``, ``lines``, ``masks``, ``calibration``, or ``scene`` for the whole."""
    number: int | None
    """Which one of them, from 0; None: all of them."""
    message: str


class SceneFound(Struct, frozen=True, kw_only=True):
    """What was found."""

    faults: tuple[SceneFault, ...]
    ground: GroundFit | None
    """What the ground points amount to; None where there are none."""
    areas_m2: dict[str, float]
    """Zone to the ground that it covers, where the calibration tells it."""


def check_scene(asked: SceneAsked) -> SceneFound:
    """Return every fault of a scene, each part by itself, and what its ground points amount to."""
    faults: list[SceneFault] = []
    for part in ("zones", "lines", "masks"):
        items = asked.scene.get(part, [])
        for number, item in enumerate(items if isinstance(items, list) else []):
            reason = _refusal({part: [item]})
            if reason is not None:
                faults.append(SceneFault(part=part, number=number, message=_within(reason, part)))
    if not faults:
        reason = _refusal({name: v for name, v in asked.scene.items() if name != "calibration"})
        if reason is not None:
            faults.append(SceneFault(part="scene", number=None, message=reason))
    points = asked.scene.get("calibration") or []
    reason = _refusal({"calibration": points}) if points else None
    if reason is not None:
        message = reason.removeprefix("calibration: ")
        faults.append(SceneFault(part="calibration", number=None, message=message))
    camera = None if faults or not points else scene_camera(asked.scene)
    ground = None
    if camera is not None:
        ground = fit_ground(camera.calibration, width=asked.width, height=asked.height)
    return SceneFound(
        faults=tuple(faults),
        ground=ground,
        areas_m2={} if camera is None else _areas(camera, asked),
    )


def scene_camera(scene: Mapping[str, Any]) -> CameraConfig:
    """Return a camera with this scene; all else of it is as it may be.

    Raises:
        ConfigError: the box would refuse it.
    """
    document = {
        "box": {"district": "d", "site": "s", "box": "b"},
        "cameras": [
            {"id": "camera", "source": {"file": "-"}, "detector": {"kind": "background"}, **scene}
        ],
    }
    text = msgspec.json.encode(document).decode()
    return check_edge_config(parse_document(text, "scene")).cameras[0]


def _refusal(scene: Mapping[str, Any]) -> str | None:
    try:
        scene_camera(scene)
    except ConfigError as error:
        return error.message.removeprefix(_HEAD)
    return None


def _within(reason: str, part: str) -> str:
    """Return a reason without the place that the fault names already."""
    return reason.removeprefix(f"{part}[0]").removeprefix(".").removeprefix(": ")


def _areas(camera: CameraConfig, asked: SceneAsked) -> dict[str, float]:
    try:
        plane = calibration_of(camera.calibration, aspect=asked.width / asked.height)
    except CalibrationError:
        return {}
    view = GroundView(plane)
    areas = {zone.id: view.area_m2(zone.polygon) for zone in camera.zones}
    return {name: round(area, 1) for name, area in areas.items() if area is not None}

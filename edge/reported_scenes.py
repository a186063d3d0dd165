"""What is drawn on the pictures of cameras, as a box reports it beside its configuration."""

from collections.abc import Iterable
from typing import Any

import msgspec
import structlog

from edge.camera_config import CameraConfig

__all__ = ["SCENE", "scenes_of"]

SCENE = ("zones", "lines", "masks", "calibration")
"""Fields of a camera that are drawn on its picture."""

_MOST_BYTES = 100_000
"""A message has 262,144 bytes at most; scenes beyond this are not told, and the log says so."""


def scenes_of(cameras: Iterable[CameraConfig]) -> dict[str, dict[str, Any]]:
    """Return zones, lines, masks and calibration of each camera, in the form of the box's file."""
    found = {
        camera.id: {name: msgspec.to_builtins(getattr(camera, name)) for name in SCENE}
        for camera in cameras
    }
    size = len(msgspec.json.encode(found))
    if size > _MOST_BYTES:
        structlog.get_logger("edge.config").warning("scenes_not_told", bytes=size, most=_MOST_BYTES)
        return {}
    return found

"""All bodies of a frame in the picture at once: one projection for drawing and labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from simulators.scene.bodies import Body, corners_of
from simulators.scene.pinhole import NEAREST_M, PinholeCamera

__all__ = ["ProjectedBody", "project_bodies"]

Array = np.ndarray[Any, np.dtype[np.float64]]


class ProjectedBody(Struct, frozen=True, eq=False):
    """A body in the picture. ``pixels`` ``(parts, 8, 2)`` and ``depth`` ``(parts, 8)`` of its blocks."""

    body: Body
    corners: Array
    """Metres, ``(parts, 8, 3)``."""
    pixels: Array
    depth: Array
    away_m: float
    """Distance of its middle from the mast's foot."""


def project_bodies(camera: PinholeCamera, bodies: Sequence[Body]) -> list[ProjectedBody]:
    """Return the bodies that lie wholly in front of a camera, near ones first."""
    if not bodies:
        return []
    corners = [corners_of(body) for body in bodies]
    pixels, depth = camera.project(np.concatenate(corners).reshape(-1, 3))
    found: list[ProjectedBody] = []
    at = 0
    for body, blocks in zip(bodies, corners, strict=True):
        count = blocks.shape[0] * 8
        own_depth = depth[at : at + count]
        if own_depth.min() >= NEAREST_M:
            away = float(np.hypot(body.east_m - camera.east_m, body.north_m - camera.north_m))
            found.append(
                ProjectedBody(
                    body,
                    blocks,
                    pixels[at : at + count].reshape(-1, 8, 2),
                    own_depth.reshape(-1, 8),
                    away,
                )
            )
        at += count
    return sorted(found, key=lambda one: one.away_m)

"""What is true of a drawn frame: every body's box, place, speed and how much of it is seen."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from simulators.scene.bodies import BODIES
from simulators.scene.body_kinds import Matter
from simulators.scene.pinhole import PinholeCamera
from simulators.scene.projection import ProjectedBody

__all__ = ["Label", "labels_of"]

Array = np.ndarray[Any, np.dtype[np.float64]]


class Label(Struct, frozen=True, kw_only=True):
    """One body in one frame."""

    id: int
    label: str
    box_xyxy: tuple[float, float, float, float]
    """Left, top, right, bottom in pixels, cut to the picture."""
    east_m: float
    """Where the body stands: middle of its footprint."""
    north_m: float
    foot_east_m: float
    """Place of the street behind the middle of the whole box's lower edge: what a camera can know."""
    foot_north_m: float
    speed_m_s: float
    heading_deg: float
    visible: float
    """Share (0..1) of the box that no nearer box covers and that lies in the picture."""


def labels_of(camera: PinholeCamera, bodies: Sequence[ProjectedBody]) -> list[Label]:
    """Return the labels of what is in the picture, near ones first, as ``bodies`` must be."""
    near: list[Array] = []
    blocks = [_box(one) for one in bodies if BODIES[one.body.kind].matter is Matter.BLOCKS]
    found: list[Label] = []
    for projected in bodies:
        body = projected.body
        whole = _box(projected)
        cut = np.clip(whole, 0.0, [camera.width, camera.height] * 2)
        area = float((whole[2] - whole[0]) * (whole[3] - whole[1]))
        inside = float((cut[2] - cut[0]) * (cut[3] - cut[1]))
        if cut[2] - cut[0] < 1.0 or cut[3] - cut[1] < 1.0 or area <= 0.0:
            continue
        matter = BODIES[body.kind].matter
        before = _on_and_before(cut, blocks) if matter is Matter.WATER else near
        hidden = max((_overlap(cut, other) for other in before), default=0.0)
        foot = camera.ground(float((whole[0] + whole[2]) / 2.0), float(whole[3]))
        # water lies flat and smoke is seen through: neither hides anybody
        if matter is Matter.BLOCKS:
            near.append(cut)
        found.append(
            Label(
                id=body.id,
                label=body.kind,
                box_xyxy=(float(cut[0]), float(cut[1]), float(cut[2]), float(cut[3])),
                east_m=body.east_m,
                north_m=body.north_m,
                foot_east_m=body.east_m if foot is None else foot[0],
                foot_north_m=body.north_m if foot is None else foot[1],
                speed_m_s=body.speed_m_s,
                heading_deg=body.heading_deg,
                visible=round(max(0.0, (inside - hidden) / area), 3),
            )
        )
    return found


def _box(projected: ProjectedBody) -> Array:
    points = projected.pixels.reshape(-1, 2)
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _on_and_before(water: Array, blocks: Sequence[Array]) -> list[Array]:
    """Return the boxes that cover water: of what stands in it or nearer."""
    return [box for box in blocks if box[3] > water[1]]


def _overlap(one: Array, other: Array) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return float(width * height) if width > 0.0 and height > 0.0 else 0.0

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
    if not bodies:
        return []
    whole = np.array([_box(one) for one in bodies])
    cut = np.clip(whole, 0.0, [camera.width, camera.height] * 2)
    size, inside = whole[:, 2:] - whole[:, :2], cut[:, 2:] - cut[:, :2]
    kept = (inside >= 1.0).all(axis=1) & (size > 0.0).all(axis=1)
    hidden = _hidden(cut, whole, [BODIES[one.body.kind].matter for one in bodies], kept)
    share = (inside.prod(axis=1) - hidden) / np.maximum(size.prod(axis=1), 1e-9)
    visible = np.maximum(share, 0.0).round(3).tolist()
    edges, feet = cut.tolist(), whole.tolist()
    found: list[Label] = []
    for number in np.flatnonzero(kept).tolist():
        body = bodies[number].body
        left, _, right, low = feet[number]
        foot = camera.ground((left + right) / 2.0, low)
        found.append(
            Label(
                id=body.id,
                label=body.kind,
                box_xyxy=tuple(edges[number]),
                east_m=body.east_m,
                north_m=body.north_m,
                foot_east_m=body.east_m if foot is None else foot[0],
                foot_north_m=body.north_m if foot is None else foot[1],
                speed_m_s=body.speed_m_s,
                heading_deg=body.heading_deg,
                visible=visible[number],
            )
        )
    return found


def _box(projected: ProjectedBody) -> Array:
    points = projected.pixels.reshape(-1, 2)
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _hidden(
    cut: Array, whole: Array, matters: Sequence[Matter], kept: np.ndarray[Any, np.dtype[np.bool_]]
) -> Array:
    """Return what the one body that hides most of each covers, square pixels ``(n,)``.

    Water lies flat and smoke is seen through: neither hides anybody. Water is hidden by what stands in
    it or before it, the others by what is nearer.
    """
    count = len(cut)
    solid = np.array([matter is Matter.BLOCKS for matter in matters])
    water = np.array([matter is Matter.WATER for matter in matters])
    low = np.maximum(cut[:, None, :2], cut[None, :, :2])
    high = np.minimum(cut[:, None, 2:], cut[None, :, 2:])
    shared = np.clip(high - low, 0.0, None).prod(axis=2)
    nearer = np.tri(count, k=-1, dtype=bool)
    before = np.where(water[:, None], whole[None, :, 3] > cut[:, None, 1], nearer)
    return np.asarray(np.where(before & (solid & kept)[None, :], shared, 0.0).max(axis=1))

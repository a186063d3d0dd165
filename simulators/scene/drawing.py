"""Bodies into the picture: water first, then shadows, then shaded blocks and smoke, far ones first."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from simulators.scene.bodies import BODIES, Body, form_of
from simulators.scene.body_kinds import Matter
from simulators.scene.colouring import shades_of
from simulators.scene.pinhole import PinholeCamera
from simulators.scene.projection import ProjectedBody
from simulators.scene.puffs import draw_puff, puffs_of
from simulators.scene.water import draw_water

__all__ = ["draw_bodies"]

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Array = np.ndarray[Any, np.dtype[np.float64]]

_FACES = np.array([[0, 1, 3, 2], [4, 5, 7, 6], [0, 1, 5, 4], [2, 3, 7, 6], [1, 3, 7, 5]])
"""Corners of a block's faces: back, front, left, right, top; the face below is never seen."""

_SHADOW = 0.62
_SUN_SHIFT = 0.45
"""Metres that a shadow falls aside for each metre of height."""

_FINE_PX = 30.0
"""Bodies lower than this in the picture are drawn without their fine parts."""


def draw_bodies(
    picture: Pixels, camera: PinholeCamera, bodies: Sequence[ProjectedBody], *, shadows: bool
) -> None:
    """Draw bodies into a picture, in place.

    Args:
        picture: uint8 ``(h, w, 3)``.
        camera: how they were projected.
        bodies: near ones first.
        shadows: whether the sun shines.
    """
    solid = []
    for one in reversed(bodies):
        if BODIES[one.body.kind].matter is Matter.WATER:
            draw_water(
                picture,
                one.pixels.reshape(-1, 2),
                horizon=camera.horizon,
                style=one.body.style,
                age_s=one.body.age_s,
            )
    for one in bodies:
        if BODIES[one.body.kind].matter is Matter.BLOCKS:
            solid.append(one)
    if shadows:
        _shadows(picture, camera, solid)
    for one in reversed(bodies):
        matter = BODIES[one.body.kind].matter
        if matter is Matter.BLOCKS:
            _blocks(picture, one)
        elif matter is Matter.SMOKE:
            _smoke(picture, one)


def _blocks(picture: Pixels, one: ProjectedBody) -> None:
    body = one.body
    kind = BODIES[body.kind]
    parts = kind.forms[form_of(kind, body.style)]
    points = np.round(one.pixels).astype(np.int32)
    rows = points[:, :, 1]
    fine = bool(rows.max() - rows.min() >= _FINE_PX)
    faces = np.ascontiguousarray(points[:, _FACES])
    away = one.depth[:, _FACES].mean(axis=2).tolist()
    nearness = one.depth.mean(axis=1).tolist()
    order = sorted(range(len(parts)), key=lambda number: (parts[number].layer, -nearness[number]))
    for number in order:
        part = parts[number]
        if part.fine and not fine:
            continue
        shades = shades_of(part.tone, body.colour, body.style)
        back, front, left, right, _ = depths = away[number]
        # of two opposite faces the farther one is never seen
        seen = [int(front < back), 2 + int(right < left), 4]
        seen.sort(key=depths.__getitem__, reverse=True)
        for face in seen:
            cv2.fillConvexPoly(picture, faces[number, face], shades[face], cv2.LINE_AA)


def _smoke(picture: Pixels, one: ProjectedBody) -> None:
    body: Body = one.body
    cover = puffs_of(BODIES[body.kind].width_m * body.scale, body.style, body.age_s).cover
    far_first = np.argsort(-one.depth.mean(axis=1), kind="stable")
    for number in far_first.tolist():
        draw_puff(picture, one.pixels[number], float(cover[number]), body.colour, number)


def _shadows(picture: Pixels, camera: PinholeCamera, bodies: Sequence[ProjectedBody]) -> None:
    if not bodies:
        return
    mask = np.zeros(picture.shape[:2], np.uint8)
    counts = [one.corners.shape[0] * 8 for one in bodies]
    fallen = np.concatenate([one.corners.reshape(-1, 3) for one in bodies])
    fallen[:, 0] += _SUN_SHIFT * fallen[:, 2]
    fallen[:, 2] = 0.0
    pixels, depth = camera.project(fallen)
    points = np.round(pixels).astype(np.int32)
    at = 0
    for count in counts:
        if depth[at : at + count].min() > 0.5:
            cv2.fillConvexPoly(mask, cv2.convexHull(points[at : at + count]), 255)
        at += count
    dark = cv2.convertScaleAbs(picture, alpha=_SHADOW)
    cv2.copyTo(dark, mask, picture)

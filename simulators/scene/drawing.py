"""Bodies into the picture: shaded blocks, far ones first, each with its shadow."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from simulators.scene.bodies import BODIES, Body
from simulators.scene.pinhole import PinholeCamera
from simulators.scene.projection import ProjectedBody

__all__ = ["draw_bodies"]

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Array = np.ndarray[Any, np.dtype[np.float64]]

_FACES = np.array([[0, 1, 3, 2], [4, 5, 7, 6], [0, 1, 5, 4], [2, 3, 7, 6], [1, 3, 7, 5]])
_LIGHT = (0.55, 0.75, 0.62, 0.9, 1.12)
"""Corners of a block's faces and how much light they get; the face below is never seen."""

_SHADOW = 0.62
_SUN_SHIFT = 0.45
"""Metres that a shadow falls aside for each metre of height."""


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
    if shadows:
        _shadows(picture, camera, bodies)
    for one in reversed(bodies):
        parts = BODIES[one.body.kind].parts
        # what stands on top is drawn last; of blocks one behind the other, the nearer
        order = sorted(
            range(len(parts)),
            key=lambda part: (parts[part][2] > 0.3, -float(one.depth[part].mean())),
        )
        for part in order:
            _block(picture, one.pixels[part], one.depth[part], _colour(one.body, parts[part]))


def _colour(body: Body, part: tuple[float, float, float, float]) -> tuple[int, int, int]:
    if body.kind in {"person", "bicycle"} and part[2] >= 0.85:
        return (150, 178, 214)
    if body.kind == "person" and part[3] <= 0.5:
        return (70, 62, 58)
    if body.kind == "car" and part[2] >= 0.5:
        # windows
        return (92, 84, 78)
    return body.colour


def _block(picture: Pixels, pixels: Array, depth: Array, colour: tuple[int, int, int]) -> None:
    points = np.round(pixels).astype(np.int32)
    order = np.argsort(-depth[_FACES].mean(axis=1), kind="stable")
    for face in order.tolist():
        light = _LIGHT[face]
        shaded = [min(255, round(channel * light)) for channel in colour]
        cv2.fillConvexPoly(picture, points[_FACES[face]], shaded, cv2.LINE_AA)


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

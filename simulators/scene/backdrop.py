"""The street without anybody in it, drawn once for every camera."""

from typing import Any

import cv2
import numpy as np
from msgspec import Struct

from simulators.scene.pinhole import PinholeCamera

__all__ = ["GroundPatch", "draw_backdrop"]

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Array = np.ndarray[Any, np.dtype[np.float64]]

_SKY_TOP, _SKY_LOW = (214, 190, 160), (232, 224, 214)
_GRASS = (82, 128, 96)


class GroundPatch(Struct, frozen=True, kw_only=True):
    """A flat piece of the street in one colour: corners in metres east and north."""

    corners: tuple[tuple[float, float], ...]
    colour: tuple[int, int, int]
    """Blue, green, red."""


def draw_backdrop(
    camera: PinholeCamera, patches: tuple[GroundPatch, ...], rng: np.random.Generator
) -> Pixels:
    """Return the empty street, uint8 ``(h, w, 3)`` BGR: sky, houses, ground, and what is painted on it."""
    height, width = camera.height, camera.width
    # the horizon is where directions without a slope go
    axes = camera.axes()
    ahead = np.array([axes[2, 0], axes[2, 1], 0.0])
    flat = axes @ (ahead / np.linalg.norm(ahead))
    horizon = int(height / 2.0 + camera.focal_px * flat[1] / flat[2])
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = _GRASS
    sky_rows = max(0, min(height, horizon))
    for row in range(sky_rows):
        share = row / max(sky_rows, 1)
        picture[row] = [round(a + (b - a) * share) for a, b in zip(_SKY_TOP, _SKY_LOW, strict=True)]
    _houses(picture, sky_rows, rng)
    for patch in patches:
        _fill(picture, camera, np.array([(*corner, 0.0) for corner in patch.corners]), patch.colour)
    grain = rng.normal(0.0, 5.0, (height, width, 1))
    soft = cv2.GaussianBlur(np.repeat(grain, 3, axis=2), (0, 0), 1.2) * 2.0
    return np.asarray(np.clip(picture + soft, 0, 255), np.uint8)


def _houses(picture: Pixels, horizon: int, rng: np.random.Generator) -> None:
    width = picture.shape[1]
    x = 0
    while x < width and horizon > 8:
        broad = int(rng.integers(width // 16, width // 7))
        top = int(horizon * rng.uniform(0.1, 0.75))
        shade = int(rng.integers(110, 190))
        cv2.rectangle(picture, (x, top), (x + broad, horizon), (shade, shade - 8, shade - 14), -1)
        for wx in range(x + 4, x + broad - 5, 9):
            for wy in range(top + 5, horizon - 6, 11):
                cv2.rectangle(picture, (wx, wy), (wx + 4, wy + 6), (96, 88, 82), -1)
        x += broad + int(rng.integers(0, 6))


def _fill(
    picture: Pixels, camera: PinholeCamera, corners: Array, colour: tuple[int, int, int]
) -> None:
    # long edges are cut in pieces so that what runs behind the camera can be left out
    ring = np.concatenate(
        [
            np.linspace(corners[i], corners[(i + 1) % len(corners)], 40, endpoint=False)
            for i in range(len(corners))
        ]
    )
    pixels, depth = camera.project(ring)
    ahead = pixels[depth > 0.5]
    if len(ahead) >= 3:
        hull = np.clip(ahead, -20_000, 20_000)
        cv2.fillPoly(picture, [np.round(hull).astype(np.int32)], colour, cv2.LINE_AA)

"""The street without anybody in it, drawn once for every camera."""

import math
from typing import Any

import cv2
import numpy as np
from msgspec import Struct

from simulators.scene.pinhole import PinholeCamera

__all__ = ["Facade", "GroundPatch", "draw_backdrop"]

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Array = np.ndarray[Any, np.dtype[np.float64]]

_SKY_TOP, _SKY_LOW = (214, 190, 160), (232, 224, 214)
_GRASS = (82, 128, 96)


class GroundPatch(Struct, frozen=True, kw_only=True):
    """A flat piece of the street in one colour: corners in metres east and north."""

    corners: tuple[tuple[float, float], ...]
    colour: tuple[int, int, int]
    """Blue, green, red."""


class Facade(Struct, frozen=True, kw_only=True):
    """A house's front beside the street, from one place to another, metres east and north."""

    start: tuple[float, float]
    end: tuple[float, float]
    height_m: float = 12.0
    colour: tuple[int, int, int] = (150, 152, 158)
    """Blue, green, red."""
    storey_m: float = 3.0


def draw_backdrop(
    camera: PinholeCamera,
    patches: tuple[GroundPatch, ...],
    rng: np.random.Generator,
    facades: tuple[Facade, ...] = (),
) -> Pixels:
    """Return the empty street, uint8 ``(h, w, 3)`` BGR: sky, houses, ground, and what is painted on it."""
    height, width = camera.height, camera.width
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = _GRASS
    sky_rows = max(0, min(height, camera.horizon))
    for row in range(sky_rows):
        share = row / max(sky_rows, 1)
        picture[row] = [round(a + (b - a) * share) for a, b in zip(_SKY_TOP, _SKY_LOW, strict=True)]
    _houses(picture, sky_rows, rng)
    for patch in patches:
        _fill(picture, camera, np.array([(*corner, 0.0) for corner in patch.corners]), patch.colour)
    for facade in sorted(facades, key=lambda one: -_away(camera, one)):
        _front(picture, camera, facade)
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


def _away(camera: PinholeCamera, facade: Facade) -> float:
    east, north = ((a + b) / 2.0 for a, b in zip(facade.start, facade.end, strict=True))
    return math.hypot(east - camera.east_m, north - camera.north_m)


def _front(picture: Pixels, camera: PinholeCamera, facade: Facade) -> None:
    """Draw a house's front with its windows."""
    (ax, ay), (bx, by) = facade.start, facade.end
    length = math.hypot(bx - ax, by - ay)

    def pane(begin: float, end: float, low: float, high: float) -> Array:
        spots = [(begin, low), (end, low), (end, high), (begin, high)]
        return np.array(
            [(ax + (bx - ax) * at / length, ay + (by - ay) * at / length, up) for at, up in spots]
        )

    _fill(picture, camera, pane(0.0, length, 0.0, facade.height_m), facade.colour)
    dark = tuple(round(channel * 0.55) for channel in facade.colour)
    for at in np.arange(1.0, length - 1.5, 3.0):
        for up in np.arange(1.0, facade.height_m - 1.6, facade.storey_m):
            _fill(picture, camera, pane(at, at + 1.4, up, up + 1.4), (dark[0], dark[1], dark[2]), 4)


def _fill(
    picture: Pixels,
    camera: PinholeCamera,
    corners: Array,
    colour: tuple[int, int, int],
    pieces: int = 40,
) -> None:
    # long edges are cut in pieces so that what runs behind the camera can be left out
    ring = np.concatenate(
        [
            np.linspace(corners[i], corners[(i + 1) % len(corners)], pieces, endpoint=False)
            for i in range(len(corners))
        ]
    )
    pixels, depth = camera.project(ring)
    ahead = pixels[depth > 0.5]
    if len(ahead) >= 3:
        hull = np.clip(ahead, -20_000, 20_000)
        cv2.fillPoly(picture, [np.round(hull).astype(np.int32)], colour, cv2.LINE_AA)

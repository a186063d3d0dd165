"""Standing water 积水 on the road: its shore, how it grows, and what is mirrored in it."""

import math
from typing import Any

import cv2
import numpy as np

__all__ = ["draw_water", "outline_of"]

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Array = np.ndarray[Any, np.dtype[np.float64]]

_POINTS = 24
_GROWS_S = 40.0
"""Seconds until it has its full size; invented."""
_FIRST = 0.35
"""Share of its size with which it begins."""
_WAVES = 3
"""Bays and tongues of a shore are so many sine waves around it."""
_SKY = (214.0, 190.0, 160.0)
_MIRROR, _BED = 0.62, 0.28
"""Shares of what is mirrored and of the road below; grazing views mirror most (Fresnel)."""
_SHEEN = (14.0, 11.0, 8.0)
"""What the sky adds everywhere, grey levels of blue, green, red."""


def outline_of(length_m: float, width_m: float, style: int, age_s: float) -> Array:
    """Return the shore around its middle: float64 ``(3, 8, 3)``, 24 points in order, metres.

    Args:
        length_m: full size along.
        width_m: full size across.
        style: chooses the shape.
        age_s: seconds since the first water; it grows with the root of time, as a volume that
            comes evenly over a flat floor does.
    """
    grown = min(1.0, _FIRST + (1.0 - _FIRST) * math.sqrt(max(age_s, 0.0) / _GROWS_S))
    angle = np.linspace(0.0, 2.0 * math.pi, _POINTS, endpoint=False)
    rng = np.random.Generator(np.random.Philox(key=style))
    radius = np.ones(_POINTS)
    for wave in range(2, 2 + _WAVES):
        radius += (
            rng.uniform(0.0, 0.22) / (wave - 1) * np.sin(wave * angle + rng.uniform(0.0, 6.28))
        )
    along = 0.5 * length_m * grown * radius * np.cos(angle)
    across = 0.5 * width_m * grown * radius * np.sin(angle)
    return np.column_stack([along, across, np.zeros(_POINTS)]).reshape(3, 8, 3)


def draw_water(picture: Pixels, shore: Array, *, horizon: int, style: int, age_s: float) -> None:
    """Draw standing water into a picture, in place: sky and houses mirrored, with ripples.

    Args:
        picture: uint8 ``(h, w, 3)``.
        shore: pixels of the shore, float64 ``(n, 2)``, in order.
        horizon: row of the horizon, also outside the picture.
        style: moves the ripples.
        age_s: seconds; the ripples run with it.
    """
    height, width = picture.shape[:2]
    points = np.round(np.clip(shore, -8000.0, 8000.0)).astype(np.int32)
    left, top = np.maximum(points.min(axis=0), 0)
    right, low = np.minimum(points.max(axis=0) + 1, (width, height))
    if right <= left or low <= top:
        return
    mask = np.zeros((int(low - top), int(right - left)), np.uint8)
    cv2.fillPoly(mask, [points - (left, top)], 255, cv2.LINE_AA)
    rows = np.arange(int(low - top))
    # a flat mirror shows what lies as far above the horizon as the pixel lies below it
    mirrored = 2 * horizon - (rows + int(top))
    ripple = np.sin(rows * 0.9 + age_s * 2.5 + style % 7) + np.sin(rows * 0.37 - age_s * 1.7)
    shift = np.round(ripple * 1.3).astype(np.intp)
    columns = np.clip(np.arange(int(left), int(right))[None, :] + shift[:, None], 0, width - 1)
    seen = picture[np.clip(mirrored, 0, height - 1)[:, None], columns].astype(np.float32)
    seen[mirrored < 0] = _SKY
    bed = picture[top:low, left:right]
    glint = (6.0 * ripple)[:, None, None].astype(np.float32)
    water = _MIRROR * seen + _BED * bed + np.array(_SHEEN, np.float32) + glint
    share = (mask[:, :, None] / 255.0).astype(np.float32)
    picture[top:low, left:right] = np.clip(bed + (water - bed) * share, 0.0, 255.0).astype(np.uint8)

"""Smoke 烟 as puffs that rise, widen, drift with the wind and fade."""

import math
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from msgspec import Struct

__all__ = ["Puffs", "draw_puff", "puffs_of"]

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Array = np.ndarray[Any, np.dtype[np.float64]]

_COUNT, _LIFE_S = 14, 7.0
"""Puffs on their way at a time, and how long each is seen; invented."""
_RISE_M_S = 0.75
_SHOWN = 0.12
"""Fainter puffs are neither drawn nor labelled, share of full cover."""
_AXES = np.array(
    [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1], [0, 0, 1], [0, 0, -1]],
    np.float64,
)


class Puffs(Struct, frozen=True, eq=False):
    """The puffs of a moment. ``corners`` ``(n, 8, 3)``: outermost points, metres; ``cover`` ``(n,)``."""

    corners: Array
    cover: Array


def puffs_of(width_m: float, style: int, age_s: float) -> Puffs:
    """Return the puffs of a source, around it; at least one.

    Args:
        width_m: of a puff half-way up.
        style: chooses wind, pace and thickness.
        age_s: seconds since it began to smoke.
    """
    rng = np.random.Generator(np.random.Philox(key=style))
    wind = rng.uniform(0.1, 0.9) * np.array([math.cos(w := rng.uniform(0.0, 6.28)), math.sin(w)])
    thick = rng.uniform(0.5, 0.95)
    side = rng.normal(0.0, 0.18, (_COUNT, 2)) * width_m
    swell = rng.uniform(0.75, 1.25, _COUNT)
    phase = (np.arange(_COUNT) + rng.uniform(0.0, 0.6, _COUNT)) / _COUNT
    # a puff that left at `phase` comes again after its life; before the source began there was none
    turns = age_s / _LIFE_S - phase
    lived = turns % 1.0
    cover = np.where(turns < 0.0, 0.0, thick * (1.0 - lived) ** 0.7)
    cover[int(np.argmin(np.abs(phase)))] = max(cover.max(), 0.3)
    shown = cover >= _SHOWN
    lived = np.where(turns < 0.0, 0.02, lived)
    radius = width_m * (0.22 + 0.55 * np.sqrt(lived)) * swell
    middle = np.column_stack(
        [
            side + wind * (lived * _LIFE_S)[:, None] * (0.4 + lived[:, None]),
            radius + _RISE_M_S * lived * _LIFE_S,
        ]
    )
    corners = middle[:, None, :] + radius[:, None, None] * _AXES[None, :, :]
    return Puffs(corners[shown], cover[shown])


@lru_cache(maxsize=4)
def _cloud(number: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return how much a puff covers, float32 ``(64, 64)``, 0 on its edge."""
    rng = np.random.Generator(np.random.Philox(key=number))
    rows, columns = np.mgrid[0:64, 0:64]
    away = np.hypot(columns - 31.5, rows - 31.5) / 32.0
    curls: Array = np.asarray(cv2.GaussianBlur(rng.normal(0.0, 1.0, (64, 64)), (0, 0), 5.0))
    curls = curls / max(float(np.abs(curls).max()), 1e-9)
    inside = np.clip((1.0 - away) / 0.4, 0.0, 1.0)
    return np.asarray(inside * np.clip(0.85 + 0.35 * curls, 0.0, 1.0), np.float32)


def draw_puff(
    picture: Pixels, pixels: Array, cover: float, colour: tuple[int, int, int], number: int
) -> None:
    """Draw one puff over a picture, in place.

    Args:
        picture: uint8 ``(h, w, 3)``.
        pixels: its outermost points, float64 ``(8, 2)``.
        cover: 0 to 1.
        colour: blue, green, red.
        number: chooses its curls.
    """
    height, width = picture.shape[:2]
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    left, top = (int(value) for value in np.floor(low))
    broad, tall = (max(2, int(value)) for value in np.ceil(high - low))
    if broad > 4 * width or tall > 4 * height:
        return
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + broad, width), min(top + tall, height)
    if x1 <= x0 or y1 <= y0:
        return
    share = cv2.resize(_cloud(number % 4), (broad, tall), interpolation=cv2.INTER_LINEAR)
    share = cover * share[y0 - top : y1 - top, x0 - left : x1 - left, None]
    under = picture[y0:y1, x0:x1]
    picture[y0:y1, x0:x1] = (under + (np.array(colour, np.float32) - under) * share).astype(
        np.uint8
    )

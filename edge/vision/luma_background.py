"""A running picture of how bright a scene is when nothing is there."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["LumaBackground", "shrink"]

Pixels = NDArray[np.uint8]
Levels = NDArray[np.float32]

_FLOOR = 8.0
"""Grey levels below which a pixel says nothing about exposure: black stays black at any gain."""


def shrink(luma: Pixels, rows: int) -> Pixels:
    """Return brightness scaled to at most ``rows`` rows, aspect kept; uint8."""
    height, width = luma.shape
    if height <= rows:
        return luma
    columns = max(1, round(width * rows / height))
    # nearest first to a multiple: averaging every pixel of a large frame costs more than it gives
    step = max(1, height // (2 * rows))
    thinned = np.ascontiguousarray(luma[::step, ::step])
    return np.asarray(cv2.resize(thinned, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)


class LumaBackground:
    """Running average of brightness that follows the camera's exposure.

    Cameras turn their gain down when something bright drives into view, which changes every
    pixel: before comparing, the background is scaled by the median ratio of the picture to it.

    Args:
        memory_s: time constant of the average in seconds.
    """

    def __init__(self, memory_s: float) -> None:
        self._memory_s = memory_s
        self._levels: Levels | None = None

    @property
    def started(self) -> bool:
        """Whether a picture has been learnt."""
        return self._levels is not None

    def reset(self) -> None:
        """Forget the scene."""
        self._levels = None

    def difference(self, luma: Pixels) -> Levels:
        """Return how much each pixel differs from the background in grey levels, float32 (h, w).

        The first picture, or one of another size, becomes the background and differs nowhere.
        """
        current = luma.astype(np.float32)
        if self._levels is None or self._levels.shape != current.shape:
            self._levels = current
            return np.zeros_like(current)
        self._levels = self._levels * np.float32(self._gain(current))
        return np.asarray(cv2.absdiff(current, self._levels), np.float32)

    def learn(self, luma: Pixels, elapsed_s: float, share: Levels | float = 1.0) -> None:
        """Take the picture into the average.

        Args:
            luma: uint8 (h, w), the size of the last :meth:`difference`.
            elapsed_s: seconds since the last picture.
            share: how much of the normal pace each pixel takes part, 0..1; scalar or (h, w).
        """
        if self._levels is None:
            self._levels = luma.astype(np.float32)
            return
        pace = np.float32(1.0 - math.exp(-elapsed_s / self._memory_s))
        self._levels = self._levels + pace * share * (luma.astype(np.float32) - self._levels)

    def _gain(self, current: Levels) -> float:
        assert self._levels is not None
        # every third row and column is plenty for a median
        seen, known = current[::3, ::3], self._levels[::3, ::3]
        usable = known > _FLOOR
        if not usable.any():
            return 1.0
        gain = float(np.median(seen[usable] / known[usable]))
        return min(max(gain, 0.25), 4.0)

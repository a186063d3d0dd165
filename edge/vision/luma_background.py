"""A running picture of how bright a scene is when nothing is there."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["LumaBackground", "shrink"]

Pixels = NDArray[np.uint8]
Levels = NDArray[np.float32]
Mask = NDArray[np.bool_]

_FLOOR = 8.0
"""Grey levels below which a pixel says nothing about exposure: black stays black at any gain."""

_EXPOSURE_MEMORY_S = 60.0
"""Seconds in which a changed exposure becomes the normal one."""

_STEADY = 0.05
"""Change of gain that is within the noise of its estimate."""

_BRIGHT = 1.3
"""Levels this much above the median are marks that clip or are compressed."""


def shrink(luma: Pixels, rows: int) -> Pixels:
    """Return brightness scaled to at most ``rows`` rows, aspect kept; uint8."""
    height, width = luma.shape
    if height <= rows:
        return luma
    columns = max(1, round(width * rows / height))
    # thinned first: averaging every pixel of a large frame costs more than it gives
    step = max(1, height // (2 * rows))
    thinned = np.ascontiguousarray(luma[::step, ::step])
    small = cv2.resize(thinned, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(small, np.uint8)


class LumaBackground:
    """Running average of brightness that follows the camera's exposure.

    Cameras turn their gain down when something bright drives into view, which changes every
    pixel: before comparing, the background is scaled by the median ratio of the picture to it.
    Bright marks were clipped or compressed and follow that only half: for them everything between
    the scaled and the unscaled level counts as background. Masts sway: a pixel is compared with all
    background levels within ``sway_px`` of it.

    Args:
        memory_s: time constant of the average in seconds.
        sway_px: how far the picture may move, in pixels of the shrunk picture.
    """

    def __init__(self, memory_s: float, *, sway_px: int) -> None:
        self._memory_s = memory_s
        self._sway = np.ones((2 * sway_px + 1, 2 * sway_px + 1), np.uint8)
        self._levels: Levels | None = None
        self._bright: Mask = np.zeros((0, 0), bool)
        self._gain = 1.0

    def reset(self) -> None:
        """Forget the scene."""
        self._levels = None
        self._gain = 1.0

    def difference(self, luma: Pixels) -> Levels:
        """Return how much each pixel differs from the background in grey levels, float32 (h, w).

        The first picture, or one of another size, becomes the background and differs nowhere.
        """
        current = luma.astype(np.float32)
        if self._levels is None or self._levels.shape != current.shape:
            self._levels = current
            self._gain = 1.0
            self._bright = np.zeros(current.shape, bool)
            return np.zeros_like(current)
        self._gain = _exposure(current, self._levels)
        low = cv2.erode(self._levels, self._sway)
        high = cv2.dilate(self._levels, self._sway)
        self._bright = self._bright_marks(np.asarray(high, np.float32))
        lowest, highest = low * self._gain, high * self._gain
        if abs(self._gain - 1.0) >= _STEADY:
            np.minimum(lowest, low, out=lowest, where=self._bright)
            np.maximum(highest, high, out=highest, where=self._bright)
        outside = np.maximum(lowest - current, current - highest)
        return np.asarray(np.maximum(outside, 0.0, out=outside), np.float32)

    def learn(self, luma: Pixels, elapsed_s: float, share: Levels | float = 1.0) -> None:
        """Take the picture that :meth:`difference` was last asked about into the average.

        Args:
            luma: uint8 (h, w).
            elapsed_s: seconds since the last picture.
            share: how much of the normal pace each pixel takes part, 0..1; scalar or (h, w).
        """
        assert self._levels is not None, "difference() comes first"
        pace = 1.0 - math.exp(-elapsed_s / self._memory_s)
        step = pace * share * (luma / np.float32(self._gain) - self._levels)
        step[self._bright] = 0.0
        # a lasting change of exposure becomes the new normal
        drift = self._gain ** (1.0 - math.exp(-elapsed_s / _EXPOSURE_MEMORY_S))
        self._levels = np.asarray((self._levels + step) * drift, np.float32)

    def _bright_marks(self, levels: Levels) -> Mask:
        if abs(self._gain - 1.0) < _STEADY:
            return np.zeros(levels.shape, bool)
        return levels > _BRIGHT * float(np.median(levels[::3, ::3]))


def _exposure(current: Levels, known: Levels) -> float:
    """Return by how much the camera turned its gain up or down, 0.25..4."""
    # every third row and column is plenty for a median
    seen, known = current[::3, ::3], known[::3, ::3]
    usable = known > _FLOOR
    if not usable.any():
        return 1.0
    gain = float(np.median(seen[usable] / known[usable]))
    return min(max(gain, 0.25), 4.0)

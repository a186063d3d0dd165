"""A running picture of how bright a scene is when nothing is there."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["LumaBackground", "shrink"]

Pixels = NDArray[np.uint8]
Levels = NDArray[np.float32]
Mask = NDArray[np.bool_]

_STALE = 0.03
"""Share that the average may have moved towards the picture before the highest and lowest levels about
each pixel are worked out anew: far less than any threshold."""

_FLOOR = 8.0
"""Grey levels below which a pixel says nothing about exposure: black stays black at any gain."""

_EXPOSURE_MEMORY_S = 60.0
"""Seconds in which a changed exposure becomes the normal one."""

_STEADY = 0.05
"""Change of gain that is within the noise of its estimate."""

_GAIN_STEPS = 128
"""Steps of gain from 0 to 1 that are told apart: finer ones move no pixel by more than two levels."""

_SPARSE = 5
"""Rows and columns between two pixels that a gain is told by: 700 of them, whose median wavers by a
thousandth where single pixels waver by a fiftieth."""

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
        self._bright: Mask | None = None
        self._gain = 1.0
        self._current: Levels = np.empty((0, 0), np.float32)
        self._around: tuple[Levels, Levels] | None = None
        self._bounds: tuple[float, Pixels, Pixels] | None = None
        self._moved = 0.0

    def reset(self) -> None:
        """Forget the scene."""
        self._levels = None
        self._around = self._bounds = None
        self._gain = 1.0

    def difference(self, luma: Pixels) -> Pixels:
        """Return how much each pixel differs from the background in grey levels, uint8 (h, w).

        The first picture, or one of another size, becomes the background and differs nowhere.
        """
        self._current = luma.astype(np.float32)
        if self._levels is None or self._levels.shape != luma.shape:
            self._levels = self._current.copy()
            self._around = self._bounds = None
            self._gain = 1.0
            self._bright = None
            return np.zeros_like(luma)
        self._gain = _exposure(self._current, self._levels)
        lowest, highest = self._limits()
        # unsigned differences end at nought, so that the greater one is the one that counts
        return np.asarray(
            cv2.max(cv2.subtract(lowest, luma), cv2.subtract(luma, highest)), np.uint8
        )

    def learn(self, luma: Pixels, elapsed_s: float, share: Levels | float = 1.0) -> None:
        """Take the picture that :meth:`difference` was last asked about into the average.

        Args:
            luma: uint8 (h, w).
            elapsed_s: seconds since the last picture.
            share: how much of the normal pace each pixel takes part, 0..1; scalar or (h, w).
        """
        assert self._levels is not None, "difference() comes first"
        pace = 1.0 - math.exp(-elapsed_s / self._memory_s)
        # a lasting change of exposure becomes the new normal
        drift = self._gain ** (1.0 - math.exp(-elapsed_s / _EXPOSURE_MEMORY_S))
        self._moved += pace + abs(drift - 1.0)
        if isinstance(share, float) and self._bright is None:
            # the usual case, in place: one pass over the picture instead of five
            kept, taken = (1.0 - pace * share) * drift, pace * share * drift / self._gain
            cv2.addWeighted(self._levels, kept, self._current, taken, 0.0, dst=self._levels)
            return
        step = pace * share * (luma / np.float32(self._gain) - self._levels)
        if self._bright is not None:
            step[self._bright] = 0.0
        self._levels = np.asarray((self._levels + step) * drift, np.float32)

    def _limits(self) -> tuple[Pixels, Pixels]:
        """Return the lowest and highest brightness of each pixel that is nothing new, uint8."""
        assert self._levels is not None, "a first picture comes first"
        if self._around is None or self._moved > _STALE:
            self._around = (
                np.asarray(cv2.erode(self._levels, self._sway), np.float32),
                np.asarray(cv2.dilate(self._levels, self._sway), np.float32),
            )
            self._moved, self._bounds = 0.0, None
        gain = round(self._gain * _GAIN_STEPS) / _GAIN_STEPS
        if self._bounds is None or self._bounds[0] != gain:
            self._bounds = (gain, *self._scaled(*self._around, gain))
        return self._bounds[1:]

    def _scaled(self, low: Levels, high: Levels, gain: float) -> tuple[Pixels, Pixels]:
        lowest, highest = low * np.float32(gain), high * np.float32(gain)
        self._bright = None
        if abs(gain - 1.0) >= _STEADY:
            self._bright = _bright_marks(high)
            np.minimum(lowest, low, out=lowest, where=self._bright)
            np.maximum(highest, high, out=highest, where=self._bright)
        return (
            np.asarray(cv2.convertScaleAbs(lowest), np.uint8),
            np.asarray(cv2.convertScaleAbs(highest), np.uint8),
        )


def _bright_marks(levels: Levels) -> Mask:
    return np.asarray(levels > _BRIGHT * float(np.median(levels[::3, ::3])), np.bool_)


def _exposure(current: Levels, known: Levels) -> float:
    """Return by how much the camera turned its gain up or down, 0.25..4."""
    seen, known = current[::_SPARSE, ::_SPARSE], known[::_SPARSE, ::_SPARSE]
    usable = known > _FLOOR
    count = int(np.count_nonzero(usable))
    if count == 0:
        return 1.0
    if count < usable.size:
        seen, known = seen[usable], known[usable]
    ratios = np.divide(seen, known).ravel()
    # the upper one of two middle values: numpy's median costs three times as much
    ratios.partition(count // 2)
    return min(max(float(ratios[count // 2]), 0.25), 4.0)

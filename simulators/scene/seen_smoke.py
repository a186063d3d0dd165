"""What of a cloud of smoke can be seen: its puffs reach farther than anybody could make out."""

from typing import Any

import cv2
import numpy as np

__all__ = ["seen_smoke"]

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

_LEAST_LEVELS = 6.0
"""Grey levels by which smoke must change what is behind it, where the chip has no noise; by eye, on 28
pictures of all lights."""
_NOISE_SHARE = 0.6
"""So much of the noise's standard deviation is asked on top."""
_SMOOTH_PX = 7
"""Side of the square over which an eye averages noise."""
_LEAST_AREA = 0.1
"""Patches below this share of the largest are left out."""


def seen_smoke(
    clear: Pixels, smoked: Pixels, noise: float
) -> tuple[tuple[float, float, float, float], float] | None:
    """Return the box around what is seen of smoke, and how many square pixels of it are seen.

    Args:
        clear: the picture without it, uint8 ``(h, w, 3)``, light and weather on it.
        smoked: the same with it, and with the same noise.
        noise: standard deviation of the chip's noise, grey levels.

    Returns:
        (left, top, right, bottom) in pixels and square pixels; None: nothing of it is seen.
    """
    changed = cv2.absdiff(clear, smoked).max(axis=2).astype(np.float32)
    smooth = np.asarray(cv2.blur(changed, (_SMOOTH_PX, _SMOOTH_PX)), np.float32)
    mask = (smooth >= _LEAST_LEVELS + _NOISE_SHARE * noise).astype(np.uint8)
    count, _, facts, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return None
    # the first patch is what is not changed
    areas = facts[1:, cv2.CC_STAT_AREA]
    patches = facts[1:][areas >= _LEAST_AREA * areas.max()]
    left, top, broad, tall, area = patches.T
    box = (left.min(), top.min(), (left + broad).max(), (top + tall).max())
    return (float(box[0]), float(box[1]), float(box[2]), float(box[3])), float(area.sum())

"""Pictures in blocks: the one operation by which anything becomes illegible."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["DILATION", "Box", "Canvas", "Pixels", "cut", "grown", "mosaic"]

Pixels = NDArray[np.uint8]
Box = tuple[int, int, int, int]

DILATION = 0.1
"""Share of its own width and height by which a box grows on every side, since detectors cut off
heads and bumpers."""


class Canvas:
    """A picture that is being covered, and how coarse it is where: edge of a block by pixel."""

    def __init__(self, original: Pixels, block_px: int) -> None:
        self.picture = mosaic(original, block_px)
        self._original = original
        self._grain = np.full(original.shape[:2], block_px, np.int32)

    def show(self, area: Box, block_px: int) -> None:
        """Show an area in blocks of this size, finer or coarser than it was."""
        left, top, right, bottom = area
        made = mosaic(self._original[top:bottom, left:right], block_px)
        self.picture[top:bottom, left:right] = made
        self._grain[top:bottom, left:right] = block_px

    def cover(self, area: Box, block_px: int) -> int:
        """Cover an area where it is finer than this; return the size, which nothing in it is below."""
        left, top, right, bottom = area
        if right <= left or bottom <= top:
            return block_px
        finer = self._grain[top:bottom, left:right] < block_px
        made = mosaic(self._original[top:bottom, left:right], block_px)
        self.picture[top:bottom, left:right][finer] = made[finer]
        self._grain[top:bottom, left:right][finer] = block_px
        return block_px


def mosaic(picture: Pixels, block: int) -> Pixels:
    """Return a picture (h, w, 3) whose blocks of ``block`` pixels hold their mean colour."""
    height, width = picture.shape[:2]
    columns, rows = max(1, width // block), max(1, height // block)
    small = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def grown(xyxy: tuple[float, float, float, float], width: int, height: int) -> Box:
    """Return a box with what a detector may have cut off of it, within the picture; pixels."""
    left, top, right, bottom = xyxy
    grow_x, grow_y = (right - left) * DILATION, (bottom - top) * DILATION
    return cut(left - grow_x, top - grow_y, right + grow_x, bottom + grow_y, width, height)


def cut(left: float, top: float, right: float, bottom: float, width: int, height: int) -> Box:
    """Return the whole pixels that a box touches, within a picture of this size; it may be empty."""
    return (
        max(0, math.floor(left)),
        max(0, math.floor(top)),
        min(width, math.ceil(right)),
        min(height, math.ceil(bottom)),
    )

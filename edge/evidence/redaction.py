"""Making people and plates illegible: a mosaic over everything that may be one.

What stays: the still background, whatever the detector and the motion gate both miss. It is
measured in tests and stated in docs/edge.md.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.envelope import Redaction
from edge.camera_config import RedactPolicy
from edge.evidence.view import View

__all__ = ["BLOCKS_ACROSS", "DILATION", "FRAME_BLOCKS", "redact"]

Pixels = NDArray[np.uint8]

BLOCKS_ACROSS = 8
"""Most mosaic blocks across the narrower side of a box. A face is at most half as wide as its
person, so it keeps 4 blocks or fewer; recognising one takes about 16 across.
Source: L. D. Harmon, "The Recognition of Faces", Scientific American 229 (1973)."""

FRAME_BLOCKS = 24
"""Most mosaic blocks along the shorter side of a picture that is covered as a whole: a face that
fills half of it keeps 12. Source: as above."""

DILATION = 0.1
"""Share of its own width and height by which a box grows on every side, since detectors cut off
heads and bumpers."""

_SMALLEST_BLOCK_PX = 6
"""Blocks never get smaller: a distant plate of 40 px keeps less than 7 blocks, a glyph less than 1."""


def redact(view: View, policy: RedactPolicy) -> tuple[Pixels, Redaction]:
    """Return the picture with everything covered that may be a person or a plate.

    Args:
        view: the frame and what is known about it.
        policy: ``whole`` covers everything; ``objects`` and ``auto`` cover boxes and foreground,
            and everything where the view is not sure. (Which of the two ``auto`` means is decided
            in the view's ``sure``.)

    Returns:
        uint8 (h, w, 3) BGR, a new array, and what was done to it.
    """
    picture = view.frame.bgr().copy()
    if policy is RedactPolicy.WHOLE or not view.sure:
        return _whole(picture)
    areas = _boxes(view, picture.shape[1], picture.shape[0])
    smallest = 0
    for left, top, right, bottom in areas:
        block = max(_SMALLEST_BLOCK_PX, math.ceil(min(right - left, bottom - top) / BLOCKS_ACROSS))
        smallest = block if smallest == 0 else min(smallest, block)
        picture[top:bottom, left:right] = _mosaic(picture[top:bottom, left:right], block)
    return picture, Redaction(method="pixelate", block_px=smallest, areas=len(areas))


def _whole(picture: Pixels) -> tuple[Pixels, Redaction]:
    block = max(_SMALLEST_BLOCK_PX, math.ceil(min(picture.shape[:2]) / FRAME_BLOCKS))
    return _mosaic(picture, block), Redaction(method="frame", block_px=block, areas=1)


def _mosaic(picture: Pixels, block: int) -> Pixels:
    """Return a picture (h, w, 3) whose blocks of ``block`` pixels hold their mean colour."""
    height, width = picture.shape[:2]
    columns, rows = max(1, width // block), max(1, height // block)
    small = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def _boxes(view: View, width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Return what to cover, cut to the picture, in a fixed order: no box twice."""
    boxes: set[tuple[int, int, int, int]] = set()
    for left, top, right, bottom in view.hidden_xyxy.tolist():
        grow_x, grow_y = (right - left) * DILATION, (bottom - top) * DILATION
        boxes.add(_cut(left - grow_x, top - grow_y, right + grow_x, bottom + grow_y, width, height))
    boxes |= set(_foreground_boxes(view.foreground, width, height))
    return sorted(box for box in boxes if box[2] > box[0] and box[3] > box[1])


def _foreground_boxes(
    foreground: NDArray[np.bool_] | None, width: int, height: int
) -> list[tuple[int, int, int, int]]:
    if foreground is None or not foreground.any():
        return []
    # close the gaps between limbs, so that a person becomes one piece and not many small ones
    kernel = np.ones((9, 9), np.uint8)
    closed = cv2.dilate(foreground.astype(np.uint8), kernel)
    count, _, stats, _ = cv2.connectedComponentsWithStats(closed)
    scale_x, scale_y = width / foreground.shape[1], height / foreground.shape[0]
    return [
        _cut(x * scale_x, y * scale_y, (x + w) * scale_x, (y + h) * scale_y, width, height)
        for x, y, w, h, _ in stats[1:count].tolist()
    ]


def _cut(
    left: float, top: float, right: float, bottom: float, width: int, height: int
) -> tuple[int, int, int, int]:
    return (
        max(0, math.floor(left)),
        max(0, math.floor(top)),
        min(width, math.ceil(right)),
        min(height, math.ceil(bottom)),
    )

"""Making people and plates illegible by construction: what is not fine enough cannot be read.

No detector finds every face and plate, so none is trusted: all that leaves the box is a mosaic whose
blocks are too coarse for either, whatever was found or missed. Detections only make it coarser where
somebody is known to be. What that leaves is measured in tests and stated in docs/evidence.md.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.envelope import Redaction
from edge.evidence.config import RedactPolicy
from edge.evidence.subject import Subject
from edge.evidence.view import View

__all__ = [
    "BLOCKS_ACROSS",
    "CLOTHES_BLOCKS",
    "DILATION",
    "FACE_BLOCKS",
    "FRAME_BLOCKS",
    "PLACE_BLOCKS",
    "SUBJECT_BLOCKS",
    "redact",
]

Pixels = NDArray[np.uint8]
Box = tuple[int, int, int, int]

BLOCKS_ACROSS = 8
"""Most mosaic blocks across the narrower side of a box. A face is at most half as wide as its
person, so it keeps 4 blocks or fewer; recognising one takes about 16 across.
Source: L. D. Harmon, "The Recognition of Faces", Scientific American 229 (1973)."""

FRAME_BLOCKS = 24
"""Most mosaic blocks along the shorter side of a picture that is covered as a whole: a face that
fills half of it keeps 12. Source: as above."""

SUBJECT_BLOCKS = 64
"""Most blocks across the wider side of a subject that is no person. A plate takes 440 mm of a car's
1,800 mm, so it keeps 16 blocks for seven characters, and a face behind the windscreen 6; reading a
plate takes about 100 across. Source: GA 36-2018 (size of plates); common guidance for plate readers."""

PLACE_BLOCKS = 160
"""Most blocks along the longer side of a picture of a place. A car that fills a third of it keeps 53
blocks, its plate 13; a missed person that fills a tenth keeps 16, his face 8. Source: as above."""

DILATION = 0.1
"""Share of its own width and height by which a box grows on every side, since detectors cut off
heads and bumpers."""

CLOTHES_BLOCKS = 32
"""Most blocks across a person whose head is covered: colours, a bag, a uniform, but no lettering on it."""

FACE_BLOCKS = 4
"""Most blocks across a face that was found: a quarter of what recognising it takes. Source: as above."""

_FACE_MARGIN = 0.25
"""Share of a face's size by which what is covered reaches beyond it on every side."""

_HEAD_SHARE = 0.3
"""Upper share of an upright person's box, grown, that holds the head: an eighth of the height for grown people, a
quarter for small children, and as much again for a box that sits too high. Source: the artists' canon."""

_UPRIGHT = 1.5
"""Least height of an upright person's box, in widths."""

_SMALLEST_BLOCK_PX = 6
"""Blocks over people never get smaller: a distant plate of 40 px keeps less than 7 blocks."""

_SAME_THING = 0.3
"""Overlap (0..1) of a box with the subject's from which it is the subject itself, not another."""


def redact(
    view: View,
    policy: RedactPolicy,
    subject: Subject | None = None,
    faces: NDArray[np.float64] | None = None,
) -> tuple[Pixels, Redaction]:
    """Return a picture in which no face and no plate can be read.

    Args:
        view: the frame and what is known about it.
        policy: ``auto`` covers everything but the subject, and reduces the subject as well: a person
            like anybody else, anything else below a legible plate; without a subject the whole place
            is reduced and whoever was found is covered. ``objects`` covers boxes and foreground only.
            ``whole`` covers everything alike, and so do the others where the view is not sure.
            ``faces`` shows the subject's clothes and the place more sharply, heads and faces never.
        subject: what the picture is about.
        faces: where faces are, (n, 4) pixels; None where nobody looked, which makes ``faces`` be
            ``auto``.

    Returns:
        uint8 (h, w, 3) BGR, a new array, and what was done to it.
    """
    picture = view.picture()
    if policy is RedactPolicy.FACES:
        if faces is not None and view.sure:
            return _sharper(picture, view, subject, faces)
        policy = RedactPolicy.AUTO
    if policy is RedactPolicy.AUTO and subject is not None:
        return _about(picture, view, subject)
    if policy is RedactPolicy.WHOLE or not view.sure:
        return _whole(picture)
    base_px = 1
    if policy is RedactPolicy.AUTO:
        base_px = math.ceil(max(picture.shape[:2]) / PLACE_BLOCKS)
    original = picture
    picture = _mosaic(original, base_px) if base_px > 1 else original.copy()
    areas = _boxes(view, picture.shape[1], picture.shape[0])
    blocks = [_cover(picture, original, area) for area in areas]
    method = "pixelate" if policy is RedactPolicy.OBJECTS else "place"
    smallest = min(blocks, default=0) if base_px == 1 else base_px
    return picture, Redaction(method=method, block_px=smallest, areas=len(areas))


def _about(original: Pixels, view: View, subject: Subject) -> tuple[Pixels, Redaction]:
    """Return a picture of which only the subject can be made out, and not who or whose it is."""
    height, width = original.shape[:2]
    picture, redaction = _whole(original)
    left, top, right, bottom = _grown(subject.xyxy, width, height)
    if right <= left or bottom <= top:
        return picture, redaction
    # what a detector of motion calls a vehicle may be somebody on foot
    if subject.is_person or not view.sure:
        block = _cover(picture, original, (left, top, right, bottom))
        return picture, Redaction(method="subject", block_px=block, areas=1)
    block = max(1, math.ceil(max(right - left, bottom - top) / SUBJECT_BLOCKS))
    picture[top:bottom, left:right] = _mosaic(original[top:bottom, left:right], block)
    others = 0
    for box in _others(view, subject, width, height):
        inside = (
            max(box[0], left),
            max(box[1], top),
            min(box[2], right),
            min(box[3], bottom),
        )
        if inside[2] > inside[0] and inside[3] > inside[1]:
            _cover(picture, original, inside, like=box)
            others += 1
    return picture, Redaction(method="subject", block_px=block, areas=1 + others)


class _Canvas:
    """A picture that is being covered, and how coarse it is where: edge of a block by pixel."""

    def __init__(self, original: Pixels, block_px: int) -> None:
        self.picture = _mosaic(original, block_px)
        self._original = original
        self._grain = np.full(original.shape[:2], block_px, np.int32)

    def show(self, area: Box, block_px: int) -> None:
        """Show an area in blocks of this size, finer or coarser than it was."""
        left, top, right, bottom = area
        made = _mosaic(self._original[top:bottom, left:right], block_px)
        self.picture[top:bottom, left:right] = made
        self._grain[top:bottom, left:right] = block_px

    def cover(self, area: Box, block_px: int) -> int:
        """Cover an area where it is finer than this; return the size, which nothing in it is below."""
        left, top, right, bottom = area
        if right <= left or bottom <= top:
            return block_px
        finer = self._grain[top:bottom, left:right] < block_px
        made = _mosaic(self._original[top:bottom, left:right], block_px)
        self.picture[top:bottom, left:right][finer] = made[finer]
        self._grain[top:bottom, left:right][finer] = block_px
        return block_px


def _sharper(
    original: Pixels, view: View, subject: Subject | None, faces: NDArray[np.float64]
) -> tuple[Pixels, Redaction]:
    """Return the place as without a face network, its subject's clothes sharper, no head and no face."""
    height, width = original.shape[:2]
    base_px = math.ceil(max(height, width) / PLACE_BLOCKS)
    canvas = _Canvas(original, base_px)
    blocks = [base_px]
    blocks += [canvas.cover(box, _people_block(box)) for box in _boxes(view, width, height)]
    if subject is not None:
        blocks.append(_dressed(canvas, view, subject, width, height))
    for left, top, right, bottom in faces.tolist():
        grow_x, grow_y = (right - left) * _FACE_MARGIN, (bottom - top) * _FACE_MARGIN
        box = _cut(left - grow_x, top - grow_y, right + grow_x, bottom + grow_y, width, height)
        if box[2] > box[0] and box[3] > box[1]:
            side = math.ceil(min(right - left, bottom - top) / FACE_BLOCKS)
            blocks.append(canvas.cover(box, max(_SMALLEST_BLOCK_PX, side)))
    return canvas.picture, Redaction(method="faces", block_px=min(blocks), areas=len(blocks) - 1)


def _dressed(canvas: _Canvas, view: View, subject: Subject, width: int, height: int) -> int:
    """Show a subject and return the edge of its smallest block: no head, and nobody else."""
    box = _grown(subject.xyxy, width, height)
    left, top, right, bottom = box
    across, down = right - left, bottom - top
    if across <= 0 or down <= 0:
        return _SMALLEST_BLOCK_PX
    if subject.is_person and down < _UPRIGHT * across:
        # who lies, sits or is cut off may have the head anywhere
        return canvas.cover(box, _people_block(box))
    blocks = CLOTHES_BLOCKS if subject.is_person else SUBJECT_BLOCKS
    side = across if subject.is_person else max(across, down)
    block = max(1, math.ceil(side / blocks))
    canvas.show(box, block)
    if subject.is_person:
        head = (left, top, right, top + math.ceil(down * _HEAD_SHARE))
        canvas.cover(head, _people_block(box))
    for other in _others(view, subject, width, height):
        canvas.cover(other, _people_block(other))
    return block


def _people_block(box: Box) -> int:
    """Return the edge in pixels of the blocks that cover somebody in a box."""
    left, top, right, bottom = box
    return max(_SMALLEST_BLOCK_PX, math.ceil(min(right - left, bottom - top) / BLOCKS_ACROSS))


def _others(view: View, subject: Subject, width: int, height: int) -> list[Box]:
    """Return the boxes, grown, of what was found and is not the subject itself."""
    left, top, right, bottom = subject.xyxy
    own = (right - left) * (bottom - top)
    found: set[Box] = set()
    for x0, y0, x1, y1 in view.hidden_xyxy.tolist():
        shared = max(0.0, min(x1, right) - max(x0, left)) * max(0.0, min(y1, bottom) - max(y0, top))
        if shared / max(own + (x1 - x0) * (y1 - y0) - shared, 1e-9) < _SAME_THING:
            found.add(_grown((x0, y0, x1, y1), width, height))
    return sorted(found)


def _cover(picture: Pixels, original: Pixels, area: Box, *, like: Box | None = None) -> int:
    """Cover an area as people are covered, in place; returns the edge of a block in pixels.

    Args:
        picture: takes the mosaic.
        original: what it is made of.
        area: where.
        like: the box whose size decides, where the area is only a part of it.
    """
    left, top, right, bottom = area
    block = _people_block(like or area)
    picture[top:bottom, left:right] = _mosaic(original[top:bottom, left:right], block)
    return block


def _whole(picture: Pixels) -> tuple[Pixels, Redaction]:
    block = max(_SMALLEST_BLOCK_PX, math.ceil(min(picture.shape[:2]) / FRAME_BLOCKS))
    return _mosaic(picture, block), Redaction(method="frame", block_px=block, areas=1)


def _mosaic(picture: Pixels, block: int) -> Pixels:
    """Return a picture (h, w, 3) whose blocks of ``block`` pixels hold their mean colour."""
    height, width = picture.shape[:2]
    columns, rows = max(1, width // block), max(1, height // block)
    small = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def _boxes(view: View, width: int, height: int) -> list[Box]:
    """Return what to cover, cut to the picture, in a fixed order: no box twice."""
    boxes = {
        _grown((left, top, right, bottom), width, height)
        for left, top, right, bottom in view.hidden_xyxy.tolist()
    }
    boxes |= set(_foreground_boxes(view.foreground, width, height))
    return sorted(box for box in boxes if box[2] > box[0] and box[3] > box[1])


def _grown(xyxy: tuple[float, float, float, float], width: int, height: int) -> Box:
    left, top, right, bottom = xyxy
    grow_x, grow_y = (right - left) * DILATION, (bottom - top) * DILATION
    return _cut(left - grow_x, top - grow_y, right + grow_x, bottom + grow_y, width, height)


def _foreground_boxes(foreground: NDArray[np.bool_] | None, width: int, height: int) -> list[Box]:
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


def _cut(left: float, top: float, right: float, bottom: float, width: int, height: int) -> Box:
    return (
        max(0, math.floor(left)),
        max(0, math.floor(top)),
        min(width, math.ceil(right)),
        min(height, math.ceil(bottom)),
    )

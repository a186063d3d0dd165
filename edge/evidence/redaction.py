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
from edge.evidence.mosaic import Box, Canvas, Pixels, cut, grown, mosaic
from edge.evidence.subject import Plates, Subject
from edge.evidence.view import View

__all__ = [
    "BLOCKS_ACROSS",
    "CLOTHES_BLOCKS",
    "FACE_BLOCKS",
    "FRAME_BLOCKS",
    "MISSED_PLATE_BLOCKS",
    "PLACE_BLOCKS",
    "SUBJECT_BLOCKS",
    "VEHICLE_BLOCKS",
    "redact",
]

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

VEHICLE_BLOCKS = 96
"""Most blocks across the wider side of a vehicle whose plate was found and is covered. If that was another
vehicle's, or lettering, its own keeps 24, and a face behind the windscreen 9. Source: as above."""

MISSED_PLATE_BLOCKS = 24
"""Most blocks that the found plate would keep without its cover, however near the vehicle is and however
much of it the picture's border cuts off: so many would one as large keep that was missed. Source: as above."""

CLOTHES_BLOCKS = 32
"""Most blocks across a person whose head is covered: colours, a bag, a uniform, but no lettering on it."""

FACE_BLOCKS = 4
"""Most blocks across a face that was found: a quarter of what recognising it takes. Source: as above."""

_FACE_MARGIN = 0.25
"""Share of a face's size by which what is covered reaches beyond it on every side."""

_PLATE_MARGIN = 0.25
"""Share of a plate's longer side by which what is covered reaches beyond it on every side: a second row of
characters, or a box that cuts some off."""

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
    plates: Plates | None = None,
) -> tuple[Pixels, Redaction]:
    """Return a picture in which no face and no plate can be read.

    Args:
        view: the frame and what is known about it.
        policy: ``auto`` covers everything but the subject, and reduces the subject as well: a person
            like anybody else, anything else below a legible plate; without a subject the whole place
            is reduced and whoever was found is covered. ``objects`` covers boxes and foreground only.
            ``whole`` covers everything alike, and so do the others where the view is not sure.
            ``faces`` shows the subject's clothes and the place more sharply, heads and faces never.
            ``plates`` shows a vehicle more sharply, its plate never. ``faces-and-plates`` is both.
        subject: what the picture is about.
        faces: where faces are, (n, 4) pixels; None where nobody looked, which makes ``faces`` be
            ``auto``.
        plates: what may be the subject's plates; None where nobody looked, which makes ``plates`` be
            ``auto``.

    Returns:
        uint8 (h, w, 3) BGR, a new array, and what was done to it.
    """
    picture = view.picture()
    if not (policy.uses_plates and view.sure and subject is not None and subject.is_enclosed):
        plates = None
    if policy.uses_faces and faces is not None and view.sure:
        return _sharper(picture, view, subject, faces, plates)
    if policy.uses_faces or policy.uses_plates:
        policy = RedactPolicy.AUTO
    if policy is RedactPolicy.AUTO and subject is not None:
        return _about(picture, view, subject, plates)
    if policy is RedactPolicy.WHOLE or not view.sure:
        return _whole(picture)
    base_px = 1
    if policy is RedactPolicy.AUTO:
        base_px = math.ceil(max(picture.shape[:2]) / PLACE_BLOCKS)
    canvas = Canvas(picture, base_px)
    areas = _boxes(view, picture.shape[1], picture.shape[0])
    blocks = [canvas.cover(area, _people_block(area)) for area in areas]
    method = "pixelate" if policy is RedactPolicy.OBJECTS else "place"
    smallest = min(blocks, default=0) if base_px == 1 else base_px
    return canvas.picture, Redaction(method=method, block_px=smallest, areas=len(areas))


def _about(
    original: Pixels, view: View, subject: Subject, plates: Plates | None
) -> tuple[Pixels, Redaction]:
    """Return a picture of which only the subject can be made out, and not who or whose it is."""
    height, width = original.shape[:2]
    whole_px = _whole_block(original)
    canvas = Canvas(original, whole_px)
    box = grown(subject.xyxy, width, height)
    left, top, right, bottom = box
    if right <= left or bottom <= top:
        return canvas.picture, Redaction(method="frame", block_px=whole_px, areas=1)
    # what a detector of motion calls a vehicle may be somebody on foot
    if subject.is_person or not view.sure:
        block = _people_block(box)
        canvas.show(box, block)
        return canvas.picture, Redaction(method="subject", block_px=block, areas=1)
    block = _thing_block(box, plates)
    canvas.show(box, block)
    areas = 1
    for other in _others(view, subject, width, height):
        inside = (
            max(other[0], left),
            max(other[1], top),
            min(other[2], right),
            min(other[3], bottom),
        )
        if inside[2] > inside[0] and inside[3] > inside[1]:
            canvas.cover(inside, _people_block(other))
            areas += 1
    if plates is None:
        return canvas.picture, Redaction(method="subject", block_px=block, areas=areas)
    areas += _cover_plates(canvas, plates, width, height)
    return canvas.picture, Redaction(method="plates", block_px=block, areas=areas)


def _sharper(
    original: Pixels,
    view: View,
    subject: Subject | None,
    faces: NDArray[np.float64],
    plates: Plates | None,
) -> tuple[Pixels, Redaction]:
    """Return the place as without a face network, its subject sharper; no head, no face and no plate."""
    height, width = original.shape[:2]
    base_px = math.ceil(max(height, width) / PLACE_BLOCKS)
    canvas = Canvas(original, base_px)
    blocks = [base_px]
    blocks += [canvas.cover(box, _people_block(box)) for box in _boxes(view, width, height)]
    if subject is not None:
        blocks.append(_dressed(canvas, view, subject, plates, width, height))
    for left, top, right, bottom in faces.tolist():
        grow_x, grow_y = (right - left) * _FACE_MARGIN, (bottom - top) * _FACE_MARGIN
        box = cut(left - grow_x, top - grow_y, right + grow_x, bottom + grow_y, width, height)
        if box[2] > box[0] and box[3] > box[1]:
            side = math.ceil(min(right - left, bottom - top) / FACE_BLOCKS)
            blocks.append(canvas.cover(box, max(_SMALLEST_BLOCK_PX, side)))
    areas, method = len(blocks) - 1, "faces"
    if plates is not None:
        areas += _cover_plates(canvas, plates, width, height)
        method = "faces-and-plates"
    return canvas.picture, Redaction(method=method, block_px=min(blocks), areas=areas)


def _dressed(
    canvas: Canvas,
    view: View,
    subject: Subject,
    plates: Plates | None,
    width: int,
    height: int,
) -> int:
    """Show a subject and return the edge of its smallest block: no head, and nobody else."""
    box = grown(subject.xyxy, width, height)
    left, top, right, bottom = box
    across, down = right - left, bottom - top
    if across <= 0 or down <= 0:
        return _SMALLEST_BLOCK_PX
    if subject.is_person and down < _UPRIGHT * across:
        # who lies, sits or is cut off may have the head anywhere
        return canvas.cover(box, _people_block(box))
    block = _thing_block(box, plates)
    if subject.is_person:
        block = max(1, math.ceil(across / CLOTHES_BLOCKS))
    canvas.show(box, block)
    if subject.is_person:
        head = (left, top, right, top + math.ceil(down * _HEAD_SHARE))
        canvas.cover(head, _people_block(box))
    for other in _others(view, subject, width, height):
        canvas.cover(other, _people_block(other))
    return block


def _thing_block(box: Box, plates: Plates | None) -> int:
    """Return the edge in pixels of the blocks that show a subject that is no person.

    Args:
        box: the subject's, grown.
        plates: its plates; None where nobody looked.
    """
    left, top, right, bottom = box
    side = max(right - left, bottom - top)
    if plates is None or not plates.sure:
        return max(1, math.ceil(side / SUBJECT_BLOCKS))
    sizes = plates.xyxy[:, 2:] - plates.xyxy[:, :2]
    bound = math.ceil(float(sizes.max(initial=0.0)) / MISSED_PLATE_BLOCKS)
    return max(1, math.ceil(side / VEHICLE_BLOCKS), bound)


def _cover_plates(canvas: Canvas, plates: Plates, width: int, height: int) -> int:
    """Cover each plate and what is just around it by one colour; return how many.

    Of blocks something would be left: who draws the plates that he has in mind in the same way can tell which
    of them it was.
    """
    for left, top, right, bottom in plates.xyxy.tolist():
        grow = max(right - left, bottom - top) * _PLATE_MARGIN
        box = cut(left - grow, top - grow, right + grow, bottom + grow, width, height)
        canvas.cover(box, max(width, height))
    return len(plates.xyxy)


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
            found.add(grown((x0, y0, x1, y1), width, height))
    return sorted(found)


def _whole_block(picture: Pixels) -> int:
    """Return the edge in pixels of the blocks of a picture that is covered as a whole."""
    return max(_SMALLEST_BLOCK_PX, math.ceil(int(min(picture.shape[:2])) / FRAME_BLOCKS))


def _whole(picture: Pixels) -> tuple[Pixels, Redaction]:
    block = _whole_block(picture)
    return mosaic(picture, block), Redaction(method="frame", block_px=block, areas=1)


def _boxes(view: View, width: int, height: int) -> list[Box]:
    """Return what to cover, cut to the picture, in a fixed order: no box twice."""
    boxes = {
        grown((left, top, right, bottom), width, height)
        for left, top, right, bottom in view.hidden_xyxy.tolist()
    }
    boxes |= set(_foreground_boxes(view.foreground, width, height))
    return sorted(box for box in boxes if box[2] > box[0] and box[3] > box[1])


def _foreground_boxes(foreground: NDArray[np.bool_] | None, width: int, height: int) -> list[Box]:
    if foreground is None or not foreground.any():
        return []
    # close the gaps between limbs, so that a person becomes one piece and not many small ones
    kernel = np.ones((9, 9), np.uint8)
    closed = cv2.dilate(foreground.astype(np.uint8), kernel)
    count, _, stats, _ = cv2.connectedComponentsWithStats(closed)
    scale_x, scale_y = width / foreground.shape[1], height / foreground.shape[0]
    return [
        cut(x * scale_x, y * scale_y, (x + w) * scale_x, (y + h) * scale_y, width, height)
        for x, y, w, h, _ in stats[1:count].tolist()
    ]

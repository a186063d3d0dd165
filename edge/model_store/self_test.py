"""Does a model still find in its golden picture what it found where it was packed?"""

from collections.abc import Sequence
from datetime import UTC, datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.errors import ModelError
from edge.vision.association import assign, overlap
from edge.vision.detections import Detections
from edge.vision.ports import Detector
from runtime.bundles.manifest import ExpectedBox, Golden

__all__ = ["golden_faults", "golden_frame", "seen_boxes"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SURPLUS = 0.25
"""Share of boxes beyond the expected ones that is let pass: weak boxes come and go with rounding."""


def golden_frame(picture: bytes) -> Frame:
    """Return a PNG or JPEG as a frame.

    Raises:
        ModelError: it is no picture.
    """
    pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ModelError("the golden picture is no PNG or JPEG; pack the model with another one")
    return Frame.from_array(
        np.asarray(pixels, np.uint8), camera="golden", index=0, pts_s=0.0, captured_at=_EPOCH
    )


def seen_boxes(detector: Detector, frame: Frame, confidence: float) -> tuple[ExpectedBox, ...]:
    """Return what a detector finds in a frame, from a confidence (0..1) on, best first."""
    found = detector.detect(frame)
    found = found.mask(found.confidence >= confidence)
    return tuple(
        ExpectedBox(label=label, confidence=round(min(float(score), 1.0), 4), box_xyxy=_shares(box))
        for label, score, box in zip(
            found.labels(), found.confidence, _normalised(found, frame).tolist(), strict=True
        )
    )


def golden_faults(
    golden: Golden, seen: Sequence[ExpectedBox], confidence: float
) -> tuple[str, ...]:
    """Return what is wrong with what was seen in the golden picture; nothing where all is well.

    Args:
        golden: what was seen where the model was packed.
        seen: what is seen here, from well below ``confidence`` on.
        confidence: from which (0..1) boxes count that nobody expected.
    """
    faults: list[str] = []
    taken: set[int] = set()
    for label in dict.fromkeys(box.label for box in golden.boxes):
        wanted = [box for box in golden.boxes if box.label == label]
        there = [(number, box) for number, box in enumerate(seen) if box.label == label]
        matrix = overlap(
            np.asarray([box.box_xyxy for box in wanted], float).reshape(-1, 4),
            np.asarray([box.box_xyxy for _, box in there], float).reshape(-1, 4),
        )
        pairs = assign(matrix, golden.min_iou) if len(there) > 0 else None
        partners = (
            {}
            if pairs is None
            else dict(zip(pairs.rows.tolist(), pairs.columns.tolist(), strict=True))
        )
        for row, box in enumerate(wanted):
            if row not in partners:
                faults.append(f"{label} at {_where(box)} is not found")
                continue
            number, other = there[partners[row]]
            taken.add(number)
            if abs(other.confidence - box.confidence) > golden.confidence_within:
                faults.append(
                    f"{label} at {_where(box)} has confidence {other.confidence:.2f}, "
                    f"expected {box.confidence:.2f}"
                )
    surplus = [
        box
        for number, box in enumerate(seen)
        if number not in taken and box.confidence >= confidence
    ]
    if len(surplus) > max(1.0, _SURPLUS * len(golden.boxes)):
        faults.append(f"{len(surplus)} things are found that are not there")
    return tuple(faults)


def _normalised(found: Detections, frame: Frame) -> NDArray[np.float64]:
    scale = np.asarray([frame.width, frame.height] * 2, float)
    return np.asarray(np.clip(found.xyxy.astype(float) / scale, 0.0, 1.0), np.float64)


def _shares(box: Sequence[float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = (round(value, 5) for value in box)
    return (left, top, right, bottom)


def _where(box: ExpectedBox) -> str:
    left, top, right, bottom = box.box_xyxy
    return f"{(left + right) / 2:.2f}, {(top + bottom) / 2:.2f}"

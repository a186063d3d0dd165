"""Non-maximum suppression: one box for one thing."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["suppress"]


def suppress(
    xyxy: NDArray[np.float32],
    scores: NDArray[np.float32],
    class_id: NDArray[np.int32],
    *,
    same_class_iou: float,
    any_class_iou: float,
) -> NDArray[np.int64]:
    """Return the indices of the boxes to keep, best first.

    A box goes when a better one of its class overlaps it by more than ``same_class_iou``, or a
    better one of any class by more than ``any_class_iou``: a van that is called car and truck at
    once would otherwise be counted twice.

    Args:
        xyxy: float32 (n, 4).
        scores: float32 (n,).
        class_id: int32 (n,).
        same_class_iou: 0..1.
        any_class_iou: 0..1; 1 switches the second pass off.
    """
    if len(xyxy) == 0:
        return np.empty(0, np.int64)
    # Any: OpenCV's stubs ask for sequences, it takes arrays without copying
    boxes: Any = xyxy.astype(np.float64)
    boxes[:, 2:] -= boxes[:, :2]
    strength: Any = scores
    labels: Any = class_id
    kept = _indices(cv2.dnn.NMSBoxesBatched(boxes, strength, labels, 0.0, same_class_iou))
    if any_class_iou >= 1.0 or len(kept) < 2:
        return kept
    second = _indices(cv2.dnn.NMSBoxes(boxes[kept], strength[kept], 0.0, any_class_iou))
    return kept[second]


def _indices(answer: object) -> NDArray[np.int64]:
    return np.asarray(answer, np.int64).reshape(-1)

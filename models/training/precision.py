"""Average precision at overlap 0.5, for the curve while a network learns.

The scores of a model card come from ``cityloop models evaluate``; this is its quick little sister.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Found", "average_precision"]

_LEAST_OVERLAP = 0.5


class Found(NamedTuple):
    """Of one picture: boxes (n, 4), scores (n,), classes (n,); true boxes (g, 4) and classes (g,)."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    kinds: NDArray[np.int32]
    true_boxes: NDArray[np.float32]
    true_kinds: NDArray[np.int64]


def average_precision(pictures: Sequence[Found], classes: int) -> list[float]:
    """Return each class's average precision, 0..1; NaN for classes that no picture holds.

    The area under precision over recall, precision made falling. Source: M. Everingham et al., The
    PASCAL Visual Object Classes Challenge, 2010, as measured from 2010 on.
    """
    return [_of_class(pictures, kind) for kind in range(classes)]


def _of_class(pictures: Sequence[Found], kind: int) -> float:
    there = sum(int((one.true_kinds == kind).sum()) for one in pictures)
    if there == 0:
        return float("nan")
    scores: list[float] = []
    right: list[bool] = []
    for one in pictures:
        mine = one.kinds == kind
        order = np.argsort(-one.scores[mine], kind="stable")
        scores.extend(one.scores[mine][order].tolist())
        right.extend(_matched(one.boxes[mine][order], one.true_boxes[one.true_kinds == kind]))
    if not scores:
        return 0.0
    hits = np.array(right)[np.argsort(-np.array(scores), kind="stable")]
    recall = np.cumsum(hits) / there
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0.0) * falling).sum())


def _matched(boxes: NDArray[np.float32], truth: NDArray[np.float32]) -> list[bool]:
    """Return for boxes, best first, whether each is the first to find its thing."""
    if len(truth) == 0:
        return [False] * len(boxes)
    free = np.ones(len(truth), bool)
    answer = []
    for box in boxes:
        seen = _overlap(box, truth)
        seen[~free] = 0.0
        best = int(seen.argmax())
        hit = bool(seen[best] >= _LEAST_OVERLAP)
        free[best] &= not hit
        answer.append(hit)
    return answer


def _overlap(box: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    common = np.clip(high - low, 0.0, None).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod()
    return np.asarray(common / np.maximum(areas - common, 1e-6), np.float32)

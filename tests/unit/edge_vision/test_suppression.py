"""Non-maximum suppression."""

import numpy as np
import pytest

from edge.vision.association import overlap
from edge.vision.suppression import suppress

_SAME = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], np.float32)
_SCORES = np.array([0.6, 0.9, 0.5], np.float32)


def _kept(classes: list[int], **changes: float) -> list[int]:
    limits = {"same_class_iou": 0.5, "any_class_iou": 0.9} | changes
    kept: list[int] = suppress(_SAME, _SCORES, np.array(classes, np.int32), **limits).tolist()
    return kept


def test_the_better_of_two_overlapping_boxes_stays() -> None:
    """Of one class, the weaker of two boxes on one thing goes; the best comes first."""
    assert _kept([0, 0, 0]) == [1, 2]


def test_classes_do_not_suppress_each_other() -> None:
    """A rider and his bicycle overlap and both stay."""
    assert sorted(_kept([0, 1, 0])) == [0, 1, 2]


def test_one_thing_with_two_names_stays_once() -> None:
    """Boxes of two classes that all but coincide are one thing."""
    assert _kept([0, 1, 0], any_class_iou=0.8) == [1, 2]


def test_nothing_in_nothing_out() -> None:
    """No boxes are a normal input."""
    kept = suppress(
        np.empty((0, 4), np.float32),
        np.empty(0, np.float32),
        np.empty(0, np.int32),
        same_class_iou=0.5,
        any_class_iou=0.9,
    )

    assert kept.tolist() == []


@pytest.mark.parametrize("seed", range(5))
def test_no_two_kept_boxes_of_a_class_overlap_too_much(seed: int) -> None:
    """Whatever comes in, what stays of one class overlaps by no more than allowed."""
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 80, (200, 2))
    boxes = np.concatenate((corner, corner + rng.uniform(5, 40, (200, 2))), 1).astype(np.float32)
    classes = rng.integers(0, 3, 200).astype(np.int32)
    scores = rng.uniform(0.1, 1.0, 200).astype(np.float32)
    kept = suppress(boxes, scores, classes, same_class_iou=0.45, any_class_iou=1.0)
    shared = overlap(boxes[kept], boxes[kept])
    same = classes[kept][:, None] == classes[kept][None, :]
    np.fill_diagonal(shared, 0.0)

    assert shared[same].max() <= 0.45 + 1e-6
    assert sorted(scores[kept].tolist(), reverse=True) == scores[kept].tolist()

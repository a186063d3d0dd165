"""How far two networks agree."""

import numpy as np

from edge.vision.detections import Detections
from models.shrinking.agreement import Agreement, agreement

NAMES = ("person", "car")


def seen(*boxes: tuple[float, float, float, float, int]) -> Detections:
    """Return detections of (x0, y0, x1, y1, class), the surest first."""
    rows = np.array(boxes, np.float32).reshape(-1, 5)
    score = np.linspace(0.9, 0.5, len(rows)).astype(np.float32)
    return Detections(rows[:, :4].copy(), score, rows[:, 4].astype(np.int32), NAMES)


BOX = (0.0, 0.0, 10.0, 10.0)
MOVED = (8.0, 0.0, 18.0, 10.0)


def test_boxes_are_paired_by_place_and_class() -> None:
    """A box elsewhere, of another class, or in another frame is no match."""
    told = agreement(
        "street",
        [seen((*BOX, 0), (*MOVED, 1)), seen((*BOX, 0))],
        [seen((*BOX, 0), (*MOVED, 0)), seen()],
    )

    assert told == Agreement(source="street", frames=2, reference=3, found=2, matched=1)
    assert (told.recall, told.precision) == (1 / 3, 1 / 2)


def test_one_box_is_matched_once() -> None:
    """Two boxes on one thing are one match and one too many."""
    told = agreement("street", [seen((*BOX, 0))], [seen((*BOX, 0), (0.0, 1.0, 10.0, 10.0, 0))])

    assert (told.reference, told.found, told.matched) == (1, 2, 1)


def test_nothing_on_both_sides_agrees() -> None:
    """Empty frames are in full agreement, and count no boxes."""
    told = agreement("empty", [seen(), seen()], [seen(), seen()])

    assert (told.recall, told.precision, told.reference) == (1.0, 1.0, 0)

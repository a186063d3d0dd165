"""Pictures of a review queue, for the tests of this folder."""

from datetime import UTC, datetime
from pathlib import Path

import cv2

from contracts.review import LabelledBox, ReviewItem, ReviewReason
from models.learning.reviewed import Reviewed, file_of
from tests.blob_network import red_square

__all__ = ["item", "write_picture"]

AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def item(number: int = 1, *boxes: LabelledBox, size: tuple[int, int] = (160, 160)) -> ReviewItem:
    """Return a picture of the queue."""
    return ReviewItem(
        id=f"b-1-{number}",
        box="b-1",
        camera="c-1",
        model="street-sim-1.4.0-12345678",
        reason=ReviewReason.LOW_CONFIDENCE,
        taken_at=AT,
        evidence=f"{number:064x}",
        width=size[0],
        height=size[1],
        boxes=boxes,
    )


def write_picture(folder: Path, one: Reviewed) -> None:
    """Write the file of a picture."""
    folder.mkdir(exist_ok=True)
    number = int(one.item.id.rsplit("-", 1)[-1])
    cv2.imwrite(str(folder / file_of(one.item)), red_square(10 + number, 20))

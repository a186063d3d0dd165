"""Which pictures a network finds hard, as a box with labels at hand would choose them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import cv2
import numpy as np

from contracts.review import LabelledBox, ReviewItem, ReviewReason
from edge.cameras.frame import Frame
from edge.vision.ports import Detector
from models.datasets.picture import Picture
from models.datasets.store import Dataset
from models.learning.reviewed import Reviewed

__all__ = ["Hard", "hardest"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNSURE = (0.3, 0.5)
"""Confidences that are neither sure nor nothing; as the box's ``second_look`` has it."""


class Hard(NamedTuple):
    """A picture and how unsure the network was of it."""

    picture: Picture
    unsure: float
    reviewed: Reviewed


def hardest(
    detector: Detector, city: Dataset, pictures: Sequence[Picture], *, most: int
) -> list[Hard]:
    """Return the pictures that a network is least sure of, with what really is in them.

    What is unsure is seen by the findings alone, as on a box: how many lie between the confidences
    that are called unsure, of all that are found; pictures in which nothing at all is found come next.
    The truth goes only into the answer, where a person's labels would stand.

    Args:
        detector: looks at each picture.
        city: the data set.
        pictures: to choose from.
        most: how many.
    """
    found = []
    for number, picture in enumerate(pictures):
        pixels = cv2.imread(str(city.path_of(picture)), cv2.IMREAD_COLOR)
        assert pixels is not None, "a data set's pictures can be read"
        frame = Frame.from_array(
            np.asarray(pixels, np.uint8),
            camera="review",
            index=number,
            pts_s=float(number),
            captured_at=_EPOCH,
        )
        seen = detector.detect(frame)
        between = (seen.confidence >= _UNSURE[0]) & (seen.confidence < _UNSURE[1])
        counted = int((seen.confidence >= _UNSURE[0]).sum())
        unsure = 0.5 if counted == 0 else float(between.sum()) / counted
        found.append(Hard(picture, unsure, _reviewed(picture)))
    found.sort(key=lambda one: (-one.unsure, one.picture.sha256))
    return found[:most]


def _reviewed(picture: Picture) -> Reviewed:
    scale = (picture.width, picture.height, picture.width, picture.height)
    boxes = tuple(
        LabelledBox(label=box.label, box_xyxy=_shares(box.xyxy, scale))
        for box in picture.boxes
        if not box.ignored
    )
    item = ReviewItem(
        id=picture.sha256[:40],
        box="simulator",
        camera="simulator",
        model="",
        reason=ReviewReason.LOW_CONFIDENCE,
        taken_at=_EPOCH,
        evidence=picture.sha256,
        width=picture.width,
        height=picture.height,
    )
    return Reviewed(item=item, accepted=True, boxes=boxes)


def _shares(
    xyxy: tuple[float, float, float, float], scale: tuple[int, int, int, int]
) -> tuple[float, float, float, float]:
    left, top, right, bottom = (
        min(max(edge / size, 0.0), 1.0) for edge, size in zip(xyxy, scale, strict=True)
    )
    return (left, top, right, bottom)

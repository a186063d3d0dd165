"""Numbers of a data set: how many of what, how large, where, seen how well."""

from collections import Counter

import numpy as np
from msgspec import Struct

from models.datasets.picture import Picture
from models.datasets.store import Dataset

__all__ = ["ClassCount", "DatasetStatistics", "statistics_of"]

_SMALL_SHARE, _LARGE_SHARE = 32.0**2 / (640.0 * 480.0), 96.0**2 / (640.0 * 480.0)
"""COCO's small (below 32 x 32) and large (from 96 x 96), as shares of its usual 640 x 480 picture."""
_HIDDEN = 0.6


class ClassCount(Struct, frozen=True, kw_only=True):
    """One class."""

    label: str
    boxes: int
    """That count; ignored ones are not among them."""
    pictures: int
    small: int
    """Below 0.33 % of the picture (COCO's 32 x 32 of 640 x 480)."""
    large: int
    """From 3 % of the picture on (96 x 96)."""
    hidden: int
    """Of which less than 60 % is seen."""
    median_px: float
    """Of the square root of the area, pixels."""


class DatasetStatistics(Struct, frozen=True, kw_only=True):
    """A version in numbers."""

    version: str
    parent: str | None
    pictures: int
    boxes: int
    ignored: int
    empty: int
    cameras: int
    scenes: int
    splits: dict[str, int]
    """Pictures by part."""
    tags: dict[str, int]
    """Pictures by tag."""
    sizes: dict[str, int]
    """Pictures by width and height."""
    classes: tuple[ClassCount, ...]


def statistics_of(dataset: Dataset) -> DatasetStatistics:
    """Return a data set's numbers."""
    pictures = dataset.pictures
    ignored = sum(box.ignored for one in pictures for box in one.boxes)
    return DatasetStatistics(
        version=dataset.manifest.version,
        parent=dataset.manifest.parent,
        pictures=len(pictures),
        boxes=sum(len(one.boxes) for one in pictures) - ignored,
        ignored=ignored,
        empty=sum(not one.boxes for one in pictures),
        cameras=len({one.camera for one in pictures}),
        scenes=len({(one.camera, one.scene) for one in pictures}),
        splits=dict(sorted(Counter(one.split or "none" for one in pictures).items())),
        tags=dict(sorted(Counter(tag for one in pictures for tag in one.tags).items())),
        sizes=dict(sorted(Counter(f"{one.width}x{one.height}" for one in pictures).items())),
        classes=tuple(_class_count(pictures, label) for label in dataset.manifest.classes),
    )


def _class_count(pictures: tuple[Picture, ...], label: str) -> ClassCount:
    found = [
        (number, one, box)
        for number, one in enumerate(pictures)
        for box in one.boxes
        if box.label == label and not box.ignored
    ]
    areas = np.array(
        [(box.xyxy[2] - box.xyxy[0]) * (box.xyxy[3] - box.xyxy[1]) for _, _, box in found]
    )
    shares = areas / np.array([one.width * one.height for _, one, _ in found])
    return ClassCount(
        label=label,
        boxes=len(found),
        pictures=len({number for number, _, _ in found}),
        small=int((shares < _SMALL_SHARE).sum()),
        large=int((shares >= _LARGE_SHARE).sum()),
        hidden=sum(box.visible < _HIDDEN for _, _, box in found),
        median_px=round(float(np.median(np.sqrt(areas))), 1) if len(areas) else 0.0,
    )

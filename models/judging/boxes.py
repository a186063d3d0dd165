"""What is in pictures and what was found in them, as parallel arrays over a whole data set."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Found", "Truth", "overlaps"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Truth:
    """All labelled boxes of a set.

    Attributes:
        image: int64 (n,), number of the picture.
        class_id: int64 (n,).
        xywh: float64 (n, 4), left, top, width, height in pixels.
        area: float64 (n,), square pixels, as the labels say it.
        crowd: bool (n,), a region of many that is no single thing: it counts neither way.
        visible: float64 (n,), share (0..1) that nothing covers; 1 where the labels do not say.
    """

    image: Ints
    class_id: Ints
    xywh: Floats
    area: Floats
    crowd: Flags
    visible: Floats

    def __len__(self) -> int:
        return len(self.image)

    @classmethod
    def of_rows(
        cls, rows: Sequence[tuple[int, int, Sequence[float], float, bool, float]]
    ) -> "Truth":
        """Return rows (image, class, xywh, area, crowd, visible) as arrays."""
        columns: list[Any] = list(zip(*rows, strict=True)) if rows else [()] * 6
        return cls(
            np.array(columns[0], np.int64),
            np.array(columns[1], np.int64),
            np.array(columns[2], np.float64).reshape(-1, 4),
            np.array(columns[3], np.float64),
            np.array(columns[4], bool),
            np.array(columns[5], np.float64),
        )


@dataclass(frozen=True, slots=True)
class Found:
    """All boxes that a detector found in a set.

    Attributes:
        image: int64 (n,), number of the picture.
        class_id: int64 (n,).
        xywh: float64 (n, 4), left, top, width, height in pixels.
        score: float64 (n,), 0..1.
    """

    image: Ints
    class_id: Ints
    xywh: Floats
    score: Floats

    def __len__(self) -> int:
        return len(self.image)

    def rows(self, wanted: Ints | Flags) -> "Found":
        """Return the rows with these numbers, or where a bool array (n,) is true."""
        return Found(
            self.image[wanted], self.class_id[wanted], self.xywh[wanted], self.score[wanted]
        )


def overlaps(found: Floats, truth: Floats, crowd: Flags) -> Floats:
    """Return intersection over union of boxes, broadcast over the leading axes.

    Of a crowd it is the intersection over the found box alone. Source: COCO API, ``bbIou``.

    Args:
        found: float64 (..., 4), left, top, width, height.
        truth: float64 (..., 4).
        crowd: bool (...).
    """
    right = np.minimum(found[..., 0] + found[..., 2], truth[..., 0] + truth[..., 2])
    bottom = np.minimum(found[..., 1] + found[..., 3], truth[..., 1] + truth[..., 3])
    width = right - np.maximum(found[..., 0], truth[..., 0])
    height = bottom - np.maximum(found[..., 1], truth[..., 1])
    common = np.clip(width, 0.0, None) * np.clip(height, 0.0, None)
    own = found[..., 2] * found[..., 3]
    union = np.where(crowd, own, own + truth[..., 2] * truth[..., 3] - common)
    return np.asarray(np.divide(common, union, out=np.zeros_like(common), where=common > 0.0))

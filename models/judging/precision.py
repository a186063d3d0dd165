"""Average precision: the area under precision over recall, as COCO computes it.

Source: COCO API, ``cocoeval.py``: precision made falling, read at 101 recalls from 0 to 1.
"""

from dataclasses import dataclass

import numpy as np

from models.judging.boxes import Flags, Floats, Truth
from models.judging.matching import Matches

__all__ = ["Precision", "average_precision"]

RECALLS: Floats = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, slots=True)
class Precision:
    """Average precision by overlap and class.

    Attributes:
        by_class: float64 (overlaps, classes), 0..1; NaN where a class has no label that counts.
        curves: float64 (classes, 101), precision at each recall at the first overlap; NaN as above.
        labels: float64 (classes,), labels that count.
    """

    by_class: Floats
    curves: Floats
    labels: Floats

    @property
    def classes(self) -> Floats:
        """Mean over the overlaps, float64 (classes,)."""
        return np.asarray(self.by_class.mean(axis=0))

    @property
    def map50_95(self) -> float:
        """Mean over overlaps and classes that have labels; NaN where none has."""
        return _mean(self.by_class)

    @property
    def map50(self) -> float:
        """Mean over classes at the first overlap."""
        return _mean(self.by_class[:1])


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def average_precision(
    matches: Matches,
    truth: Truth,
    classes: int,
    *,
    pictures: Flags | None = None,
    weights: Floats | None = None,
) -> Precision:
    """Return average precision.

    Args:
        matches: what became of every found box.
        truth: the labels.
        classes: how many there are.
        pictures: bool (pictures,), those that count. Default: all.
        weights: float64 (pictures,), how often each picture counts. Default: once.
    """
    weight = _weights(matches, truth, pictures, weights)
    labels = np.zeros(classes)
    np.add.at(labels, truth.class_id[matches.counted], weight[truth.image[matches.counted]])
    levels = len(matches.hit)
    by_class = np.full((levels, classes), np.nan)
    curves = np.full((classes, len(RECALLS)), np.nan)
    order = np.lexsort((-matches.found.score, matches.found.class_id))
    starts = np.searchsorted(matches.found.class_id[order], np.arange(classes + 1))
    share = weight[matches.found.image[order]]
    hit, live = matches.hit[:, order] * share, ~matches.void[:, order] * share
    for number in np.flatnonzero(labels > 0.0):
        part = slice(starts[number], starts[number + 1])
        hits = np.cumsum(hit[:, part], axis=1)
        shown = np.cumsum(live[:, part], axis=1)
        levels_read = _read(hits / labels[number], hits / (shown + np.spacing(1)))
        by_class[:, number] = levels_read.mean(axis=1)
        curves[number] = levels_read[0]
    return Precision(by_class, curves, labels)


def _weights(
    matches: Matches, truth: Truth, pictures: Flags | None, weights: Floats | None
) -> Floats:
    most = max(truth.image.max(initial=-1), matches.found.image.max(initial=-1)) + 1
    weight = np.ones(most) if weights is None else weights
    return weight if pictures is None else weight * pictures[: len(weight)]


def _read(recall: Floats, precision: Floats) -> Floats:
    """Return precision at the 101 recalls, float64 (overlaps, 101)."""
    falling = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    read = np.zeros((len(recall), len(RECALLS)))
    for level, (grown, height) in enumerate(zip(recall, falling, strict=True)):
        place = np.searchsorted(grown, RECALLS, side="left")
        reached = place < len(height)
        read[level, reached] = height[place[reached]]
    return read

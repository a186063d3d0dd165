"""Right and wrong at one confidence: shares, best confidences, calibration, confusion."""

from dataclasses import dataclass

import numpy as np

from models.judging.boxes import Flags, Floats, Found, Ints, Truth, overlaps
from models.judging.matching import Matches

__all__ = ["Counts", "best_confidence", "calibration", "confusion", "count"]

_BINS = 10
"""Ranges of confidence. Source: Guo et al., On Calibration of Modern Neural Networks, 2017 (10-15)."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Boxes at a working confidence.

    Attributes:
        right: found boxes that fit a label.
        wrong: found boxes that fit none.
        missed: labels that nothing fits.
    """

    right: int
    wrong: int
    missed: int

    @property
    def fp_share(self) -> float | None:
        """Share of found boxes that are wrong; None when nothing was found."""
        shown = self.right + self.wrong
        return self.wrong / shown if shown else None

    @property
    def fn_share(self) -> float | None:
        """Share of labels that were missed; None without labels."""
        labels = self.right + self.missed
        return self.missed / labels if labels else None


def count(
    matches: Matches,
    truth: Truth,
    confidence: float,
    *,
    pictures: Flags | None = None,
    class_id: int | None = None,
) -> Counts:
    """Return right, wrong and missed at the first overlap.

    Args:
        matches: what became of every found box.
        truth: the labels.
        confidence: lowest score (0..1) that counts.
        pictures: bool (pictures,), those that count. Default: all.
        class_id: the class that counts. Default: all.
    """
    shown = matches.found.score >= confidence
    labels = matches.counted.copy()
    if pictures is not None:
        shown &= pictures[matches.found.image]
        labels &= pictures[truth.image]
    if class_id is not None:
        shown &= matches.found.class_id == class_id
        labels &= truth.class_id == class_id
    right = int((matches.hit[0] & shown).sum())
    wrong = int((~matches.hit[0] & ~matches.void[0] & shown).sum())
    return Counts(right, wrong, int(labels.sum()) - right)


def best_confidence(matches: Matches, labels: int, class_id: int) -> tuple[float, float] | None:
    """Return the confidence of a class with the greatest F1, and that F1; None without a right box."""
    rows = (matches.found.class_id == class_id) & ~matches.void[0]
    order = np.argsort(-matches.found.score[rows], kind="stable")
    score = matches.found.score[rows][order]
    right = np.cumsum(matches.hit[0, rows][order])
    if len(right) == 0 or right[-1] == 0:
        return None
    # boxes of one score come together or not at all
    last = np.r_[score[1:] != score[:-1], True]
    f1 = np.where(last, 2.0 * right / (np.arange(1, len(right) + 1) + labels), 0.0)
    best = int(np.argmax(f1))
    return float(score[best]), float(f1[best])


def calibration(
    matches: Matches, low: float
) -> tuple[float | None, list[tuple[int, float, float]]]:
    """Return the expected calibration error, and (boxes, mean score, share right) of ten ranges.

    Args:
        matches: what became of every found box.
        low: lowest score that counts; the ranges divide ``low``..1 evenly.

    Source: Guo et al. 2017, equation 3, with being right at an overlap of 0.5 as the outcome.
    """
    rows = (matches.found.score >= low) & ~matches.void[0]
    score, right = matches.found.score[rows], matches.hit[0, rows]
    place = np.clip(((score - low) / (1.0 - low) * _BINS).astype(np.int64), 0, _BINS - 1)
    boxes = np.bincount(place, minlength=_BINS)
    filled = np.maximum(boxes, 1)
    mean = np.bincount(place, score, minlength=_BINS) / filled
    share = np.bincount(place, right.astype(np.float64), minlength=_BINS) / filled
    told = [(int(boxes[n]), float(mean[n]), float(share[n])) for n in range(_BINS)]
    if len(score) == 0:
        return None, told
    return float((boxes * np.abs(mean - share)).sum() / len(score)), told


def confusion(truth: Truth, found: Found, classes: int, confidence: float) -> Ints:
    """Return what was taken for what, int64 (classes + 1, classes + 1).

    Rows are what was found, columns what is there; the last of each is nothing. Whatever the class,
    boxes and labels are paired one to one, the greatest overlap of at least 0.5 first.
    """
    table = np.zeros((classes + 1, classes + 1), np.int64)
    shown = found.rows(found.score >= confidence)
    real = np.flatnonzero(~truth.crowd)
    left, right, iou = _pairs(truth, real, shown)
    free_box, free_label = np.ones(len(shown), bool), np.zeros(len(truth), bool)
    free_label[real] = True
    for pair in np.argsort(-iou, kind="stable"):
        box, label = left[pair], right[pair]
        if free_box[box] and free_label[label]:
            free_box[box] = free_label[label] = False
            table[shown.class_id[box], truth.class_id[label]] += 1
    table[:, classes] += np.bincount(shown.class_id[free_box], minlength=classes + 1)
    table[classes] += np.bincount(truth.class_id[free_label], minlength=classes + 1)
    return table


def _pairs(truth: Truth, real: Ints, shown: Found) -> tuple[Ints, Ints, Floats]:
    """Return all pairs of a found box and a label of one picture that overlap by 0.5 or more."""
    order = real[np.argsort(truth.image[real], kind="stable")]
    first = np.searchsorted(truth.image[order], shown.image, "left")
    last = np.searchsorted(truth.image[order], shown.image, "right")
    many = last - first
    left = np.repeat(np.arange(len(shown)), many)
    within = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    right = order[np.repeat(first, many) + within] if len(left) else np.empty(0, np.int64)
    iou = overlaps(shown.xywh[left], truth.xywh[right], np.zeros(len(left), bool))
    near = iou >= 0.5
    return left[near], right[near], iou[near]

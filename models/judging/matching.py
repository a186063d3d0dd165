"""Who found what: found boxes matched with labelled ones, for all pictures, classes and overlaps at once.

The rule is COCO's: within a picture and class, the surest box first takes the labelled one that it
overlaps most, if by at least the wanted overlap and if it is free; boxes that only fit ignored labels
count neither way. The loop runs over ranks (all surest boxes, then all second ones, …), each step over
all pictures, classes and overlaps together. Source: COCO API, ``cocoeval.py``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.judging.boxes import Flags, Floats, Found, Ints, Truth, overlaps

__all__ = ["IOUS", "Matches", "match"]

IOUS: Floats = np.linspace(0.5, 0.95, 10)
"""Overlaps that mAP50-95 averages over. Source: COCO."""

_MOST = 100
"""Found boxes of a class in a picture that count, the surest first. Source: COCO ``maxDets``."""

_SPAN = 1 << 20
"""More classes than there are: makes one number of picture and class."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Found boxes, the surest first within each picture and class, and what became of them.

    Attributes:
        row: int64 (n,), row of the boxes that were given to :func:`match`.
        found: the boxes, in this order.
        hit: bool (overlaps, n), it fits a label that counts.
        void: bool (overlaps, n), it counts neither way.
        truth: int64 (overlaps, n), row of the label that it fits, or -1.
        counted: bool (labels,), labels that count.
    """

    row: Ints
    found: Found
    hit: Flags
    void: Flags
    truth: Ints
    counted: Flags


def match(
    truth: Truth,
    found: Found,
    *,
    ious: Floats = IOUS,
    ignored: Flags | None = None,
    outside: Flags | None = None,
) -> Matches:
    """Return what became of every found box.

    Args:
        truth: the labels.
        found: the found boxes.
        ious: float64 (overlaps,), 0..1.
        ignored: bool (labels,), labels that count neither way, beside crowds.
        outside: bool (found,), boxes that count neither way unless they fit a label.
    """
    idle = truth.crowd if ignored is None else truth.crowd | ignored
    order, key, rank = _ranked(found)
    label_order, slot, place, groups = _groups(truth, idle)
    chosen = found.rows(order)
    hit = np.zeros((len(ious), len(order)), bool)
    idly = np.zeros_like(hit)
    partner = np.full(hit.shape, -1, np.int64)
    table = _Table(truth, idle, label_order, slot, place, len(groups))
    where = np.searchsorted(groups, key)
    known = np.zeros(len(key), bool)
    inside = where < len(groups)
    known[inside] = groups[where[inside]] == key[inside]
    limit = np.minimum(ious, 1.0 - 1e-10)[:, None, None]
    for number in range(int(rank.max(initial=-1)) + 1):
        rows = np.flatnonzero((rank == number) & known)
        if len(rows) == 0:
            continue
        label, void = table.take(where[rows], chosen.xywh[rows], limit)
        partner[:, rows] = label
        hit[:, rows] = (label >= 0) & ~void
        idly[:, rows] = void
    if outside is not None:
        idly |= (partner < 0) & outside[order]
    return Matches(order, chosen, hit, idly, partner, ~idle)


def _ranked(found: Found) -> tuple[Ints, Ints, Ints]:
    """Return rows in order of picture, class, sureness; the key of each; its rank in its group."""
    key = found.image * _SPAN + found.class_id
    order = np.lexsort((-found.score, key))
    key = key[order]
    rank = _position(key)
    few = rank < _MOST
    return order[few], key[few], rank[few]


def _position(key: Ints) -> Ints:
    """Return each row's position within its run of equal keys."""
    if len(key) == 0:
        return np.empty(0, np.int64)
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    lengths = np.diff(np.r_[starts, len(key)])
    return np.asarray(np.arange(len(key)) - np.repeat(starts, lengths), np.int64)


def _groups(truth: Truth, idle: Flags) -> tuple[Ints, Ints, Ints, Ints]:
    key = truth.image * _SPAN + truth.class_id
    order = np.lexsort((idle, key))
    groups, slot = np.unique(key[order], return_inverse=True)
    return order, slot, _position(key[order]), groups


class _Table:
    """Labels as a table of groups by place, and which are taken."""

    def __init__(
        self, truth: Truth, idle: Flags, order: Ints, slot: Ints, place: Ints, groups: int
    ) -> None:
        width = int(place.max(initial=-1)) + 1
        self._xywh = np.zeros((groups, width, 4))
        self._xywh[slot, place] = truth.xywh[order]
        self._row = np.full((groups, width), -1, np.int64)
        self._row[slot, place] = order
        self._crowd = np.zeros((groups, width), bool)
        self._crowd[slot, place] = truth.crowd[order]
        self._idle = np.ones((groups, width), bool)
        self._idle[slot, place] = idle[order]
        self._taken: NDArray[np.bool_] | None = None

    def take(self, slots: Ints, boxes: Floats, limit: Floats) -> tuple[Ints, Flags]:
        """Give each box its label, for each overlap; returns rows (-1: none) and whether it is idle.

        Args:
            slots: int64 (m,), each group at most once.
            boxes: float64 (m, 4).
            limit: float64 (overlaps, 1, 1).
        """
        if self._taken is None:
            self._taken = np.zeros((len(limit), *self._row.shape), bool)
        crowd, idle, row = self._crowd[slots], self._idle[slots], self._row[slots]
        iou = overlaps(boxes[:, None, :], self._xywh[slots], crowd)
        free = (~self._taken[:, slots] | crowd) & (iou >= limit) & (row >= 0)
        place, fits = _best(np.where(free & ~idle, iou, -1.0))
        second, fits_idle = _best(np.where(free & idle, iou, -1.0))
        fits_idle &= ~fits
        place = np.where(fits, place, second)
        level, column = np.nonzero(fits | fits_idle)
        self._taken[level, slots[column], place[level, column]] = True
        label = np.where(fits | fits_idle, row[np.arange(len(slots)), place], -1)
        return label, fits_idle


def _best(score: Floats) -> tuple[Ints, Flags]:
    """Return the place of the greatest score along the last axis, the last of equals, and if any."""
    last = score.shape[-1] - 1
    place = last - np.argmax(score[..., ::-1], axis=-1)
    return np.asarray(place, np.int64), np.asarray(score.max(axis=-1) >= 0.0)

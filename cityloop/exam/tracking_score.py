"""How well tracks follow what is true: HOTA and IDF1.

Sources: HOTA: J. Luiten et al., International Journal of Computer Vision 129, 548 (2021), over the
thresholds 0.05 to 0.95; IDF1: E. Ristani et al., ECCV Workshops 2016, at an overlap of 0.5. Equal to
TrackEval's figures, which a test shows.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from scipy.optimize import linear_sum_assignment

__all__ = ["Moment", "TrackingScore", "overlaps", "tracking_score"]

Array = np.ndarray[Any, np.dtype[np.float64]]

_ALPHAS = np.arange(0.05, 0.99, 0.05)
_SAME = 0.5
"""Overlap from which a box is the body's, for IDF1."""


class Moment(Struct, frozen=True, eq=False):
    """One moment: ids of what is true ``(t,)`` and of tracks ``(n,)``, their overlaps ``(t, n)``."""

    true: tuple[int, ...]
    tracks: tuple[int, ...]
    overlap: Array


class TrackingScore(Struct, frozen=True, kw_only=True):
    """Both figures, 0 to 1, and how many true boxes they rest on."""

    hota: float
    idf1: float
    boxes: int


def overlaps(one: Array, other: Array) -> Array:
    """Return the overlap (intersection over union) of boxes ``(t, 4)`` and ``(n, 4)``: ``(t, n)``."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0.0, None), axis=2)
    areas = [np.prod(np.clip(box[:, 2:] - box[:, :2], 0.0, None), axis=1) for box in (one, other)]
    both = areas[0][:, None] + areas[1][None, :] - shared
    return np.asarray(np.where(both > 0.0, shared / np.maximum(both, 1e-12), 0.0))


def tracking_score(moments: Sequence[Moment]) -> TrackingScore | None:
    """Return how well tracks follow what is true; None where nothing was true."""
    true_ids = sorted({number for moment in moments for number in moment.true})
    track_ids = sorted({number for moment in moments for number in moment.tracks})
    boxes = sum(len(moment.true) for moment in moments)
    if not boxes:
        return None
    rows = {number: index for index, number in enumerate(true_ids)}
    columns = {number: index for index, number in enumerate(track_ids)}
    places = [
        (
            np.array([rows[number] for number in moment.true], np.intp),
            np.array([columns[number] for number in moment.tracks], np.intp),
            moment.overlap,
        )
        for moment in moments
    ]
    shape = (len(true_ids), len(track_ids))
    return TrackingScore(
        hota=round(_hota(places, shape), 4), idf1=round(_idf1(places, shape), 4), boxes=boxes
    )


_Places = list[tuple[np.ndarray[Any, np.dtype[np.intp]], np.ndarray[Any, np.dtype[np.intp]], Array]]


def _hota(places: _Places, shape: tuple[int, int]) -> float:
    likely = np.zeros(shape)
    true_count, track_count = np.zeros((shape[0], 1)), np.zeros((1, shape[1]))
    for true, tracks, overlap in places:
        total = overlap.sum(axis=1, keepdims=True) + overlap.sum(axis=0, keepdims=True) - overlap
        share = np.where(total > 0.0, overlap / np.maximum(total, 1e-12), 0.0)
        likely[np.ix_(true, tracks)] += share
        true_count[true, 0] += 1.0
        track_count[0, tracks] += 1.0
    alignment = likely / np.maximum(true_count + track_count - likely, 1e-12)
    matches = np.zeros((len(_ALPHAS), *shape))
    for true, tracks, overlap in places:
        if not (len(true) and len(tracks)):
            continue
        chosen = linear_sum_assignment(-alignment[np.ix_(true, tracks)] * overlap)
        good = overlap[chosen]
        for number, alpha in enumerate(_ALPHAS):
            kept = good >= alpha - 1e-12
            matches[number, true[chosen[0][kept]], tracks[chosen[1][kept]]] += 1.0
    found = matches.sum(axis=(1, 2))
    unions = np.maximum(true_count + track_count - matches, 1.0)
    association = (matches * matches / unions).sum(axis=(1, 2)) / np.maximum(found, 1.0)
    everything = true_count.sum() + track_count.sum() - found
    return float(np.sqrt(found / everything * association).mean())


def _idf1(places: _Places, shape: tuple[int, int]) -> float:
    together = np.zeros(shape)
    boxes = 0
    for true, tracks, overlap in places:
        boxes += len(true) + len(tracks)
        together[np.ix_(true, tracks)] += overlap >= _SAME
    return float(2.0 * together[linear_sum_assignment(-together)].sum() / boxes)

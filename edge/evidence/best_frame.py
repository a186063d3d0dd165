"""The best picture of each track: sharp, large, whole, confident."""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.evidence.subject import Subject
from edge.evidence.view import View
from edge.vision.tracks import Tracks

__all__ = ["BestFrames", "picture_score"]

_BETTER = 1.1
"""A new picture must score 10 % better than the one held, so that frames are not swapped for noise.
Source: the thumbnail rule in edge.md §1 (area +10 %)."""

_EDGE_SHARE = 0.01
"""A box nearer to the picture's edge than this share of its size is taken as cut off."""

_CUT_OFF = 0.25
"""Factor on the score of a box that is cut off."""

_SHARPNESS_HALF = 100.0
"""Variance of the Laplacian at which sharpness counts one half. Source: the usual blur threshold;
J. Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, ICPR 2000 (the measure)."""


def picture_score(
    luma: NDArray[np.uint8], box_xyxy: NDArray[np.float32], confidence: float
) -> float:
    """Return how good a picture of one object is, 0 or more.

    Args:
        luma: uint8 (h, w).
        box_xyxy: float32 (4,), pixels.
        confidence: 0..1.
    """
    height, width = luma.shape
    left, top, right, bottom = (float(value) for value in box_xyxy)
    x0, y0 = max(0, int(left)), max(0, int(top))
    x1, y1 = min(width, int(right)), min(height, int(bottom))
    if x1 - x0 < 2 or y1 - y0 < 2:
        return 0.0
    # every second row and column is enough to tell sharp from blurred, at a quarter of the cost
    patch = luma[y0:y1:2, x0:x1:2] if min(x1 - x0, y1 - y0) >= 64 else luma[y0:y1, x0:x1]
    variance = float(cv2.Laplacian(np.ascontiguousarray(patch), cv2.CV_32F).var())
    sharpness = variance / (variance + _SHARPNESS_HALF)
    share = (x1 - x0) * (y1 - y0) / (width * height)
    margin_x, margin_y = width * _EDGE_SHARE, height * _EDGE_SHARE
    inside = (
        left >= margin_x
        and top >= margin_y
        and right <= width - margin_x
        and bottom <= height - margin_y
    )
    return float(confidence * sharpness * share**0.5 * (1.0 if inside else _CUT_OFF))


class BestFrames:
    """Holds, for every live track, the view that shows it best.

    Views are shared between tracks; at most ``max_views`` different ones are held. Beyond that the
    one with the lowest score gives way, and its tracks take the next view that comes.

    Args:
        max_views: most frames held in memory.
    """

    def __init__(self, max_views: int = 12) -> None:
        self._max_views = max_views
        self._held: dict[int, tuple[float, View, Subject]] = {}

    def offer(self, view: View, tracks: Tracks) -> None:
        """Take a view for the tracks seen in it, where it is better than what is held.

        Args:
            view: the frame; one that is not sure only serves where nothing is held.
            tracks: the tracks that were seen in this very frame.
        """
        labels = tracks.labels()
        for number, track in enumerate(tracks.id.tolist()):
            held = self._held.get(track)
            if held is not None and held[1].sure and not view.sure:
                continue
            score = picture_score(
                view.frame.luma, tracks.xyxy[number], float(tracks.confidence[number])
            )
            if held is None or (view.sure and not held[1].sure) or score > held[0] * _BETTER:
                left, top, right, bottom = tracks.xyxy[number].tolist()
                subject = Subject(labels[number], (left, top, right, bottom))
                self._held[track] = (score, view, subject)
        self._evict()

    def best(self, track: int) -> View | None:
        """Return the best view of a track, or None when none is held."""
        held = self._held.get(track)
        return None if held is None else held[1]

    def subject(self, track: int) -> Subject | None:
        """Return what a track is in its best view, or None when none is held."""
        held = self._held.get(track)
        return None if held is None else held[2]

    def keep(self, tracks: Iterable[int]) -> None:
        """Forget every track that is not among ``tracks``."""
        wanted = set(tracks)
        self._held = {track: held for track, held in self._held.items() if track in wanted}

    def clear(self) -> None:
        """Forget every track."""
        self._held.clear()

    def _evict(self) -> None:
        views: dict[int, float] = {}
        for score, view, _ in self._held.values():
            key = id(view)
            views[key] = max(score, views.get(key, 0.0))
        for key, _ in sorted(views.items(), key=lambda item: item[1])[: -self._max_views]:
            self._held = {track: held for track, held in self._held.items() if id(held[1]) != key}

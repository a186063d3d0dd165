"""Watches whether one network of a camera still finds what it found at first."""

from collections import Counter
from typing import NamedTuple

import structlog

from edge.second_look.drift import Shift, shift_of, stability_index
from edge.vision.tracks import Tracks

__all__ = ["DriftWatch", "Drifted"]

_LOG = structlog.get_logger("edge.second_look")

_BINS = 10
_EVERY_S = 1.0
"""A thing counts once a second at most: one that stands still must not be all that was found."""


class Drifted(NamedTuple):
    """What came of comparing a window with the reference."""

    scores: float
    """PSI of the confidences."""
    classes: float
    """PSI of the classes."""

    @property
    def shift(self) -> Shift:
        """The larger of the two, in words."""
        return shift_of(max(self))


class DriftWatch:
    """Compares every window of findings with the first one of the same network.

    Args:
        camera: its id.
        findings: how many make a window.
        further: which of the camera's further models is watched; empty: its first.
    """

    def __init__(self, camera: str, findings: int, further: str = "") -> None:
        self._camera = camera
        self._named = {"further_model": further} if further else {}
        self._findings = findings
        self._model = ""
        self._told_s: dict[int, float] = {}
        self._begin("")

    def look(self, tracks: Tracks, pts_s: float, model: str) -> Drifted | None:
        """Take what a camera has just seen; return a comparison where a window is full.

        Args:
            tracks: seen now.
            pts_s: presentation time of the frame, seconds.
            model: the network that looked; another one begins anew.
        """
        if model != self._model:
            self._begin(model)
        for track, label, score in zip(tracks.id, tracks.labels(), tracks.confidence, strict=True):
            last_s = self._told_s.get(int(track))
            if last_s is not None and 0.0 <= pts_s - last_s < _EVERY_S:
                continue
            self._told_s[int(track)] = pts_s
            self._scores[min(int(float(score) * _BINS), _BINS - 1)] += 1
            self._classes[label] += 1
        self._told_s = {
            track: told_s for track, told_s in self._told_s.items() if 0.0 <= pts_s - told_s < 60.0
        }
        return self._compare() if self._scores.total() >= self._findings else None

    def _begin(self, model: str) -> None:
        self._model = model
        self._reference: tuple[Counter[int], Counter[str]] | None = None
        self._scores: Counter[int] = Counter()
        self._classes: Counter[str] = Counter()

    def _compare(self) -> Drifted | None:
        scores, classes = self._scores, self._classes
        self._scores, self._classes = Counter(), Counter()
        if self._reference is None:
            self._reference = scores, classes
            return None
        found = Drifted(
            stability_index(self._reference[0], scores),
            stability_index(self._reference[1], classes),
        )
        if found.shift is not Shift.NONE:
            _LOG.warning(
                "drift_found",
                camera_id=self._camera,
                model=self._model,
                **self._named,
                shift=found.shift.value,
                scores=round(found.scores, 3),
                classes=round(found.classes, 3),
            )
        return found

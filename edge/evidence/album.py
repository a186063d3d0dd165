"""The pictures that one camera's observations may carry: the best of each track, and what was around it."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from contracts.envelope import Evidence, EvidenceRole
from edge.evidence.best_frame import BestFrames
from edge.evidence.config import CameraEvidenceConfig
from edge.evidence.desk import EvidenceDesk
from edge.evidence.subject import Subject
from edge.evidence.view import View
from edge.vision.tracks import Tracks

__all__ = ["Album", "subjects_of"]

_CONTEXT_EVERY_S = 2.0
"""Seconds of video between two views kept for context."""
_CONTEXT_VIEWS = 3
"""Views kept for context: the oldest is four to six seconds old."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """A view, and who was where in it."""

    view: View
    subjects: Mapping[int, Subject]


def subjects_of(tracks: Tracks) -> dict[int, Subject]:
    """Return every track as the subject of a picture, by id."""
    return {
        track: Subject(label, (box[0], box[1], box[2], box[3]))
        for track, label, box in zip(
            tracks.id.tolist(), tracks.labels(), tracks.xyxy.tolist(), strict=True
        )
    }


class Album:
    """Keeps views in memory and has pictures made of them when an observation asks.

    Args:
        desk: makes pictures; None makes none.
        config: whether, and how.
    """

    def __init__(self, desk: EvidenceDesk | None, config: CameraEvidenceConfig) -> None:
        self._desk = desk if config.pictures else None
        self._config = config
        self._best = BestFrames()
        self._around: deque[_Scene] = deque(maxlen=_CONTEXT_VIEWS)
        self._latest: _Scene | None = None

    def offer(self, view: View, tracks: Tracks) -> None:
        """Take a view, with the tracks that were seen in this very frame."""
        if self._desk is None:
            return
        self._best.offer(view, tracks)
        self._latest = _Scene(view, subjects_of(tracks))
        if (
            not self._around
            or view.frame.pts_s - self._around[-1].view.frame.pts_s >= _CONTEXT_EVERY_S
        ):
            self._around.append(self._latest)

    def of_track(
        self, track: int, model: str | None = None, *, context: bool = False
    ) -> tuple[Evidence, ...]:
        """Return the best picture of a track; with ``context`` also one from before and the latest.

        Args:
            track: its number.
            model: the network that sees it.
            context: whether more than the best is wanted.
        """
        best = self._best.best(track)
        if best is None:
            return ()
        shots = [(best, self._best.subject(track), EvidenceRole.BEST)]
        if context and self._config.context:
            shots += [
                (scene.view, scene.subjects.get(track), role) for scene, role in self._context(best)
            ]
        return self._made(shots, model)

    def of_place(self, model: str | None = None, *, context: bool = False) -> tuple[Evidence, ...]:
        """Return the latest picture, of what no single track stands for; perhaps one from before.

        Args:
            model: the network that looks.
            context: whether one from before is wanted too.
        """
        if self._latest is None:
            return ()
        shots = [(self._latest.view, None, EvidenceRole.BEST)]
        if context and self._config.context and self._around:
            before = self._around[0].view
            if before.frame.index != self._latest.view.frame.index:
                shots.append((before, None, EvidenceRole.BEFORE))
        return self._made(shots, model)

    def keep(self, tracks: Iterable[int]) -> None:
        """Forget every track that is not among these."""
        self._best.keep(tracks)

    def clear(self) -> None:
        """Forget everything: what comes next does not continue what was."""
        self._best.clear()
        self._around.clear()
        self._latest = None

    def _context(self, best: View) -> list[tuple[_Scene, EvidenceRole]]:
        found: list[tuple[_Scene, EvidenceRole]] = []
        if self._around and self._around[0].view.frame.index < best.frame.index:
            found.append((self._around[0], EvidenceRole.BEFORE))
        if self._latest is not None and self._latest.view.frame.index > best.frame.index:
            found.append((self._latest, EvidenceRole.AFTER))
        return found

    def _made(
        self, shots: Iterable[tuple[View, Subject | None, EvidenceRole]], model: str | None
    ) -> tuple[Evidence, ...]:
        assert self._desk is not None
        made = [
            self._desk.picture(view, self._config.redact, subject, role)
            for view, subject, role in shots
        ]
        return tuple(
            msgspec.structs.replace(evidence, model=model)
            for evidence in made
            if evidence is not None
        )

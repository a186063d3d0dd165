"""Who hangs about 徘徊: comes and goes, but never for long."""

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Loitering", "LoiteringChange"]


@dataclass(frozen=True, slots=True)
class LoiteringChange:
    """Somebody counts as loitering, or no longer; times in seconds of presentation time."""

    track: int
    began: bool
    since_s: float
    until_s: float
    inside_s: float
    """How long he was inside in all."""


@dataclass(slots=True)
class _Visit:
    since_s: float
    inside_s: float
    seen_s: float
    told: bool = False


class Loitering:
    """Adds up the time that each track spends inside; an absence of up to ``gap_s`` ends nothing.

    A dwell in a zone begins anew whenever its track steps out; who walks to and fro before a door is
    found here. The time outside does not count.

    Args:
        after_s: seconds inside in all.
        gap_s: seconds outside or unseen after which the next visit is another matter.
    """

    def __init__(self, *, after_s: float, gap_s: float = 30.0) -> None:
        self._after_s, self._gap_s = after_s, gap_s
        self._visits: dict[int, _Visit] = {}
        self._inside: set[int] = set()

    def update(self, inside: Iterable[int], pts_s: float) -> list[LoiteringChange]:
        """Return what changed.

        Args:
            inside: the tracks inside the zone at this moment.
            pts_s: presentation time in seconds.
        """
        changes: list[LoiteringChange] = []
        now = set(inside)
        for track in sorted(now):
            visit = self._visits.get(track)
            if visit is None:
                visit = self._visits[track] = _Visit(pts_s, 0.0, pts_s)
            elif track in self._inside:
                visit.inside_s += pts_s - visit.seen_s
            visit.seen_s = pts_s
            if not visit.told and visit.inside_s >= self._after_s - 1e-6:
                visit.told = True
                changes.append(self._change(track, visit, began=True))
        gone = [t for t, v in sorted(self._visits.items()) if pts_s - v.seen_s > self._gap_s]
        self._inside = now
        return changes + self._leave(gone)

    def clear(self) -> list[LoiteringChange]:
        """Forget every track; return that who loitered does so no longer."""
        self._inside.clear()
        return self._leave(sorted(self._visits))

    def _leave(self, tracks: Iterable[int]) -> list[LoiteringChange]:
        left = [(track, self._visits.pop(track)) for track in tracks]
        return [self._change(track, visit, began=False) for track, visit in left if visit.told]

    @staticmethod
    def _change(track: int, visit: _Visit, *, began: bool) -> LoiteringChange:
        return LoiteringChange(track, began, visit.since_s, visit.seen_s, visit.inside_s)

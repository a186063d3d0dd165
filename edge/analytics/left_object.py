"""What was left behind: a thing that stays where nobody stands."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["LeftObject", "LeftObjectChange", "Thing"]


@dataclass(frozen=True, slots=True)
class Thing:
    """A track as far as this matters: anchor and height of its box, in heights of the picture."""

    x: float
    y: float
    height: float
    carries: bool
    """Whether it may carry or own something: a person or a vehicle."""


@dataclass(frozen=True, slots=True)
class LeftObjectChange:
    """A thing counts as left behind, or no longer; times in seconds of presentation time."""

    track: int
    began: bool
    since_s: float
    until_s: float


@dataclass(slots=True)
class _Rest:
    x: float
    y: float
    since_s: float
    seen_s: float
    attended_s: float
    told: bool = False


class LeftObject:
    """Tells of things that rest, with nobody near, for a while.

    A thing rests while it stays within half its height of where it lay down; somebody attends to it
    who stands within ``near`` of his own height. It is left once it has rested and been unattended
    for ``after_s``, and no longer when it moves or is gone.

    Args:
        after_s: seconds.
        near: how near an owner stands, in his own heights.
        forget_s: seconds after which a thing that is not seen is gone.
    """

    def __init__(self, *, after_s: float, near: float = 1.5, forget_s: float = 10.0) -> None:
        self._after_s, self._near, self._forget_s = after_s, near, forget_s
        self._rests: dict[int, _Rest] = {}

    def update(self, things: Mapping[int, Thing], pts_s: float) -> list[LeftObjectChange]:
        """Return what changed.

        Args:
            things: the tracks at this moment, owners among them.
            pts_s: presentation time in seconds.
        """
        owners = [thing for thing in things.values() if thing.carries]
        changes: list[LeftObjectChange] = []
        for track in sorted(things):
            thing = things[track]
            if not thing.carries:
                changes += self._step(track, thing, owners, pts_s)
        for track, rest in sorted(self._rests.items()):
            if track not in things and pts_s - rest.seen_s > self._forget_s:
                changes += self._leave(track)
        return changes

    def clear(self) -> list[LeftObjectChange]:
        """Forget everything; return that what was left is so no longer."""
        return [change for track in sorted(self._rests) for change in self._leave(track)]

    def _step(
        self, track: int, thing: Thing, owners: list[Thing], pts_s: float
    ) -> list[LeftObjectChange]:
        rest = self._rests.get(track)
        moved = (
            rest is not None and math.hypot(thing.x - rest.x, thing.y - rest.y) > thing.height / 2.0
        )
        changes = self._leave(track) if moved else []
        if rest is None or moved:
            rest = self._rests[track] = _Rest(thing.x, thing.y, pts_s, pts_s, pts_s)
        rest.seen_s = pts_s
        if any(
            math.hypot(owner.x - thing.x, owner.y - thing.y) <= self._near * owner.height
            for owner in owners
        ):
            rest.attended_s = pts_s
        alone_since_s = max(rest.since_s, rest.attended_s)
        if not rest.told and pts_s - alone_since_s >= self._after_s - 1e-6:
            rest.told = True
            changes.append(LeftObjectChange(track, True, alone_since_s, pts_s))
        return changes

    def _leave(self, track: int) -> list[LeftObjectChange]:
        rest = self._rests.pop(track)
        if not rest.told:
            return []
        return [LeftObjectChange(track, False, rest.since_s, rest.seen_s)]

"""What a change of packs does to the alarms: which come, which go, which move."""

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from cityloop.rules_tools.firings import Firing
from contracts.levels import Level

__all__ = ["Comparison", "Moved", "compare"]

_OPEN_END = datetime.max.replace(tzinfo=UTC)


class Moved(Struct, frozen=True, kw_only=True):
    """One episode that both versions raise, differently."""

    old: Firing
    new: Firing
    raised_by_s: float
    """Seconds by which it is raised later (negative: earlier)."""
    ended_by_s: float | None
    """Seconds by which it ends later; None where one of both is still open."""
    level: tuple[Level, Level]
    """Gravest level, old and new."""


class Comparison(Struct, frozen=True, kw_only=True):
    """Alarms of two versions of packs on the same data."""

    same: int
    added: tuple[Firing, ...]
    removed: tuple[Firing, ...]
    moved: tuple[Moved, ...]


def compare(old: Sequence[Firing], new: Sequence[Firing]) -> Comparison:
    """Return how the episodes of a new version differ from those of an old one.

    Two episodes are the same alarm where event type and key agree and their times overlap; of several
    the first still free one counts. The id and version of the rule do not matter.
    """
    waiting: dict[tuple[object, ...], list[Firing]] = {}
    for firing in new:
        waiting.setdefault(_thing(firing), []).append(firing)
    removed: list[Firing] = []
    moved: list[Moved] = []
    same = 0
    for firing in old:
        candidates = waiting.get(_thing(firing), [])
        partner = next((one for one in candidates if _overlap(firing, one)), None)
        if partner is None:
            removed.append(firing)
            continue
        candidates.remove(partner)
        if _course(firing) == _course(partner):
            same += 1
        else:
            moved.append(_moved(firing, partner))
    added = [firing for rest in waiting.values() for firing in rest]
    return Comparison(
        same=same,
        added=tuple(sorted(added, key=lambda firing: (firing.onset_at, firing.event_id))),
        removed=tuple(removed),
        moved=tuple(moved),
    )


def _thing(firing: Firing) -> tuple[object, ...]:
    return (firing.event_type, *sorted(firing.key.items()))


def _overlap(old: Firing, new: Firing) -> bool:
    return old.onset_at <= (new.ended_at or _OPEN_END) and new.onset_at <= (
        old.ended_at or _OPEN_END
    )


def _course(firing: Firing) -> tuple[object, ...]:
    steps = tuple((step.phase, step.level, step.at) for step in firing.steps)
    return (firing.onset_at, firing.ended_at, steps)


def _moved(old: Firing, new: Firing) -> Moved:
    ended = None
    if old.ended_at is not None and new.ended_at is not None:
        ended = (new.ended_at - old.ended_at).total_seconds()
    return Moved(
        old=old,
        new=new,
        raised_by_s=(new.raised_at - old.raised_at).total_seconds(),
        ended_by_s=ended,
        level=(old.level, new.level),
    )

"""What would have been raised: episodes told by their statements, and the digest of all."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from contracts.codec import encode
from contracts.event import Event, EventPhase
from contracts.levels import Level, level_rank

__all__ = ["Firing", "FiringStep", "firings_of", "statements_digest"]


class FiringStep(Struct, frozen=True, kw_only=True):
    """One statement about an episode."""

    rev: int
    phase: EventPhase
    level: Level
    at: datetime


class Firing(Struct, frozen=True, kw_only=True):
    """One episode that would have been raised."""

    event_id: str
    event_type: str
    rule: str
    key: dict[str, str]
    level: Level
    """The gravest level it reached."""
    onset_at: datetime
    raised_at: datetime
    """When its first statement was made: onset and ``for`` later."""
    delay_s: float
    """Seconds from onset to raised."""
    ended_at: datetime | None
    """None: still open at the end of the data."""
    title_zh: str
    title_en: str
    steps: tuple[FiringStep, ...]


def statements_digest(events: Iterable[Event]) -> str:
    """Return a SHA-256 over statements, the same whatever order they were noticed in.

    Every byte of every statement counts, causes and titles included. The order is that of
    (event_id, rev): whether two keys' delays were noticed by one tick or by two changes nothing.
    """
    digest = hashlib.sha256()
    for event in sorted(events, key=lambda event: (event.event_id, event.rev)):
        digest.update(encode(event))
        digest.update(b"\n")
    return digest.hexdigest()


def firings_of(events: Iterable[Event]) -> list[Firing]:
    """Return the episodes that statements tell of, by onset and id."""
    episodes: dict[str, list[Event]] = {}
    for event in events:
        episodes.setdefault(event.event_id, []).append(event)
    found = [_firing(sorted(told, key=lambda event: event.rev)) for told in episodes.values()]
    return sorted(found, key=lambda firing: (firing.onset_at, firing.event_id))


def _firing(told: Sequence[Event]) -> Firing:
    first, last = told[0], told[-1]
    return Firing(
        event_id=first.event_id,
        event_type=first.event_type,
        rule=first.rule,
        key=first.key,
        level=max((event.level for event in told), key=level_rank),
        onset_at=first.onset_at,
        raised_at=first.at,
        delay_s=round((first.at - first.onset_at).total_seconds(), 6),
        ended_at=last.ended_at if last.phase is EventPhase.END else None,
        title_zh=first.title.zh,
        title_en=first.title.en,
        steps=tuple(
            FiringStep(rev=event.rev, phase=event.phase, level=event.level, at=event.at)
            for event in told
        ),
    )

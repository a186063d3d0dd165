"""What the stack said about one episode, put together from its statements."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from contracts.event import Event, EventPhase
from contracts.levels import Level, level_rank
from rules.escalation import ESCALATED

__all__ = ["Episode", "episodes_of"]


class Episode(Struct, frozen=True, kw_only=True):
    """One event with all its revisions. Times are seconds of the scenario."""

    event_id: str
    event_type: str
    rule: str
    subject: str
    opened_s: float
    """Event time of the statement that opened it."""
    heard_s: float
    """When that statement reached the API."""
    onset_s: float
    ended_s: float | None
    peak: Level
    """The gravest level before anybody's inaction raised it."""
    statements: int
    lon: float | None
    lat: float | None
    causes: tuple[str, ...]
    """Per statement what was decided and why, for the report."""
    values: tuple[dict[str, float | bool | str | None], ...] = ()
    """Per statement the values that decided."""


def episodes_of(heard: Iterable[tuple[Event, datetime]], start: datetime) -> list[Episode]:
    """Return the episodes in statements that reached the API, in order of their opening.

    Args:
        heard: statements with the moment each reached the API.
        start: the scenario's second 0.
    """
    found: dict[str, dict[int, tuple[Event, datetime]]] = {}
    for event, at in heard:
        found.setdefault(event.event_id, {}).setdefault(event.rev, (event, at))
    return sorted(
        (
            _episode([revisions[rev] for rev in sorted(revisions)], start)
            for revisions in found.values()
        ),
        key=lambda episode: (episode.opened_s, episode.event_id),
    )


def _found(revisions: list[tuple[Event, datetime]]) -> list[tuple[Event, datetime]]:
    """Return the statements before an escalation: after it the level is no more the rule's finding."""
    for number, (event, _) in enumerate(revisions):
        if ESCALATED in event.cause.flags and number:
            return revisions[:number]
    return revisions


def _subject(event: Event) -> str:
    """Return whom an event is about: a sensor, or a camera and its zone."""
    if "camera" in event.key and "zone" in event.key:
        return f"{event.key['camera']}/{event.key['zone']}"
    return event.subject or next(iter(event.key.values()), "")


def _episode(revisions: list[tuple[Event, datetime]], start: datetime) -> Episode:
    first, heard_at = revisions[0]
    last = revisions[-1][0]
    ended_at = (last.ended_at or last.at) if last.phase is EventPhase.END else None
    place = next((event.place for event, _ in revisions if event.place is not None), None)
    return Episode(
        event_id=first.event_id,
        event_type=first.event_type,
        rule=first.rule,
        subject=_subject(first),
        opened_s=(first.at - start).total_seconds(),
        heard_s=(heard_at - start).total_seconds(),
        onset_s=(first.onset_at - start).total_seconds(),
        ended_s=None if ended_at is None else (ended_at - start).total_seconds(),
        peak=max((event.level for event, _ in _found(revisions)), key=level_rank),
        statements=len(revisions),
        lon=None if place is None else place.lon,
        lat=None if place is None else place.lat,
        causes=tuple(
            f"{event.phase} {event.level} at {event.at.isoformat()}: {event.cause.expression} "
            f"{event.cause.values}"
            for event, _ in revisions
        ),
        values=tuple(event.cause.values for event, _ in revisions),
    )

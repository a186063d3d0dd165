"""Events for the tests."""

import uuid
from datetime import UTC, datetime, timedelta

import msgspec

from contracts.codec import encode
from contracts.envelope import Discovery, Evidence
from contracts.event import Cause, Event, EventPhase, Title
from contracts.levels import Level

START = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


def event_id(number: int) -> str:
    """Return the id of the ``number``-th event."""
    return str(uuid.UUID(int=number))


def make_event(
    number: int = 1,
    rev: int = 0,
    *,
    level: Level = Level.YELLOW,
    phase: EventPhase = EventPhase.OPEN,
    district: str = "futian",
    event_type: str = "water.ponding",
    dedupe: str | None = None,
    discovery: Discovery = Discovery.AUTOMATIC,
    evidence: tuple[Evidence, ...] = (),
    title: str = "ponding",
) -> Event:
    """Return a revision of an event whose onset depends on its number alone."""
    onset = START + timedelta(seconds=number)
    at = onset + timedelta(seconds=rev)
    return Event(
        event_id=event_id(number),
        rev=rev,
        event_type=event_type,
        rule="waterlogging",
        rule_version="1",
        level=level,
        phase=phase,
        key={"subject": f"ws-{number}"},
        district=district,
        onset_at=onset,
        at=at,
        ended_at=at if phase is EventPhase.END else None,
        title=Title(zh="积水", en=title),
        cause=Cause(expression="depth_m >= 0.27", values={"depth_m": 0.3}),
        dedupe=dedupe,
        discovery=discovery,
        evidence=evidence,
    )


def body_of(*events: Event) -> bytes:
    """Return a post's body: one object, or an array."""
    return encode(events[0]) if len(events) == 1 else msgspec.json.encode(list(events))

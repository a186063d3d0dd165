"""Why an event was raised: its rule, what was compared, and the message that decided."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from contracts.codec import decode_message
from contracts.errors import MessageError
from contracts.event import Event
from contracts.readings import moment
from gateway.dedupe import Dedupe
from gateway.errors import EventNotFoundError
from gateway.event_outbox import EventOutbox, EventState
from gateway.rule_host import RuleHost
from gateway.rule_packs import PackSource, encode_packs
from runtime.journal import JournalRecord, read_journal

__all__ = ["Explanation", "Statement", "explain", "replay_events"]


class Deciding(msgspec.Struct, frozen=True, kw_only=True):
    """The journal record that decided."""

    offset: int
    topic: str
    arrived_at: datetime
    message: msgspec.Raw
    """The message as it came."""


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One revision of an event, with its cause and what became of it."""

    rev: int
    phase: str
    level: str
    at: datetime
    expression: str
    values: dict[str, float | bool | str | None]
    delivery: str
    """pending, delivered, dead, or ``replayed`` where only the journal still knows it."""
    flags: tuple[str, ...] = ()
    tick: bool = False
    """A timer decided; the deciding message is the last one it looked at."""
    reason: str | None = None
    """Why the API refused it."""
    deciding: Deciding | None = None


class Explanation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event and every statement about it."""

    event_id: str
    event_type: str
    rule: str
    rule_version: str
    title_zh: str
    title_en: str
    key: dict[str, str]
    district: str
    onset_at: datetime
    source: str
    """outbox, or journal where the event was found by a replay."""
    statements: tuple[Statement, ...]
    subject: str | None = None
    ended_at: datetime | None = None


def replay_events(
    directory: Path, host: RuleHost, event_id: str, packs: Sequence[PackSource]
) -> list[Event]:
    """Return the statements about one event that a replay of the journal makes.

    Args:
        directory: folder of the journal.
        host: a fresh one.
        event_id: the event.
        packs: rules to begin with where the journal's beginning, and with it its own, is pruned.
    """
    found: list[Event] = []
    for record in read_journal(directory):
        if record.offset > 0 and not host.packs:
            host.load_packs(encode_packs(packs), record.arrived_at_us / 1_000_000)
        found.extend(e for e in host.apply(record).events if e.event_id == event_id)
    return found


def _deciding(directory: Path, offset: int | None) -> Deciding | None:
    """Return the record at an offset; None when it is pruned or was never named."""
    record: JournalRecord | None = None
    if offset is not None and directory.exists():
        first = next(read_journal(directory), None)
        if first is not None and offset >= first.offset:
            record = next(read_journal(directory, offset), None)
    if record is None:
        return None
    try:
        decode_message(record.payload)
        raw = msgspec.Raw(record.payload)
    except MessageError:
        raw = msgspec.Raw(msgspec.json.encode(record.payload.decode(errors="replace")))
    return Deciding(
        offset=record.offset,
        topic=record.topic,
        arrived_at=moment(record.arrived_at_us / 1_000_000),
        message=raw,
    )


def _statements(
    directory: Path, told: Sequence[tuple[Event, str, str | None]]
) -> tuple[Statement, ...]:
    return tuple(
        Statement(
            rev=event.rev,
            phase=event.phase.value,
            level=event.level.value,
            at=event.at,
            expression=event.cause.expression,
            values=event.cause.values,
            delivery=delivery,
            flags=event.cause.flags,
            tick=event.cause.tick,
            reason=reason,
            deciding=_deciding(directory, event.cause.journal_offset),
        )
        for event, delivery, reason in told
    )


def explain(
    event_id: str,
    *,
    outbox: Path,
    journal: Path,
    default_district: str,
    skew_s: float,
    late_s: float,
    packs: Sequence[PackSource] = (),
) -> Explanation:
    """Return why an event was raised; safe beside a running gateway.

    Args:
        event_id: the event.
        outbox: file of the event outbox; asked first.
        journal: folder of the journal; replayed when the outbox has forgotten the event.
        default_district: as configured.
        skew_s: as configured.
        late_s: as configured.
        packs: the configured packs, for a journal whose beginning is pruned.

    Raises:
        EventNotFoundError: neither knows it.
    """
    told: list[tuple[Event, str, str | None]] = []
    source = "outbox"
    if outbox.exists():
        store = EventOutbox(outbox, read_only=True)
        try:
            for row in store.history(event_id):
                event = msgspec.json.decode(row.body, type=Event)
                told.append((event, EventState(row.state).name.lower(), row.reason))
        finally:
            store.close()
    if not told and journal.exists():
        source = "journal"
        host = RuleHost(Dedupe(), default_district=default_district, skew_s=skew_s, late_s=late_s)
        told = [
            (event, "replayed", None) for event in replay_events(journal, host, event_id, packs)
        ]
    if not told:
        raise EventNotFoundError(
            f"event {event_id}: neither the outbox {outbox} nor the journal {journal} knows it; "
            "check the id and --config, or the journal may have been pruned"
        )
    last = told[-1][0]
    return Explanation(
        event_id=event_id,
        event_type=last.event_type,
        rule=last.rule,
        rule_version=last.rule_version,
        title_zh=last.title.zh,
        title_en=last.title.en,
        key=last.key,
        district=last.district,
        onset_at=last.onset_at,
        source=source,
        statements=_statements(journal, told),
        subject=last.subject,
        ended_at=last.ended_at,
    )

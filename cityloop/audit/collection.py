"""Reading the books of a run: outbox ledgers, the gateway's journal, the API's revisions."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from cityloop.audit.books import AuditReport, EventRow, Lane, MessageRow, audit
from cityloop.errors import AuditError
from contracts.codec import decode_message
from contracts.counts import Counts
from contracts.errors import ContractError
from contracts.event import Event
from contracts.observation import Observation
from contracts.readings import Readings
from contracts.status import Dropped
from contracts.tracks import Tracks
from gateway.dedupe import Dedupe
from gateway.rule_host import RuleHost
from runtime.journal import JournalKind, JournalRecord, read_journal

__all__ = [
    "JournalBook",
    "audit_run",
    "event_row",
    "latencies_ms",
    "read_journal_book",
    "read_ledger",
]


class JournalBook(Struct, frozen=True):
    """What one pass over a journal finds."""

    messages: list[MessageRow]
    events: list[Event]
    """Statements that a fresh engine derives from it."""
    readings: int
    """Sensor values."""
    observations: int
    """Episodes that boxes derived."""


def read_ledger(path: Path) -> dict[Lane, int]:
    """Return how many messages a box's outbox ever numbered, per lane.

    The counters are written in the transaction that stores the messages, so they are exact even
    after a kill. The box must have stopped.

    Raises:
        AuditError: the file is missing or is no outbox.
    """
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5.0)) as file:
            (box,) = file.execute("SELECT name FROM box").fetchone()
            rows = file.execute("SELECT boot_id, channel, next_seq FROM lane").fetchall()
    except sqlite3.Error as error:
        raise AuditError(f"outbox {path}: its ledger cannot be read: {error}") from error
    return {Lane(box, boot_id, channel): int(count) for boot_id, channel, count in rows}


def _message_row(record: JournalRecord) -> tuple[MessageRow | None, int, int]:
    """Return the row, the number of readings and whether an observation began."""
    try:
        message = decode_message(record.payload)
    except ContractError:
        return None, 0, 0
    if not isinstance(message, Readings | Tracks | Counts | Observation | Dropped):
        return None, 0, 0
    lane = Lane(message.box, message.boot_id, message.channel.value)
    if isinstance(message, Dropped):
        return MessageRow(lane, message.from_seq, message.seq, given_up=True), 0, 0
    readings = len(message.records) if isinstance(message, Readings) else 0
    began = int(isinstance(message, Observation) and message.rev == 0)
    return MessageRow(lane, message.seq, message.seq), readings, began


def read_journal_book(
    directory: Path, *, default_district: str, skew_s: float = 300.0, late_s: float = 300.0
) -> JournalBook:
    """Read a journal once: its messages, and the events that a fresh engine makes of it.

    Args:
        directory: the journal's folder.
        default_district: as the gateway was configured.
        skew_s: as the gateway was configured.
        late_s: as the gateway was configured.
    """
    host = RuleHost(Dedupe(), default_district=default_district, skew_s=skew_s, late_s=late_s)
    messages: list[MessageRow] = []
    events: list[Event] = []
    readings = observations = 0
    for record in read_journal(directory):
        events.extend(host.apply(record).events)
        if record.kind is JournalKind.MESSAGE:
            row, values, began = _message_row(record)
            if row is not None:
                messages.append(row)
            readings += values
            observations += began
    return JournalBook(messages, events, readings, observations)


def event_row(event: Event) -> EventRow:
    """Return what names a statement."""
    return EventRow(
        event.event_id, event.rev, event.rule, tuple(sorted(event.key.items())), event.onset_at
    )


def _found_rows(revisions: Iterable[dict[str, Any]]) -> Iterator[EventRow]:
    for revision in revisions:
        yield event_row(msgspec.convert(revision, Event))


def audit_run(
    *, ledgers: Iterable[Path], book: JournalBook, revisions: Iterable[dict[str, Any]]
) -> AuditReport:
    """Compare the three books of a run that has come to rest.

    Args:
        ledgers: outbox files of every box that spoke.
        book: the gateway's journal.
        revisions: every event.v1 that the API holds, each revision by itself.

    Raises:
        AuditError: a ledger cannot be read.
    """
    ledger: dict[Lane, int] = {}
    for path in ledgers:
        ledger |= read_ledger(path)
    return audit(
        ledger=ledger,
        journal=book.messages,
        expected=[event_row(event) for event in book.events],
        found=list(_found_rows(revisions)),
    )


def latencies_ms(
    heard: Iterable[tuple[dict[str, Any], datetime]], *, scale: float = 1.0
) -> list[float]:
    """Return how long it took from a deciding message's departure to the event being heard.

    Args:
        heard: event.v1 objects with the moment a listener of the API heard them, on one clock.
        scale: how many times faster than real time that clock runs; figures are in real time.
    """
    found = []
    for body, at in heard:
        event = msgspec.convert(body, Event)
        if event.cause.sent_at is not None and not event.cause.tick:
            found.append((at - event.cause.sent_at).total_seconds() * 1000.0 / scale)
    return found

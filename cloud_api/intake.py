"""Taking events in: reading a body, and appending to the intake log once for each revision."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from cloud_api.bulk_insert import insert_tuples
from cloud_api.database import Lane, Store
from cloud_api.errors import EventConflict, InvalidInput, MalformedJson, Problem
from cloud_api.event_projection import decode_event
from cloud_api.instants import to_us
from cloud_api.schema import intake
from contracts.codec import MAX_PAYLOAD_BYTES
from contracts.event import Event

__all__ = [
    "Incoming",
    "IntakeLog",
    "Outcome",
    "Reading",
    "Receipt",
    "Rejected",
    "read_events",
    "receipt",
    "store_events",
]

MAX_REV = 2**31 - 1
"""Largest revision that the database's integer column holds."""

MAX_DEDUPE_CHARACTERS = 512
"""A longer dedupe key does not fit PostgreSQL's index rows (2,704 bytes)."""

_EVENT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PARAMETERS = 500
_NUL = b"\\u0000"

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises on bytes that are no JSON, or nested beyond all reason."""


class Outcome(StrEnum):
    """What became of one posted revision."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


class Incoming(NamedTuple):
    """One valid revision; ``position`` is its place in the posted array, ``body`` its canonical JSON."""

    position: int
    event: Event
    body: bytes


class Rejected(NamedTuple):
    """One item that was not stored; ``position`` is its place in the posted array, from 0."""

    position: int
    problem: Problem


class Reading(NamedTuple):
    """A posted body, item by item; ``single`` is true where it was no array."""

    incoming: list[Incoming]
    rejected: list[Rejected]
    single: bool


class Receipt(NamedTuple):
    """What became of a posted body; everything accepted or duplicate is committed."""

    accepted: int
    duplicates: int
    rejected: list[Rejected]


_ENCODER = msgspec.json.Encoder(order="deterministic")
_ITEMS: msgspec.json.Decoder[list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw])


def read_events(payload: bytes, limit: int) -> Reading:
    """Return the events of a body: one object, or an array of up to ``limit``.

    An item that is no event.v1 is rejected alone; the others are read.

    Raises:
        MalformedJson: the body is no JSON, or neither an object nor an array.
        InvalidInput: the array is longer than ``limit``.
    """
    start = payload.lstrip(b" \t\r\n")[:1]
    if start == b"{":
        items, single = [msgspec.Raw(payload)], True
    elif start == b"[":
        try:
            items, single = _ITEMS.decode(payload), False
        except _UNREADABLE as error:
            raise MalformedJson(f"body: {error}; expected an array of event.v1") from error
    else:
        raise MalformedJson("body: expected one event.v1 object or an array of them")
    if len(items) > limit:
        raise InvalidInput(f"body: {len(items)} events; expected at most {limit}; split them")
    incoming: list[Incoming] = []
    rejected: list[Rejected] = []
    for index, item in enumerate(items):
        try:
            incoming.append(_read_event(index, bytes(item)))
        except Problem as problem:
            rejected.append(Rejected(index, problem))
    return Reading(incoming, rejected, single)


def _read_event(index: int, item: bytes) -> Incoming:
    if len(item) > MAX_PAYLOAD_BYTES:
        raise InvalidInput(
            f"event {index}: {len(item)} bytes; expected at most {MAX_PAYLOAD_BYTES}"
        )
    try:
        event = decode_event(item)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"event {index}: {error}; see event.v1 in /openapi.json") from error
    except _UNREADABLE as error:
        raise MalformedJson(f"event {index}: {error}") from error
    body = _ENCODER.encode(event)
    _check_storable(index, event, body)
    return Incoming(index, event, body)


def _check_storable(index: int, event: Event, body: bytes) -> None:
    """Refuse what the vocabulary allows but no database column holds."""
    if _EVENT_ID.fullmatch(event.event_id) is None:
        raise InvalidInput(f"event {index}: event_id {event.event_id!r}: expected a UUID")
    if event.rev > MAX_REV:
        raise InvalidInput(f"event {index}: rev {event.rev}: expected at most {MAX_REV}")
    if event.dedupe is not None and len(event.dedupe) > MAX_DEDUPE_CHARACTERS:
        raise InvalidInput(
            f"event {index}: dedupe of {len(event.dedupe)} characters; expected at most "
            f"{MAX_DEDUPE_CHARACTERS}"
        )
    if _NUL in body:
        raise InvalidInput(f"event {index}: a text holds the character U+0000; remove it")


class IntakeLog:
    """The append-only log of posted revisions, each (event_id, rev) at most once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def append(self, groups: Sequence[Sequence[Incoming]], now: datetime) -> list[list[Outcome]]:
        """Store several posts in one transaction; return the outcomes, in the order given.

        When this returns, everything accepted is committed. Nearly all posts are new, so nobody asks first, and no
        savepoint is set: on PostgreSQL that would be two questions more of each commit.

        Raises:
            StoreUnavailable: the database does not answer; nothing was stored.
        """
        received_at_us = to_us(now)
        rows = _rows(groups, 0, received_at_us)
        if len({row[1:3] for row in rows}) == len(rows):
            # Where some are known nothing is stored, and it is done again with a look first.
            with suppress(IntegrityError):
                with self._store.write(Lane.INTAKE) as connection:
                    seq = _last_seq(connection)
                    insert_tuples(connection, intake, [(seq + row[0], *row[1:]) for row in rows])
                return [[Outcome.ACCEPTED] * len(group) for group in groups]
        with self._store.write(Lane.INTAKE) as connection:
            return _insert_known(connection, groups, _last_seq(connection), received_at_us)


def _last_seq(connection: Connection) -> int:
    return connection.scalar(select(func.max(intake.c.seq))) or 0


def _rows(
    groups: Sequence[Sequence[Incoming]], seq: int, received_at_us: int
) -> list[tuple[int, str, int, int, bytes]]:
    """Return the rows of posts behind entry ``seq`` of the log."""
    return [
        (number, item.event.event_id, item.event.rev, received_at_us, item.body)
        for number, item in enumerate((item for group in groups for item in group), seq + 1)
    ]


def store_events(
    connection: Connection, groups: Sequence[Sequence[Incoming]], seq: int, received_at_us: int
) -> list[list[Outcome]]:
    """Store posts behind entry ``seq`` of the log, within a transaction of the lane INTAKE."""
    if _insert_new(connection, groups, seq, received_at_us):
        return [[Outcome.ACCEPTED] * len(group) for group in groups]
    return _insert_known(connection, groups, seq, received_at_us)


def _insert_new(
    connection: Connection, groups: Sequence[Sequence[Incoming]], seq: int, received_at_us: int
) -> bool:
    """Insert every revision, if none of them is known; return whether it was done.

    Nearly all posts are new, so nobody asks first: the table's own key finds the others.
    """
    rows = _rows(groups, seq, received_at_us)
    if len({row[1:3] for row in rows}) < len(rows):
        return False
    try:
        with connection.begin_nested():
            insert_tuples(connection, intake, rows)
    except IntegrityError:
        return False
    return True


def _insert_known(
    connection: Connection, groups: Sequence[Sequence[Incoming]], seq: int, received_at_us: int
) -> list[list[Outcome]]:
    """Insert what is new among revisions of which some are known; return the outcomes."""
    stored = _stored_bodies(connection, [item for group in groups for item in group])
    rows: list[dict[str, object]] = []
    outcomes: list[list[Outcome]] = []
    for group in groups:
        answered: list[Outcome] = []
        for item in group:
            key = (item.event.event_id, item.event.rev)
            body = stored.get(key)
            if body is not None:
                answered.append(_compare(body, item))
                continue
            stored[key] = item.body
            seq += 1
            rows.append(
                {
                    "seq": seq,
                    "event_id": key[0],
                    "rev": key[1],
                    "received_at_us": received_at_us,
                    "body": item.body,
                }
            )
            answered.append(Outcome.ACCEPTED)
        outcomes.append(answered)
    if rows:
        connection.execute(insert(intake), rows)
    return outcomes


def _compare(body: bytes, item: Incoming) -> Outcome:
    # Compared as values too: a version that adds a field with a default writes other bytes.
    if body == item.body or decode_event(body) == item.event:
        return Outcome.DUPLICATE
    return Outcome.CONFLICT


def _stored_bodies(
    connection: Connection, items: Sequence[Incoming]
) -> dict[tuple[str, int], bytes]:
    """Return the bodies that are stored already under the items' keys."""
    wanted = {(item.event.event_id, item.event.rev) for item in items}
    stored: dict[tuple[str, int], bytes] = {}
    for chunk in _chunks(sorted(wanted)):
        ids = sorted({event_id for event_id, _ in chunk})
        revs = sorted({rev for _, rev in chunk})
        query = select(intake.c.event_id, intake.c.rev, intake.c.body).where(
            intake.c.event_id.in_(ids), intake.c.rev.in_(revs)
        )
        for event_id, rev, body in connection.execute(query):
            if (event_id, rev) in wanted:
                stored[event_id, rev] = bytes(body)
    return stored


def _chunks(keys: list[tuple[str, int]]) -> Iterator[list[tuple[str, int]]]:
    for start in range(0, len(keys), _PARAMETERS):
        yield keys[start : start + _PARAMETERS]


def receipt(reading: Reading, outcomes: Sequence[Outcome]) -> Receipt:
    """Return what became of a body, given the outcomes of its valid items."""
    rejected = list(reading.rejected)
    for item, outcome in zip(reading.incoming, outcomes, strict=True):
        if outcome is Outcome.CONFLICT:
            detail = (
                f"event {item.event.event_id} rev {item.event.rev} is stored with different content; "
                "post a change under the next rev"
            )
            rejected.append(Rejected(item.position, EventConflict(detail)))
    return Receipt(
        accepted=outcomes.count(Outcome.ACCEPTED),
        duplicates=outcomes.count(Outcome.DUPLICATE),
        rejected=sorted(rejected, key=lambda item: item.position),
    )

"""Throwing the projections away and making them again from the two logs, byte for byte."""

import gc
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

import msgspec
import structlog
from sqlalchemy import Connection, delete, select

from cloud_api.case_projection import Case, apply_record
from cloud_api.case_record import decode_record
from cloud_api.case_rows import case_row, delete_cases, insert_cases
from cloud_api.database import Lane, Store
from cloud_api.evaluation.tally import Spans, Tallies
from cloud_api.evaluation.tally_table import refill_tallies, tallies
from cloud_api.event_projection import (
    EventState,
    apply_revision,
    decode_event,
    delete_events,
    read_intake,
    write_events,
)
from cloud_api.flow_choice import Flows
from cloud_api.notices.ledger import refill_notices
from cloud_api.notices.tables import notices
from cloud_api.orders.ledger import refill_orders
from cloud_api.orders.tables import orders
from cloud_api.projector import projected_seq
from cloud_api.schema import case_log, cases, events, positions

__all__ = ["RebuildReport", "fill_projections", "is_stale", "projection_digest", "rebuild"]

_log = structlog.get_logger(__name__)

T = TypeVar("T")

_BATCH = 5_000

STALE = "stale"
"""Name of the row of ``positions`` with which a migration says that it left the projections unfilled."""


class RebuildReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a rebuild read and wrote; equal digests mean that nothing had gone astray."""

    revisions: int
    records: int
    events: int
    cases: int
    digest_before: str
    digest_after: str


def projection_digest(connection: Connection, *, sealed: bool = True) -> str:
    """Return the SHA-256 over every row of the projections, in primary key order.

    Args:
        connection: to the database.
        sealed: also the orders, whose personal parts are sealed with random keys; two runs with equal
            reports differ in them.
    """
    digest = hashlib.sha256()
    encode = msgspec.json.Encoder().encode
    tables = [
        (tallies, None),
        (events, events.c.event_id),
        (cases, cases.c.case_id),
        (notices, notices.c.notice_id),
    ]
    if sealed:
        tables.append((orders, orders.c.order_id))
    for table, key in tables:
        digest.update(",".join((table.name, *table.columns.keys())).encode())
        # Ids are lower-case hex and dashes; "C" makes PostgreSQL sort them as SQLite does.
        keys = list(table.primary_key.columns) if key is None else [key]
        order = (
            [each.collate("C") for each in keys]
            if connection.dialect.name == "postgresql"
            else keys
        )
        query = select(table).order_by(*order)
        rows = connection.execute(query, execution_options={"yield_per": _BATCH})
        for some in rows.partitions():
            digest.update(b"".join([encode(tuple(row)) for row in some]))
    return digest.hexdigest()


def is_stale(connection: Connection) -> bool:
    """Return whether a migration has left the projections to be made again."""
    query = select(positions.c.seq).where(positions.c.name == STALE)
    return connection.scalar(query) is not None


def rebuild(
    store: Store,
    flows: Flows,
    progress: Callable[[int], None] = lambda _done: None,
    *,
    utc_offset_minutes: int = 480,
) -> RebuildReport:
    """Make the projections again from the logs, in one transaction.

    Args:
        store: the database; operators wait while it runs, events are still taken in.
        flows: the flows that the cases follow.
        progress: told how many log entries were read since it was told last.
        utc_offset_minutes: minutes east of UTC of the city, as configured; its months are tallied.

    Raises:
        ProjectionError: the case log has a hole; nothing was changed.
    """
    with (
        _uncollected(),
        store.write(Lane.CASES) as connection,
        store.roomy(connection),
    ):
        store.unhurried(connection)
        store.hold(connection, Lane.NOTICES)
        store.hold(connection, Lane.ORDERS)
        before = projection_digest(connection)
        counted = Tallies(Spans(utc_offset_minutes))
        folded, records = _fold_cases(connection, counted, progress)
        states, revisions = _fold_events(connection, folded, progress)
        delete_events(connection)
        delete_cases(connection)
        for chunk in _chunks(folded.values()):
            insert_cases(connection, [case_row(case, flows) for case in chunk])
        refill_tallies(connection, counted.changes)
        for some in _chunks(states.values()):
            write_events(connection, some, [])
        refill_notices(connection)
        refill_orders(connection)
        connection.execute(delete(positions).where(positions.c.name == STALE))
        after = projection_digest(connection)
    return RebuildReport(
        revisions=revisions,
        records=records,
        events=len(states),
        cases=len(folded),
        digest_before=before,
        digest_after=after,
    )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause Python's search for cycles.

    A rebuild makes millions of objects, keeps them, and makes no cycle: the search would go through all of
    them again and again (a fifth of the time at a hundred thousand rows, more with more).
    """
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


def _chunks(found: Iterable[T]) -> Iterator[list[T]]:
    """Yield what is found in lists that fit into memory beside it: rows are larger than what they are made of."""
    rest = iter(found)
    while chunk := list(islice(rest, _BATCH)):
        yield chunk


def fill_projections(store: Store, flows: Flows, utc_offset_minutes: int) -> None:
    """Make the projections again where a migration has added columns to them."""
    with store.read() as connection:
        stale = is_stale(connection)
    if stale:
        report = rebuild(store, flows, utc_offset_minutes=utc_offset_minutes)
        _log.info("projections_made_again", cases=report.cases, events=report.events)


def _fold_cases(
    connection: Connection, counted: Tallies, progress: Callable[[int], None]
) -> tuple[dict[str, Case], int]:
    """Return the cases as the log says they are, and how many entries that is; tally them."""
    folded: dict[str, Case] = {}
    origins: dict[str, Case] = {}
    position = records = 0
    while True:
        query = (
            select(case_log.c.seq, case_log.c.body)
            .where(case_log.c.seq > position)
            .order_by(case_log.c.seq)
            .limit(_BATCH)
        )
        rows = connection.execute(query).all()
        if not rows:
            break
        for seq, body in rows:
            record = decode_record(body)
            before = folded.get(record.case_id)
            if before is not None and not counted.same_month(before.changed_at_us, record.at_us):
                # what a month saw of a case counts once, from how it began to how it ended
                counted.change(origins.get(record.case_id), before)
                origins[record.case_id] = before
            folded[record.case_id] = apply_record(before, record, seq)
        position = rows[-1][0]
        records += len(rows)
        progress(len(rows))
    for case_id, case in folded.items():
        counted.change(origins.get(case_id), case)
    return folded, records


def _fold_events(
    connection: Connection, folded: dict[str, Case], progress: Callable[[int], None]
) -> tuple[dict[str, EventState], int]:
    owners = {link.event_id: case.case_id for case in folded.values() for link in case.events}
    states: dict[str, EventState] = {}
    through = projected_seq(connection)
    position = revisions = 0
    while position < through:
        rows = [row for row in read_intake(connection, position, _BATCH) if row.seq <= through]
        for row in rows:
            state = apply_revision(states.get(row.event_id), row, decode_event(row.body))
            states[row.event_id] = state._replace(case_id=owners[row.event_id])
        position = rows[-1].seq
        revisions += len(rows)
        progress(len(rows))
    return states, revisions

"""Reading events and cases: one page, newest first, by filters."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from cloud_api.case_projection import Case, decode_case
from cloud_api.case_record import Record, decode_record
from cloud_api.event_projection import EventState, IntakeRow, load_events
from cloud_api.flow import State
from cloud_api.instants import to_us
from cloud_api.narrowing import IS_OPEN, RUNNING, Compared, equal, few, placed
from cloud_api.people.scope import EVERYTHING, Scope, scoped_cases, scoped_events
from cloud_api.schema import case_log, cases, events, evidence, intake
from contracts.event import EventPhase
from contracts.levels import Lamp, Level

__all__ = [
    "CaseFilter",
    "EventFilter",
    "case_numbers",
    "case_records",
    "events_of_case",
    "list_cases",
    "list_events",
    "merged_cases",
    "revisions_of",
    "stored_evidence",
    "supervised",
]

_TIMELINE = 10_000
"""Most entries of one case's timeline or of one event's history that are read."""


class EventFilter(NamedTuple):
    """What a list of events is narrowed to; ``since`` is compared with the event's own time."""

    level: Level | None = None
    event_type: str | None = None
    phase: EventPhase | None = None
    district: str | None = None
    since: datetime | None = None


class CaseFilter(NamedTuple):
    """What a list of cases is narrowed to; ``since`` is compared with the last change."""

    state: State | None = None
    is_open: bool | None = None
    level: Level | None = None
    event_type: str | None = None
    district: str | None = None
    department: str | None = None
    since: datetime | None = None
    lamp: Lamp | None = None
    tier: str | None = None
    person: str | None = None
    grid: str | None = None


def list_events(
    connection: Connection,
    chosen: EventFilter,
    *,
    before: int | None,
    limit: int,
    scope: Scope = EVERYTHING,
) -> list[EventState]:
    """Return up to ``limit`` events, the one that arrived last first.

    Args:
        connection: a read transaction.
        chosen: filters; None matches everything.
        before: only events whose first revision is before this intake entry.
        limit: how many at most.
        scope: what the caller may see.
    """
    exact = (
        (events.c.level, chosen.level),
        (events.c.event_type, chosen.event_type),
        (events.c.phase, chosen.phase),
        (events.c.district, chosen.district),
    )
    late = None if chosen.since is None else events.c.at_us >= to_us(chosen.since)
    recent = late is not None and few(connection, late)
    order = placed(events.c.first_seq, walked=not recent)
    query = (
        select(events)
        .where(scoped_events(scope), *equal(exact, searched=not recent))
        .order_by(order.desc())
        .limit(limit)
    )
    if chosen.phase not in {None, EventPhase.END}:
        query = query.where(RUNNING)
    if late is not None:
        query = query.where(late)
    if before is not None:
        query = query.where(order < before)
    return [EventState(*row) for row in connection.execute(query)]


def list_cases(
    connection: Connection,
    chosen: CaseFilter,
    *,
    before: int | None,
    limit: int,
    scope: Scope = EVERYTHING,
) -> list[Case]:
    """Return up to ``limit`` cases, the youngest first; arguments as for :func:`list_events`."""
    exact = (
        (cases.c.state, chosen.state),
        (cases.c.level, chosen.level),
        (cases.c.event_type, chosen.event_type),
        (cases.c.department, chosen.department),
        (cases.c.lamp, chosen.lamp),
        (cases.c.tier, chosen.tier),
        (cases.c.grid, chosen.grid),
    )
    late = None if chosen.since is None else cases.c.changed_at_us >= to_us(chosen.since)
    own = None if chosen.district is None else cases.c.district == chosen.district
    recent = late is not None and few(connection, late)
    sparse = own is not None and not (recent or chosen.is_open) and few(connection, own)
    walked = not (recent or sparse)
    order = placed(cases.c.opened_seq, walked=walked)
    query = (
        select(cases.c.document)
        .where(scoped_cases(scope), *equal(exact, searched=walked and not chosen.is_open))
        .order_by(order.desc())
        .limit(limit)
    )
    if chosen.is_open is not None:
        through = chosen.is_open and walked
        query = query.where(
            IS_OPEN if through else Compared(cases.c.is_open) == int(chosen.is_open)
        )
    if own is not None:
        query = query.where(own if sparse else Compared(cases.c.district) == chosen.district)
    if chosen.person is not None:  # open or not, somebody has few
        query = query.where(cases.c.person == chosen.person)
    if late is not None:
        query = query.where(late)
    if before is not None:
        query = query.where(order < before)
    return [decode_case(document) for document in connection.scalars(query)]


def supervised(
    connection: Connection, district: str | None, *, limit: int, scope: Scope = EVERYTHING
) -> list[Case]:
    """Return the open cases with a yellow or red lamp 督办, red ones first, then the one due first."""
    query = (
        select(cases.c.document)
        .where(IS_OPEN, cases.c.lamp.in_([Lamp.YELLOW, Lamp.RED]), scoped_cases(scope))
        .order_by(cases.c.lamp, cases.c.due_at_us, cases.c.opened_seq)
        .limit(limit)
    )
    if district is not None:
        query = query.where(Compared(cases.c.district) == district)
    return [decode_case(document) for document in connection.scalars(query)]


def revisions_of(connection: Connection, event_id: str) -> list[IntakeRow]:
    """Return every stored revision of an event, the lowest first."""
    query = (
        select(
            intake.c.seq, intake.c.event_id, intake.c.rev, intake.c.received_at_us, intake.c.body
        )
        .where(intake.c.event_id == event_id)
        .order_by(intake.c.rev)
        .limit(_TIMELINE)
    )
    return [IntakeRow(*row) for row in connection.execute(query)]


def case_records(connection: Connection, case_id: str) -> list[Record]:
    """Return a case's log, oldest first."""
    query = (
        select(case_log.c.body)
        .where(case_log.c.case_id == case_id)
        .order_by(case_log.c.version)
        .limit(_TIMELINE)
    )
    return [decode_record(body) for body in connection.scalars(query)]


def events_of_case(connection: Connection, case: Case) -> list[EventState]:
    """Return the events that belong to a case, in the order in which they joined."""
    ids = [link.event_id for link in case.events]
    found = load_events(connection, ids)
    return [found[event_id] for event_id in ids if event_id in found]


def case_numbers(connection: Connection, case_ids: Iterable[str]) -> dict[str, str]:
    """Return the numbers of cases, by id."""
    wanted = sorted(set(case_ids))
    query = select(cases.c.case_id, cases.c.number).where(cases.c.case_id.in_(wanted))
    return {row.case_id: row.number for row in connection.execute(query)}


def merged_cases(connection: Connection, case_id: str, scope: Scope = EVERYTHING) -> list[str]:
    """Return the numbers of the cases in a scope that were merged into this one."""
    query = (
        select(cases.c.number)
        .where(cases.c.merged_into == case_id, scoped_cases(scope))
        .order_by(cases.c.opened_seq)
    )
    return list(connection.scalars(query))


def stored_evidence(connection: Connection, hashes: Iterable[str]) -> set[str]:
    """Return those of the hashes whose bytes have arrived."""
    wanted = sorted(set(hashes))
    query = select(evidence.c.sha256).where(evidence.c.sha256.in_(wanted))
    return set(connection.scalars(query))

"""Rows to export: read in pages by key, so that a million of them need no more memory than a thousand."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Select, select, true, tuple_

from cloud_api.case_projection import decode_case
from cloud_api.case_record import Moved, decode_record
from cloud_api.database import Store
from cloud_api.event_projection import decode_event
from cloud_api.instants import iso, to_us
from cloud_api.people.scope import Scope, scoped_cases, scoped_events
from cloud_api.schema import case_log, cases, events

__all__ = ["CASE_FIELDS", "EVENT_FIELDS", "LOG_FIELDS", "ExportFilter", "Row", "Rows"]

_PAGE = 1_000

Row = dict[str, str | float | int | bool | None]
"""One line: the same names in every line of a table."""

CASE_FIELDS = (
    "number",
    "case_id",
    "district",
    "event_type",
    "class_code",
    "title_zh",
    "title_en",
    "level",
    "state",
    "open",
    "flow",
    "lamp",
    "department",
    "person",
    "discovery",
    "lon",
    "lat",
    "grid",
    "opened_at",
    "changed_at",
    "closed_at",
    "due_at",
    "merged_into",
    "recurrence_of",
    "reopened",
    "events",
    "satisfied",
    "score",
)
EVENT_FIELDS = (
    "event_id",
    "rev",
    "event_type",
    "rule",
    "rule_version",
    "level",
    "phase",
    "district",
    "subject",
    "title_zh",
    "title_en",
    "discovery",
    "lon",
    "lat",
    "grid",
    "onset_at",
    "at",
    "ended_at",
    "received_at",
    "case_id",
    "cause",
)
LOG_FIELDS = (
    "number",
    "case_id",
    "version",
    "at",
    "activity",
    "kind",
    "from_state",
    "to_state",
    "actor",
    "department",
    "person",
    "reason",
    "district",
    "event_type",
)


class ExportFilter(NamedTuple):
    """What is exported; moments bound when a case was opened, or an event came in."""

    begin: datetime | None = None
    end: datetime | None = None
    district: str | None = None


class Rows:
    """Reads rows in pages; a page is one short transaction, so nobody waits for a slow reader.

    Args:
        store: the database.
        scope: what the caller may see.
        wanted: which rows.
    """

    def __init__(self, store: Store, scope: Scope, wanted: ExportFilter) -> None:
        self._store = store
        self._scope = scope
        self._wanted = wanted

    def cases(self) -> Iterator[Row]:
        """Yield cases in the order in which they were opened, as they stand now."""
        after = 0
        while True:
            query = (
                select(cases)
                .where(cases.c.opened_seq > after, self._cases())
                .order_by(cases.c.opened_seq)
                .limit(_PAGE)
            )
            with self._store.read() as connection:
                rows = connection.execute(query).all()
            for row in rows:
                case = decode_case(bytes(row.document))
                yield {
                    "number": case.number,
                    "case_id": case.case_id,
                    "district": case.district,
                    "event_type": case.event_type,
                    "class_code": case.class_code,
                    "title_zh": case.title.zh,
                    "title_en": case.title.en,
                    "level": case.level.value,
                    "state": case.state.value,
                    "open": bool(row.is_open),
                    "flow": case.flow,
                    "lamp": row.lamp,
                    "department": case.department,
                    "person": case.person,
                    "discovery": case.discovery.value,
                    "lon": None if case.place is None else case.place.lon,
                    "lat": None if case.place is None else case.place.lat,
                    "grid": case.grid,
                    "opened_at": iso(case.opened_at_us),
                    "changed_at": iso(case.changed_at_us),
                    "closed_at": iso(case.closed_at_us),
                    "due_at": iso(row.due_at_us),
                    "merged_into": case.merged_into,
                    "recurrence_of": case.recurrence_of,
                    "reopened": case.reopened,
                    "events": len(case.events),
                    "satisfied": case.satisfied,
                    "score": case.score,
                }
            if len(rows) < _PAGE:
                return
            after = rows[-1].opened_seq

    def events(self) -> Iterator[Row]:
        """Yield events in the order in which they first came in, with their newest revision."""
        after = 0
        wanted = self._wanted
        clauses: list[ColumnElement[bool]] = [scoped_events(self._scope)]
        if wanted.district is not None:
            clauses.append(events.c.district == wanted.district)
        if wanted.begin is not None:
            clauses.append(events.c.first_received_at_us >= to_us(wanted.begin))
        if wanted.end is not None:
            clauses.append(events.c.first_received_at_us < to_us(wanted.end))
        while True:
            query = (
                select(events)
                .where(events.c.first_seq > after, *clauses)
                .order_by(events.c.first_seq)
                .limit(_PAGE)
            )
            with self._store.read() as connection:
                rows = connection.execute(query).all()
            for row in rows:
                event = decode_event(bytes(row.body))
                place = event.place
                yield {
                    "event_id": event.event_id,
                    "rev": event.rev,
                    "event_type": event.event_type,
                    "rule": event.rule,
                    "rule_version": event.rule_version,
                    "level": event.level.value,
                    "phase": event.phase.value,
                    "district": event.district,
                    "subject": event.subject,
                    "title_zh": event.title.zh,
                    "title_en": event.title.en,
                    "discovery": event.discovery.value,
                    "lon": None if place is None else place.lon,
                    "lat": None if place is None else place.lat,
                    "grid": None if place is None else place.grid,
                    "onset_at": iso(to_us(event.onset_at)),
                    "at": iso(to_us(event.at)),
                    "ended_at": None if event.ended_at is None else iso(to_us(event.ended_at)),
                    "received_at": iso(row.first_received_at_us),
                    "case_id": row.case_id,
                    "cause": event.cause.expression,
                }
            if len(rows) < _PAGE:
                return
            after = rows[-1].first_seq

    def log(self) -> Iterator[Row]:
        """Yield entries of the log of cases, case by case, each in its order."""
        last: tuple[str, int] = ("", 0)
        columns = (case_log.c.case_id, case_log.c.version)
        while True:
            query: Select[tuple[str, int, bytes, str, str, str]] = (
                select(
                    *columns,
                    case_log.c.body,
                    cases.c.number,
                    cases.c.district,
                    cases.c.event_type,
                )
                .join(cases, cases.c.case_id == case_log.c.case_id)
                .where(tuple_(*columns) > last, self._cases())
                .order_by(*columns)
                .limit(_PAGE)
            )
            with self._store.read() as connection:
                rows = connection.execute(query).all()
            for row in rows:
                yield _log_row(bytes(row.body), row.number, row.district, row.event_type)
            if len(rows) < _PAGE:
                return
            last = (rows[-1].case_id, rows[-1].version)

    def _cases(self) -> ColumnElement[bool]:
        wanted = self._wanted
        clause = true() & scoped_cases(self._scope)
        if wanted.district is not None:
            clause &= cases.c.district == wanted.district
        if wanted.begin is not None:
            clause &= cases.c.opened_at_us >= to_us(wanted.begin)
        if wanted.end is not None:
            clause &= cases.c.opened_at_us < to_us(wanted.end)
        return clause


def _log_row(body: bytes, number: str, district: str, event_type: str) -> Row:
    record = decode_record(body)
    detail = record.detail
    kind = str(type(detail).__struct_config__.tag)
    moved = isinstance(detail, Moved)
    fields = msgspec.structs.asdict(detail)
    return {
        "number": number,
        "case_id": record.case_id,
        "version": record.version,
        "at": iso(record.at_us),
        "activity": f"to_{fields['to_state'].value}" if moved else kind,
        "kind": kind,
        "from_state": fields["from_state"].value if moved else None,
        "to_state": fields["to_state"].value if moved else None,
        "actor": record.actor,
        "department": fields.get("department"),
        "person": fields.get("person"),
        "reason": record.reason,
        "district": district,
        "event_type": event_type,
    }

"""The cases that one transaction touches: loading, appending to the log, writing back."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from cloud_api.case_projection import Case, apply_record, decode_case, encode_case
from cloud_api.case_record import Detail, Opened, Record, encode_record
from cloud_api.flow import Flow
from cloud_api.schema import case_log, cases

__all__ = ["CaseBook", "attach_key", "case_row", "delete_cases", "insert_cases"]

_PARAMETERS = 500
"""Values of one IN list; SQLite allowed 999 before 3.32."""


def attach_key(district: str, event_type: str, dedupe: str | None) -> str | None:
    """Return what events share that belong to one open case, or None where nothing is shared.

    Two kinds of trouble at one subject are two cases, so the event type is part of it.
    """
    return None if dedupe is None else f"{district}|{event_type}|{dedupe}"


def case_row(case: Case, flow: Flow) -> dict[str, object]:
    """Return the row of table ``cases`` for a case."""
    described = flow.state(case.state)
    key = attach_key(case.district, case.event_type, case.dedupe) if described.attach else None
    return {
        "case_id": case.case_id,
        "number": case.number,
        "opened_seq": case.opened_seq,
        "district": case.district,
        "day": case.day,
        "day_number": case.day_number,
        "event_type": case.event_type,
        "attach_key": key,
        "state": case.state.value,
        "is_open": int(described.open),
        "level": case.level.value,
        "department": case.department,
        "merged_into": case.merged_into,
        "lon": None if case.place is None else case.place.lon,
        "lat": None if case.place is None else case.place.lat,
        "opened_at_us": case.opened_at_us,
        "changed_at_us": case.changed_at_us,
        "version": case.version,
        "document": encode_case(case),
    }


def insert_cases(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Insert rows of :func:`case_row`."""
    if rows:
        connection.execute(insert(cases), rows)


def delete_cases(connection: Connection) -> None:
    """Remove every projected case; the log stays."""
    connection.execute(delete(cases))


_CHANGING = ("attach_key", "state", "is_open", "level", "department", "merged_into")
_UPDATE = (
    update(cases)
    .where(cases.c.case_id == bindparam("b_case_id"))
    .values(
        {
            name: bindparam(f"b_{name}")
            for name in (*_CHANGING, "changed_at_us", "version", "document")
        }
    )
)


class CaseBook:
    """Cases under change; the caller holds the lane CASES and calls :meth:`flush` at the end."""

    def __init__(self, connection: Connection, flow: Flow) -> None:
        self._connection = connection
        self._flow = flow
        self._cases: dict[str, Case] = {}
        self._new: set[str] = set()
        self._changed: set[str] = set()
        self._log: list[dict[str, object]] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._attachable: dict[str, str] = {}
        found = connection.scalar(select(func.max(case_log.c.seq)))
        self._seq: int = found or 0

    def load(self, case_ids: Iterable[str]) -> None:
        """Read cases, so that :meth:`get` finds them."""
        wanted = sorted(set(case_ids) - set(self._cases))
        for start in range(0, len(wanted), _PARAMETERS):
            chunk = wanted[start : start + _PARAMETERS]
            query = select(cases.c.document).where(cases.c.case_id.in_(chunk))
            for document in self._connection.scalars(query):
                case = decode_case(document)
                self._cases[case.case_id] = case

    def load_attachable(self, keys: Iterable[str]) -> None:
        """Read the open cases that events with these attach keys may join; the youngest wins."""
        wanted = sorted(set(keys))
        for start in range(0, len(wanted), _PARAMETERS):
            chunk = wanted[start : start + _PARAMETERS]
            query = (
                select(cases.c.attach_key, cases.c.document)
                .where(cases.c.attach_key.in_(chunk))
                .order_by(cases.c.opened_seq)
            )
            for key, document in self._connection.execute(query):
                case = decode_case(document)
                self._cases.setdefault(case.case_id, case)
                self._attachable[key] = case.case_id

    def get(self, case_id: str) -> Case:
        """Return a loaded case."""
        return self._cases[case_id]

    def attachable(self, key: str | None) -> Case | None:
        """Return the open case that an event with this attach key joins."""
        case_id = None if key is None else self._attachable.get(key)
        return None if case_id is None else self._cases[case_id]

    def next_number(self, district: str, day: str) -> int:
        """Return the next case number of a district on a day, from 1."""
        counter = (district, day)
        if counter not in self._numbers:
            query = select(func.max(cases.c.day_number)).where(
                cases.c.district == district, cases.c.day == day
            )
            self._numbers[counter] = self._connection.scalar(query) or 0
        self._numbers[counter] += 1
        return self._numbers[counter]

    def append(self, case_id: str, detail: Detail, *, now_us: int, actor: str, reason: str) -> Case:
        """Add one record to the log and return the case after it."""
        before = self._cases.get(case_id)
        record = Record(
            case_id=case_id,
            version=1 if before is None else before.version + 1,
            at_us=now_us,
            actor=actor,
            reason=reason,
            detail=detail,
        )
        self._seq += 1
        case = apply_record(before, record, self._seq)
        self._cases[case_id] = case
        if isinstance(detail, Opened):
            self._new.add(case_id)
            key = attach_key(case.district, case.event_type, case.dedupe)
            if key is not None:
                self._attachable[key] = case_id
        else:
            self._changed.add(case_id)
        self._log.append(
            {
                "seq": self._seq,
                "case_id": case_id,
                "version": record.version,
                "at_us": now_us,
                "body": encode_record(record),
            }
        )
        return case

    def flush(self) -> int:
        """Write the log and the changed cases; return how many records were added."""
        if self._log:
            self._connection.execute(insert(case_log), self._log)
        insert_cases(
            self._connection,
            [case_row(self._cases[case_id], self._flow) for case_id in sorted(self._new)],
        )
        rows: list[dict[str, Any]] = []
        for case_id in sorted(self._changed - self._new):
            row = case_row(self._cases[case_id], self._flow)
            rows.append({f"b_{name}": value for name, value in row.items()})
        if rows:
            self._connection.execute(_UPDATE, rows)
        added = len(self._log)
        self._log, self._new, self._changed = [], set(), set()
        return added

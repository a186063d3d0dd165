"""The cases that one transaction touches: loading, appending to the log, writing back."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, func, insert, select

from cloud_api.case_projection import Case, apply_record, decode_case
from cloud_api.case_record import Detail, Opened, Record, encode_record
from cloud_api.case_rows import attach_key, case_row, insert_cases, update_cases
from cloud_api.deadlines.clocks import CaseClock
from cloud_api.deadlines.timekeeper import Timekeeper
from cloud_api.evaluation.tally import Tallies
from cloud_api.evaluation.tally_table import write_tallies
from cloud_api.flow_choice import Flows
from cloud_api.modes import modes_now
from cloud_api.narrowing import IS_OPEN
from cloud_api.schema import case_log, cases
from contracts.control import Mode

__all__ = ["CaseBook"]

_PARAMETERS = 500
"""Values of one IN list; SQLite allowed 999 before 3.32."""


class CaseBook:
    """Cases under change; the caller holds the lane CASES and calls :meth:`flush` at the end."""

    def __init__(self, connection: Connection, flows: Flows, keeper: Timekeeper) -> None:
        self._connection = connection
        self._flows = flows
        self._keeper = keeper
        self._modes = modes_now(connection)
        self._cases: dict[str, Case] = {}
        self._new: set[str] = set()
        self._changed: set[str] = set()
        self._log: list[dict[str, object]] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._attachable: dict[str, str] = {}
        self._ended: dict[str, Case] = {}
        found = connection.scalar(select(func.max(case_log.c.seq)))
        self._seq: int = found or 0
        self._origins: dict[str, Case | None] = {}

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

    def load_children(self, case_id: str) -> list[Case]:
        """Read the cases that were merged into a case, and into those, at any depth."""
        found: list[Case] = []
        parents = [case_id]
        while parents:
            query = (
                select(cases.c.document)
                .where(cases.c.merged_into.in_(parents))
                .order_by(cases.c.opened_seq)
            )
            children = [decode_case(document) for document in self._connection.scalars(query)]
            for child in children:
                self._cases.setdefault(child.case_id, child)
            found += children
            parents = [child.case_id for child in children]
        return found

    def load_ended(self, keys: Iterable[str], since_us: int) -> None:
        """Read the cases that ended since a moment at the places and of the kinds of these keys."""
        wanted = sorted(set(keys))
        for start in range(0, len(wanted), _PARAMETERS):
            chunk = wanted[start : start + _PARAMETERS]
            query = (
                select(cases.c.kin_key, cases.c.document)
                .where(cases.c.kin_key.in_(chunk), cases.c.closed_at_us >= since_us)
                .order_by(cases.c.opened_seq)
            )
            for key, document in self._connection.execute(query):
                self._ended[key] = decode_case(document)

    def ended(self, key: str | None) -> Case | None:
        """Return the case that ended last of those that :meth:`load_ended` has read."""
        return None if key is None else self._ended.get(key)

    def loads(self, people: Iterable[str]) -> dict[str, int]:
        """Return how many open cases each of these people has, those of this transaction too."""
        wanted = set(people)
        if not wanted:
            return {}
        query = select(cases.c.person, cases.c.case_id).where(
            IS_OPEN, cases.c.person.in_(sorted(wanted))
        )
        found = dict.fromkeys(wanted, 0)
        touched = self._new | self._changed
        for person, case_id in self._connection.execute(query):
            if case_id not in touched:
                found[person] += 1
        for case_id in touched:
            case = self._cases[case_id]
            if case.person in wanted and self._flows.of(case.flow).state(case.state).open:
                found[case.person] += 1
        return found

    def mode(self, district: str) -> Mode:
        """Return whether a district is in everyday 平 or emergency 急 operation."""
        return self._modes.get(district, Mode.NORMAL)

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

    def append(
        self,
        case_id: str,
        detail: Detail,
        *,
        now_us: int,
        actor: str,
        reason: str,
        clocks: tuple[CaseClock, ...] | None = None,
    ) -> Case:
        """Add one record to the log and return the case after it.

        ``clocks`` are given where they are what changes; otherwise they follow from the rest.
        """
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
        if clocks is None:
            clocks = self._keeper.follow(before, case, now_us, self.mode(case.district))
        if clocks != case.clocks:
            record = msgspec.structs.replace(record, clocks=clocks)
            case = msgspec.structs.replace(case, clocks=clocks)
        self._cases[case_id] = case
        self._origins.setdefault(case_id, before)
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
            [case_row(self._cases[case_id], self._flows) for case_id in sorted(self._new)],
        )
        update_cases(
            self._connection,
            [
                case_row(self._cases[case_id], self._flows)
                for case_id in sorted(self._changed - self._new)
            ],
        )
        tallies = Tallies(self._keeper.spans)
        for case_id, before in self._origins.items():
            tallies.change(before, self._cases[case_id])
        write_tallies(self._connection, tallies.changes)
        added = len(self._log)
        self._log, self._new, self._changed, self._origins = [], set(), set(), {}
        return added

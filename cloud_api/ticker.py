"""Deadlines that come due: one look at an index, one record for each thing that follows."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from cloud_api.case_book import CaseBook
from cloud_api.case_opening import CaseDrawer
from cloud_api.case_projection import Case
from cloud_api.case_record import SYSTEM, Climbed, ModeSwitched
from cloud_api.database import Lane
from cloud_api.instants import iso, to_us
from cloud_api.modes import add_switch
from cloud_api.narrowing import IS_OPEN
from cloud_api.schema import cases
from cloud_api.system_reasons import told
from contracts.control import Mode

__all__ = ["Notice", "Ticker"]


class Notice(NamedTuple):
    """Something that somebody should be told: a case, and what its clock did."""

    case: Case
    clock: str
    notice: str
    tier: str | None


class Ticker:
    """Finds the clocks that have come due by now and writes down what follows.

    A case stands in the index with its next due moment only. So a restart loses nothing, a clock that
    jumps forward makes everything due at once happen in the order of its moments, and one that
    jumps back repeats nothing: what has happened is in the case's log.
    """

    def __init__(self, drawer: CaseDrawer, *, batch: int) -> None:
        self._drawer = drawer
        self._batch = batch

    def step(self, now: datetime, batch: int | None = None) -> list[Notice]:
        """Let up to one batch of cases climb; return what happened, oldest first within a case.

        ``batch`` is how many at most; None for as many as are configured.

        Raises:
            StoreUnavailable: the database does not answer; nothing of the batch was kept.
        """
        now_us = to_us(now)
        with self._drawer.store.read() as connection:
            if not self._due(connection, now_us, 1):
                return []
        notices: list[Notice] = []
        with self._drawer.store.write(Lane.CASES) as connection:
            due = self._due(connection, now_us, min(self._batch, batch or self._batch))
            book = CaseBook(connection, self._drawer.flows, self._drawer.keeper)
            book.load(due)
            for case_id in due:
                notices += self._climb(book, book.get(case_id), now_us)
            book.flush()
        return notices

    def next_at_us(self) -> int | None:
        """Return when the next clock comes due, in microseconds since 1970; None where none runs."""
        with self._drawer.store.read() as connection:
            found: int | None = connection.scalar(
                select(func.min(cases.c.next_at_us)).where(cases.c.next_at_us.is_not(None))
            )
            return found

    def switch_mode(
        self, district: str, mode: Mode, *, now: datetime, actor: str, reason: str
    ) -> int:
        """Put a district into everyday 平 or emergency 急 operation; return how many cases it touched.

        Deadlines of its open cases come nearer where the mode's limits are shorter; none moves away.
        """
        with self._drawer.store.write(Lane.CASES) as connection:
            add_switch(connection, district, mode, now=now, actor=actor, reason=reason)
            query = (
                select(cases.c.case_id)
                .where(cases.c.district == district, IS_OPEN)
                .order_by(cases.c.opened_seq)
            )
            book = CaseBook(connection, self._drawer.flows, self._drawer.keeper)
            found = list(connection.scalars(query))
            book.load(found)
            touched = 0
            for case_id in found:
                case = book.get(case_id)
                clocks = self._drawer.keeper.switch(case, mode)
                if clocks != case.clocks:
                    touched += 1
                    book.append(
                        case_id,
                        ModeSwitched(mode=mode),
                        now_us=to_us(now),
                        actor=actor,
                        reason=reason,
                        clocks=clocks,
                    )
            book.flush()
        return touched

    @staticmethod
    def _due(connection: Connection, now_us: int, limit: int) -> list[str]:
        query = (
            select(cases.c.case_id)
            .where(cases.c.next_at_us <= now_us)
            .order_by(cases.c.next_at_us, cases.c.opened_seq)
            .limit(limit)
        )
        return list(connection.scalars(query))

    def _climb(self, book: CaseBook, case: Case, now_us: int) -> list[Notice]:
        notices: list[Notice] = []
        for clock, rung, clocks in self._drawer.keeper.climb(case, now_us):
            after = book.append(
                case.case_id,
                Climbed(
                    clock=clock.name,
                    notice=rung.notice,
                    lamp=rung.lamp,
                    due_at_us=clock.due_at_us or 0,
                    tier=rung.tier,
                ),
                now_us=now_us,
                actor=SYSTEM,
                reason=told(
                    "limit", clock=clock.name, percent=f"{rung.share:.0%}", due=iso(clock.due_at_us)
                ),
                clocks=clocks,
            )
            notices.append(Notice(after, clock.name, rung.notice, rung.tier))
        return notices

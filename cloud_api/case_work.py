"""Work on a case beside its moves: sub-tasks, re-checks, visits, extensions."""

from collections.abc import Iterable

from sqlalchemy import select

from cloud_api.case_desk import check_department, recurs
from cloud_api.case_opening import CaseDrawer, Deed, OpenCase
from cloud_api.case_projection import Case
from cloud_api.case_record import (
    SYSTEM,
    Extended,
    Moved,
    Rechecked,
    SubtaskAdded,
    SubtaskFinished,
    Visited,
)
from cloud_api.deadlines.calendar import parse_limit
from cloud_api.errors import CaseClosed, InvalidInput, MoveIncomplete, NotFound, ProfileError
from cloud_api.flow import State
from cloud_api.instants import to_us
from cloud_api.schema import evidence
from cloud_api.system_reasons import told

__all__ = ["MAX_SUBTASKS", "CaseWork"]

MAX_SUBTASKS = 50
"""Most sub-tasks of one case; more are another case."""

_ENDED = frozenset({State.CLOSED, State.EVALUATED})


class CaseWork:
    """Guarded actions on cases; errors as for :class:`~cloud_api.case_desk.CaseDesk`."""

    def __init__(self, drawer: CaseDrawer, departments: Iterable[str]) -> None:
        self._drawer = drawer
        self._departments = frozenset(departments)

    def add_subtask(
        self, deed: Deed, department: str, what: str, person: str | None, reason: str
    ) -> Case:
        """Give a part of the work to a department 联合处置; the case keeps its one owner.

        Raises:
            CaseClosed: nobody has to act on the case any more.
            InvalidInput: there is no such department, or there are too many sub-tasks.
        """
        check_department(department, self._departments)
        with self._drawer.take(deed, must_be_open=True) as taken:
            count = len(taken.case.subtasks)
            if count >= MAX_SUBTASKS:
                raise InvalidInput(
                    f"case {taken.case.number} has {count} sub-tasks; expected at most {MAX_SUBTASKS}"
                )
            added = SubtaskAdded(
                subtask_id=f"t{count + 1}", department=department, what=what, person=person
            )
            return taken.append(added, reason)

    def finish_subtask(self, deed: Deed, subtask_id: str, *, dropped: bool, reason: str) -> Case:
        """Note that a part of the work is done, or is not needed.

        Raises:
            CaseClosed: as for :meth:`add_subtask`.
            NotFound: the case has no such sub-task that is unfinished.
            MoveIncomplete: no reason was given.
        """
        _demand_reason(reason)
        with self._drawer.take(deed, must_be_open=True) as taken:
            waiting = [t.subtask_id for t in taken.case.subtasks if t.finished_at_us is None]
            if subtask_id not in waiting:
                raise NotFound(
                    f"case {taken.case.number} has no unfinished sub-task {subtask_id!r}; it has "
                    f"{', '.join(waiting) or 'none'}"
                )
            return taken.append(SubtaskFinished(subtask_id=subtask_id, dropped=dropped), reason)

    def recheck(self, deed: Deed, seen: Rechecked, reason: str) -> Case:
        """Note what a model saw when it compared the place with how it had been.

        Raises:
            CaseClosed: as for :meth:`add_subtask`.
            InvalidInput: a picture is not stored, or the later one is one that an event brought.
        """
        with self._drawer.take(deed, must_be_open=True) as taken:
            _check_pictures(taken, seen)
            return taken.append(seen, reason)

    def visit(self, deed: Deed, *, satisfied: bool, channel: str, answer: str) -> Case:
        """Note what a reporter said after the end 回访; unsatisfied reopens the case, as a recurrence.

        Raises:
            CaseClosed: the case has not ended, so there is nothing to ask about.
            MoveIncomplete: he is not satisfied and no reason was noted.
        """
        if not satisfied:
            _demand_reason(answer)
        with self._drawer.take(deed, must_be_open=False) as taken:
            case = taken.case
            if case.state not in _ENDED:
                raise CaseClosed(
                    f"case {case.number} is {case.state}; a visit asks after a case that is closed",
                    members={"state": case.state.value},
                )
            after = taken.append(Visited(satisfied=satisfied, channel=channel), answer)
            days = self._drawer.flows.of(case.flow).spec.recurrence_days
            moment_us = after.changed_at_us
            if satisfied or not recurs(case, days, moment_us):
                return after
            return taken.book.append(
                case.case_id,
                Moved(from_state=case.state, to_state=State.REOPENED, recurrence=True),
                now_us=moment_us,
                actor=SYSTEM,
                reason=told("unsatisfied", answer=answer),
            )

    def extend(self, deed: Deed, clock: str, by: str, approved_by: str, reason: str) -> Case:
        """Give a clock more time 延期.

        Raises:
            CaseClosed: as for :meth:`add_subtask`.
            InvalidInput: ``by`` is no amount of the clock's unit, or no such clock is unfinished.
            MoveIncomplete: no reason was given, or nobody else approved it.
        """
        _demand_reason(reason)
        if not approved_by.strip() or approved_by == deed.actor:
            detail = f"approved_by: name somebody else than {deed.actor!r} who approved it"
            raise MoveIncomplete(detail, members={"missing": [_lack("approval", detail)]})
        with self._drawer.take(deed, must_be_open=True) as taken:
            case, keeper = taken.case, self._drawer.keeper
            named = next((c for c in case.clocks if c.name == clock and c.done_at_us is None), None)
            if named is None:
                going = ", ".join(c.name for c in case.clocks if c.done_at_us is None) or "none"
                raise InvalidInput(
                    f"clock {clock!r}: case {case.number} has no such clock; it has {going}"
                )
            try:
                limit = parse_limit(by, keeper.policy.calendar)
            except ProfileError as error:
                raise InvalidInput(f"by: {error}") from error
            if limit.unit is not named.unit:
                raise InvalidInput(f"by {by!r}: clock {clock} counts in {named.unit}; say so too")
            at_us = to_us(deed.now)
            extended = Extended(clock=clock, by_us=limit.span_us, approved_by=approved_by)
            clocks = keeper.extend(case, clock, limit.span_us, at_us)
            return taken.append(extended, reason, clocks)


def _demand_reason(reason: str) -> None:
    if not reason.strip():
        detail = "reason: say why; nothing happens to a case without a reason"
        raise MoveIncomplete(detail, members={"missing": [_lack("reason", detail)]})


def _lack(need: str, detail: str) -> dict[str, str]:
    return {"need": need, "detail": detail}


def _check_pictures(taken: OpenCase, seen: Rechecked) -> None:
    wanted = {seen.after} | ({seen.before} if seen.before is not None else set())
    query = select(evidence.c.sha256).where(evidence.c.sha256.in_(wanted))
    absent = wanted - set(taken.connection.scalars(query))
    if absent:
        raise InvalidInput(
            f"picture {min(absent)} is not stored; send it with PUT /v1/evidence/{min(absent)}"
        )
    brought = {link.sha256 for link in taken.case.evidence if link.event_id is not None}
    if seen.after in brought:
        raise InvalidInput(
            f"after: {seen.after} is a picture that an event brought: it shows the trouble; take one "
            "after the work"
        )

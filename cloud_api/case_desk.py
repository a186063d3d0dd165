"""Where people act on cases: acknowledge, assign, comment and move, each one guarded record."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import select

from cloud_api.case_opening import CaseDrawer, Deed, OpenCase, find_case
from cloud_api.case_projection import Case
from cloud_api.case_record import (
    SYSTEM,
    Acknowledged,
    Assigned,
    Commented,
    EvidenceLink,
    Moved,
    Proof,
)
from cloud_api.deadlines.calendar import DAY_US
from cloud_api.errors import IllegalMove, InvalidInput, MoveIncomplete
from cloud_api.flow import Move, Need, State
from cloud_api.guards import Facts, MoveRequest, missing, proof_of
from cloud_api.instants import to_us
from cloud_api.schema import evidence
from cloud_api.system_reasons import told
from contracts.envelope import Discovery

__all__ = ["Acknowledgement", "CaseDesk", "Deed", "check_department", "find_case", "recurs"]

_WITH_PARENT = frozenset({State.CLOSED, State.VOID})


class Acknowledgement(NamedTuple):
    """A case that has been acknowledged; ``first`` unless it had been before."""

    case: Case
    first: bool


def check_department(department: str, known: frozenset[str]) -> None:
    """Refuse a department that does not exist.

    Raises:
        InvalidInput: there is no such department.
    """
    if department not in known:
        raise InvalidInput(
            f"department {department!r} does not exist; expected one of {', '.join(sorted(known))}"
        )


class CaseDesk:
    """Guarded actions on cases; each returns the case after it.

    All raise ``NotFound`` where there is no such case and ``VersionMismatch`` where it has changed
    since ``deed.version``.
    """

    def __init__(self, drawer: CaseDrawer, departments: Iterable[str]) -> None:
        self._drawer = drawer
        self._departments = frozenset(departments)

    def acknowledge(self, deed: Deed) -> Acknowledgement:
        """Note that somebody has seen the case; a second time changes nothing.

        Raises:
            CaseClosed: nobody has to act on the case any more.
        """
        with self._drawer.take(deed, must_be_open=True) as taken:
            if taken.case.acknowledged_at_us is not None:
                return Acknowledgement(taken.case, first=False)
            return Acknowledgement(taken.append(Acknowledged(), "seen"), first=True)

    def assign(self, deed: Deed, department: str, person: str | None, reason: str) -> Case:
        """Give the case to a department, and there perhaps to a person.

        Raises:
            CaseClosed: as for :meth:`acknowledge`.
            InvalidInput: there is no such department.
        """
        check_department(department, self._departments)
        with self._drawer.take(deed, must_be_open=True) as taken:
            return taken.append(Assigned(department=department, person=person), reason)

    def comment(self, deed: Deed, text: str) -> Case:
        """Add a remark, in whatever state the case is."""
        with self._drawer.take(deed, must_be_open=False) as taken:
            return taken.append(Commented(), text)

    def move(self, deed: Deed, request: MoveRequest) -> Case:
        """Move the case along its flow; what was merged into it ends and comes back with it.

        Raises:
            IllegalMove: the flow has no such move; ``legal_moves`` lists those it has.
            InvalidInput: only a case that ends can have been a false alarm.
            MoveIncomplete: the move is legal, ``missing`` lists what it lacks.
        """
        if request.false_alarm and request.to not in _WITH_PARENT:
            raise InvalidInput(
                f"false_alarm: a case that goes to {request.to} is not over; expected a move to one of "
                + ", ".join(sorted(_WITH_PARENT))
            )
        with self._drawer.take(deed, must_be_open=False) as taken:
            case = taken.case
            flow = self._drawer.flows.of(case.flow)
            legal = flow.legal_moves(case.state, case.previous)
            chosen = next((move for move in legal if move.to is request.to), None)
            if chosen is None:
                raise _illegal(case, request, legal)
            children = taken.book.load_children(case.case_id)
            facts = self._facts(taken, request, tuple(children))
            lacking = missing(case, request, chosen.needs, facts)
            if lacking:
                raise MoveIncomplete(
                    f"case {case.number} may move from {case.state} to {request.to}, but: "
                    + "; ".join(item["detail"] for item in lacking),
                    members={"missing": lacking},
                )
            moved = _moved(case, request, chosen, facts)
            after = taken.append(moved, request.reason)
            self._take_along(taken, after, moved, children)
            return after

    def _take_along(
        self, taken: OpenCase, parent: Case, moved: Moved, children: list[Case]
    ) -> None:
        """Let merged cases end with their parent, and come back when it is reopened."""
        if parent.state in _WITH_PARENT:
            wanted, to = {State.MERGED}, parent.state
        elif parent.state is State.REOPENED:
            wanted, to = {State.CLOSED, State.EVALUATED, State.VOID}, State.MERGED
        else:
            return
        for child in children:
            if child.state not in wanted or not self._drawer.flows.of(child.flow).follows(
                child.state, to
            ):
                continue
            taken.book.append(
                child.case_id,
                Moved(
                    from_state=child.state,
                    to_state=to,
                    into_case=child.merged_into,
                    proof=Proof(parent=parent.case_id) if to is State.CLOSED else None,
                    with_parent=True,
                    false_alarm=moved.false_alarm,
                ),
                now_us=to_us(taken.deed.now),
                actor=SYSTEM,
                reason=told(
                    "parent",
                    number=parent.number,
                    from_state=moved.from_state,
                    to_state=parent.state,
                ),
            )

    def _facts(self, taken: OpenCase, request: MoveRequest, children: tuple[Case, ...]) -> Facts:
        media_types: dict[str, str] = {}
        if request.evidence:
            query = select(evidence.c.sha256, evidence.c.media_type).where(
                evidence.c.sha256.in_(request.evidence)
            )
            media_types = {row.sha256: row.media_type for row in taken.connection.execute(query)}
        target = None
        if request.into_case is not None:
            target = find_case(taken.connection, request.into_case)
        flows = self._drawer.flows
        return Facts(
            actor=taken.deed.actor,
            media_types=media_types,
            departments=self._departments,
            target=target,
            flow=flows.of(taken.case.flow),
            target_open=target is None or flows.of(target.flow).state(target.state).open,
            merged=children,
            at_us=to_us(taken.deed.now),
        )


def recurs(case: Case, days: int, at_us: int) -> bool:
    """Return whether trouble at a moment counts as a recurrence of a case that has ended."""
    return case.closed_at_us is not None and at_us - case.closed_at_us <= days * DAY_US


def _moved(case: Case, request: MoveRequest, chosen: Move, facts: Facts) -> Moved:
    return Moved(
        from_state=case.state,
        to_state=request.to,
        evidence=tuple(
            EvidenceLink(sha256=sha, media_type=facts.media_types[sha], at_us=facts.at_us)
            for sha in dict.fromkeys(request.evidence)
        ),
        proof=proof_of(case, request, facts) if Need.PROOF in chosen.needs else None,
        department=request.to_department or None,
        person=request.person,
        approved_by=request.approved_by if Need.APPROVAL in chosen.needs else None,
        into_case=facts.target.case_id
        if facts.target is not None and Need.TARGET in chosen.needs
        else None,
        false_alarm=_is_false_alarm(case, request),
        score=request.score if Need.SCORE in chosen.needs else None,
        recurrence=request.to is State.REOPENED
        and case.state is not State.VOID
        and recurs(case, facts.flow.spec.recurrence_days, facts.at_us),
    )


def _is_false_alarm(case: Case, request: MoveRequest) -> bool:
    if request.false_alarm is not None:
        return request.false_alarm
    return request.to is State.VOID and case.discovery is Discovery.AUTOMATIC


def _illegal(case: Case, request: MoveRequest, legal: tuple[Move, ...]) -> IllegalMove:
    listed = [
        {"to": move.to.value, "zh": move.zh, "en": move.en, "needs": list(move.needs)}
        for move in legal
    ]
    names = ", ".join(move.to.value for move in legal) or "nowhere"
    return IllegalMove(
        f"case {case.number} is {case.state} and cannot move to {request.to}; it can move to {names}",
        members={"state": case.state.value, "legal_moves": listed},
    )

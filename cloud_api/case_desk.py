"""Where people act on cases: acknowledge, assign, comment and move, each one guarded record."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, or_, select

from cloud_api.case_book import CaseBook
from cloud_api.case_projection import Case, decode_case
from cloud_api.case_record import (
    Acknowledged,
    Assigned,
    Commented,
    Detail,
    EvidenceLink,
    Moved,
)
from cloud_api.database import Lane, Store
from cloud_api.errors import (
    CaseClosed,
    IllegalMove,
    InvalidInput,
    MoveIncomplete,
    NotFound,
    VersionMismatch,
)
from cloud_api.flow import Flow, Move, Need
from cloud_api.guards import Facts, MoveRequest, missing, proof_of
from cloud_api.instants import to_us
from cloud_api.schema import cases, evidence

__all__ = ["Acknowledgement", "CaseDesk", "Deed", "find_case"]


class Deed(NamedTuple):
    """Who acts on which case, when; ``version`` is the one he has seen, None for whatever it is."""

    case_ref: str
    actor: str
    now: datetime
    version: int | None = None


class Acknowledgement(NamedTuple):
    """A case that has been acknowledged; ``first`` unless it had been before."""

    case: Case
    first: bool


def find_case(connection: Connection, case_ref: str) -> Case | None:
    """Return the case with this id or number."""
    query = select(cases.c.document).where(
        or_(cases.c.case_id == case_ref, cases.c.number == case_ref)
    )
    document = connection.scalar(query)
    return None if document is None else decode_case(document)


class CaseDesk:
    """Guarded actions on cases; each returns the case after it."""

    def __init__(self, store: Store, flow: Flow, departments: Iterable[str]) -> None:
        self._store = store
        self._flow = flow
        self._departments = frozenset(departments)

    def acknowledge(self, deed: Deed) -> Acknowledgement:
        """Note that somebody has seen the case; a second time changes nothing.

        Raises:
            NotFound: there is no such case.
            CaseClosed: nobody has to act on the case any more.
            VersionMismatch: the case has changed since ``deed.version``.
        """
        with self._store.write(Lane.CASES) as connection:
            book, case = self._open(connection, deed, must_be_open=True)
            if case.acknowledged_at_us is not None:
                return Acknowledgement(case, first=False)
            return Acknowledgement(_append(book, case, deed, Acknowledged(), "seen"), first=True)

    def assign(self, deed: Deed, department: str, person: str | None, reason: str) -> Case:
        """Give the case to a department, and there perhaps to a person.

        Raises:
            NotFound, CaseClosed, VersionMismatch: as for :meth:`acknowledge`.
            InvalidInput: there is no such department.
        """
        if department not in self._departments:
            raise InvalidInput(
                f"department {department!r} does not exist; expected one of "
                f"{', '.join(sorted(self._departments))}"
            )
        with self._store.write(Lane.CASES) as connection:
            book, case = self._open(connection, deed, must_be_open=True)
            return _append(book, case, deed, Assigned(department=department, person=person), reason)

    def comment(self, deed: Deed, text: str) -> Case:
        """Add a remark, in whatever state the case is.

        Raises:
            NotFound, VersionMismatch: as for :meth:`acknowledge`.
        """
        with self._store.write(Lane.CASES) as connection:
            book, case = self._open(connection, deed, must_be_open=False)
            return _append(book, case, deed, Commented(), text)

    def move(self, deed: Deed, request: MoveRequest) -> Case:
        """Move the case along its flow.

        Raises:
            NotFound, VersionMismatch: as for :meth:`acknowledge`.
            IllegalMove: the flow has no such move; ``legal_moves`` lists those it has.
            MoveIncomplete: the move is legal, ``missing`` lists what it lacks.
        """
        with self._store.write(Lane.CASES) as connection:
            book, case = self._open(connection, deed, must_be_open=False)
            legal = self._flow.legal_moves(case.state, case.previous)
            chosen = next((move for move in legal if move.to is request.to), None)
            if chosen is None:
                raise _illegal(case, request, legal)
            facts = self._facts(connection, deed, request)
            lacking = missing(case, request, chosen.needs, facts)
            if lacking:
                raise MoveIncomplete(
                    f"case {case.number} may move from {case.state} to {request.to}, but: "
                    + "; ".join(item["detail"] for item in lacking),
                    members={"missing": lacking},
                )
            proof = proof_of(case, request, facts) if Need.PROOF in chosen.needs else None
            at_us = to_us(deed.now)
            moved = Moved(
                from_state=case.state,
                to_state=request.to,
                evidence=tuple(
                    EvidenceLink(sha256=sha, media_type=facts.media_types[sha], at_us=at_us)
                    for sha in dict.fromkeys(request.evidence)
                ),
                proof=proof,
                department=request.to_department or None,
                person=request.person,
                approved_by=request.approved_by if Need.APPROVAL in chosen.needs else None,
                into_case=facts.target.case_id
                if facts.target is not None and Need.TARGET in chosen.needs
                else None,
                score=request.score if Need.SCORE in chosen.needs else None,
            )
            return _append(book, case, deed, moved, request.reason)

    def _open(
        self, connection: Connection, deed: Deed, *, must_be_open: bool
    ) -> tuple[CaseBook, Case]:
        case = find_case(connection, deed.case_ref)
        if case is None:
            raise NotFound(f"case {deed.case_ref!r} does not exist; see GET /v1/cases")
        if deed.version is not None and deed.version != case.version:
            raise VersionMismatch(
                f"case {case.number} is at version {case.version}, not {deed.version}; read it again "
                "and decide anew",
                members={"version": case.version},
            )
        if must_be_open and not self._flow.state(case.state).open:
            raise CaseClosed(
                f"case {case.number} is {case.state}: nobody has to act on it any more; reopen it "
                "first if that is wrong",
                members={"state": case.state.value},
            )
        book = CaseBook(connection, self._flow)
        book.load([case.case_id])
        return book, case

    def _facts(self, connection: Connection, deed: Deed, request: MoveRequest) -> Facts:
        media_types: dict[str, str] = {}
        if request.evidence:
            query = select(evidence.c.sha256, evidence.c.media_type).where(
                evidence.c.sha256.in_(request.evidence)
            )
            media_types = {row.sha256: row.media_type for row in connection.execute(query)}
        target = None if request.into_case is None else find_case(connection, request.into_case)
        return Facts(
            actor=deed.actor,
            media_types=media_types,
            departments=self._departments,
            target=target,
            flow=self._flow,
        )


def _append(book: CaseBook, case: Case, deed: Deed, detail: Detail, reason: str) -> Case:
    changed = book.append(
        case.case_id, detail, now_us=to_us(deed.now), actor=deed.actor, reason=reason
    )
    book.flush()
    return changed


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

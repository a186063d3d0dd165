"""How a case is taken in hand: found, seen in the version that somebody knows, open where it has to be."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, or_, select

from cloud_api.case_book import CaseBook
from cloud_api.case_projection import Case, decode_case
from cloud_api.case_record import Detail
from cloud_api.database import Lane, Store
from cloud_api.deadlines.clocks import CaseClock
from cloud_api.deadlines.timekeeper import Timekeeper
from cloud_api.errors import CaseClosed, NotFound, VersionMismatch
from cloud_api.flow_choice import Flows
from cloud_api.instants import to_us
from cloud_api.schema import cases

__all__ = ["CaseDrawer", "Deed", "OpenCase", "find_case"]


class Deed(NamedTuple):
    """Who acts on which case, when; ``version`` is the one he has seen, None for whatever it is."""

    case_ref: str
    actor: str
    now: datetime
    version: int | None = None


def find_case(connection: Connection, case_ref: str) -> Case | None:
    """Return the case with this id or number."""
    query = select(cases.c.document).where(
        or_(cases.c.case_id == case_ref, cases.c.number == case_ref)
    )
    document = connection.scalar(query)
    return None if document is None else decode_case(document)


class OpenCase(NamedTuple):
    """A case in hand: one transaction in which it may be changed."""

    connection: Connection
    book: CaseBook
    case: Case
    deed: Deed

    def append(
        self, detail: Detail, reason: str, clocks: tuple[CaseClock, ...] | None = None
    ) -> Case:
        """Add one record in the name of the one who acts; return the case after it."""
        return self.book.append(
            self.case.case_id,
            detail,
            now_us=to_us(self.deed.now),
            actor=self.deed.actor,
            reason=reason,
            clocks=clocks,
        )


class CaseDrawer:
    """Where cases are taken in hand and put back; what was appended is written when the block ends."""

    def __init__(self, store: Store, flows: Flows, keeper: Timekeeper) -> None:
        self.store = store
        self.flows = flows
        self.keeper = keeper

    @contextmanager
    def take(self, deed: Deed, *, must_be_open: bool) -> Iterator[OpenCase]:
        """Yield a case in hand; commits unless the block raises.

        Raises:
            NotFound: there is no such case.
            CaseClosed: it has to be open, and nobody has to act on it any more.
            VersionMismatch: it has changed since ``deed.version``.
        """
        with self.store.write(Lane.CASES) as connection:
            case = find_case(connection, deed.case_ref)
            if case is None:
                raise NotFound(f"case {deed.case_ref!r} does not exist; see GET /v1/cases")
            if deed.version is not None and deed.version != case.version:
                raise VersionMismatch(
                    f"case {case.number} is at version {case.version}, not {deed.version}; read it "
                    "again and decide anew",
                    members={"version": case.version},
                )
            if must_be_open and not self.flows.of(case.flow).state(case.state).open:
                raise CaseClosed(
                    f"case {case.number} is {case.state}: nobody has to act on it any more; reopen "
                    "it first if that is wrong",
                    members={"state": case.state.value},
                )
            book = CaseBook(connection, self.flows, self.keeper)
            book.load([case.case_id])
            yield OpenCase(connection, book, case, deed)
            book.flush()

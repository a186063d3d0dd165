"""The audit log: reading it."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from cloud_api.access import Gate
from cloud_api.audit.entry import StoredLine, decode_entry
from cloud_api.audit.examination import Flaw
from cloud_api.audit.ledger import AuditFilter
from cloud_api.errors import Forbidden, InvalidInput, StoreUnavailable, Unauthenticated
from cloud_api.instants import from_us
from cloud_api.keys import Identity
from cloud_api.paging import cursor_of, position_of
from cloud_api.routes.answers import documented, storable
from cloud_api.services import Services

__all__ = ["auditing_router"]

_LOOK = 500
_MOST_LOOKED = 20_000
"""Lines looked through for one page of those that said why; a short page's cursor goes on behind them."""


class AuditLineView(BaseModel):
    """One line of the audit log."""

    seq: int
    at: AwareDatetime
    actor: str = Field(description="key:… or user:…; empty where nobody was known.")
    action: str
    target: str
    status: int
    count: int = Field(description="How many requests the line stands for.")
    purpose: str
    personal: str = Field(
        description="Name, address and query as JSON; [withdrawn] after shredding."
    )
    hash: str


class AnchorView(BaseModel):
    """One place outside the database where signed heads are kept."""

    place: str
    heads: int
    through: int = Field(description="The last line that one of its valid heads covers; 0: none.")
    signed_at: AwareDatetime | None
    trouble: str = Field(description="Why it cannot be read; empty where it can.")


class AuditFlawView(BaseModel):
    """One flaw, and the line where it shows."""

    flaw: Flaw
    seq: int
    detail: str


class ChainView(BaseModel):
    """How the log stands; what stands behind the last head can be cut unnoticed."""

    examined_at: AwareDatetime
    first: int = Field(description="Examined from this line on: 1, or behind a signed head.")
    last: int
    anchored_through: int = Field(description="The last line that a signed head covers.")
    flaws: int
    findings: list[AuditFlawView]
    anchors: list[AnchorView]


class AuditPage(BaseModel):
    """One page of lines."""

    items: list[AuditLineView]
    next_cursor: str | None


def auditing_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes ``/v1/audit`` and ``/v1/audit/chain``."""
    router = APIRouter(tags=["audit"])
    auditor = Annotated[Identity, Depends(gate.audit)]
    ledger = services.ledger

    def view(line: StoredLine) -> AuditLineView:
        entry = decode_entry(line.body)
        return AuditLineView(
            seq=line.seq,
            at=from_us(entry.at_us),
            actor=entry.actor,
            action=entry.action,
            target=entry.target,
            status=entry.status,
            count=entry.count,
            purpose=entry.purpose,
            personal=ledger.personal(entry),
            hash=line.hash,
        )

    def page_of(
        chosen: AuditFilter, before: int | None, limit: int, *, personal: bool
    ) -> tuple[list[AuditLineView], int | None]:
        """Return a page, and the line behind which the next one begins; None where nothing is left."""
        size = _LOOK if personal else limit + 1
        shown: list[AuditLineView] = []
        for _ in range(0, _MOST_LOOKED, size):
            found = ledger.newest(chosen, before=before, limit=size)
            for line in found:
                one = view(line)
                if personal and not one.purpose:
                    continue
                if len(shown) == limit:
                    return shown, shown[-1].seq
                shown.append(one)
            if len(found) < size:
                return shown, None
            before = found[-1].seq
        return shown, before

    @router.get(
        "/v1/audit",
        summary="Read the audit log, the newest line first",
        responses=documented(Unauthenticated, Forbidden, InvalidInput, StoreUnavailable),
    )
    def get_audit(
        _caller: auditor,
        actor: Annotated[str | None, Query(max_length=100)] = None,
        action: Annotated[str | None, Query(max_length=200, description="How it begins.")] = None,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        personal: Annotated[
            bool, Query(description="Only requests that said why: they may show personal data.")
        ] = False,
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=services.config.page_size)] = 50,
    ) -> AuditPage:
        """Return one page; the line about this request comes after it."""
        chosen = AuditFilter(storable(actor), storable(action), since, until)
        before = None if cursor is None else position_of(cursor)
        items, last = page_of(chosen, before, limit, personal=personal)
        return AuditPage(items=items, next_cursor=None if last is None else cursor_of(last))

    @router.get(
        "/v1/audit/chain",
        summary="Read whether the audit log is as it was written",
        responses=documented(Unauthenticated, Forbidden, StoreUnavailable),
    )
    def get_chain(_caller: auditor) -> ChainView:
        """Examine the newest hundred thousand lines against the signed heads; one of half a minute ago serves."""
        found = services.chain.status(services.clock.now())
        return ChainView.model_validate(
            msgspec.structs.asdict(found)
            | {
                "findings": [each._asdict() for each in found.findings],
                "anchors": [msgspec.structs.asdict(each) for each in found.anchors],
            }
        )

    return router

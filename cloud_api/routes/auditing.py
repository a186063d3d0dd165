"""The audit log: reading it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from cloud_api.access import Gate
from cloud_api.audit.entry import StoredLine, decode_entry
from cloud_api.audit.ledger import AuditFilter
from cloud_api.errors import Forbidden, InvalidInput, StoreUnavailable, Unauthenticated
from cloud_api.instants import from_us
from cloud_api.keys import Identity
from cloud_api.paging import cursor_of, position_of
from cloud_api.routes.answers import documented, storable
from cloud_api.services import Services

__all__ = ["auditing_router"]


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


class AuditPage(BaseModel):
    """One page of lines."""

    items: list[AuditLineView]
    next_cursor: str | None


def auditing_router(services: Services, gate: Gate) -> APIRouter:
    """Return the route ``/v1/audit``."""
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
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=services.config.page_size)] = 50,
    ) -> AuditPage:
        """Return one page; the line about this request comes after it."""
        chosen = AuditFilter(storable(actor), storable(action), since)
        before = None if cursor is None else position_of(cursor)
        found = ledger.newest(chosen, before=before, limit=limit + 1)
        page = found[:limit]
        return AuditPage(
            items=[view(line) for line in page],
            next_cursor=cursor_of(page[-1].seq) if len(found) > limit else None,
        )

    return router

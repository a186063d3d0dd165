"""Notices: who was told of what, and what became of it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from sqlalchemy import select

from cloud_api.access import Gate
from cloud_api.errors import Forbidden, InvalidInput, NotFound, StoreUnavailable, Unauthenticated
from cloud_api.instants import from_us
from cloud_api.keys import Identity
from cloud_api.notices.ledger import Notice, NoticeState, decode_entry, decode_notice
from cloud_api.notices.tables import notice_log, notices
from cloud_api.paging import cursor_of, position_of
from cloud_api.privacy.masking import STARS
from cloud_api.privacy.viewing import sees_staff
from cloud_api.routes.answers import documented, storable
from cloud_api.services import Services

__all__ = ["notices_router"]

_EXAMPLE: JsonDict = {
    "notice_id": "7e0c8a52-6a2e-5c0e-9b0e-2d8b1c2f4a10",
    "case_id": "0b0f6a54-3f0e-5d5e-8f5b-5f4f1a2f7c61",
    "channel": "duty-mail",
    "recipient": "person:li-wei",
    "occasion": "opened",
    "stage": 0,
    "title": "[red] ponding futian-20260601-0001",
    "state": "sent",
    "attempts": 1,
    "why": "",
    "queued_at": "2026-06-01T08:00:01Z",
    "changed_at": "2026-06-01T08:00:02Z",
    "next_at": None,
}


class NoticeView(BaseModel):
    """One notice and where it stands."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})
    notice_id: str
    case_id: str
    channel: str
    recipient: str = Field(description="`person:ID`, `group` or `report:ID`; never an address.")
    occasion: str
    stage: int = Field(description="0, or the number of the escalation.")
    title: str
    state: NoticeState
    attempts: int
    why: str = Field(description="Why it was not taken, given up or cancelled.")
    queued_at: datetime
    changed_at: datetime
    next_at: datetime | None


class NoticePage(BaseModel):
    """Notices, newest first."""

    items: list[NoticeView]
    next_cursor: str | None


class EntryView(BaseModel):
    """One entry of a notice's log."""

    at: datetime
    kind: str = Field(description="queued, began, sent, failed, given_up or cancelled.")
    why: str


class NoticeHistory(BaseModel):
    """A notice with its words and its log."""

    notice: NoticeView
    body: str
    log: list[EntryView]


def notices_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes below ``/v1/notices``."""
    router = APIRouter(tags=["notices"])
    reader = Annotated[Identity, Depends(gate.read)]

    @router.get(
        "/v1/notices",
        summary="List who was told of what",
        responses=documented(Unauthenticated, Forbidden, InvalidInput, StoreUnavailable),
    )
    def list_notices(
        _caller: reader,
        case_id: Annotated[str | None, Query(max_length=64)] = None,
        channel: Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,64}$")] = None,
        state: NoticeState | None = None,
        cursor: Annotated[str | None, Query(max_length=40)] = None,
        limit: Annotated[int, Query(ge=1, le=services.config.page_size)] = 50,
    ) -> NoticePage:
        """Return the delivery log, newest first."""
        query = select(notices).order_by(notices.c.first_seq.desc()).limit(limit + 1)
        if case_id is not None:
            query = query.where(notices.c.case_id == storable(case_id))
        if channel is not None:
            query = query.where(notices.c.channel == channel)
        if state is not None:
            query = query.where(notices.c.state == state.value)
        if cursor is not None:
            query = query.where(notices.c.first_seq < position_of(cursor))
        with services.store.read() as connection:
            found = [Notice(*row) for row in connection.execute(query)]
        more = len(found) > limit
        return NoticePage(
            items=[_view(notice) for notice in found[:limit]],
            next_cursor=cursor_of(found[limit - 1].first_seq) if more else None,
        )

    @router.get(
        "/v1/notices/{notice_id}",
        summary="Read one notice, its words and its attempts",
        responses=documented(Unauthenticated, Forbidden, NotFound, InvalidInput, StoreUnavailable),
    )
    def show_notice(notice_id: str, caller: reader) -> NoticeHistory:
        """Return a notice with every entry of its log; its words, which name people, to those who give out work."""
        name = storable(notice_id)
        with services.store.read() as connection:
            row = connection.execute(
                select(notices).where(notices.c.notice_id == name)
            ).one_or_none()
            if row is None:
                raise NotFound(f"notice {notice_id[:80]!r} does not exist; see GET /v1/notices")
            bodies = connection.scalars(
                select(notice_log.c.body)
                .where(notice_log.c.notice_id == name)
                .order_by(notice_log.c.seq)
            ).all()
        notice = Notice(*row)
        entries = [decode_entry(bytes(body)) for body in bodies]
        return NoticeHistory(
            notice=_view(notice),
            body=decode_notice(notice).body if sees_staff(caller) else STARS,
            log=[
                EntryView(
                    at=from_us(entry.at_us),
                    kind=str(type(entry.detail).__struct_config__.tag),
                    why=str(getattr(entry.detail, "why", "")),
                )
                for entry in entries
            ],
        )

    return router


def _view(notice: Notice) -> NoticeView:
    said = decode_notice(notice)
    return NoticeView(
        notice_id=notice.notice_id,
        case_id=notice.case_id,
        channel=notice.channel,
        recipient=said.recipient,
        occasion=said.occasion,
        stage=notice.stage,
        title=said.title,
        state=NoticeState(notice.state),
        attempts=notice.attempts,
        why=notice.why,
        queued_at=from_us(notice.queued_at_us),
        changed_at=from_us(notice.changed_at_us),
        next_at=None if notice.next_at_us is None else from_us(notice.next_at_us),
    )

"""Orders of other systems: taking them in, and reading what became of them."""

import time
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from cloud_api.access import ACT, READ, Gate, Require
from cloud_api.errors import (
    BodyTooLarge,
    Forbidden,
    InvalidInput,
    NotFound,
    StoreUnavailable,
    Unauthenticated,
)
from cloud_api.instants import from_us
from cloud_api.keys import Identity, Role
from cloud_api.orders.desk import OrderOutcome
from cloud_api.orders.errors import OrderUnread
from cloud_api.orders.ledger import OrderRecord, OrderRow, decode_order
from cloud_api.orders.mapping import OrderMapping
from cloud_api.orders.sources import JoinedSource
from cloud_api.orders.tables import order_names, orders
from cloud_api.paging import cursor_of, position_of
from cloud_api.routes.answers import documented, storable
from cloud_api.schema import events
from cloud_api.services import Services
from runtime.webhook_signature import webhook_refusal

__all__ = ["POST_ORDERS", "OrderView", "order_view", "orders_router"]

POST_ORDERS = frozenset({Role.GATEWAY, Role.OPERATOR, Role.ADMIN})
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A document in the form that the mapping names.",
        "content": {
            "application/json": {
                "schema": {},
                "example": {
                    "orderNo": "GD20260601000123",
                    "areaCode": "440304",
                    "categoryCode": "0406",
                    "urgency": "紧急",
                    "callTime": "2026-06-01 16:20:05",
                },
            },
            "text/csv": {"schema": {"type": "string"}},
            "application/cap+xml": {"schema": {"type": "string"}},
        },
    }
}


class TakenView(BaseModel):
    """An order that was taken in."""

    order_id: str
    rev: int
    outcome: OrderOutcome


class UnreadView(BaseModel):
    """An item that was not taken in."""

    position: int
    why: str


class ReceivedView(BaseModel):
    """What became of a document; everything in ``taken`` is stored."""

    taken: list[TakenView]
    unread: list[UnreadView]


class PersonalView(BaseModel):
    """What an order says about people; only for those who act on cases."""

    text: str
    address: str
    contact: dict[str, str]


class OrderView(BaseModel):
    """A canonical order 标准工单."""

    order_id: str
    source: str
    source_id: str
    rev: int
    case_id: str | None = Field(description="Its case, once there is one.")
    district: str
    event_type: str
    level: str
    title: dict[str, str]
    channel: str
    discovery: str
    reported_at: datetime
    received_at: datetime
    changed_at: datetime
    ended: bool
    place: dict[str, float] | None
    extension: dict[str, str | float | bool | None] = Field(description="Extension form 扩展表单.")
    media_urls: list[str]
    personal: PersonalView | None


class OrderPage(BaseModel):
    """Orders, newest first."""

    items: list[OrderView]
    next_cursor: str | None


class MappingView(BaseModel):
    """A system that is joined."""

    mapping: str
    version: str
    zh: str
    en: str
    what: str
    format: str
    polled: bool
    signed: bool
    extension: dict[str, dict[str, str | bool]]


class SignedOrKeyed:
    """A dependency that lets a source through by its signature, and others by their key."""

    def __init__(self, services: Services) -> None:
        self._keyed = Require(services.callers, POST_ORDERS)
        self._limiter = services.callers.limiter
        self._sources = services.orders.reception.sources

    async def __call__(self, request: Request) -> None:
        """Return where the request is believed.

        Raises:
            Unauthenticated: signature or key are wrong, or there is neither.
            Forbidden: the key's role may not send orders.
        """
        if "webhook-signature" not in request.headers:
            await self._keyed(request)
            return
        self._limiter.check_address(request.scope)
        mapping = request.path_params["mapping"]
        source = self._sources.get(mapping)
        if source is None or not source.secrets:
            refusal: str | None = "the source has no secret"
        else:
            body = await request.body()
            # The sender dates it by the world's clock, whatever clock the API runs on.
            refusal = webhook_refusal(source.secrets, request.headers, body, time.time())
        if refusal is not None:
            raise Unauthenticated(
                f"webhook of {mapping[:64]!r}: {refusal}", headers={"WWW-Authenticate": "Bearer"}
            )


def orders_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes below ``/v1/orders``."""
    router = APIRouter(tags=["orders"])
    reader = Annotated[Identity, Depends(gate.read)]
    reception = services.orders.reception

    @router.post(
        "/v1/orders/{mapping}",
        summary="Take orders of another system in",
        responses=documented(
            Unauthenticated, Forbidden, NotFound, BodyTooLarge, InvalidInput, StoreUnavailable
        ),
        openapi_extra=_BODY,
        dependencies=[Depends(SignedOrKeyed(services))],
    )
    async def receive(mapping: str, request: Request) -> ReceivedView:
        """Read a document by its mapping; the same again changes nothing."""
        source = _source(mapping, reception.sources)
        body = await request.body()
        try:
            received = await run_in_threadpool(
                reception.receive, source.mapping, body, services.clock.now()
            )
        except OrderUnread as error:
            raise InvalidInput(f"orders of {mapping}: {error}") from error
        if received.unread and not received.taken:
            first = received.unread[0]
            raise InvalidInput(
                f"orders of {mapping}: item {first.position}: {first.why}",
                members={"unread": [each._asdict() for each in received.unread[:20]]},
            )
        return ReceivedView(
            taken=[TakenView(**one._asdict()) for one in received.taken],
            unread=[UnreadView(**each._asdict()) for each in received.unread],
        )

    @router.get(
        "/v1/orders",
        summary="List orders of other systems and reports of people",
        responses=documented(Unauthenticated, Forbidden, InvalidInput, StoreUnavailable),
    )
    def list_orders(
        caller: reader,
        source: Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,64}$")] = None,
        source_id: Annotated[str | None, Query(max_length=200)] = None,
        case_id: Annotated[str | None, Query(max_length=64)] = None,
        cursor: Annotated[str | None, Query(max_length=40)] = None,
        limit: Annotated[int, Query(ge=1, le=services.config.page_size)] = 50,
    ) -> OrderPage:
        """Return orders, newest first."""
        query = (
            select(orders, events.c.case_id)
            .outerjoin(events, events.c.event_id == orders.c.order_id)
            .order_by(orders.c.first_seq.desc())
            .limit(limit + 1)
        )
        if source is not None:
            query = query.where(orders.c.source == source)
        if source_id is not None:
            named = select(order_names.c.order_id).where(
                order_names.c.source_id == storable(source_id)
            )
            query = query.where(orders.c.order_id.in_(named))
        if case_id is not None:
            query = query.where(events.c.case_id == storable(case_id))
        if cursor is not None:
            query = query.where(orders.c.first_seq < position_of(cursor))
        with services.store.read() as connection:
            found = [(OrderRow(*row[:-1]), row[-1]) for row in connection.execute(query)]
        return OrderPage(
            items=[order_view(services, row, case, caller) for row, case in found[:limit]],
            next_cursor=cursor_of(found[limit - 1][0].first_seq) if len(found) > limit else None,
        )

    @router.get(
        "/v1/orders/{order_id}",
        summary="Read one order",
        responses=documented(Unauthenticated, Forbidden, NotFound, InvalidInput, StoreUnavailable),
    )
    def show_order(order_id: str, caller: reader) -> OrderView:
        """Return an order as it is now; what it says about people only to those who act."""
        query = (
            select(orders, events.c.case_id)
            .outerjoin(events, events.c.event_id == orders.c.order_id)
            .where(orders.c.order_id == storable(order_id))
        )
        with services.store.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(f"order {order_id[:80]!r} does not exist; see GET /v1/orders")
        return order_view(services, OrderRow(*row[:-1]), row[-1], caller)

    @router.get(
        "/v1/order-sources",
        summary="List the systems that are joined",
        responses=documented(Unauthenticated, Forbidden),
    )
    def sources(_caller: reader) -> list[MappingView]:
        """Return each source with its mapping, and what the mapping is."""
        return [_mapping_view(each.mapping, each) for each in reception.sources.values()]

    return router


def _source(mapping: str, sources: dict[str, JoinedSource]) -> JoinedSource:
    source = sources.get(mapping)
    if source is None:
        raise NotFound(
            f"source {mapping[:64]!r} is not joined; expected one of "
            f"{', '.join(sorted(sources)) or 'none: see `orders` of the configuration'}"
        )
    return source


def _mapping_view(mapping: OrderMapping, source: JoinedSource) -> MappingView:
    return MappingView(
        mapping=mapping.mapping,
        version=mapping.version,
        zh=mapping.zh,
        en=mapping.en,
        what=mapping.what,
        format=mapping.format.value,
        polled=source.source.url is not None,
        signed=bool(source.secrets),
        extension={
            name: {"zh": field.zh, "en": field.en, "kind": field.kind.value}
            for name, field in mapping.extension.items()
        },
    )


def order_view(
    services: Services, row: OrderRow, case_id: str | None, caller: Identity
) -> OrderView:
    """Return an order as it is read; what it says about people only for a caller who acts."""
    record: OrderRecord = decode_order(row.body)
    order = record.order
    personal = services.orders.desk.personal(record) if caller.role in ACT & READ else None
    place = order.place
    return OrderView(
        order_id=row.order_id,
        source=order.source,
        source_id=order.source_id,
        rev=row.rev,
        case_id=case_id or None,
        district=order.district,
        event_type=order.event_type,
        level=order.level.value,
        title={"zh": order.title.zh, "en": order.title.en},
        channel=order.channel,
        discovery=order.discovery.value,
        reported_at=order.reported_at,
        received_at=from_us(row.received_at_us),
        changed_at=from_us(row.changed_at_us),
        ended=order.ended,
        place=None if place is None else {"lon": place.lon, "lat": place.lat},
        extension=dict(order.extension),
        media_urls=list(order.media_urls),
        personal=None if personal is None else PersonalView(**msgspec.structs.asdict(personal)),
    )

"""Webhooks that leave: how far each endpoint has got, and what did not arrive."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from cloud_api.access import Gate
from cloud_api.errors import Forbidden, InvalidInput, NotFound, StoreUnavailable, Unauthenticated
from cloud_api.instants import from_us
from cloud_api.keys import Identity
from cloud_api.routes.answers import documented
from cloud_api.services import Services
from cloud_api.webhooks.tables import webhook_log

__all__ = ["webhooks_router"]


class EndpointView(BaseModel):
    """One endpoint; its secret and the rest of its address are not shown."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"id": "traffic", "topics": ["case"], "lag_entries": 0, "gone": False}
        }
    )
    id: str
    topics: list[str]
    lag_entries: int = Field(description="Entries of the logs that are not delivered yet.")
    gone: bool = Field(description="It answered 410 and is left alone until a restart.")


class TroubleView(BaseModel):
    """One attempt that did not succeed."""

    message_id: str
    at: datetime
    outcome: str = Field(description="failed: is tried again; refused: left out; gone.")
    status: int | None
    why: str


def webhooks_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes below ``/v1/webhooks``."""
    router = APIRouter(tags=["webhooks"])
    manager = Annotated[Identity, Depends(gate.manage)]
    deliverers = {each.endpoint.id: each for each in services.webhooks}

    @router.get(
        "/v1/webhooks",
        summary="List webhook endpoints and how far they have got",
        responses=documented(Unauthenticated, Forbidden, StoreUnavailable),
    )
    def endpoints(_caller: manager) -> list[EndpointView]:
        """Return every configured endpoint."""
        return [
            EndpointView(
                id=name,
                topics=[topic.value for topic in each.endpoint.topics],
                lag_entries=each.lag(),
                gone=each.gone,
            )
            for name, each in sorted(deliverers.items())
        ]

    @router.get(
        "/v1/webhooks/{endpoint}/trouble",
        summary="Read what did not arrive at an endpoint",
        responses=documented(Unauthenticated, Forbidden, NotFound, InvalidInput, StoreUnavailable),
    )
    def trouble(
        endpoint: str,
        _caller: manager,
        limit: Annotated[int, Query(ge=1, le=services.config.page_size)] = 50,
    ) -> list[TroubleView]:
        """Return attempts that did not succeed, newest first."""
        if endpoint not in deliverers:
            raise NotFound(f"webhook {endpoint[:64]!r} is not configured; see GET /v1/webhooks")
        query = (
            select(webhook_log)
            .where(webhook_log.c.endpoint == endpoint)
            .order_by(webhook_log.c.seq.desc())
            .limit(limit)
        )
        with services.store.read() as connection:
            rows = connection.execute(query).all()
        return [
            TroubleView(
                message_id=row.message_id,
                at=from_us(row.at_us),
                outcome=row.outcome,
                status=row.status,
                why=row.why,
            )
            for row in rows
        ]

    return router

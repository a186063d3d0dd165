"""The process map: the ways that cases took from state to state in a period."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from cloud_api.access import Gate
from cloud_api.errors import Forbidden, InvalidInput, StoreUnavailable, Unauthenticated
from cloud_api.evaluation.months import period_of
from cloud_api.evaluation.process_map import arrivals, passages
from cloud_api.flow import State
from cloud_api.keys import Identity
from cloud_api.routes.answers import documented
from cloud_api.services import Services

__all__ = ["process_map_router"]


class WayView(BaseModel):
    """How often cases went from one state to another, and how long they had stood in the first."""

    before: State | None = Field(description="Null: the case was opened.")
    after: State
    times: int
    median_s: float | None = Field(description="Seconds in `before`, of half of them at most.")


class ProcessMapView(BaseModel):
    """The ways of a period's cases, for the part of the city that the caller may see."""

    period: str
    district: str | None
    cases: int = Field(description="Cases whose logs were read.")
    truncated: bool = Field(description="There were more; the latest ones count.")
    passages: list[WayView]


def process_map_router(services: Services, gate: Gate) -> APIRouter:
    """Return the route of the process map."""
    router = APIRouter(tags=["evaluation"])
    reader = Annotated[Identity, Depends(gate.read_filtered)]

    @router.get(
        "/v1/process-map",
        summary="Show which way cases went",
        responses=documented(Unauthenticated, Forbidden, InvalidInput, StoreUnavailable),
    )
    def process_map(
        caller: reader,
        period: Annotated[str, Query(description="Like 2026-11, 2026-Q4 or 2026.", max_length=20)],
        district: Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,64}$")] = None,
    ) -> ProcessMapView:
        """Return how often cases went from state to state in a period, and how long they had stood before."""
        span = period_of(period, services.config.utc_offset_minutes)
        with services.store.read() as connection:
            way = arrivals(connection, span, caller.scope, district=district)
        return ProcessMapView(
            period=period,
            district=district,
            cases=way.cases,
            truncated=way.truncated,
            passages=[WayView(**passage._asdict()) for passage in passages(way.arrivals, span)],
        )

    return router

"""Events: posting them (gateways) and reading them (people)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime

from cloud_api.access import Gate
from cloud_api.errors import (
    BodyTooLarge,
    EventConflict,
    Forbidden,
    IntakeFull,
    InvalidInput,
    MalformedJson,
    NotFound,
    RequestTimeout,
    StoreUnavailable,
    Unauthenticated,
    UnsupportedMedia,
)
from cloud_api.event_projection import load_events
from cloud_api.keys import Identity
from cloud_api.paging import cursor_of, position_of
from cloud_api.queries import EventFilter, list_events, revisions_of
from cloud_api.rendering import event_view, revision_view
from cloud_api.routes.answers import documented, json_body, storable
from cloud_api.services import Services
from cloud_api.views import EventDetail, EventPage, ReceiptView
from contracts.event import EventPhase
from contracts.levels import Level

__all__ = ["events_router"]

_ID = Annotated[str, Query(pattern=r"^[a-z0-9-]{1,64}$")]


def events_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes below ``/v1/events``."""
    router = APIRouter(tags=["events"])
    poster = Annotated[Identity, Depends(gate.post_events)]
    reader = Annotated[Identity, Depends(gate.read)]
    lister = Annotated[Identity, Depends(gate.read_filtered)]
    config = services.config

    @router.post(
        "/v1/events",
        summary="Post one event.v1 or an array of them",
        response_model=ReceiptView,
        status_code=202,
        responses={
            200: {"model": ReceiptView, "description": "Nothing new: all were stored before."},
            **documented(
                MalformedJson,
                Unauthenticated,
                Forbidden,
                RequestTimeout,
                EventConflict,
                BodyTooLarge,
                UnsupportedMedia,
                InvalidInput,
                IntakeFull,
                StoreUnavailable,
            ),
        },
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {
                            "description": f"event.v1, or an array of up to {config.batch_events}",
                            "oneOf": [
                                {"type": "object", "required": ["type", "event_id", "rev"]},
                                {"type": "array", "items": {"type": "object"}},
                            ],
                        }
                    }
                },
            }
        },
    )
    async def post_events(request: Request, _caller: poster) -> Response:
        """Store events once for each (event_id, rev); the answer comes after the commit."""
        posted = await services.posting.take(await json_body(request))
        return Response(posted.body, status_code=posted.status, media_type="application/json")

    @router.get(
        "/v1/events",
        summary="List events, the one that arrived last first",
        responses=documented(Unauthenticated, Forbidden, InvalidInput, StoreUnavailable),
    )
    def get_events(
        caller: lister,
        level: Level | None = None,
        type: Annotated[str | None, Query(max_length=128)] = None,  # noqa: A002 - the parameter's public name
        phase: EventPhase | None = None,
        district: _ID | None = None,
        since: Annotated[
            AwareDatetime | None, Query(description="Events whose own time is not before.")
        ] = None,
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=config.page_size)] = 50,
    ) -> EventPage:
        """Return one page of events."""
        chosen = EventFilter(level, storable(type), phase, district, since)
        before = None if cursor is None else position_of(cursor)
        with services.store.read() as connection:
            found = list_events(
                connection, chosen, before=before, limit=limit + 1, scope=caller.scope
            )
        page = found[:limit]
        return EventPage(
            items=[event_view(state) for state in page],
            next_cursor=cursor_of(page[-1].first_seq) if len(found) > limit else None,
        )

    @router.get(
        "/v1/events/{event_id}",
        summary="Read one event with its cause and history",
        responses=documented(Unauthenticated, Forbidden, NotFound, InvalidInput, StoreUnavailable),
    )
    def get_event(event_id: str, _caller: reader) -> EventDetail:
        """Return an event, why its rule spoke, and every revision of it."""
        event_id = storable(event_id) or ""
        with services.store.read() as connection:
            state = load_events(connection, [event_id]).get(event_id)
            history = revisions_of(connection, event_id)
        if state is None:
            hint = "it is stored but not projected yet" if history else "see GET /v1/events"
            raise NotFound(f"event {event_id[:80]!r} does not exist; {hint}")
        view = event_view(state)
        return EventDetail(
            **dict(view),
            cause=view.event["cause"],
            history=[revision_view(row) for row in history],
        )

    return router

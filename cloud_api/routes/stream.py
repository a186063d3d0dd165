"""The stream: server-sent events of what changes, resumable."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

import anyio
from fastapi import APIRouter, Depends, Query, Request
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from cloud_api.access import Gate, token_of
from cloud_api.errors import (
    Forbidden,
    InvalidInput,
    StoreUnavailable,
    StreamFull,
    Unauthenticated,
)
from cloud_api.feed import FeedHub, Page, Position, encode_changes, parse_position
from cloud_api.keys import Identity
from cloud_api.people.scope import Scope
from cloud_api.people.welcome import Welcome
from cloud_api.routes.answers import documented
from cloud_api.services import Services

__all__ = ["stream_router"]

_SEND_TIMEOUT_S = 30.0
"""A listener that takes nothing for so long is cut off; it resumes where it was."""

_BELIEVED_S = 1.0
"""For so long a listener's key is believed to hold."""

_GRACE_S = 2.0
"""What listeners have to end politely: each of them looks once a second whether the server stays."""


def stream_router(services: Services, gate: Gate) -> APIRouter:
    """Return the route ``/v1/stream``."""
    router = APIRouter(tags=["stream"])
    reader = Annotated[Identity, Depends(gate.read_filtered)]
    feed, config = services.feed, services.config
    welcome = Welcome(services.callers.identify, _BELIEVED_S)

    @router.get(
        "/v1/stream",
        summary="Follow changes of events and cases (server-sent events)",
        response_class=EventSourceResponse,
        responses={
            200: {
                "description": "Messages `event` (event.v1) and `case`, each with an id to resume from.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            **documented(Unauthenticated, Forbidden, InvalidInput, StreamFull, StoreUnavailable),
        },
    )
    async def stream(
        request: Request,
        caller: reader,
        topic: Literal["event", "case"] | None = None,
        district: Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,64}$")] = None,
        last_event_id: Annotated[
            str | None, Query(max_length=40, description="As the header; 0-0 is the beginning.")
        ] = None,
    ) -> EventSourceResponse:
        """Send every change after Last-Event-ID, or from now on; for ever."""
        resume = request.headers.get("last-event-id") or last_event_id
        after = parse_position(resume) if resume else await feed.head()
        feed.check_room()
        stopping = anyio.Event()
        listener = _Listener(
            feed, welcome, after, topic, district, token_of(request), caller.scope, stopping
        )
        return EventSourceResponse(
            listener.messages(),
            ping=max(1, round(config.stream_heartbeat_s)),
            send_timeout=_SEND_TIMEOUT_S,
            shutdown_event=stopping,
            shutdown_grace_period=_GRACE_S,
            headers={"Cache-Control": "no-store"},
        )

    return router


class _Listener:
    """One client of the stream and what it wants to hear."""

    def __init__(
        self,
        feed: FeedHub,
        welcome: Welcome,
        after: Position,
        topic: str | None,
        district: str | None,
        token: str | None,
        scope: Scope,
        stopping: anyio.Event,
    ) -> None:
        self._feed = feed
        self._welcome = welcome
        self._after = after
        self._topic = topic
        self._district = district
        self._token = token
        self._scope = scope
        self._stopping = stopping

    async def messages(self) -> AsyncIterator[bytes]:
        """Yield what the client is sent, encoded once for all who want the same; ends when its key is revoked or the server stops."""
        feed = self._feed
        feed.enter()
        try:
            yield ServerSentEvent(comment=f"after {self._after}", retry=2000).encode()
            async for page in feed.follow(self._after):
                if self._stopping.is_set() or not await self._still_welcome():
                    return
                sent = page.sent(self._topic, self._district)
                if sent and not self._scope.unbounded:
                    sent = await run_in_threadpool(self._within, page)
                if sent:
                    yield sent
        finally:
            feed.leave()

    def _within(self, page: Page) -> bytes:
        """Return what of a page is in this client's scope; reads the database."""
        wanted = [each for each in page.changes if each.wanted(self._topic, self._district)]
        return encode_changes(self._feed.within(wanted, self._scope))

    async def _still_welcome(self) -> bool:
        return self._token is None or await self._welcome.holds(self._token)

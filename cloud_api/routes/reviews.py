"""Pictures to look at again: boxes put them in, people decide."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from cloud_api.access import ACT, PUT_EVIDENCE, READ, Gate, Require, Sees
from cloud_api.errors import (
    Forbidden,
    InvalidInput,
    MalformedJson,
    NotFound,
    StoreUnavailable,
    Unauthenticated,
    UnsupportedMedia,
)
from cloud_api.instants import iso
from cloud_api.keys import Identity
from cloud_api.model_registry.review_queue import Review, ReviewQueue, ReviewState
from cloud_api.routes.answers import documented, json_body
from cloud_api.routes.devices import json_answer
from cloud_api.routes.fleet import decoded
from cloud_api.routes.model_views import ReviewPage, ReviewSaid
from cloud_api.services import Services
from contracts.review import ReviewDecision, ReviewItem, ReviewReason, network_name

__all__ = ["reviews_router"]

_MOST = 200
_IdPath = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,80}$")]
_READING = (Unauthenticated, Forbidden, InvalidInput, StoreUnavailable)
_WRITING = (*_READING, MalformedJson, UnsupportedMedia)
_Batch = Annotated[tuple[ReviewItem, ...], msgspec.Meta(max_length=_MOST)]


class _Items(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of a post."""

    items: _Batch


def reviews_router(services: Services, _gate: Gate) -> APIRouter:
    """Return the routes below ``/v1/reviews``."""
    router = APIRouter(tags=["models"])
    queue = ReviewQueue(services.store)
    sender = Annotated[Identity, Depends(Require(services.callers, PUT_EVIDENCE, sees=Sees.COMMON))]
    reader = Annotated[Identity, Depends(Require(services.callers, READ))]
    person = Annotated[Identity, Depends(Require(services.callers, ACT))]

    @router.post(
        "/v1/reviews",
        summary="Put pictures into the queue of those to look at again",
        response_class=Response,
        responses=documented(*_WRITING),
    )
    async def post_reviews(request: Request, _caller: sender) -> Response:
        """Keep those that are new; the same again is fine."""
        batch: _Items = decoded(await json_body(request), _Items)
        taken = await run_in_threadpool(queue.put, batch.items)
        return json_answer({"taken": taken})

    @router.get(
        "/v1/reviews",
        summary="List pictures to look at again",
        response_model=ReviewPage,
        responses=documented(*_READING),
    )
    def get_reviews(
        _caller: reader,
        state: ReviewState | None = None,
        camera: Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,64}$")] = None,
        reason: ReviewReason | None = None,
        model: Annotated[
            str | None,
            Query(
                min_length=1,
                max_length=200,
                description="A network by its name, or one version of it as `item.model` names it.",
            ),
        ] = None,
        cursor: Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,80}$")] = None,
        limit: Annotated[int, Query(ge=1, le=_MOST)] = 50,
    ) -> Response:
        """Return one page; ``next_cursor`` goes on behind it."""
        found = queue.list(
            state=state,
            camera=camera,
            reason=None if reason is None else reason.value,
            model=model,
            after=cursor or "",
            limit=limit + 1,
        )
        page = found[:limit]
        more = page[-1].item.id if len(found) > limit else None
        return json_answer({"items": [_shown(one) for one in page], "next_cursor": more})

    @router.post(
        "/v1/reviews/{review}/decision",
        summary="Say what really is in a picture, or that it is of no use",
        response_model=ReviewSaid,
        responses=documented(*_WRITING, NotFound),
    )
    async def post_decision(review: _IdPath, request: Request, caller: person) -> Response:
        """Note the decision; a later one replaces it."""
        decision: ReviewDecision = decoded(await json_body(request), ReviewDecision)
        now = services.clock.now()
        state = await run_in_threadpool(lambda: queue.decide(review, decision, now, by=caller.name))
        return json_answer({"id": review, "state": state.value})

    @router.delete(
        "/v1/reviews/{review}/decision",
        summary="Take a decision back: the picture waits again",
        response_model=ReviewSaid,
        responses=documented(*_READING, NotFound),
    )
    def delete_decision(review: _IdPath, _caller: person) -> Response:
        """Forget what was said."""
        return json_answer({"id": review, "state": queue.reopen(review).value})

    return router


def _shown(found: Review) -> dict[str, Any]:
    return {
        "item": msgspec.to_builtins(found.item),
        "network": network_name(found.item.model),
        "state": found.state.value,
        "decision": msgspec.to_builtins(found.decision),
        "decided_at": None if found.decided_at_us is None else iso(found.decided_at_us),
        "decided_by": found.decided_by,
    }

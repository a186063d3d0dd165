"""Evidence: putting pictures and clips by content hash, and getting them."""

import itertools
import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from cloud_api.access import Gate
from cloud_api.errors import (
    BodyTooLarge,
    EvidenceBroken,
    EvidenceFull,
    Forbidden,
    HashMismatch,
    InvalidInput,
    NotFound,
    Problem,
    RequestTimeout,
    StoreUnavailable,
    Unauthenticated,
    UnsupportedMedia,
)
from cloud_api.evidence_store import EvidenceInfo
from cloud_api.instants import from_us
from cloud_api.keys import Identity, Role
from cloud_api.media import MEDIA_TYPES, check_media_type
from cloud_api.routes.answers import documented
from cloud_api.services import Services
from cloud_api.views import StoredView

__all__ = ["evidence_router"]

_Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the bytes.")]
_RANGE = re.compile(r"bytes=([0-9]{1,15})-([0-9]{1,15})?")
_SAFE = {
    "Accept-Ranges": "bytes",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, max-age=300",
}


_GET_ANSWERS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": said,
        "content": {
            media_type: {"schema": {"type": "string", "format": "binary"}}
            for media_type in MEDIA_TYPES
        },
    }
    for status, said in ((200, "The bytes."), (206, "A part of them."))
}
_GET_ANSWERS |= documented(
    Unauthenticated, Forbidden, NotFound, InvalidInput, StoreUnavailable, EvidenceBroken
)


def evidence_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes below ``/v1/evidence``."""
    router = APIRouter(tags=["evidence"])
    sender = Annotated[Identity, Depends(gate.put_evidence)]
    evidence, metrics = services.evidence, services.metrics

    @router.put(
        "/v1/evidence/{sha256}",
        summary="Store a picture or clip under the hash of its bytes",
        response_model=StoredView,
        status_code=201,
        responses={
            200: {"model": StoredView, "description": "It was stored before."},
            **documented(
                Unauthenticated,
                Forbidden,
                RequestTimeout,
                BodyTooLarge,
                UnsupportedMedia,
                HashMismatch,
                InvalidInput,
                StoreUnavailable,
                EvidenceFull,
            ),
        },
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    media_type: {"schema": {"type": "string", "format": "binary"}}
                    for media_type in MEDIA_TYPES
                },
            }
        },
    )
    async def put_evidence(sha256: _Sha256, request: Request, caller: sender) -> Response:
        """Store the body if it is what the path and the Content-Type say; again is fine."""
        try:
            media_type = check_media_type(request.headers.get("content-type"))
            found = await run_in_threadpool(evidence.find, sha256)
            if found is not None:
                return _answer(found, 200)
            upload = await run_in_threadpool(evidence.begin, sha256, media_type)
            with upload:
                async for chunk in request.stream():
                    await run_in_threadpool(upload.write, chunk)
                now = services.clock.now()
                info = await run_in_threadpool(upload.finish, now=now, by=caller.name)
        except Problem as problem:
            metrics.evidence_refused.labels(problem.slug).inc()
            raise
        metrics.evidence_bytes.inc(info.size_bytes)
        return _answer(info, 201)

    async def looker(
        sha256: _Sha256,
        request: Request,
        until: Annotated[int | None, Query(ge=0, le=2**53, description="Of a link.")] = None,
        by: Annotated[str | None, Query(max_length=100, description="Of a link.")] = None,
        signature: Annotated[str | None, Query(max_length=100, description="Of a link.")] = None,
    ) -> Identity:
        """Return who looks: somebody with a key, or whoever holds a link that still works."""
        if signature is None or until is None or by is None:
            return await gate.read(request)
        services.callers.limiter.check_address(request.scope)
        if not services.links.valid(sha256, by, until, signature, services.clock.now()):
            raise Unauthenticated(
                "the link has expired or was changed; read the case again for a new one",
                headers={"WWW-Authenticate": "Bearer"},
            )
        kind, _, key_id = by.partition(":")
        holder = Identity(key_id, "link", Role.READER, kind="user" if kind == "user" else "key")
        request.state.identity = holder
        return holder

    @router.get(
        "/v1/evidence/{sha256}",
        summary="Get a picture or clip",
        response_class=StreamingResponse,
        responses=_GET_ANSWERS,
    )
    def get_evidence(
        sha256: _Sha256, request: Request, _caller: Annotated[Identity, Depends(looker)]
    ) -> Response:
        """Return the bytes, without metadata, with headers that keep a browser from running them.

        Of a clip, a part may be asked for (``Range``). The caller needs a key that sees the whole city, or the link that a
        case holds for him.
        """
        info, sealed = evidence.get(sha256)
        start, stop, status = 0, sealed.size_bytes, 200
        headers = dict(_SAFE)
        asked = _RANGE.fullmatch(request.headers.get("range", ""))
        if asked is not None and int(asked[1]) < stop:
            start, status = int(asked[1]), 206
            stop = min(stop, int(asked[2]) + 1) if asked[2] else stop
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{sealed.size_bytes}"
        headers["Content-Length"] = str(max(0, stop - start))
        parts = sealed.part(start, max(start, stop))
        first = next(parts, b"")  # what was changed is found before the answer has begun
        return StreamingResponse(
            itertools.chain([first], parts),
            status_code=status,
            media_type=info.media_type,
            headers=headers,
        )

    return router


def _answer(info: EvidenceInfo, status: int) -> Response:
    view = StoredView(
        sha256=info.sha256,
        media_type=info.media_type,
        size_bytes=info.size_bytes,
        stored_at=from_us(info.stored_at_us),
        stored_by=info.stored_by,
    )
    return Response(view.model_dump_json(), status_code=status, media_type="application/json")

"""Evidence: putting pictures and clips by content hash, and getting them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse

from cloud_api.access import Gate
from cloud_api.errors import (
    BodyTooLarge,
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
from cloud_api.keys import Identity
from cloud_api.media import MEDIA_TYPES, check_media_type
from cloud_api.routes.answers import documented
from cloud_api.services import Services
from cloud_api.views import StoredView

__all__ = ["evidence_router"]

_Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the bytes.")]
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, max-age=31536000, immutable",
}


def evidence_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes below ``/v1/evidence``."""
    router = APIRouter(tags=["evidence"])
    sender = Annotated[Identity, Depends(gate.put_evidence)]
    reader = Annotated[Identity, Depends(gate.read)]
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

    @router.get(
        "/v1/evidence/{sha256}",
        summary="Get a picture or clip",
        response_class=FileResponse,
        responses={
            200: {
                "description": "The bytes.",
                "content": {
                    media_type: {"schema": {"type": "string", "format": "binary"}}
                    for media_type in MEDIA_TYPES
                },
            },
            **documented(Unauthenticated, Forbidden, NotFound, InvalidInput, StoreUnavailable),
        },
    )
    def get_evidence(sha256: _Sha256, _caller: reader) -> FileResponse:
        """Return the bytes, with headers that keep a browser from running them."""
        info, path = evidence.get(sha256)
        if not path.is_file():
            raise NotFound(
                f"evidence {sha256} is listed but its file is gone; restore evidence_dir from a backup"
            )
        return FileResponse(path, media_type=info.media_type, headers=_SAFE)

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

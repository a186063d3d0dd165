"""A witness: a small server at a second party that keeps heads, and refuses what contradicts them."""

import hmac
import threading

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cloud_api.audit.anchors import FileAnchor
from cloud_api.audit.heads import Head, PublicKeys, decode_head, encode_head

__all__ = ["witness_app"]

_log = structlog.get_logger()
_MOST_BYTES = 4_096


class _Witness:
    def __init__(self, keeper: FileAnchor, keys: PublicKeys) -> None:
        self._keeper = keeper
        self._keys = keys
        self._mutex = threading.Lock()
        heads = keeper.heads()
        self._last = max(heads, key=lambda head: head.seq, default=None)

    def take(self, head: Head) -> str | None:
        """Keep a head; return why not, or None."""
        if not self._keys.valid(head):
            return f"head {head.seq} is not signed by a key that this witness believes"
        with self._mutex:
            last = self._last
            if last is not None and head.seq < last.seq:
                return f"head {head.seq} is older than head {last.seq}, which was kept before"
            if last is not None and head.seq == last.seq and head.hash != last.hash:
                return f"head {head.seq} contradicts the one that was kept: the log was rewritten"
            if last is None or head.seq > last.seq:
                self._keeper.keep(head)
                self._last = head
        return None

    def text(self) -> bytes:
        """Return every head, one a line."""
        return b"".join(encode_head(head) + b"\n" for head in self._keeper.heads())


def witness_app(keeper: FileAnchor, keys: PublicKeys, token: str) -> Starlette:
    """Return the witness's web application: ``POST /`` keeps a head, ``GET /`` returns all.

    Args:
        keeper: the file that it keeps them in.
        keys: whose signatures it believes.
        token: what callers must send as ``Authorization: Bearer``.
    """
    witness = _Witness(keeper, keys)
    expected = f"Bearer {token}".encode()

    async def heads(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, expected):
            return PlainTextResponse("the token is missing or wrong\n", 401)
        if request.method == "GET":
            return Response(
                await run_in_threadpool(witness.text), media_type="application/x-ndjson"
            )
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                return PlainTextResponse("too large for a head\n", 413)
        try:
            head = decode_head(body)
        except msgspec.DecodeError as error:
            return PlainTextResponse(f"no head: {error}\n", 422)
        refusal = await run_in_threadpool(witness.take, head)
        if refusal is not None:
            _log.error("audit_head_refused", seq=head.seq, cause=refusal)
            return PlainTextResponse(refusal + "\n", 409)
        return Response(status_code=204)

    return Starlette(routes=[Route("/", heads, methods=["GET", "POST"])])

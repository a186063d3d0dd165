"""A short way for the post that gateways send all day; everything else takes the usual one.

The framework's routing, dependencies and middlewares cost more than storing one event does. A post to
``/v1/events`` that is plain in every respect (a key that was checked a moment ago, a declared and allowed
size, uncompressed JSON) is taken here. Whatever is not plain, a wrong key first of all, goes on to the
route of the same path, which says what is wrong with it: both store through the same
:class:`~cloud_api.event_posting.EventPosting`.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from cloud_api.access import POST_EVENTS
from cloud_api.audit.recording import actor_of
from cloud_api.audit.trail import AuditTrail, Counted
from cloud_api.errors import Problem, RequestTimeout, StoreUnavailable, Unauthenticated
from cloud_api.event_posting import EventPosting
from cloud_api.keys import Identity, KeyRing
from cloud_api.limits.limiter import Limiter
from cloud_api.metrics import Metrics
from cloud_api.problems import problem_response

__all__ = ["ShortWay"]

_PATH = "/v1/events"
_ACTION = f"POST {_PATH}"
_JSON = b"application/json"
_UNUSUAL = frozenset({b"content-encoding", b"transfer-encoding", b"expect", b"x-api-key"})


class ShortWay:
    """Stands before the application and takes plain posts of events itself."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        posting: EventPosting,
        keys: KeyRing,
        metrics: Metrics,
        trail: AuditTrail,
        limiter: Limiter,
        limit_bytes: int,
        timeout_s: float,
    ) -> None:
        self._app = app
        self._posting = posting
        self._keys = keys
        self._trail = trail
        self._limiter = limiter
        self._limit_bytes = limit_bytes
        self._timeout_s = timeout_s
        self._seconds = {
            status: metrics.request_seconds.labels("POST", _PATH, str(status))
            for status in (200, 202)
        }
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a plain post, pass on the rest."""
        plain = None
        if scope["type"] == "http" and scope["path"] == _PATH and scope["method"] == "POST":
            plain = self._plain(scope["headers"])
        if plain is None:
            await self._app(scope, receive, send)
            return
        token, identity = plain
        actor = actor_of(identity)
        if self._keys.renewal_due(token):
            asyncio.get_running_loop().run_in_executor(None, self._renew, token)
        began = time.perf_counter()
        try:
            body = await self._body(receive)
            if body is None:  # the client went away
                return
            self._limiter.check_identity(identity)
            posted = await self._posting.take(body)
        except Problem as problem:
            self._trail.count(Counted(actor, _ACTION, problem.status))
            self._metrics.request_seconds.labels("POST", _PATH, str(problem.status)).observe(
                time.perf_counter() - began
            )
            await problem_response(problem, _PATH)(scope, receive, send)
            return
        self._trail.count(Counted(actor, _ACTION, posted.status))
        self._seconds[posted.status].observe(time.perf_counter() - began)
        headers = [
            (b"content-type", _JSON),
            (b"content-length", str(len(posted.body)).encode()),
        ]
        await send({"type": "http.response.start", "status": posted.status, "headers": headers})
        await send({"type": "http.response.body", "body": posted.body})

    def _renew(self, token: str) -> None:
        # Refused or unanswered: the key is believed until its time is over, as it would have been.
        with contextlib.suppress(Unauthenticated, StoreUnavailable):
            self._keys.identify(token)

    def _plain(self, headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, Identity] | None:
        """Return key and caller of a request about which nothing needs a closer look; None for others."""
        size = -1
        token = ""
        for name, value in headers:
            if name == b"content-length":
                size = int(value) if value.isdigit() else -1
            elif name == b"content-type":
                if value.partition(b";")[0].strip() != _JSON:
                    return None
            elif name == b"authorization":
                scheme, _, given = value.partition(b" ")
                token = given.strip().decode("latin-1") if scheme.lower() == b"bearer" else ""
            elif name in _UNUSUAL:
                return None
        if not token or not 0 <= size <= self._limit_bytes:
            return None
        identity = self._keys.cached(token)
        if identity is None or identity.role not in POST_EVENTS:
            return None
        return token, identity

    async def _body(self, receive: Receive) -> bytes | None:
        """Return the body; None where the client went away. The server holds it to its declared size.

        Raises:
            RequestTimeout: nothing of it came for a while.
        """
        parts: list[bytes] = []
        while True:
            try:
                async with asyncio.timeout(self._timeout_s):
                    message = await receive()
            except TimeoutError as error:
                raise RequestTimeout(
                    f"{_PATH}: nothing of the body came for {self._timeout_s:g} s; send it again",
                    headers={"Connection": "close"},
                ) from error
            if message["type"] == "http.disconnect":
                return None
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                return parts[0] if len(parts) == 1 else b"".join(parts)

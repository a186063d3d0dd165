"""Packs large JSON answers on their way to callers that take it: a page of a hundred cases is a twentieth as large then."""

import gzip

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Packing"]

_LEAST_BYTES = 4_096
"""Smaller answers fit into a few packets anyway."""
_MOST_BYTES = 2_000_000
"""Larger ones would hold up everybody else while they are packed."""
_BELOW = "/v1/"
_LEVEL = 1
"""The quickest: higher ones save a tenth of the bytes for twice the time."""


class Packing:
    """Lies outside of what masks answers, which has to read them.

    Args:
        app: whose answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer packed where that is worth it."""
        if (
            scope["type"] != "http"
            or not str(scope["path"]).startswith(_BELOW)
            or "gzip" not in Headers(scope=scope).get("accept-encoding", "")
        ):
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Packed(send).send)


class _Packed:
    """One answer on its way out; kept until it is whole where it is to be packed."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._kept = b""

    async def send(self, message: Message) -> None:
        """Take a part of the answer."""
        if message["type"] == "http.response.start" and _worth(Headers(raw=message["headers"])):
            self._start = message
        elif self._start is None or message["type"] != "http.response.body":
            await self._send(message)
        else:
            self._kept += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        body = gzip.compress(self._kept, compresslevel=_LEVEL)
        headers = MutableHeaders(scope=start)
        headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(body))
        headers.add_vary_header("Accept-Encoding")
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _worth(headers: Headers) -> bool:
    """Return whether an answer with these headers is packed."""
    length = headers.get("content-length", "")
    return (
        headers.get("content-type", "").startswith("application/json")
        and "content-encoding" not in headers
        and length.isdigit()
        and _LEAST_BYTES < int(length) <= _MOST_BYTES
    )

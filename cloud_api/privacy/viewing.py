"""What people are shown: every text answer is masked unless role and purpose allow more. In one place.

Operators and admins see a text as it is when they say why (``X-Purpose``), and the audit log keeps that; everybody else,
and they without a purpose, see it masked. JSON is masked value by value, CSV and streams line by line.
"""

from functools import lru_cache

import msgspec
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud_api.keys import Identity, Role
from cloud_api.privacy.masking import mask, mask_value

__all__ = ["PURPOSE_HEADER", "Viewing", "sees_personal"]

PURPOSE_HEADER = b"x-purpose"

_UNMASKED = frozenset({Role.OPERATOR, Role.ADMIN})
_PUBLIC = "/open311/"
_OWN = frozenset({"/v1/login", "/v1/me"})
"""Routes that tell a caller about himself."""

_JSON = ("application/json", "application/problem+json")
_FEATURES = "application/geo+json"
"""Streamed: each line is one feature, as cloud_api/exports writes it."""
_LINES = (
    "text/csv",
    "text/event-stream",
    "text/xml",
    "application/xml",
    "application/x-ndjson",
    "application/cap+xml",
    "application/xes+xml",
)


def sees_personal(scope: Scope, identity: Identity | None) -> bool:
    """Return whether the answer to a request may hold personal data as they are.

    Machines fetch what belongs to them. Open311 is open to all and masked; of the other open routes
    logins answer with secrets, and a tracking code is its reporter's own.
    """
    if identity is None:
        return not scope["path"].startswith(_PUBLIC)
    if identity.role.is_machine or scope["path"] in _OWN:
        return True
    purpose = dict(scope["headers"]).get(PURPOSE_HEADER, b"").strip()
    return identity.role in _UNMASKED and bool(purpose)


class Viewing:
    """Masks answers on their way out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer masked where it has to be."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Masked(scope, send).send)


class _Masked:
    """One answer on its way out; JSON is kept until it is whole, other text until its line is."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._start: Message | None = None
        self._json = False
        self._lines = False
        self._features = False
        self._kept = b""

    async def send(self, message: Message) -> None:
        """Take a part of the answer."""
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] == "http.response.body" and (self._json or self._lines):
            await self._body(message)
        else:
            await self._send(message)

    async def _begin(self, message: Message) -> None:
        identity: Identity | None = self._scope.get("state", {}).get("identity")
        headers = MutableHeaders(scope=message)
        kind = headers.get("content-type", "").partition(";")[0].strip()
        if not sees_personal(self._scope, identity):
            self._json, self._features = kind in _JSON, kind == _FEATURES
            self._lines = self._features or kind in _LINES
        if self._json:
            self._start = message
            return
        if self._lines and "content-length" in headers:
            del headers["content-length"]
        await self._send(message)

    async def _body(self, message: Message) -> None:
        self._kept += message.get("body", b"")
        more = bool(message.get("more_body", False))
        if self._json:
            if not more:
                await self._finish_json(message)
            return
        # A line is masked as a whole: a number may be cut in two by the chunks.
        end = len(self._kept) if not more else self._kept.rfind(b"\n") + 1
        text, self._kept = self._kept[:end], self._kept[end:]
        if self._features:
            masked = b"".join(_feature(line) for line in text.splitlines(keepends=True))
        else:
            masked = _lines_masked(text)
        await self._send({**message, "body": masked})

    async def _finish_json(self, message: Message) -> None:
        assert self._start is not None
        body = self._kept
        if body:
            body = msgspec.json.encode(mask_value(msgspec.json.decode(body)))
        headers = MutableHeaders(scope=self._start)
        if "content-length" in headers:
            headers["content-length"] = str(len(body))
        await self._send(self._start)
        await self._send({**message, "body": body})


@lru_cache(maxsize=64)
def _lines_masked(text: bytes) -> bytes:
    """Return whole lines masked; all listeners of the stream are sent the same ones at the same time."""
    return mask(text.decode("utf-8", "replace")).encode()


def _feature(line: bytes) -> bytes:
    """Return a line of GeoJSON with its feature masked; the first and the last line hold none."""
    comma, text = (b",", line[1:]) if line.startswith(b",") else (b"", line)
    try:
        feature = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return line
    return comma + msgspec.json.encode(mask_value(feature)) + b"\n"

"""What people are shown: every text answer is masked unless role and purpose allow more. In one place.

Operators and admins see a text as it is when they say why (``X-Purpose``), and the audit log keeps that; everybody else,
and they without a purpose, see it masked. JSON is masked value by value, CSV and streams line by line.
Which of the staff has a case, or stands where, is for those who give out work: others see unit and place.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple, TypeVar, cast

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud_api.errors import InternalFault
from cloud_api.keys import Identity, Role
from cloud_api.privacy.masking import STAFF_FIELDS, STARS, mask, mask_value
from cloud_api.privacy.staff_names import WRITTEN_FIELDS, StaffNames

__all__ = [
    "PURPOSE_HEADER",
    "Veil",
    "Viewing",
    "mask_in_route",
    "sees_personal",
    "sees_staff",
    "veil_of",
]

PURPOSE_HEADER = b"x-purpose"

_UNMASKED = frozenset({Role.OPERATOR, Role.ADMIN})
_PUBLIC = "/open311/"
_OWN = frozenset({"/v1/login", "/v1/me"})
"""Routes that tell a caller about himself."""

_JSON = ("application/json", "application/problem+json")
_FEATURES = "application/geo+json"
"""Streamed: each line is one feature, as cloud_api/exports writes it."""
_STREAM = "text/event-stream"
_LINES = (
    "text/csv",
    _STREAM,
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


def sees_staff(identity: Identity | None) -> bool:
    """Return whether an answer may name who of the staff has what to do, and who stands where.

    Operators and admins give out the work, so they need it, whatever the purpose; readers do not.
    """
    return identity is not None and (identity.role.is_machine or identity.role in _UNMASKED)


_Line = TypeVar("_Line", bound=Mapping[str, object])


class Veil(NamedTuple):
    """What a caller is not shown, for answers that their routes mask themselves: packed and binary ones."""

    personal: bool
    """Whether texts are masked."""
    staff: bool
    """Whether it is hidden who of the staff is meant."""
    names: StaffNames | None = None
    """Finds the staff in what people wrote."""

    def text(self, text: str) -> str:
        """Return a text as the caller may see it."""
        return mask(text) if self.personal else text

    def person(self, name: str) -> str:
        """Return the id of one of the staff as the caller may see it."""
        return STARS if self.staff else name

    def lines(self, lines: Iterable[_Line], *, whole: bool) -> Iterator[_Line]:
        """Yield the lines of a table as the caller may see them.

        Args:
            lines: by the names of their fields.
            whole: mask every text; False leaves that to what masks the answer, and hides only the staff.
        """
        for line in lines:
            if self.personal and whole:
                yield cast("_Line", mask_value(line, staff=self.staff, names=self.names))
            elif self.staff:
                hidden = {name: STARS for name in STAFF_FIELDS if line.get(name)}
                yield cast("_Line", {**line, **hidden, **self._written(line)})
            else:
                yield line

    def _written(self, line: Mapping[str, object]) -> dict[str, str]:
        """Return what people wrote in a line, without names of the staff."""
        if self.names is None:
            return {}
        return {
            field: self.names.hidden(text)
            for field in WRITTEN_FIELDS
            if isinstance(text := line.get(field), str)
        }


def veil_of(request: Request, caller: Identity) -> Veil:
    """Return what a caller is not shown."""
    names: StaffNames = request.state.staff_names
    names.refresh()
    return Veil(not sees_personal(request.scope, caller), not sees_staff(caller), names)


def mask_in_route(request: Request, caller: Identity) -> Veil:
    """Return what a caller is not shown, and take it upon the route to mask its answer with it."""
    request.state.masked = True
    return veil_of(request, caller)


class Viewing:
    """Masks answers on their way out."""

    def __init__(self, app: ASGIApp, names: StaffNames) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer masked where it has to be."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["staff_names"] = self._names
        await self._app(scope, receive, _Masked(scope, send, self._names).send)


class _Masked:
    """One answer on its way out; JSON is kept until it is whole, other text until its line is."""

    def __init__(self, scope: Scope, send: Send, names: StaffNames) -> None:
        self._names = names
        self._scope = scope
        self._send = send
        self._start: Message | None = None
        self._json = False
        self._lines = False
        self._features = False
        self._stream = False
        self._staff = False
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
        state = self._scope.get("state", {})
        identity: Identity | None = state.get("identity")
        headers = MutableHeaders(scope=message)
        kind = headers.get("content-type", "").partition(";")[0].strip()
        if not state.get("masked") and not sees_personal(self._scope, identity):
            self._json, self._features = kind in _JSON, kind == _FEATURES
            self._lines = self._features or kind in _LINES
            self._stream = kind == _STREAM
            self._staff = not sees_staff(identity)
            if (self._json or self._lines) and "content-encoding" in headers:
                # What is packed cannot be read here; it must not go out as it is.
                raise InternalFault(
                    f"{self._scope['path']}: the answer was packed before it was masked"
                )
        if self._staff and self._names.due:
            await run_in_threadpool(self._names.refresh)
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
            masked = b"".join(
                _feature(line, staff=self._staff, names=self._names)
                for line in text.splitlines(keepends=True)
            )
        elif self._stream and self._staff:
            masked = _messages_masked(text, self._names, self._names.version)
        else:
            masked = _lines_masked(text)
        await self._send({**message, "body": masked})

    async def _finish_json(self, message: Message) -> None:
        assert self._start is not None
        body = self._kept
        if body:
            value = mask_value(msgspec.json.decode(body), staff=self._staff, names=self._names)
            body = msgspec.json.encode(value)
        headers = MutableHeaders(scope=self._start)
        if "content-length" in headers:
            headers["content-length"] = str(len(body))
        await self._send(self._start)
        await self._send({**message, "body": body})


@lru_cache(maxsize=64)
def _lines_masked(text: bytes) -> bytes:
    """Return whole lines masked; all listeners of the stream are sent the same ones at the same time."""
    return mask(text.decode("utf-8", "replace")).encode()


@lru_cache(maxsize=64)
def _messages_masked(text: bytes, names: StaffNames, _version: int) -> bytes:
    """Return whole lines of the stream masked, each message's data by its fields; kept for other listeners as above."""
    return b"".join(_message(line, names) for line in text.splitlines(keepends=True))


def _message(line: bytes, names: StaffNames) -> bytes:
    field, _, data = line.partition(b":")
    if field == b"data":
        try:
            told = msgspec.json.decode(data)
        except msgspec.DecodeError:
            pass
        else:
            end = line[len(line.rstrip(b"\r\n")) :]
            return b"data: " + msgspec.json.encode(mask_value(told, staff=True, names=names)) + end
    return mask(line.decode("utf-8", "replace")).encode()


def _feature(line: bytes, *, staff: bool, names: StaffNames) -> bytes:
    """Return a line of GeoJSON with its feature masked; the first and the last line hold none."""
    comma, text = (b",", line[1:]) if line.startswith(b",") else (b"", line)
    try:
        feature = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return line
    return comma + msgspec.json.encode(mask_value(feature, staff=staff, names=names)) + b"\n"

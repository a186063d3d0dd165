"""Large JSON answers are packed for who takes that, and nothing else is touched."""

import asyncio
import gzip

import pytest
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from cloud_api.packing import Packing

LARGE = b'{"items": "' + b"a case " * 2_000 + b'"}'


def _answer(
    body: bytes, *, kind: str = "application/json", path: str = "/v1/cases", accepts: str = "gzip"
) -> tuple[Headers, bytes]:
    """Return what is sent where the application answers in two parts."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body[:100], "more_body": True})
        await send({"type": "http.response.body", "body": body[100:]})

    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"accept-encoding", accepts.encode())]
    asyncio.run(Packing(app)({"type": "http", "path": path, "headers": headers}, receive, send))
    return Headers(raw=sent[0]["headers"]), b"".join(one.get("body", b"") for one in sent[1:])


def test_a_large_answer_is_packed() -> None:
    """It unpacks to what was answered, says its length and that it depends on the caller."""
    headers, body = _answer(LARGE)

    assert gzip.decompress(body) == LARGE
    assert headers["content-encoding"] == "gzip"
    assert headers["content-length"] == str(len(body))
    assert headers["vary"] == "Accept-Encoding"
    assert len(body) < len(LARGE) / 10


@pytest.mark.parametrize(
    "given",
    [
        {"body": b'{"items": []}'},
        {"body": LARGE, "accepts": "identity"},
        {"body": LARGE, "kind": "image/jpeg"},
        {"body": LARGE, "kind": "text/event-stream"},
        {"body": LARGE, "path": "/console/assets/x.json"},
        {"body": b" " * 2_000_001},
    ],
    ids=["small", "not accepted", "picture", "stream", "page", "huge"],
)
def test_everything_else_is_as_it_was(given: dict[str, bytes | str]) -> None:
    """Byte for byte, without a word of packing."""
    headers, body = _answer(**given)  # type: ignore[arg-type]

    assert body == given["body"]
    assert "content-encoding" not in headers

"""The short way for posts: what it takes, and what it leaves to the usual one."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

from cloud_api.bootstrap import Api, build
from cloud_api.config import ApiConfig
from cloud_api.keys import Role
from cloud_api.short_way import ShortWay
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START, body_of, make_event


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """An API whose intake thread runs."""
    config = ApiConfig(
        database_url=f"sqlite:///{tmp_path}/a.sqlite",
        evidence_dir=str(tmp_path / "evidence"),
        key_cache_s=3600.0,
    )
    built = build(config, ManualClock(START))
    built.services.group_commit.start()
    yield built
    built.services.group_commit.stop(10.0)
    built.close()


def _ask(api: Api, headers: dict[str, str], *parts: bytes, method: str = "POST") -> list[Message]:
    """Return what a request is answered; the usual way answers with status 599."""

    async def usual(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 599, "headers": []})

    short = ShortWay(
        usual,
        posting=api.services.posting,
        keys=api.services.keys,
        metrics=api.services.metrics,
        trail=api.services.trail,
        limiter=api.services.callers.limiter,
        limit_bytes=10_000,
        timeout_s=0.2,
    )
    sent: list[Message] = []
    waiting: list[Message] = [
        {"type": "http.request", "body": part, "more_body": index < len(parts) - 1}
        for index, part in enumerate(parts)
    ]

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "path": "/v1/events",
        "method": method,
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
    }
    asyncio.run(short(scope, receive, send))
    return sent


def _headers(
    api: Api, body: bytes, role: Role = Role.GATEWAY, *, known: bool = True
) -> dict[str, str]:
    _, token = api.services.keys.create("someone", role, START)
    if known:
        api.services.keys.identify(token)
    return {
        "authorization": f"Bearer {token}",
        "content-type": "application/json; charset=utf-8",
        "content-length": str(len(body)),
    }


BODY = body_of(make_event(1))


def test_a_plain_post_is_stored(api: Api) -> None:
    """The answer comes after the commit and counts what was new."""
    sent = _ask(api, _headers(api, BODY), BODY[:50], BODY[50:])

    assert sent[0]["status"] == 202
    assert sent[1]["body"] == b'{"accepted":1,"duplicates":0,"rejected":[]}'
    assert api.services.projector.lag() == 1


def test_a_bad_event_is_a_problem(api: Api) -> None:
    """Errors look as on the usual way."""
    sent = _ask(api, _headers(api, b"{}"), b"{}")

    assert sent[0]["status"] == 422
    assert (b"content-type", b"application/problem+json") in sent[0]["headers"]


def test_a_body_that_does_not_come_is_a_timeout(api: Api) -> None:
    """Nobody waits for ever."""
    assert _ask(api, _headers(api, BODY))[0]["status"] == 408


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"authorization": "Bearer unknown"}, id="unknown key"),
        pytest.param({"authorization": "Basic x"}, id="other scheme"),
        pytest.param({"content-type": "text/xml"}, id="other type"),
        pytest.param({"content-encoding": "gzip"}, id="compressed"),
        pytest.param({"content-length": "10001"}, id="too large"),
        pytest.param({"content-length": "-1"}, id="bad size"),
        pytest.param({"transfer-encoding": "chunked"}, id="chunked"),
        pytest.param({"x-api-key": "k"}, id="other header"),
    ],
)
def test_what_is_not_plain_goes_the_usual_way(api: Api, change: dict[str, str]) -> None:
    """The route says what is wrong with it, or finds nothing wrong."""
    sent = _ask(api, _headers(api, BODY) | change, BODY)

    assert [message["status"] for message in sent] == [599]


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.GATEWAY, Role.ADMIN}])
def test_a_role_that_may_not_post_is_not_served(api: Api, role: Role) -> None:
    """The short way is no way around the roles."""
    assert _ask(api, _headers(api, BODY, role), BODY)[0]["status"] == 599


def test_a_key_is_checked_first(api: Api) -> None:
    """A key that nobody has looked at goes the usual way."""
    assert _ask(api, _headers(api, BODY, known=False), BODY)[0]["status"] == 599


def test_reading_is_not_posting(api: Api) -> None:
    """Other methods are none of its business."""
    assert _ask(api, _headers(api, BODY), BODY, method="GET")[0]["status"] == 599

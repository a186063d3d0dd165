"""The stream: live, resumable, ended by a revoked key and by a stopping server."""

import threading
from collections.abc import Iterator

import httpx
import pytest

from cloud_api.bootstrap import open_database
from cloud_api.keys import KeyRing, Role
from tests.contract.cloud_api.events import START, body_of, event_id, make_event
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow
JSON = {"Content-Type": "application/json"}


class Listener:
    """Follows the stream in a thread and keeps what it hears."""

    def __init__(self, server: Server, token: str, **query: str) -> None:
        self.messages: list[dict[str, str]] = []
        self.comments: list[str] = []
        self.ended = threading.Event()
        self.connected = threading.Event()
        self._url = f"{server.url}/v1/stream"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._query = query
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        assert self.connected.wait(20)

    def _listen(self) -> None:
        try:
            with httpx.stream(
                "GET", self._url, headers=self._headers, params=self._query, timeout=30
            ) as answer:
                self._read(answer.iter_lines())
        finally:
            self.ended.set()

    def _read(self, lines: Iterator[str]) -> None:
        message: dict[str, str] = {}
        for line in lines:
            if line.startswith(":"):
                self.comments.append(line)
                self.connected.set()
            elif line:
                name, _, value = line.partition(": ")
                message[name] = value
            else:
                if "id" in message:
                    self.messages.append(message)
                message = {}

    def heard(self, text: str) -> bool:
        """Return whether a message holds a text."""
        return any(text in message["data"] for message in self.messages)


def _post(server: Server, number: int) -> None:
    with server.client(Role.GATEWAY) as client:
        client.post("/v1/events", content=body_of(make_event(number)), headers=JSON)


@pytest.fixture
def running(cold_server: Server) -> Server:
    """A server of this test's own."""
    cold_server.start()
    return cold_server


def test_live_resume_and_stop(running: Server) -> None:
    """Changes arrive as they happen; who comes back continues; a stopping server ends politely."""
    token = running.tokens[Role.READER]
    first = Listener(running, token)
    _post(running, 1)
    wait_for(lambda: len(first.messages) == 3, "event, opened and moved")
    _post(running, 2)
    wait_for(lambda: len(first.messages) == 6, "the second event too")

    resumed = Listener(running, token, last_event_id=first.messages[2]["id"])
    only_cases = Listener(running, token, last_event_id="0-0", topic="case")
    wait_for(lambda: len(resumed.messages) == 3, "what came after")
    wait_for(lambda: len(only_cases.messages) == 4, "four case records")

    assert [message["event"] for message in first.messages[:3]] == ["event", "case", "case"]
    assert resumed.messages == first.messages[3:]
    assert {message["event"] for message in only_cases.messages} == {"case"}
    assert running.stop() == 0
    for listener in (first, resumed, only_cases):
        assert listener.ended.wait(10)


def test_other_districts_are_left_out(running: Server) -> None:
    """A listener for one district hears nothing of another."""
    listener = Listener(
        running, running.tokens[Role.READER], district="nanshan", last_event_id="0-0"
    )
    _post(running, 1)
    body = body_of(make_event(2, district="nanshan"))
    with running.client(Role.GATEWAY) as client:
        client.post("/v1/events", content=body, headers=JSON)
    wait_for(lambda: len(listener.messages) == 3, "the event of nanshan")

    assert not listener.heard(event_id(1))


def test_a_revoked_key_hears_no_more(running: Server) -> None:
    """The stream ends soon after its key is revoked."""
    store = open_database(running.config)
    ring = KeyRing(store, cache_s=0.0)
    info, token = ring.create("leaver", Role.READER, START)
    listener = Listener(running, token)

    ring.revoke(info.key_id, START)
    ended = listener.ended.wait(10)
    _post(running, 9)
    store.dispose()

    assert ended
    assert not listener.heard(event_id(9))

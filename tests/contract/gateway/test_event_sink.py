"""One contract for every event sink: what arrives, and errors that say whether to try again."""

import json
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from gateway.errors import DeliveryError, EventRefusedError, SinkUnavailableError
from gateway.ports import EventSink
from gateway.sinks.http import HttpSink
from gateway.sinks.memory import CallableSink

EVENTS = [b'{"event_id":"a"}', b'{"event_id":"b"}']


class Api:
    """A real HTTP server that answers what it is told to."""

    def __init__(self) -> None:
        self.status = 202
        self.answer = b""
        self.retry_after: str | None = None
        self.bodies: list[object] = []
        self.keys: list[str | None] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                api.keys.append(self.headers["authorization"])
                if api.status < 300:
                    assert self.path == "/v1/events"
                    api.bodies.append(json.loads(body))
                self.send_response(api.status)
                self.send_header("content-length", str(len(api.answer)))
                if api.retry_after is not None:
                    self.send_header("retry-after", api.retry_after)
                self.end_headers()
                self.wfile.write(api.answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Case:
    """A sink, what it delivered, and a way to make it fail."""

    def __init__(
        self, sink: EventSink, taken: Callable[[], object], refuse: Callable[[bool], None]
    ) -> None:
        self.sink = sink
        self.taken = taken
        self.fail = refuse


@pytest.fixture(params=["http", "callable"])
def case(request: pytest.FixtureRequest) -> Iterator[_Case]:
    """Yield each sink."""
    if request.param == "http":
        api = Api()
        sink = HttpSink(api.url, None, timeout_s=5.0)

        def answer(refuse: bool) -> None:
            api.status = 422 if refuse else 503

        yield _Case(sink, lambda: api.bodies, answer)
        sink.close()
        api.close()
    else:
        taken: list[object] = []
        fault: list[DeliveryError] = []

        def take(batch: Sequence[bytes]) -> None:
            if fault:
                raise fault[0]
            taken.append([json.loads(body) for body in batch])

        def plant(refuse: bool) -> None:
            fault.append(EventRefusedError("422", 422) if refuse else SinkUnavailableError("503"))

        yield _Case(CallableSink(take), lambda: taken, plant)


def test_batch_arrives_whole_and_in_order(case: _Case) -> None:
    """A delivered batch is one array in the order of the outbox."""
    case.sink.deliver(EVENTS)

    assert case.taken() == [[{"event_id": "a"}, {"event_id": "b"}]]


@pytest.mark.parametrize(
    ("refuse", "expected"),
    [(True, EventRefusedError), (False, SinkUnavailableError)],
    ids=["refused", "unavailable"],
)
def test_failure_says_whether_to_try_again(
    case: _Case, refuse: bool, expected: type[DeliveryError]
) -> None:
    """Permanent and transient failures are different errors, and nothing was delivered."""
    case.fail(refuse)
    with pytest.raises(expected):
        case.sink.deliver(EVENTS)

    assert case.taken() == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, EventRefusedError),
        (409, EventRefusedError),
        (413, EventRefusedError),
        (422, EventRefusedError),
        (401, SinkUnavailableError),
        (403, SinkUnavailableError),
        (404, SinkUnavailableError),
        (408, SinkUnavailableError),
        (429, SinkUnavailableError),
        (500, SinkUnavailableError),
        (503, SinkUnavailableError),
    ],
)
def test_answers_of_the_api_are_told_apart(status: int, expected: type[DeliveryError]) -> None:
    """Only an answer about the body makes a dead letter; a wrong key or address does not."""
    api = Api()
    api.status = status
    sink = HttpSink(api.url, None)
    with pytest.raises(expected):
        sink.deliver(EVENTS)
    sink.close()
    api.close()


@pytest.mark.parametrize(
    ("asked", "expected"), [("7", 7.0), (None, None)], ids=["asked", "not asked"]
)
def test_api_may_ask_to_be_left_alone(asked: str | None, expected: float | None) -> None:
    """What an answer says about the next try is handed on."""
    api = Api()
    api.status, api.retry_after = 503, asked
    sink = HttpSink(api.url, None)
    with pytest.raises(SinkUnavailableError) as caught:
        sink.deliver(EVENTS)
    sink.close()
    api.close()

    assert caught.value.retry_after_s == expected


def test_event_refused_within_an_accepted_batch_is_noticed() -> None:
    """A 2xx whose receipt lists a refused event is no delivery; one that lists none is."""
    api = Api()
    sink = HttpSink(api.url, None)
    api.answer = b'{"accepted": 1, "duplicates": 0, "rejected": [{"index": 1, "problem": {}}]}'
    with pytest.raises(EventRefusedError, match="refused 1 events"):
        sink.deliver(EVENTS)
    api.answer = b'{"accepted": 2, "duplicates": 0, "rejected": []}'
    sink.deliver(EVENTS)
    sink.close()
    api.close()

    assert len(api.bodies) == 2


def test_nobody_listening_is_unavailable() -> None:
    """A refused connection is worth another try."""
    api = Api()
    api.close()
    sink = HttpSink(api.url, None, timeout_s=1.0)
    with pytest.raises(SinkUnavailableError, match="events wait in the outbox"):
        sink.deliver(EVENTS)
    sink.close()


def test_key_is_read_from_its_file_and_again_after_a_401(tmp_path: Path) -> None:
    """A new key in the file is used without a restart; a missing file says what to do."""
    api = Api()
    key_file = tmp_path / "key"
    sink = HttpSink(api.url, key_file)
    with pytest.raises(SinkUnavailableError, match="cityloop api keys create"):
        sink.deliver(EVENTS)
    key_file.write_text("old\n")
    sink.deliver(EVENTS)
    key_file.write_text("new\n")
    api.status = 401
    with pytest.raises(SinkUnavailableError):
        sink.deliver(EVENTS)
    api.status = 202
    sink.deliver(EVENTS)
    sink.close()
    api.close()

    assert api.keys == ["Bearer old", "Bearer old", "Bearer new"]

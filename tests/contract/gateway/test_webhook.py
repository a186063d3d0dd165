"""Webhooks: CloudEvents 1.0 that an independent Standard Webhooks library verifies."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import msgspec
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from contracts.codec import encode
from contracts.event import Event
from gateway.errors import EventRefusedError, SinkUnavailableError
from gateway.sinks.webhook import WebhookSink
from runtime.webhook_signature import read_webhook_secrets
from tests.unit.contracts.test_examples import EXAMPLES

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"fedcba9876543210fedcba9876543210").decode()


class Receiver:
    """A real HTTP server that keeps each request, and answers or hangs as it is told."""

    def __init__(self) -> None:
        self.status = 204
        self.hang = False
        self.release = Flag()
        self.requests: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if receiver.hang:
                    receiver.release.wait(30)
                    self.close_connection = True
                    return
                receiver.requests.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        """Let go of whoever hangs and stop."""
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Yield a receiver."""
    server = Receiver()
    yield server
    server.close()


@pytest.fixture
def event() -> bytes:
    """Return a golden event."""
    return (EXAMPLES / "event.v1.json").read_bytes()


Make = Callable[..., WebhookSink]


@pytest.fixture
def make(receiver: Receiver, tmp_path: Path) -> Iterator[Make]:
    """Yield a maker of sinks for the receiver; it closes them."""
    made: list[WebhookSink] = []

    def sink(*secrets: str, timeout_s: float = 5.0, file: str = "secret") -> WebhookSink:
        (tmp_path / "secret").write_text("\n".join(secrets or (SECRET,)) + "\n")
        made.append(
            WebhookSink(
                receiver.url, gateway="gw", secret_file=tmp_path / file, timeout_s=timeout_s
            )
        )
        return made[-1]

    yield sink
    for one in made:
        one.close()


def test_signature_is_verified_by_the_reference_library(
    receiver: Receiver, event: bytes, make: Make
) -> None:
    """The receiver's library accepts what arrived, and nothing that was changed on the way."""
    make().deliver([event])
    headers, body = receiver.requests[0]
    verified = Webhook(SECRET).verify(body.decode(), headers)

    assert verified["specversion"] == "1.0"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.decode().replace("1.0", "1.1"), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD_SECRET).verify(body.decode(), headers)


def test_old_and_new_secret_both_verify_during_a_rotation(
    receiver: Receiver, event: bytes, make: Make
) -> None:
    """Two lines in the file give two signatures."""
    make(SECRET, OLD_SECRET).deliver([event])
    headers, body = receiver.requests[0]

    for secret in (SECRET, OLD_SECRET):
        assert Webhook(secret).verify(body.decode(), headers)


def test_body_is_a_cloud_event_with_our_event_inside(
    receiver: Receiver, event: bytes, make: Make
) -> None:
    """Id, type, source, subject and time are those of the statement; data is event.v1."""
    make().deliver([event])
    headers, body = receiver.requests[0]
    envelope, inner = json.loads(body), json.loads(event)

    assert headers["content-type"].startswith("application/cloudevents+json")
    assert envelope["data"] == inner
    assert envelope["id"] == headers["webhook-id"] == f"{inner['event_id']}.{inner['rev']}"
    assert envelope["type"] == f"cityloop.{inner['event_type']}"
    assert envelope["source"] == f"/cityloop/gw/{inner['district']}"
    assert datetime.fromisoformat(envelope["time"]).tzinfo is not None


def test_attempts_of_one_statement_share_their_id(
    receiver: Receiver, event: bytes, make: Make
) -> None:
    """A receiver can tell a retry from news."""
    sink = make()
    sink.deliver([event])
    sink.deliver([event])

    assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 1
    assert abs(int(receiver.requests[0][0]["webhook-timestamp"]) - time.time()) < 60


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, EventRefusedError),
        (422, EventRefusedError),
        (301, SinkUnavailableError),
        (401, SinkUnavailableError),
        (410, SinkUnavailableError),
        (429, SinkUnavailableError),
        (503, SinkUnavailableError),
    ],
)
def test_answer_says_whether_to_try_again(
    receiver: Receiver, event: bytes, make: Make, status: int, expected: type[Exception]
) -> None:
    """Only an answer about the event itself makes a dead letter."""
    receiver.status = status
    with pytest.raises(expected):
        make().deliver([event])


def test_hanging_receiver_is_given_up_after_its_time(
    receiver: Receiver, event: bytes, make: Make
) -> None:
    """A request has an end."""
    receiver.hang = True
    with pytest.raises(SinkUnavailableError, match="ReadTimeout"):
        make(timeout_s=0.2).deliver([event])


@pytest.mark.parametrize(
    "text",
    ["", "changethis", "whsec_c2hvcnQ=", "whsec_!!!"],
    ids=["empty", "no-prefix", "too-short", "no-base64"],
)
def test_weak_secret_is_refused(tmp_path: Path, text: str) -> None:
    """A secret that is none stops delivery rather than signing with it."""
    file = tmp_path / "secret"
    file.write_text(text)
    with pytest.raises(ValueError, match="whsec_"):
        read_webhook_secrets(file)


def test_missing_secret_file_is_unavailable(event: bytes, make: Make) -> None:
    """Events wait until the secret is there."""
    sink = make(file="none")
    with pytest.raises(SinkUnavailableError, match="none"):
        sink.deliver([event])


def test_event_made_here_survives_the_envelope(receiver: Receiver, make: Make) -> None:
    """What the outbox holds arrives bit for bit inside the envelope."""
    event = msgspec.json.decode((EXAMPLES / "event.v1.json").read_bytes(), type=Event)
    make().deliver([encode(event)])

    assert encode(event) in receiver.requests[0][1]
    assert event.at.astimezone(UTC).isoformat() in receiver.requests[0][1].decode()

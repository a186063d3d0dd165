"""Evidence over HTTP, against a real server."""

import hashlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from edge.evidence.http_store import HttpEvidenceStore
from edge.evidence.ports import UploadFailed, UploadRefused

DATA = b"picture"
SHA256 = hashlib.sha256(DATA).hexdigest()


class _Server(ThreadingHTTPServer):
    """Answers PUT with a status and remembers what came."""

    status = 201

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        assert isinstance(self.server, _Server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"said")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(status: int) -> Iterator[_Server]:
    """Run a server on a free port."""
    with _Server() as server:
        server.status = status
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def put(url: str, key: str | None = "k-1") -> None:
    """Upload once."""
    store = HttpEvidenceStore(url, key, timeout_s=0.5)
    try:
        store.put(SHA256, DATA, "image/jpeg")
    finally:
        store.close()


def test_a_picture_is_put_under_its_hash_with_the_key() -> None:
    """Path, key, media type and bytes are what the API expects."""
    with serving(201) as server:
        put(f"{server.url}/")
    ((path, headers, body),) = server.seen

    assert path == f"/v1/evidence/{SHA256}"
    assert headers["Authorization"] == "Bearer k-1"
    assert headers["Content-Type"] == "image/jpeg"
    assert body == DATA


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_what_may_pass_is_worth_a_retry(status: int) -> None:
    """A key not yet known or a server that is busy keeps the picture waiting."""
    with serving(status) as server, pytest.raises(UploadFailed, match=f"answered {status}"):
        put(server.url)


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_what_will_never_pass_is_refused(status: int) -> None:
    """Bytes that the API does not want are not tried for ever."""
    with serving(status) as server, pytest.raises(UploadRefused, match="given up"):
        put(server.url)


def test_nobody_there_is_worth_a_retry() -> None:
    """A refused connection is a failure, not a crash."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(UploadFailed, match="did not answer"):
        put(f"http://127.0.0.1:{port}")


def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    """A silent server costs the timeout, not for ever."""
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(UploadFailed, match="did not answer"),
    ):
        put(f"http://127.0.0.1:{silent.getsockname()[1]}")

"""What every place for evidence promises."""

import hashlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from edge.evidence.http_store import HttpEvidenceStore
from edge.evidence.memory_store import MemoryEvidenceStore
from edge.evidence.ports import EvidenceStore, UploadRefused

DATA = b"picture"
SHA256 = hashlib.sha256(DATA).hexdigest()


class _Keeper(ThreadingHTTPServer):
    """Keeps what is put, and refuses bytes that have another hash, as the API does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pictures: dict[str, bytes] = {}


class _Handler(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        assert isinstance(self.server, _Keeper)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        name = self.path.rsplit("/", 1)[1]
        fits = hashlib.sha256(body).hexdigest() == name
        if fits:
            self.server.pictures[name] = body
        self.send_response(201 if fits else 422)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


Place = tuple[EvidenceStore, Callable[[], dict[str, bytes]]]


@pytest.fixture(params=["memory", "http"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Return a store, and how to look into it."""
    if request.param == "memory":
        memory = MemoryEvidenceStore()
        yield memory, lambda: memory.pictures
        return
    with _Keeper() as keeper:
        thread = Thread(target=keeper.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        store = HttpEvidenceStore(f"http://127.0.0.1:{keeper.server_address[1]}", None)
        try:
            yield store, lambda: keeper.pictures
        finally:
            store.close()
            keeper.shutdown()
            thread.join()


def test_what_is_put_is_there(place: Place) -> None:
    """When put returns, the bytes are safe under their hash."""
    store, pictures = place
    store.put(SHA256, DATA, "image/jpeg")

    assert pictures() == {SHA256: DATA}


def test_putting_twice_is_putting_once(place: Place) -> None:
    """A repetition after a lost answer does no harm."""
    store, pictures = place
    store.put(SHA256, DATA, "image/jpeg")
    store.put(SHA256, DATA, "image/jpeg")

    assert pictures() == {SHA256: DATA}


def test_a_name_that_lies_is_refused(place: Place) -> None:
    """Bytes with another hash are never stored, and never tried again."""
    store, pictures = place

    with pytest.raises(UploadRefused, match=f"evidence {'0' * 64}"):
        store.put("0" * 64, DATA, "image/jpeg")
    assert pictures() == {}
    store.close()

"""A web server on loopback that keeps what it is sent."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Heard(NamedTuple):
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


class Listener:
    """What was heard, and what is answered.

    ``answer`` returns a status for a request.
    """

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answer: Callable[[Heard], int] = lambda _heard: 200
        self.content = b"{}"
        self.url = ""


@contextmanager
def listening() -> Iterator[Listener]:
    """Yield a listener on a free port."""
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard = Heard(self.path, headers, self.rfile.read(length))
            listener.heard.append(heard)
            self._reply(listener.answer(heard))

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard = Heard(self.path, headers, b"")
            listener.heard.append(heard)
            self._reply(listener.answer(heard))

        def _reply(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(listener.content)))
            self.end_headers()
            self.wfile.write(listener.content)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)

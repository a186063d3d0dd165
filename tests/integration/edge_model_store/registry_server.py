"""A web server that gives bundles as the API does: with ranges, and with mishaps when asked for."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["RegistryServer", "served"]

_PATH = re.compile(r"/v1/models/([a-z0-9-]+)/versions/([^/]+)/bundle")


class RegistryServer:
    """Bundles by model and version.

    Attributes:
        bundles: bytes of each.
        break_after: bytes after which an answer breaks off; None gives all.
        asked: the Range header of every request, in order; empty where there was none.
    """

    def __init__(self) -> None:
        self.bundles: dict[tuple[str, str], bytes] = {}
        self.break_after: int | None = None
        self.asked: list[str] = []
        self.url = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        found = _PATH.fullmatch(handler.path)
        content = None if found is None else self.bundles.get((found[1], found[2]))
        self.asked.append(handler.headers.get("Range", ""))
        if content is None:
            handler.send_error(404)
            return
        begin = int(self.asked[-1].removeprefix("bytes=").rstrip("-") or 0)
        handler.send_response(206 if begin else 200)
        handler.send_header("Content-Length", str(len(content) - begin))
        handler.end_headers()
        end = len(content) if self.break_after is None else begin + self.break_after
        handler.wfile.write(content[begin:end])


@contextmanager
def served() -> Iterator[RegistryServer]:
    """Yield a running server on a free port of this machine."""
    registry = RegistryServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            registry.answer(self)

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    registry.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

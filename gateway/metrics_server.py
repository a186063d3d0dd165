"""``/metrics``, ``/healthz`` and the read API on a small HTTP server of the standard library."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from gateway.read_api import Answer

__all__ = ["Health", "MetricsServer"]

Health = tuple[bool, dict[str, object]]
"""Whether the service is well, and what to say about it."""


class MetricsServer:
    """Serves a few pages from a thread of its own.

    Args:
        host: address to listen on.
        port: port; 0 takes a free one.
        metrics: returns the text of ``/metrics``.
        health: returns the verdict and body of ``/healthz``.
        pages: further pages by path, each returning JSON.
        api: answers what is none of these, given path with query and ``Authorization``.
    """

    def __init__(
        self,
        host: str,
        port: int,
        metrics: Callable[[], str],
        health: Callable[[], Health],
        pages: Mapping[str, Callable[[], bytes]] | None = None,
        api: Callable[[str, str | None], Answer | None] | None = None,
    ) -> None:
        further = dict(pages or {})
        known = ", ".join(("/metrics", "/healthz", *further))

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_GET(self) -> None:
                if self.path == "/metrics":
                    self._answer(HTTPStatus.OK, "text/plain; version=0.0.4", metrics())
                elif self.path == "/healthz":
                    well, body = health()
                    status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
                    self._answer(status, "application/json", json.dumps(body))
                elif self.path in further:
                    self._answer(HTTPStatus.OK, "application/json", further[self.path]().decode())
                else:
                    found = None if api is None else api(self.path, self.headers["authorization"])
                    if found is None:
                        self._answer(HTTPStatus.NOT_FOUND, "text/plain", f"see {known}\n")
                    else:
                        self._answer(found.status, found.media_type, found.body.decode())

            def _answer(self, status: HTTPStatus, media_type: str, text: str) -> None:
                body = text.encode()
                self.send_response(status)
                self.send_header("content-type", media_type)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
                """Keep scrapes out of the log."""

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, name="metrics", daemon=True)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

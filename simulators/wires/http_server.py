"""Simulated sensors that answer HTTP with JSON.

``GET /sensors`` lists them; ``GET /sensors/{subject}`` is one: ``{"subject": ..., "profile": ...,
"time": ISO 8601, "values": {field: value}}``. Before its first measurement a sensor answers 503.
"""

import hmac
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

from simulators.errors import WireError
from simulators.wires.board import Board

__all__ = ["HttpSensors"]

_TIMEOUT_S = 10.0


class HttpSensors:
    """A server on a thread of its own.

    Args:
        board: what the sensors show.
        host: address to listen on.
        port: port; 0 takes a free one.
        token: what the Authorization header must hold after ``Bearer``; None: nothing is asked.

    Raises:
        WireError: the address cannot be had.
    """

    def __init__(self, board: Board, host: str, port: int, token: str | None = None) -> None:
        wanted = None if token is None else f"Bearer {token}"
        try:
            self._server = ThreadingHTTPServer((host, port), _handler(board, wanted))
        except OSError as error:
            raise WireError(f"http {host}:{port}: {error}; choose another port") from error
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="http", daemon=True
        )

    def start(self) -> None:
        """Answer."""
        self._thread.start()

    def step(self) -> None:
        """Do nothing: whoever wants to know asks."""

    def close(self) -> None:
        """Stop listening."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


def _handler(board: Board, wanted: str | None) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _TIMEOUT_S

        def do_GET(self) -> None:
            given = self.headers.get("Authorization", "")
            if wanted is not None and not hmac.compare_digest(given.encode(), wanted.encode()):
                self._answer(HTTPStatus.UNAUTHORIZED, {"detail": "expected a bearer token"})
                return
            if self.path == "/sensors":
                listed = [
                    {"subject": one.subject, "profile": one.profile.name} for one in board.sensors
                ]
                self._answer(HTTPStatus.OK, {"sensors": listed})
                return
            subject = self.path.removeprefix("/sensors/")
            if subject not in {one.subject for one in board.sensors}:
                self._answer(HTTPStatus.NOT_FOUND, {"detail": "no such sensor; see /sensors"})
                return
            shown = board.latest(subject)
            if shown is None:
                self._answer(HTTPStatus.SERVICE_UNAVAILABLE, {"detail": "nothing measured yet"})
                return
            self._answer(
                HTTPStatus.OK,
                {
                    "subject": subject,
                    "profile": shown.sensor.profile.name,
                    "time": shown.at,
                    "values": shown.values,
                },
            )

        def _answer(self, status: HTTPStatus, body: object) -> None:
            data = msgspec.json.encode(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing: a sensor has no log."""

    return Handler

"""``/metrics``, ``/healthz`` and ``/preview`` over HTTP, on threads of their own."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from threading import Thread
from typing import ClassVar
from urllib.parse import urlsplit

from edge.health.vital_signs import VitalSigns
from edge.page_server import PageServer
from edge.preview.pages import PreviewPages

__all__ = ["LocalServer"]

_PLAIN = "text/plain; charset=utf-8"


class LocalServer:
    """Serves what a box shows on its own machine.

    Args:
        host: address to listen on.
        port: port; 0 takes a free one.
        signs: the box's figures.
        preview: pictures; None where there is no password for them.

    Raises:
        OSError: the port is taken.
    """

    def __init__(
        self, host: str, port: int, signs: VitalSigns, preview: PreviewPages | None
    ) -> None:
        known = {"signs": signs, "preview": preview}
        handler = type("Handler", (_Handler,), known)
        self._server = PageServer((host, port), handler)
        self._thread = Thread(target=self._server.serve_forever, name="local", daemon=True)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        _, port, *_ = self._server.server_address
        return int(port)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


class _Handler(BaseHTTPRequestHandler):
    """Answers one visitor; the server makes a subclass that knows what to show."""

    signs: ClassVar[VitalSigns]
    preview: ClassVar[PreviewPages | None]
    timeout = 10

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/metrics":
            self._answer(HTTPStatus.OK, "text/plain; version=0.0.4", self.signs.metrics().encode())
        elif path == "/healthz":
            well, body = self.signs.health()
            status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
            self._answer(status, "application/json", json.dumps(body).encode())
        elif path.startswith("/preview") and self.preview is not None:
            self._preview(self.preview, path)
        else:
            known = "/metrics, /healthz" + ("" if self.preview is None else ", /preview")
            self._answer(HTTPStatus.NOT_FOUND, _PLAIN, f"there is {known}\n".encode())

    def _preview(self, pages: PreviewPages, path: str) -> None:
        status = pages.admission(self.headers["authorization"])
        if status is not HTTPStatus.OK:
            asked = {"www-authenticate": 'Basic realm="preview", charset="UTF-8"'}
            headers = asked if status is HTTPStatus.UNAUTHORIZED else {"retry-after": "60"}
            self._answer(status, _PLAIN, b"who are you?\n", headers)
            return
        camera, _, kind = path.removeprefix("/preview").lstrip("/").rpartition(".")
        if not camera and not kind:
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", pages.index())
        elif not pages.knows(camera) or kind not in {"jpg", "mjpg"}:
            self._answer(HTTPStatus.NOT_FOUND, _PLAIN, b"there is no such camera\n")
        elif kind == "mjpg":
            self._stream(pages, camera)
        elif (jpeg := pages.picture(camera)) is not None:
            self._answer(HTTPStatus.OK, "image/jpeg", jpeg)
        else:
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, _PLAIN, b"the camera gives no picture\n")

    def _stream(self, pages: PreviewPages, camera: str) -> None:
        parts = pages.stream(camera)
        if parts is None:
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, _PLAIN, b"too many look at once\n")
            return
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        self.send_header("content-type", pages.media_type)
        self.send_header("cache-control", "no-store")
        self.end_headers()
        try:
            for part in parts:
                self.wfile.write(part)
        except OSError:
            # whoever looked has gone
            return

    def _answer(
        self,
        status: HTTPStatus,
        media_type: str,
        body: bytes,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited
        """Keep scrapes out of the log."""

"""The preview's pages: a list of cameras, one picture, or a stream of them."""

import base64
import binascii
import hmac
import html
from collections import deque
from collections.abc import Callable, Iterator
from http import HTTPStatus
from importlib.resources import files
from threading import BoundedSemaphore, Lock

from edge.preview.desk import PreviewDesk

__all__ = ["USER", "PreviewPages"]

USER = "preview"
"""The one who may look."""

_STREAMS = 4
"""Streams at a time; a single picture is always to be had."""
_TRIES, _TRIES_S = 10, 60.0
"""Wrong passwords within so many seconds after which nobody is let in for a while."""
_FIRST_S = 5.0
"""Real seconds that a picture is waited for."""
_BOUNDARY = "cityloop-preview"

_FIGURE = """<figure data-picture="/preview/{camera}.jpg"><a href="/preview/{camera}.mjpg">
<img alt="{camera}"><span class="none" data-en="no picture" data-zh="没有画面" hidden></span></a>
<figcaption>{camera}</figcaption></figure>"""


class PreviewPages:
    """Answers below ``/preview``. Thread-safe.

    Args:
        desk: has the pictures.
        password: of the user ``preview``.
        seconds: a clock that only grows, in seconds.
    """

    def __init__(self, desk: PreviewDesk, password: str, *, seconds: Callable[[], float]) -> None:
        self._desk = desk
        self._expected = f"{USER}:{password}".encode()
        self._seconds = seconds
        self._wrong: deque[float] = deque(maxlen=_TRIES)
        self._lock = Lock()
        self._streams = BoundedSemaphore(_STREAMS)

    def admission(self, authorization: str | None) -> HTTPStatus:
        """Return OK for who knows the password, else what to answer."""
        with self._lock:
            now_s = self._seconds()
            if len(self._wrong) == _TRIES and now_s - self._wrong[0] < _TRIES_S:
                return HTTPStatus.TOO_MANY_REQUESTS
            scheme, _, encoded = (authorization or "").partition(" ")
            try:
                given = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                given = b""
            if scheme.lower() == "basic" and hmac.compare_digest(given, self._expected):
                return HTTPStatus.OK
            if authorization is not None:
                # a browser asks once without, which is no guess
                self._wrong.append(now_s)
            return HTTPStatus.UNAUTHORIZED

    def index(self) -> bytes:
        """Return the page with every camera on it."""
        figures = "".join(_FIGURE.format(camera=html.escape(name)) for name in self._desk.cameras)
        page = files("edge.preview").joinpath("page.html").read_text(encoding="utf-8")
        return page.replace("<!--cameras-->", figures).encode()

    def knows(self, camera: str) -> bool:
        """Return whether there is such a camera."""
        return camera in self._desk.cameras

    def picture(self, camera: str) -> bytes | None:
        """Return a picture that is new now; None when the camera gives none."""
        found = self._desk.picture(camera, after=0, timeout_s=_FIRST_S)
        if found is None:
            return None
        fresh = self._desk.picture(camera, after=found[0], timeout_s=_FIRST_S)
        return (fresh or found)[1]

    def stream(self, camera: str) -> Iterator[bytes] | None:
        """Return the parts of a stream, each with its boundary; None when too many look already."""
        return self._parts(camera) if self._streams.acquire(blocking=False) else None

    @property
    def media_type(self) -> str:
        """Content type of :meth:`stream`."""
        return f"multipart/x-mixed-replace; boundary={_BOUNDARY}"

    def _parts(self, camera: str) -> Iterator[bytes]:
        try:
            seen = 0
            while (found := self._desk.picture(camera, after=seen, timeout_s=_FIRST_S)) is not None:
                seen, jpeg = found
                head = f"--{_BOUNDARY}\r\ncontent-type: image/jpeg\r\ncontent-length: {len(jpeg)}\r\n\r\n"
                yield head.encode() + jpeg + b"\r\n"
        finally:
            self._streams.release()

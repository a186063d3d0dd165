"""Serves the installer's page on this machine: one visitor, let in once by the link that he was given."""

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler
from importlib.resources import files
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec

from edge.errors import SetupRefused
from edge.page_server import PageServer
from edge.setup_page.chinese import in_chinese
from edge.setup_page.draft import Draft
from edge.setup_page.plain_problem import plain_problem
from edge.setup_page.workbench import Workbench
from runtime.errors import ConfigError

__all__ = ["SetupServer"]

_COOKIE = "cityloop_setup"
_MOST_BYTES = 262_144
"""Largest request body: thousands of corners."""
_FILES: Mapping[str, tuple[str, str]] = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/setup.css": ("setup.css", "text/css; charset=utf-8"),
    "/setup.js": ("setup.js", "text/javascript; charset=utf-8"),
    "/drawing.js": ("drawing.js", "text/javascript; charset=utf-8"),
    "/ground.js": ("ground.js", "text/javascript; charset=utf-8"),
    "/words.js": ("words.js", "text/javascript; charset=utf-8"),
}
_HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class _Answer(NamedTuple):
    status: HTTPStatus
    media_type: str
    body: bytes
    headers: Mapping[str, str] = {}


class SetupServer:
    """The page and what it asks for.

    The link's token is exchanged for a cookie at the first visit and is worth nothing afterwards;
    who comes with a used one is told so, and ``again`` is called with a new link for the terminal.

    Args:
        workbench: what is worked on.
        host: address to listen on.
        port: port; 0 takes a free one.
        again: shown a new link when a used one was tried.
    """

    def __init__(
        self,
        workbench: Workbench,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        again: Callable[[str], None] = lambda _link: None,
    ) -> None:
        self._workbench = workbench
        self._again = again
        self._token: str | None = secrets.token_urlsafe(24)
        self._cookie = secrets.token_urlsafe(24)
        self._lock = Lock()
        self.finished = Event()
        """Set when the installer has said that he is done."""
        self.written: list[Path] = []
        self._server = PageServer((host, port), _handler(self))
        self._thread = Thread(target=self._server.serve_forever, name="setup-page", daemon=True)

    @property
    def host(self) -> str:
        """The address that is listened on."""
        host, *_ = self._server.server_address
        return str(host)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._server.server_address[1])

    @property
    def link(self) -> str:
        """The address with its one-time token; without it when that was used."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        token = "" if self._token is None else f"?token={self._token}"
        return f"http://{shown}:{self.port}/{token}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def _enter(self, token: str) -> _Answer:
        """Exchange the link's token for a cookie, once."""
        with self._lock:
            if self._token is not None and hmac.compare_digest(token, self._token):
                self._token = None
                cookie = f"{_COOKIE}={self._cookie}; HttpOnly; SameSite=Strict; Path=/"
                headers = {"location": "/", "set-cookie": cookie}
                return _Answer(HTTPStatus.SEE_OTHER, "text/plain", b"", headers)
            if self._token is None:
                self._token = secrets.token_urlsafe(24)
                self._again(self.link)
        return _text(
            HTTPStatus.FORBIDDEN,
            "this link was used already, or is not ours; the terminal shows a new one\n",
        )

    def _knows(self, cookies: str) -> bool:
        try:
            found = SimpleCookie(cookies).get(_COOKIE)
        except CookieError:
            return False
        return found is not None and hmac.compare_digest(found.value, self._cookie)

    def _get(self, target: str, cookies: str) -> _Answer:
        address = urlsplit(target)
        token = parse_qs(address.query).get("token", [""])[0]
        known = self._knows(cookies)
        if token and not known:
            return self._enter(token)
        if not known:
            return _text(
                HTTPStatus.FORBIDDEN, "open the link with the token that the terminal shows\n"
            )
        if token:
            return _Answer(HTTPStatus.SEE_OTHER, "text/plain", b"", {"location": "/"})
        if address.path in _FILES:
            name, media_type = _FILES[address.path]
            body = files("edge.setup_page").joinpath("page", name).read_bytes()
            return _Answer(HTTPStatus.OK, media_type, body)
        if address.path == "/picture.jpg" and self._workbench.picture is not None:
            return _Answer(HTTPStatus.OK, "image/jpeg", self._workbench.picture.jpeg)
        if address.path == "/favicon.ico":
            return _Answer(HTTPStatus.NO_CONTENT, "image/x-icon", b"")
        if address.path == "/api/state":
            return _json(self._state())
        return _text(HTTPStatus.NOT_FOUND, f"{address.path[:80]}: there is no such page\n")

    def _state(self) -> dict[str, Any]:
        bench = self._workbench
        picture, problem, before, existing = bench.picture, "", {}, {}
        try:
            existing, before = bench.existing(), bench.before()
        except ConfigError as error:
            problem = str(error)
        return {
            "file": str(bench.path),
            "exists": bench.path.exists(),
            "problem": problem,
            "camera": bench.camera,
            "source": bench.section,
            "detector": before.get("detector", bench.detector),
            "before": before,
            "box": existing.get("box"),
            "hub": existing.get("hub"),
            "picture": None
            if picture is None
            else {
                "width": picture.frame.width,
                "height": picture.frame.height,
                "number": picture.number,
            },
        }

    def _post(self, path: str, body: bytes) -> _Answer:
        """Answer a request of the page; what is wrong with it is a problem, not a failure."""
        try:
            if path == "/api/finish":
                return _json({"ok": True})
            if path == "/api/picture":
                finding = self._workbench.take_picture()
                return _json(
                    {"finding": finding, "chinese": in_chinese(finding), "state": self._state()}
                )
            if path == "/api/write":
                return self._write(body)
            draft = msgspec.json.decode(body, type=Draft)
        except msgspec.DecodeError as error:
            return _json({"problem": str(error)}, HTTPStatus.UNPROCESSABLE_ENTITY)
        if path == "/api/ground":
            fit = self._workbench.fit(draft)
            return _json({**msgspec.to_builtins(fit), "said": plain_problem(fit.problem)})
        if path == "/api/proposal":
            found = self._workbench.propose(draft)
            return _json({**msgspec.to_builtins(found), "said": plain_problem(found.problem)})
        if path == "/api/tests/camera":
            finding = self._workbench.test_camera(draft)
            return _json(
                {"finding": finding, "chinese": in_chinese(finding), "state": self._state()}
            )
        if path == "/api/tests/model":
            finding, seen = self._workbench.test_model(draft)
            return _json({"finding": finding, "chinese": in_chinese(finding), "seen": seen})
        if path == "/api/tests/hub":
            finding = self._workbench.test_hub(draft)
            return _json({"finding": finding, "chinese": in_chinese(finding)})
        return _text(HTTPStatus.NOT_FOUND, f"{path[:80]}: there is no such page\n")

    def _write(self, body: bytes) -> _Answer:
        order = msgspec.json.decode(body, type=_Order)
        try:
            self._workbench.write(order.draft, replace=order.replace, base_sha256=order.base_sha256)
        except (SetupRefused, OSError) as error:
            problem = str(error)
            return _json({"problem": problem, "said": plain_problem(problem)}, HTTPStatus.CONFLICT)
        self.written.append(self._workbench.path)
        return _json({"written": str(self._workbench.path)})


class _Order(msgspec.Struct, frozen=True, kw_only=True):
    """The installer's order to write."""

    draft: Draft
    replace: bool = False
    base_sha256: str = ""


def _json(value: Any, status: HTTPStatus = HTTPStatus.OK) -> _Answer:
    return _Answer(status, "application/json", msgspec.json.encode(value))


def _text(status: HTTPStatus, text: str) -> _Answer:
    return _Answer(status, "text/plain; charset=utf-8", text.encode())


def _handler(page: SetupServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 60

        def do_GET(self) -> None:
            if self._addressed():
                self._send(page._get(self.path, self.headers["cookie"] or ""))  # noqa: SLF001

        def do_POST(self) -> None:
            if not self._addressed():
                return
            length = self.headers["content-length"] or ""
            plain = self.headers["content-type"] != "application/json"
            if not page._knows(self.headers["cookie"] or ""):  # noqa: SLF001 - one class in two
                self._send(_text(HTTPStatus.FORBIDDEN, "open the link of the terminal first\n"))
            elif plain or not length.isdigit() or int(length) > _MOST_BYTES:
                # a form of another site can send no JSON without asking first
                self._send(_text(HTTPStatus.BAD_REQUEST, "expected a small JSON body\n"))
            else:
                body = self.rfile.read(int(length))
                path = urlsplit(self.path).path
                self._send(page._post(path, body))  # noqa: SLF001
                if path == "/api/finish":
                    # only now: who waits for it closes the server
                    page.finished.set()

        def _addressed(self) -> bool:
            """Refuse who came here by another name: his page was led here by its name server."""
            host = urlsplit(f"//{self.headers['host'] or ''}").hostname or ""
            bound = page.host
            local = host in {"localhost", "127.0.0.1", "::1", bound}
            # on all addresses any number will do, but no name that somebody else can point here
            if local or (bound in {"0.0.0.0", "::"} and host.replace(".", "").isdigit()):  # noqa: S104
                return True
            self._send(_text(HTTPStatus.FORBIDDEN, f"unexpected host {json.dumps(host[:80])}\n"))
            return False

        def _send(self, answer: _Answer) -> None:
            self.send_response(answer.status)
            for name, value in {**_HEADERS, **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("content-type", answer.media_type)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
            """Keep requests, whose first one holds the token, out of the terminal."""

    return Handler

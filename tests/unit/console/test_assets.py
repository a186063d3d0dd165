"""Serving the built console: what is packed, what is kept, what is a page."""

import asyncio
from pathlib import Path
from typing import NamedTuple

import pytest
from starlette.datastructures import Headers
from starlette.types import Message

from cloud_api.browser_guard import CONSOLE_POLICY
from cloud_api.console.assets import ConsoleSite, page_policy
from cloud_api.console.config import ConsoleConfig


class Answer(NamedTuple):
    """What was sent, byte for byte."""

    status: int
    headers: Headers
    body: bytes


class Caller:
    """Asks a site as a server would; nothing decodes or follows."""

    def __init__(self, folder: Path) -> None:
        self._site = ConsoleSite(folder, ConsoleConfig())

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Return the answer; ``_`` in a header's name stands for a hyphen."""
        sent: list[Message] = []

        async def receive() -> Message:
            await asyncio.Event().wait()  # the browser stays until it has its answer
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "headers": raw, "extensions": {}}
        asyncio.run(self._site(scope, receive, send))
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(sent[0]["status"], Headers(raw=sent[0]["headers"]), body)


@pytest.fixture
def site(tmp_path: Path) -> Caller:
    """Return a caller of a site with one page and one hashed script, packed both ways."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>page")
    script = tmp_path / "assets" / "index-ab12.js"
    script.write_text("plain")
    script.with_name("index-ab12.js.br").write_bytes(b"brotli")
    script.with_name("index-ab12.js.gz").write_bytes(b"gzip")
    return Caller(tmp_path)


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("identity", None), ("br;q=0, gzip", "gzip")],
    ids=["br", "gzip", "plain", "refused"],
)
def test_a_script_comes_as_the_browser_takes_it(
    site: Caller, accepted: str, encoding: str | None
) -> None:
    """The best packing that is accepted is sent, and caches are told that it depends on that."""
    answer = site.ask("/console/assets/index-ab12.js", accept_encoding=accepted)

    assert answer.headers.get("content-encoding") == encoding
    assert answer.body == {"br": b"brotli", "gzip": b"gzip", None: b"plain"}[encoding]
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"].startswith("text/javascript")


def test_a_hashed_file_is_kept_for_ever_and_a_page_is_asked_for_anew(site: Caller) -> None:
    """A name with a hash never changes its content; a page does with each build."""
    script = site.ask("/console/assets/index-ab12.js")
    page = site.ask("/console/")

    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert page.headers["cache-control"] == "no-cache"


def test_what_the_browser_has_is_not_sent_again(site: Caller) -> None:
    """A page whose tag is still the same is answered with 304."""
    first = site.ask("/console/")
    again = site.ask("/console/", if_none_match=first.headers["etag"])

    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("path", ["/console/", "/console/situation", "/console/cases/XA-12.5"])
def test_every_path_that_is_no_file_is_the_first_page(site: Caller, path: str) -> None:
    """The pages find their own way; the server sends the first one."""
    answer = site.ask(path)

    assert (answer.status, answer.body) == (200, b"<!doctype html>page")
    assert answer.headers["content-security-policy"] == CONSOLE_POLICY


@pytest.mark.parametrize(
    "path",
    [
        "/console/assets/index-old.js",
        "/console/gone.js",
        "/console/../app.py",
        "/console/%2e%2e/x.js",
    ],
)
def test_a_file_that_is_not_there_is_a_problem(site: Caller, path: str) -> None:
    """A script of an older build is not answered with a page, and nothing outside is served."""
    answer = site.ask(path)

    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_page_takes_no_post(site: Caller) -> None:
    """Pages are read."""
    assert site.ask("/console/", "POST").status == 405


def test_without_a_build_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    """A clone that was never built answers with what to run, not with an empty page."""
    answer = Caller(tmp_path / "dist").ask("/console/")

    assert answer.status == 503
    assert b"make console" in answer.body


def test_only_the_configured_tiles_are_let_in() -> None:
    """The policy names the tiles' origin for pictures and requests, and nothing else of others."""
    policy = page_policy(ConsoleConfig(tiles="https://tiles.example/{z}/{x}/{y}.png?a=1"))

    assert "img-src 'self' https://tiles.example data:" in policy
    assert "connect-src 'self' https://tiles.example;" in policy
    assert "script-src" not in policy


def test_tiles_of_our_own_change_no_policy() -> None:
    """A path on the same server is our own."""
    assert page_policy(ConsoleConfig(pmtiles="/tiles/city.pmtiles")) == CONSOLE_POLICY

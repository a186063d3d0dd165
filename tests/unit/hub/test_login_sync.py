"""Following the API's list of enrolled boxes, against a small real server."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from random import Random

import pytest

from cityloop.hub.config import BoxUser, HubConfig, HubRegister, Role, ServiceUser
from cityloop.hub.login_sync import LoginSync
from cityloop.hub.register import Register
from cityloop.hub.server_config import render

BOX = {"box": "box-1", "district": "d", "site": "s", "password_hash": "$2a$04$x"}


class Api:
    """Answers with a list of logins, or with a fault."""

    def __init__(self) -> None:
        self.boxes: list[dict[str, str]] = []
        self.revision = 1
        self.status = 200
        self.asked: list[str | None] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                api.asked.append(self.headers.get("If-None-Match"))
                known = self.headers.get("If-None-Match") == f'"{api.revision}"'
                status = 304 if known and api.status == 200 else api.status
                self.send_response(status)
                self.end_headers()
                if status == 200:
                    body = {"revision": api.revision, "boxes": api.boxes}
                    self.wfile.write(json.dumps(body).encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Hub:
    """What follows the list, and how often the server was told to read its users."""

    def __init__(self, folder: Path, api: str) -> None:
        (folder / "key").write_text("k")
        (folder / "admin").write_text("secret-of-admin")
        source = HubRegister(api=api, key_file=str(folder / "key"))
        self.config = HubConfig(
            data_dir=str(folder / "data"),
            register=source,
            bcrypt_cost=4,
            users=(
                ServiceUser(name="admin", role=Role.ADMIN, password_file=str(folder / "admin")),
            ),
        )
        self.reloads = 0
        self.sync = LoginSync(self.config, source, self._reload, Random(1))
        self.seconds = 0.0

    def _reload(self, config: HubConfig) -> bool:
        self.reloads += 1
        return True

    def step(self, seconds: float = 1.0) -> bool:
        """Let time pass, and look."""
        self.seconds += seconds
        return self.sync.step(self.seconds)

    @property
    def known(self) -> list[str]:
        """Boxes that may log in."""
        return [login.box for login in Register(self.config.data).enrolled()]


@pytest.fixture
def api() -> Iterator[Api]:
    """Yield a running API."""
    running = Api()
    yield running
    running.close()


def test_who_comes_and_goes_is_told_to_the_server_once(api: Api, tmp_path: Path) -> None:
    """A change is one reload; polls without a change are none, and cost the API a 304."""
    hub = Hub(tmp_path, api.url)
    api.boxes = [BOX]
    came = [hub.step() for _ in range(3)]
    api.boxes, api.revision = [], 2
    left = hub.step()

    assert (came, left, hub.reloads) == ([True, False, False], True, 2)
    assert hub.known == []
    assert api.asked == [None, '"1"', '"1"', '"1"']


@pytest.mark.parametrize("status", [401, 500])
def test_a_refusal_leaves_everybody_in(api: Api, tmp_path: Path, status: int) -> None:
    """An API that does not answer properly revokes nobody; polls become rarer."""
    hub = Hub(tmp_path, api.url)
    api.boxes = [BOX]
    hub.step()
    api.status = status
    for _ in range(200):
        hub.step()
    refused = len(api.asked)
    api.status, api.boxes, api.revision = 200, [], 2
    for _ in range(100):
        hub.step()

    assert 5 < refused < 100
    assert hub.known == []
    assert not hub.sync.failing


@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
def test_an_api_that_lost_its_past_cuts_nobody_off(
    api: Api, tmp_path: Path, restarted: bool
) -> None:
    """An empty database is no revocation of a whole city; its first real change is believed."""
    hub = Hub(tmp_path, api.url)
    api.boxes, api.revision = [BOX], 7
    hub.step()
    api.boxes, api.revision = [], 0
    if restarted:
        hub = Hub(tmp_path, api.url)
    hub.step()
    kept, doubted = hub.known, hub.sync.went_back
    api.revision = 8
    hub.step()

    assert (kept, doubted) == (["box-1"], True)
    assert (hub.known, hub.sync.went_back) == ([], False)


def test_an_api_that_is_away_leaves_everybody_in(tmp_path: Path) -> None:
    """What is on the disk holds."""
    hub = Hub(tmp_path, "http://127.0.0.1:9")

    assert hub.step() is False
    assert hub.sync.failing
    assert hub.reloads == 0


def test_the_operators_own_box_goes_before_an_enrolled_one(api: Api, tmp_path: Path) -> None:
    """A box of both lists keeps the configured password; the other boxes do not suffer."""
    hub = Hub(tmp_path, api.url)
    api.boxes = [BOX, BOX | {"box": "box-2"}]
    hub.step()
    (tmp_path / "own").write_text("secret-of-box-1")
    own = BoxUser(box="box-1", district="d", site="s", password_file=str(tmp_path / "own"))
    text = render(
        HubConfig(data_dir=hub.config.data_dir, users=hub.config.users, boxes=(own,), bcrypt_cost=4)
    )

    assert text.count('user: "box-1"') == 1
    assert text.count('user: "box-2"') == 1

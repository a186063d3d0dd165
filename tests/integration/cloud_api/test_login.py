"""Logging in over HTTP: token, cookie, log-out, back-off, and the commands about users."""

import json
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from cloud_api.__main__ import main
from cloud_api.access import COOKIE
from cloud_api.keys import Role
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow

PASSWORD = "a sentence about rain"


def _users(server: Server, *arguments: str) -> Result:
    return CliRunner().invoke(
        main, ["users", arguments[0], "--config", str(server.config_path), *arguments[1:]]
    )


@pytest.fixture(scope="module")
def password_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file that holds the password of everybody here."""
    path: Path = tmp_path_factory.mktemp("secret") / "password"
    path.write_text(PASSWORD)
    return str(path)


def _add(server: Server, name: str, password_file: str, *more: str) -> None:
    options = ("--role", "operator", "--password-file", password_file, *more)
    done = _users(server, "add", name, *options)
    assert done.exit_code == 0, done.output


def _log_in(server: Server, name: str, password: str = PASSWORD) -> httpx.Response:
    return httpx.post(
        f"{server.url}/v1/login", json={"name": name, "password": password}, timeout=20.0
    )


def test_a_token_opens_what_the_role_may(server: Server, password_file: str) -> None:
    """Who has logged in reads cases, and knows who he is."""
    _add(server, "li.ming", password_file, "--district", "futian")

    entered = _log_in(server, "li.ming")
    headers = {"Authorization": f"Bearer {entered.json()['token']}"}
    me = httpx.get(f"{server.url}/v1/me", headers=headers).json()

    assert entered.status_code == 200
    assert (me["name"], me["role"], me["kind"]) == ("li.ming", "operator", "user")
    assert me["scope"] == {"districts": ["futian"], "departments": [], "grids": []}
    assert httpx.get(f"{server.url}/v1/cases", headers=headers).status_code == 200


def test_the_cookie_is_locked_down(server: Server, password_file: str) -> None:
    """No script reads it, no other site sends it, no plain connection carries it."""
    _add(server, "cookie.monster", password_file)

    header = _log_in(server, "cookie.monster").headers["set-cookie"].lower()

    assert all(word in header for word in ("httponly", "secure", "samesite=strict", "path=/"))


def test_a_cookie_alone_changes_nothing_from_elsewhere(server: Server, password_file: str) -> None:
    """Reading works with the cookie; a change needs a header that no other site can send."""
    _add(server, "wang.fang", password_file)
    token = _log_in(server, "wang.fang").json()["token"]
    cookie = {"Cookie": f"{COOKIE}={token}"}
    body = {"district": "futian", "mode": "normal", "reason": "test"}

    read = httpx.get(f"{server.url}/v1/cases", headers=cookie)
    forged = httpx.post(f"{server.url}/v1/modes", headers=cookie, json=body)
    meant = httpx.post(
        f"{server.url}/v1/modes", headers=cookie | {"X-Requested-With": "console"}, json=body
    )

    assert (read.status_code, forged.status_code, meant.status_code) == (200, 403, 200)


def test_logging_out_ends_it(server: Server, password_file: str) -> None:
    """The token is worthless at once."""
    _add(server, "zhao.lei", password_file)
    headers = {"Authorization": f"Bearer {_log_in(server, 'zhao.lei').json()['token']}"}

    out = httpx.post(f"{server.url}/v1/logout", headers=headers)

    assert out.status_code == 204
    assert httpx.get(f"{server.url}/v1/me", headers=headers).status_code == 401


def test_guessing_is_slowed_down(server: Server) -> None:
    """The sixth guess is told to wait, for a name that nobody has too."""
    answers = [_log_in(server, "nobody.here", f"guess number {n}") for n in range(6)]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "1"
    assert answers[-1].json()["type"] == "urn:cityloop:problem:rate-limited"


def test_a_changed_password_ends_every_session(server: Server, password_file: str) -> None:
    """The former password and the former token are both worthless."""
    _add(server, "chen.jie", password_file)
    token = _log_in(server, "chen.jie").json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    new = "another sentence, about wind"

    wrong = httpx.post(
        f"{server.url}/v1/me/password",
        headers=headers,
        json={"present": "not my password", "new": new},
    )
    done = httpx.post(
        f"{server.url}/v1/me/password", headers=headers, json={"present": PASSWORD, "new": new}
    )

    assert (wrong.status_code, done.status_code) == (401, 204)
    assert httpx.get(f"{server.url}/v1/me", headers=headers).status_code == 401
    assert _log_in(server, "chen.jie").status_code == 401
    assert _log_in(server, "chen.jie", new).status_code == 200


def test_users_are_kept_by_commands(server: Server, password_file: str) -> None:
    """Add, list, change, lock and unlock; each leaves a line in the audit log."""
    _add(server, "sun.li", password_file)
    token = _log_in(server, "sun.li").json()["token"]
    headers = {"Authorization": f"Bearer {token}"}

    changed = _users(server, "roles", "sun.li", "--role", "reader", "--department", "water")
    listed = json.loads(_users(server, "list", "--json").stdout)
    locked = _users(server, "lock", "sun.li")
    out = _log_in(server, "sun.li").status_code
    unlocked = _users(server, "unlock", "sun.li")
    renewed = _users(server, "password", "sun.li", "--password-file", password_file)
    back = _log_in(server, "sun.li").status_code

    (user,) = (each for each in listed if each["name"] == "sun.li")
    assert (user["role"], user["scope"]["departments"]) == ("reader", ["water"])
    assert "password_hash" not in user
    assert [each.exit_code for each in (changed, locked, unlocked, renewed)] == [0] * 4
    assert (out, back) == (401, 200)
    wait_for(
        lambda: httpx.get(f"{server.url}/v1/me", headers=headers).status_code == 401,
        "the former session has ended",
    )
    with server.client(Role.AUDITOR) as client:
        lines = client.get("/v1/audit", params={"actor": "console"}).json()["items"]
    assert {line["action"] for line in lines} >= {"users.add", "users.roles", "users.lock"}


def test_a_weak_password_is_refused_by_the_command(server: Server, tmp_path: Path) -> None:
    """Short passwords do not get in."""
    path = tmp_path / "password"
    path.write_text("tiny")

    done = _users(server, "add", "weak", "--role", "reader", "--password-file", str(path))

    assert done.exit_code == 2
    assert "12" in done.output

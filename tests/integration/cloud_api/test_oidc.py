"""Logging in at a real OpenID provider, a process of its own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cloud_api.bootstrap import open_database
from cloud_api.keys import Role
from cloud_api.people.register import UserRegister
from cloud_api.people.scope import EVERYTHING
from tests.contract.cloud_api.events import START
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The provider's address."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            found = httpx.get(f"{url}/.well-known/openid-configuration", timeout=5.0)
        except httpx.TransportError:
            return False
        return found.status_code == 200

    try:
        wait_for(answers, "provider answers")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[Server]:
    """A server whose people log in at the provider."""
    folder: Path = tmp_path_factory.mktemp("oidc")
    made = Server(folder, f"sqlite:///{folder}/api.sqlite", cookie_secure="false")
    callback = f"http://127.0.0.1:{made.port}/v1/login/oidc/callback"
    with made.config_path.open("a") as config:
        config.write(
            f"oidc:\n  issuer: {provider}\n  client_id: cityloop\n  client_secret_env: OIDC_SECRET\n"
            f"  redirect_url: {callback}\n  scopes: openid email\n  name_claim: email\n"
        )
    made.make_keys()
    store = open_database(made.config)
    register = UserRegister(store)
    register.add("li.ming@city.test", Role.OPERATOR, EVERYTHING, START, issuer=provider)
    register.add("locked@city.test", Role.OPERATOR, EVERYTHING, START, issuer=provider)
    register.change("locked@city.test", START, locked=True)
    register.add("local@city.test", Role.ADMIN, EVERYTHING, START, password_hash="x")
    store.dispose()
    os.environ["OIDC_SECRET"] = "a secret between us two"
    try:
        made.start()
    finally:
        del os.environ["OIDC_SECRET"]
    yield made
    assert made.stop() == 0


def _there(city: Server, browser: httpx.Client, who: str) -> str:
    """Go to the provider and log in there; return the way back."""
    begun = browser.get(f"{city.url}/v1/login/oidc")
    assert begun.status_code == 303, begun.text
    done = browser.post(begun.headers["location"], data={"sub": who})
    assert done.status_code in {302, 303}, done.text
    return done.headers["location"]


def test_who_is_known_at_both_places_gets_a_session(city: Server) -> None:
    """There, back, and the cookie opens what the role may; again, by the subject bound before."""
    for _ in range(2):
        with httpx.Client(timeout=20.0) as browser:
            back = browser.get(_there(city, browser, "li.ming@city.test"))
            me = browser.get(f"{city.url}/v1/me")

        assert back.status_code == 200
        assert (me.status_code, me.json()["name"]) == (200, "li.ming@city.test")


@pytest.mark.parametrize("who", ["stranger@else.test", "locked@city.test", "local@city.test"])
def test_others_do_not_get_in(city: Server, who: str) -> None:
    """Unknown here, locked, or a local user of the same name: no session."""
    with httpx.Client(timeout=20.0) as browser:
        back = browser.get(_there(city, browser, who))

        assert back.status_code == 401
        assert browser.get(f"{city.url}/v1/me").status_code == 401


@pytest.mark.parametrize("spoil", ["state", "code", "cookie", "replay", "other browser"])
def test_a_way_back_that_does_not_fit_is_refused(city: Server, spoil: str) -> None:
    """Forged state, forged code, no cookie, the same code again, somebody else's browser."""
    with httpx.Client(timeout=20.0) as browser, httpx.Client(timeout=20.0) as other:
        back = _there(city, browser, "li.ming@city.test")
        chosen = browser
        if spoil == "state":
            back = back.replace("state=", "state=x")
        elif spoil == "code":
            back = back.replace("code=", "code=x")
        elif spoil == "cookie":
            browser.cookies.clear()
        elif spoil == "replay":
            kept = dict(browser.cookies)
            assert browser.get(back).status_code == 200
            browser.cookies.clear()
            browser.cookies.update(kept)
        else:
            other.get(f"{city.url}/v1/login/oidc")
            chosen = other
        answer = chosen.get(back)

    assert answer.status_code == 401, answer.text

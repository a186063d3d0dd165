"""Rate limits of a running server: by identity and by address, counted, with Retry-After."""

from collections.abc import Iterator

import httpx
import pytest

from cloud_api.keys import Role
from tests.contract.cloud_api.events import body_of, make_event
from tests.integration.cloud_api.conftest import Server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that allows next to nothing: four requests, then one in a thousand seconds."""
    folder = tmp_path_factory.mktemp("tight")
    made = Server(
        folder,
        f"sqlite:///{folder}/api.sqlite",
        limit_identity_per_s=0.001,
        limit_machine_per_s=0.001,
        limit_address_per_s=0.01,
        key_cache_s=3600,
        trusted_proxies="[127.0.0.1]",
    )
    made.make_keys()
    made.start()
    yield made
    assert made.stop() == 0


def _from(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def test_who_asks_too_often_is_told_when_to_come_back(tight: Server) -> None:
    """One request is in the bucket, the next is 429; another key is not touched."""
    with tight.client(Role.READER) as client:
        first = client.get("/v1/flow", headers=_from("10.1.0.1"))
        second = client.get("/v1/flow", headers=_from("10.1.0.2"))
    with tight.client(Role.OPERATOR) as client:
        other = client.get("/v1/flow", headers=_from("10.1.0.3"))

    assert (first.status_code, second.status_code, other.status_code) == (200, 429, 200)
    assert second.json()["type"] == "urn:cityloop:problem:rate-limited"
    assert 1 <= int(second.headers["retry-after"]) <= 1000


def test_posts_are_limited_on_the_short_way_too(tight: Server) -> None:
    """A gateway that runs wild is slowed down; nothing of the refused post is stored."""
    statuses = []
    headers = {"Content-Type": "application/json"} | _from("10.2.0.1")
    with tight.client(Role.GATEWAY) as client:
        for number in range(3):
            body = body_of(make_event(500 + number))
            statuses.append(client.post("/v1/events", content=body, headers=headers).status_code)

    assert statuses == [202, 429, 429]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/cases"), ("POST", "/v1/login"), ("POST", "/v1/enrol")]
)
def test_strangers_are_limited_by_address(tight: Server, method: str, path: str) -> None:
    """Without a key an address soon hears 429, another one does not."""
    body = {"name": "nobody", "password": "x"} if path == "/v1/login" else None

    def ask(address: str) -> int:
        return httpx.request(
            method, tight.url + path, headers=_from(address), timeout=20.0, json=body
        ).status_code

    noisy = f"10.3.{sum(path.encode()) % 250}.1"
    statuses = [ask(noisy) for _ in range(3)]

    assert statuses[0] != 429
    assert statuses[1:] == [429, 429]
    assert ask(f"10.3.{sum(path.encode()) % 250}.2") != 429


def test_refusals_are_counted(tight: Server) -> None:
    """The metric tells who was refused, an address or an identity."""
    for _ in range(2):
        httpx.get(f"{tight.url}/v1/cases", headers=_from("10.4.0.1"), timeout=20.0)

    text = httpx.get(f"{tight.url}/metrics", timeout=20.0).text

    assert 'cityloop_api_rate_limited_total{by="address"}' in text
    assert 'cityloop_api_rate_limited_total{by="address"} 0.0' not in text

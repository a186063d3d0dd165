"""Who may see a part of the city sees that part: over every route that OpenAPI lists."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cloud_api.bootstrap import open_database
from cloud_api.keys import KeyRing, Role
from cloud_api.people.scope import Scope
from tests.contract.cloud_api.events import START, body_of, event_id, make_event
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow

OURS, THEIRS = 1, 2
SCOPES = {
    "district": Scope(districts=("futian",)),
    "department": Scope(departments=("water",)),
    "grid": Scope(grids=("440304",)),
}


class City:
    """A server with a case of ours and a foreign one, and keys that may see ours only."""

    def __init__(self, server: Server) -> None:
        self.server = server
        with server.client(Role.ADMIN) as client:
            body = body_of(make_event(OURS), make_event(THEIRS, district="nanshan"))
            client.post("/v1/events", content=body, headers={"Content-Type": "application/json"})

            def projected() -> list[dict[str, Any]] | None:
                items: list[dict[str, Any]] = client.get("/v1/cases").json()["items"]
                return items if len(items) == 2 else None

            cases = wait_for(projected, "cases are open")
            self.cases = {case["district"]: case for case in cases}
            self.theirs = self.cases["nanshan"]
            self.ours = self.cases["futian"]
            client.post(
                f"/v1/cases/{self.ours['number']}/assign", json={"department": "water"}
            ).raise_for_status()
            self.routes = [
                (method.upper(), path)
                for path, methods in client.get("/openapi.json").json()["paths"].items()
                for method in methods
            ]
        store = open_database(server.config)
        ring = KeyRing(store, cache_s=0.0)
        self.tokens = {
            (kind, role): ring.create(f"{kind}-{role}", role, START, scope)[1]
            for kind, scope in SCOPES.items()
            for role in (Role.READER, Role.OPERATOR, Role.ADMIN)
        }
        store.dispose()

    def client(self, kind: str, role: Role) -> httpx.Client:
        """Return a client whose key has a scope."""
        headers = {"Authorization": f"Bearer {self.tokens[kind, role]}"}
        return httpx.Client(base_url=self.server.url, headers=headers, timeout=20.0)


@pytest.fixture(scope="module")
def city(server: Server) -> Iterator[City]:
    """The city of these tests."""
    return City(server)  # type: ignore[return-value] # a fixture without an end


def _fill(path: str, city: City) -> str:
    """Return a route's path with the foreign case and its event in it."""
    known = {"case_ref": city.theirs["number"], "event_id": event_id(THEIRS), "sha256": "a" * 64}
    return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], "none"), path)


def _ask(client: httpx.Client, method: str, path: str) -> tuple[int, str]:
    """Return status and body; of a stream, what comes first."""
    params = {"last_event_id": "0-0"} if path == "/v1/stream" else {}
    with client.stream(method, path, params=params) as answer:
        if path != "/v1/stream":
            return answer.status_code, answer.read().decode(errors="replace")
        text = ""
        for chunk in answer.iter_text():
            text += chunk
            if "data:" in text or text.count("\n:") > 1:
                break
        return answer.status_code, text


@pytest.mark.parametrize("kind", SCOPES)
@pytest.mark.parametrize("role", [Role.READER, Role.OPERATOR, Role.ADMIN])
def test_no_route_shows_a_foreign_case(city: City, kind: str, role: Role) -> None:
    """Every route of OpenAPI, asked for the foreign case: never it, nor anything that names it."""
    marks = [city.theirs["case_id"], event_id(THEIRS), "nanshan"]
    leaks = []
    with city.client(kind, role) as client:
        for method, path in city.routes:
            if method != "GET":
                continue
            status, body = _ask(client, method, _fill(path, city))
            seen = body.replace(_fill(path, city), "")
            if status == 200 and any(mark in seen for mark in marks):
                leaks.append((path, status))

    assert leaks == []


@pytest.mark.parametrize("kind", SCOPES)
def test_a_guessed_number_is_404_on_every_route(city: City, kind: str) -> None:
    """Whatever is done to a foreign case, by number or id, it does not exist."""
    other = []
    with city.client(kind, Role.OPERATOR) as client:
        for method, path in city.routes:
            if "{case_ref}" not in path and "{event_id}" not in path:
                continue
            for reference in (city.theirs["number"], city.theirs["case_id"]):
                asked = _fill(path.replace("{case_ref}", reference), city)
                answer = client.request(method, asked)
                if answer.status_code != 404 or "does not exist" not in answer.text:
                    other.append((method, asked, answer.status_code))

    assert other == []


def test_what_is_neither_narrowed_nor_common_is_refused(city: City) -> None:
    """A route that says nothing about scopes refuses who has one: forgetting it shows nothing."""
    with city.client("district", Role.ADMIN) as client:
        statuses = {path: client.get(path).status_code for path in ("/v1/boxes", "/v1/audit")}

    assert statuses == {"/v1/boxes": 403, "/v1/audit": 403}


@pytest.mark.parametrize("kind", ["district", "department"])
def test_ours_is_seen_and_acted_on(city: City, kind: str) -> None:
    """What lies in the scope is there: list, detail, event, action."""
    with city.client(kind, Role.OPERATOR) as client:
        listed = client.get("/v1/cases").json()["items"]
        events = client.get("/v1/events").json()["items"]
        detail = client.get(f"/v1/cases/{city.ours['number']}")
        event = client.get(f"/v1/events/{event_id(OURS)}")
        comment = client.post(f"/v1/cases/{city.ours['number']}/comment", json={"text": "seen"})

    assert [case["number"] for case in listed] == [city.ours["number"]]
    assert [item["event"]["event_id"] for item in events] == [event_id(OURS)]
    assert (detail.status_code, event.status_code, comment.status_code) == (200, 200, 200)


def test_a_case_cannot_be_merged_into_a_foreign_one(city: City) -> None:
    """A number in a body is looked at as one in a path is."""
    with city.client("district", Role.OPERATOR) as client:
        answer = client.post(
            f"/v1/cases/{city.ours['number']}/move",
            json={"to": "merged", "reason": "same", "into_case": city.theirs["number"]},
        )

    assert answer.status_code == 404


def test_the_stream_is_narrowed(city: City) -> None:
    """A listener from the beginning hears of ours only."""
    with city.client("district", Role.READER) as client:
        _, text = _ask(client, "GET", "/v1/stream")
    data = [json.loads(line[5:]) for line in text.splitlines() if line.startswith("data:")]

    assert {item["district"] for item in data} == {"futian"}

"""Evidence over HTTP: links, parts, scopes, and files that somebody has changed."""

import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from cloud_api.bootstrap import open_database
from cloud_api.keys import KeyRing, Role
from cloud_api.people.scope import Scope
from contracts.envelope import Evidence
from tests.contract.cloud_api.events import START, body_of, make_event
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow

JPEG = b"\xff\xd8\xff\xe0 a picture of the street"
SHA = hashlib.sha256(JPEG).hexdigest()


@pytest.fixture(scope="module")
def case(server: Server) -> dict[str, Any]:
    """A case with a picture."""
    named = Evidence(sha256=SHA, media_type="image/jpeg", size_bytes=len(JPEG), captured_at=START)
    with server.client(Role.ADMIN) as client:
        put = client.put(
            f"/v1/evidence/{SHA}", content=JPEG, headers={"Content-Type": "image/jpeg"}
        )
        assert put.status_code == 201
        body = body_of(make_event(1, evidence=(named,)))
        client.post("/v1/events", content=body, headers={"Content-Type": "application/json"})
        listed = wait_for(lambda: client.get("/v1/cases").json()["items"], "the case is open")
        found: dict[str, Any] = client.get(f"/v1/cases/{listed[0]['number']}").json()
    return found


def test_a_case_gives_a_link_that_needs_no_key(server: Server, case: dict[str, Any]) -> None:
    """A browser shows the picture; the audit log notes for whom."""
    href = case["evidence"][0]["href"]

    answer = httpx.get(server.url + href)
    forged = httpx.get(server.url + href.replace("by=key", "by=user"))
    with server.client(Role.AUDITOR) as client:
        lines = client.get("/v1/audit", params={"action": "GET /v1/evidence/"}).json()["items"]

    assert (answer.status_code, answer.content) == (200, JPEG)
    assert forged.status_code == 401
    assert lines[0]["actor"] in href.replace("%3A", ":")


def test_who_sees_a_part_needs_the_link_of_his_case(server: Server, case: dict[str, Any]) -> None:
    """A guessed hash opens nothing; a foreign case gives no link; one's own does."""
    store = open_database(server.config)
    ring = KeyRing(store, cache_s=0.0)
    tokens = {
        name: ring.create(name, Role.OPERATOR, START, Scope(districts=(name,)))[1]
        for name in ("futian", "nanshan")
    }
    store.dispose()
    ours, theirs = (
        httpx.Client(base_url=server.url, headers={"X-API-Key": tokens[name]}, timeout=20.0)
        for name in ("futian", "nanshan")
    )

    with ours, theirs:
        bare = [client.get(f"/v1/evidence/{SHA}").status_code for client in (ours, theirs)]
        foreign = theirs.get(f"/v1/cases/{case['number']}").status_code
        link = ours.get(f"/v1/cases/{case['number']}").json()["evidence"][0]["href"]

    assert (bare, foreign) == ([403, 403], 404)
    assert httpx.get(server.url + link).content == JPEG


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=0-3", 206, JPEG[:4]),
        ("bytes=4-", 206, JPEG[4:]),
        ("bytes=4-9999", 206, JPEG[4:]),
        ("bytes=9999-", 200, JPEG),
        ("lines=1-2", 200, JPEG),
    ],
)
def test_a_part_can_be_asked_for(
    server: Server, case: dict[str, Any], asked: str, status: int, content: bytes
) -> None:
    """A player seeks in a clip."""
    with server.client(Role.READER) as client:
        answer = client.get(f"/v1/evidence/{SHA}", headers={"Range": asked})

    assert (answer.status_code, answer.content) == (status, content)


def test_a_changed_file_is_not_given_back(server: Server) -> None:
    """One bit on the disk: 500 with its own slug, and no byte of it."""
    content = b"\xff\xd8\xff\xe0 to be changed"
    sha256 = hashlib.sha256(content).hexdigest()
    with server.client(Role.ADMIN) as client:
        client.put(
            f"/v1/evidence/{sha256}", content=content, headers={"Content-Type": "image/jpeg"}
        )
        path = Path(server.config.evidence_dir, sha256[:2], sha256)
        stored = bytearray(path.read_bytes())
        stored[-1] ^= 1
        path.write_bytes(stored)
        answer = client.get(f"/v1/evidence/{sha256}")

    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:cityloop:problem:evidence-broken"

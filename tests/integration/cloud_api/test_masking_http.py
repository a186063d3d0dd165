"""What people are shown: masked in every answer, unless role and purpose allow more."""

import json
import re

import httpx
import pytest

from cloud_api.keys import Role
from tests.contract.cloud_api.events import body_of, event_id, make_event
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow

PHONE = "13812345678"
WHY = {"X-Purpose": "call back 13900001111"}


@pytest.fixture(scope="module")
def case(server: Server) -> str:
    """The number of a case whose title and timeline hold a phone number."""
    with server.client(Role.ADMIN) as client:
        body = body_of(make_event(1, title=f"ponding, call {PHONE}"))
        client.post("/v1/events", content=body, headers={"Content-Type": "application/json"})
        listed = wait_for(lambda: client.get("/v1/cases").json()["items"], "the case is open")
        number = str(listed[0]["number"])
        client.post(
            f"/v1/cases/{number}/comment", json={"text": f"我叫王小明，{PHONE}，粤B12345"}
        ).raise_for_status()
    return number


def _text(client: httpx.Client, path: str, **headers: str) -> str:
    """Return an answer's body; of the stream, its first messages."""
    params = {"last_event_id": "0-0"} if path == "/v1/stream" else {}
    with client.stream("GET", path, params=params, headers=headers) as answer:
        text = ""
        for chunk in answer.iter_text():
            text += chunk
            if path == "/v1/stream" and text.count("data:") >= 2:
                break
        return text


@pytest.mark.parametrize("role", [Role.READER, Role.OPERATOR, Role.ADMIN, Role.AUDITOR])
def test_no_route_shows_a_phone_number(server: Server, case: str, role: Role) -> None:
    """Every route of OpenAPI, asked by every kind of person without a purpose."""
    known = {"case_ref": case, "event_id": event_id(1)}
    leaks = []
    with server.client(role) as client:
        routes = client.get("/openapi.json").json()["paths"]
        for path, methods in routes.items():
            if "get" not in methods:
                continue
            asked = re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], "none"), path)
            text = _text(client, asked)
            if PHONE in text or "王小明" in text or "B12345" in text:
                leaks.append(path)

    assert leaks == []


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_who_says_why_sees_it(server: Server, case: str, role: Role) -> None:
    """Who has to call back gets the number, and the audit log says what for (itself masked)."""
    with server.client(role) as client:
        shown = _text(client, f"/v1/cases/{case}", **WHY)
    with server.client(Role.AUDITOR) as client:
        lines = client.get("/v1/audit", params={"action": "GET /v1/cases/{case_ref}"}).json()

    assert PHONE in shown
    assert "王小明" in shown
    assert "call back ****" in [line["purpose"] for line in lines["items"]]


def test_a_reader_never_sees_it(server: Server, case: str) -> None:
    """A purpose does not help whose role has none."""
    with server.client(Role.READER) as client:
        assert PHONE not in _text(client, f"/v1/cases/{case}", **WHY)


def test_a_masked_answer_is_whole(server: Server, case: str) -> None:
    """What is not personal is as it was, and the declared length is right, packed or not."""
    with server.client(Role.OPERATOR) as client:
        masked = client.get(f"/v1/cases/{case}", headers={"Accept-Encoding": "identity"})
        packed = client.get(f"/v1/cases/{case}", headers={"Accept-Encoding": "gzip"})
        plain = client.get(f"/v1/cases/{case}", headers=WHY)

    assert int(masked.headers["content-length"]) == len(masked.content)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.num_bytes_downloaded == int(packed.headers["content-length"])
    assert packed.json()["number"] == case
    assert masked.json()["case_id"] == plain.json()["case_id"]
    assert masked.json()["number"] == case
    assert json.dumps(masked.json()).count("****") >= 3


def test_logs_hold_no_secret(server: Server, case: str) -> None:
    """Keys that were sent, phone numbers that were asked for: not in the server's log."""
    with server.client(Role.OPERATOR) as client:
        client.get("/v1/cases", params={"person": PHONE})
        client.get("/v1/nothing", params={"token": server.tokens[Role.ADMIN]})
    log = (server.folder / "server.log").read_text()

    assert PHONE not in log
    assert not any(token.split("_", 2)[2] in log for token in server.tokens.values())

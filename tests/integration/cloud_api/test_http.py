"""The HTTP surface: statuses, problems, paging, versions, limits."""

import hashlib
import socket
from collections.abc import Iterator

import httpx
import msgspec
import pytest

from cloud_api.keys import Role
from contracts.event import EventPhase
from contracts.levels import Level
from tests.contract.cloud_api.events import body_of, event_id, make_event
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow
JSON = {"Content-Type": "application/json"}
JPEG = b"\xff\xd8\xff\xe0 a picture of the time after"


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    """A client that may do everything."""
    with server.client(Role.ADMIN) as made:
        yield made


def _post(client: httpx.Client, content: bytes, **headers: str) -> httpx.Response:
    return client.post("/v1/events", content=content, headers=JSON | headers)


def _slug(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail", "instance"} <= set(problem)
    assert problem["status"] == answer.status_code
    return str(problem["type"]).removeprefix("urn:cityloop:problem:")


def _case_of(client: httpx.Client, number: int) -> str:
    def look() -> str | None:
        answer = client.get(f"/v1/events/{event_id(number)}")
        return str(answer.json()["case_id"]) if answer.status_code == 200 else None

    return wait_for(look, f"case of event {number}")


def test_accepted_then_duplicate(client: httpx.Client) -> None:
    """A new event is 202, the same again is 200."""
    answers = [_post(client, body_of(make_event(1))) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 200]
    assert [answer.json()["duplicates"] for answer in answers] == [0, 1]


def test_a_single_conflict_is_409(client: httpx.Client) -> None:
    """The same revision with other content is refused."""
    _post(client, body_of(make_event(2)))

    answer = _post(client, body_of(make_event(2, level=Level.RED)))

    assert (answer.status_code, _slug(answer)) == (409, "event-conflict")


def test_a_batch_lists_what_was_refused(client: httpx.Client) -> None:
    """Good items are stored; each bad one is named by its place, with its problem."""
    _post(client, body_of(make_event(3)))
    items = [body_of(make_event(4)), b"{}", body_of(make_event(3, level=Level.RED))]

    answer = _post(client, b"[" + b",".join(items) + b"]")

    body = answer.json()
    assert (answer.status_code, body["accepted"]) == (202, 1)
    assert [(item["index"], item["problem"]["status"]) for item in body["rejected"]] == [
        (1, 422),
        (2, 409),
    ]


@pytest.mark.parametrize(
    ("content", "headers", "status", "slug"),
    [
        pytest.param(b"", {}, 400, "malformed-json", id="empty"),
        pytest.param(b"[1,", {}, 400, "malformed-json", id="cut off"),
        pytest.param(b"\xff\xfe{}", {}, 400, "malformed-json", id="not utf-8"),
        pytest.param(b'"text"', {}, 400, "malformed-json", id="a text"),
        pytest.param(b"{}", {}, 422, "invalid-input", id="no event"),
        pytest.param(b"[" * 100_000, {}, 400, "malformed-json", id="deep"),
        pytest.param(b"[" + b"1," * 1000 + b"1]", {}, 422, "invalid-input", id="too many"),
        pytest.param(b"x" * 8_000_001, {}, 413, "body-too-large", id="too large"),
        pytest.param(
            b"{}", {"Content-Encoding": "gzip"}, 415, "unsupported-media-type", id="compressed"
        ),
        pytest.param(b"{}", {"Content-Type": "text/xml"}, 415, "unsupported-media-type", id="xml"),
    ],
)
def test_bad_posts(
    client: httpx.Client, content: bytes, headers: dict[str, str], status: int, slug: str
) -> None:
    """Each bad post gets its own problem."""
    answer = _post(client, content, **headers)

    assert (answer.status_code, _slug(answer)) == (status, slug)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"event_id": "x" * 36}, id="id that is no uuid"),
        pytest.param({"event_id": event_id(5) + "\n"}, id="id with a newline"),
        pytest.param({"rev": -1}, id="negative rev"),
        pytest.param({"rev": 2**31}, id="rev beyond the column"),
        pytest.param({"rev": 10**30}, id="rev beyond any integer"),
        pytest.param({"level": "purple"}, id="unknown level"),
        pytest.param({"at": "2026-06-01T08:00:00"}, id="no time zone"),
        pytest.param({"subject": "a\x00b"}, id="nul"),
        pytest.param({"dedupe": "k" * 513}, id="long dedupe key"),
        pytest.param({"district": "Futian District"}, id="bad district"),
        pytest.param({"title": {"zh": "x" * 300_000, "en": ""}}, id="too large"),
    ],
)
def test_bad_fields(client: httpx.Client, change: dict[str, object]) -> None:
    """A field that no column or topic could hold is refused, and does not stop others."""
    fields = msgspec.json.decode(body_of(make_event(5))) | change

    answer = _post(client, msgspec.json.encode(fields))

    assert (answer.status_code, _slug(answer)) == (422, "invalid-input")


def test_a_chunked_body_is_counted(server: Server) -> None:
    """A body that does not tell its size is refused once it is over the limit."""
    head = (
        "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {server.tokens[Role.ADMIN]}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"186a0\r\n" + b"x" * 100_000 + b"\r\n"

    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(head.encode())
        for _ in range(85):
            connection.sendall(chunk)
        connection.sendall(b"0\r\n\r\n")
        answer = connection.recv(65_536)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer


def test_pages_cover_everything_once(client: httpx.Client) -> None:
    """Following the cursor gives every event once, the latest first."""
    numbers = range(100, 107)
    _post(client, body_of(*(make_event(n, event_type="paging.test") for n in numbers)))
    _case_of(client, 106)
    found: list[str] = []
    cursor: str | None = None

    while True:
        query = {"type": "paging.test", "limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/events", params=query).json()
        found += [item["event_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert found == [event_id(n) for n in reversed(numbers)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({"level": "red"}, {201}, id="level"),
        pytest.param({"phase": "end"}, {202}, id="phase"),
        pytest.param({"district": "nanshan"}, {203}, id="district"),
        pytest.param({"since": "2026-06-01T08:03:22Z"}, {202, 203}, id="since"),
    ],
)
def test_event_filters(client: httpx.Client, query: dict[str, str], expected: set[int]) -> None:
    """Each filter keeps what matches and nothing else."""
    kind = "filter.test"
    posted = [
        make_event(200, event_type=kind),
        make_event(201, event_type=kind, level=Level.RED),
        make_event(202, event_type=kind, phase=EventPhase.END),
        make_event(203, event_type=kind, district="nanshan"),
    ]
    _post(client, body_of(*posted))
    _case_of(client, 203)

    page = client.get("/v1/events", params={"type": kind} | query).json()

    assert {item["event_id"] for item in page["items"]} == {event_id(n) for n in expected}


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [
        pytest.param("/v1/nothing", 404, "not-found", id="path"),
        pytest.param("/v1/cases/nothing", 404, "not-found", id="case"),
        pytest.param("/v1/events/%00", 422, "invalid-input", id="nul"),
        pytest.param("/v1/events?cursor=garbage", 422, "invalid-input", id="cursor"),
        pytest.param("/v1/events?limit=100000", 422, "invalid-input", id="limit"),
        pytest.param("/v1/events?since=yesterday", 422, "invalid-input", id="since"),
        pytest.param("/v1/events?since=2026-06-01T00:00:00", 422, "invalid-input", id="zone"),
        pytest.param("/v1/evidence/..%2f..%2fetc%2fpasswd", 404, "not-found", id="traversal"),
        pytest.param("/v1/evidence/abc", 422, "invalid-input", id="no hash"),
        pytest.param("/v1/stream?last_event_id=x", 422, "invalid-input", id="stream id"),
    ],
)
def test_bad_reads(client: httpx.Client, path: str, status: int, slug: str) -> None:
    """Each bad request for something gets its own problem."""
    answer = client.get(path)

    assert (answer.status_code, _slug(answer)) == (status, slug)


def test_wrong_method_names_the_right_ones(client: httpx.Client) -> None:
    """405 says which methods there are."""
    answer = client.delete("/v1/flow")

    assert (answer.status_code, _slug(answer)) == (405, "method-not-allowed")
    assert "GET" in answer.headers["allow"]


def test_if_match_guards_against_a_change_in_between(client: httpx.Client) -> None:
    """The second of two people who read the same version is refused."""
    _post(client, body_of(make_event(300)))
    case = _case_of(client, 300)
    seen = client.get(f"/v1/cases/{case}").headers["etag"]
    headers = {"If-Match": seen}

    first = client.post(f"/v1/cases/{case}/comment", json={"text": "one"}, headers=headers)
    second = client.post(f"/v1/cases/{case}/comment", json={"text": "two"}, headers=headers)

    assert (first.status_code, first.headers["etag"]) == (200, '"3"')
    assert (second.status_code, _slug(second)) == (412, "version-mismatch")


def test_names_are_in_both_languages(client: httpx.Client) -> None:
    """State, step and level carry Chinese and English names; moves say what they need."""
    _post(client, body_of(make_event(301)))

    case = client.get(f"/v1/cases/{_case_of(client, 301)}").json()

    assert case["state"] == {"id": "filed", "zh": "已立案", "en": "filed"}
    assert case["step"]["zh"] == "核实立案"
    assert case["level"] == {"id": "yellow", "zh": "黄", "en": "yellow"}
    assert case["moves"][0]["needs"] == ["reason", "department"]


@pytest.mark.parametrize(
    ("action", "body", "slug"),
    [
        pytest.param("move", {"to": "closed", "reason": "r"}, "illegal-move", id="illegal"),
        pytest.param("move", {"to": "suspended"}, "move-incomplete", id="incomplete"),
        pytest.param("move", {"to": "nowhere"}, "invalid-input", id="no state"),
        pytest.param("move", {"to": "closed", "why": "r"}, "invalid-input", id="unknown field"),
        pytest.param("assign", {"department": "atlantis"}, "invalid-input", id="department"),
        pytest.param("comment", {"text": "a\u0000b"}, "invalid-input", id="nul"),
        pytest.param("comment", {"text": "x" * 4001}, "invalid-input", id="long"),
    ],
)
def test_refused_actions(
    client: httpx.Client, action: str, body: dict[str, str], slug: str
) -> None:
    """What cannot be done is refused with its own problem."""
    _post(client, body_of(make_event(302)))

    answer = client.post(f"/v1/cases/{_case_of(client, 302)}/{action}", json=body)

    assert _slug(answer) == slug


def test_evidence_round_trip(client: httpx.Client) -> None:
    """A picture comes back as it was, with headers that keep browsers from running it."""
    path = f"/v1/evidence/{hashlib.sha256(JPEG).hexdigest()}"
    headers = {"Content-Type": "image/jpeg"}

    put = [client.put(path, content=JPEG, headers=headers).status_code for _ in range(2)]
    got = client.get(path)

    assert put == [201, 200]
    assert (got.content, got.headers["content-type"]) == (JPEG, "image/jpeg")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("content", "media_type", "slug"),
    [
        pytest.param(JPEG + b"!", "image/jpeg", "hash-mismatch", id="other bytes"),
        pytest.param(JPEG, "image/png", "unsupported-media-type", id="no png"),
        pytest.param(JPEG, "text/html", "unsupported-media-type", id="html"),
    ],
)
def test_refused_evidence(client: httpx.Client, content: bytes, media_type: str, slug: str) -> None:
    """Bytes that are not what they should be are refused."""
    sha = hashlib.sha256(JPEG + b"?").hexdigest()

    answer = client.put(
        f"/v1/evidence/{sha}", content=content, headers={"Content-Type": media_type}
    )

    assert _slug(answer) == slug

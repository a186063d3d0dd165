"""The dispatcher's desk over its routes: queue, workload, many at once; moves and causes of one case."""

import asyncio
import base64
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from cloud_api.bootstrap import Api, build
from cloud_api.case_record import case_id_of
from cloud_api.config import ApiConfig
from cloud_api.keys import Role
from cloud_api.people.scope import EVERYTHING, Scope
from contracts.event import EventPhase
from contracts.levels import Level
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START, body_of, event_id, make_event

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what asks the database for nothing that the other one might answer in another way."""


class Desk:
    """An API and callers of it."""

    def __init__(self, api: Api, clock: ManualClock) -> None:
        self.api = api
        self.clock = clock
        self._tokens: dict[tuple[Role, Scope], str] = {}

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        role: Role | None = Role.OPERATOR,
        scope: Scope = EVERYTHING,
        once: str | None = None,
        purpose: str | None = None,
    ) -> httpx.Response:
        """Return the answer to a request of somebody with a role."""
        given = {"Idempotency-Key": once, "X-Purpose": purpose}
        headers = {name: value for name, value in given.items() if value is not None}
        if role is not None:
            if (role, scope) not in self._tokens:
                keys = self.api.services.keys
                self._tokens[role, scope] = keys.create(f"{role}-1", role, START, scope)[1]
            headers["Authorization"] = f"Bearer {self._tokens[role, scope]}"

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.api.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
                return await client.request(method, path, json=body, headers=headers)

        return asyncio.run(send())

    def get(self, path: str, **options: Any) -> Any:
        """Return what a good answer says."""
        answer = self.ask("GET", path, **options)
        assert answer.is_success, answer.text
        return answer.json()

    def post(self, path: str, body: object, **options: Any) -> Any:
        """Return what a good answer to a post says."""
        answer = self.ask("POST", path, body, **options)
        assert answer.is_success, answer.text
        return answer.json()

    def to(self, number: int, state: str, **more: object) -> Any:
        """Move a case on."""
        body = {"to": state, "reason": "so"} | more
        return self.post(f"/v1/cases/{case_id_of(event_id(number))}/move", body)


@pytest.fixture
def desk(config: ApiConfig, clock: ManualClock) -> Iterator[Desk]:
    """A desk with four cases: red, yellow and blue here, one elsewhere."""
    api = build(msgspec.structs.replace(config, public_reports=True), clock)
    api.services.trail.start()
    levels = (Level.BLUE, Level.YELLOW, Level.RED)
    events = [make_event(n, level=level) for n, level in enumerate(levels, 1)]
    api.accept_events(body_of(*events, make_event(4, district="nanshan")))
    clock.set(START + timedelta(seconds=30))
    api.step(clock.now())
    yield Desk(api, clock)
    api.services.trail.stop(10.0)
    api.close()


def _ids(*numbers: int) -> list[str]:
    return [case_id_of(event_id(number)) for number in numbers]


def test_the_queue_is_by_lamp_and_then_by_deadline(desk: Desk) -> None:
    """What is late comes first; counts are those of all that is open."""
    desk.clock.set(START + timedelta(minutes=40))
    desk.api.step(desk.clock.now())

    found = desk.get("/v1/worklist?district=futian")

    assert [item["case_id"] for item in found["items"]] == _ids(3, 2, 1)
    assert [item["lamp"] for item in found["items"]] == ["red", "green", "green"]
    assert (found["total"], found["overdue"]) == (3, 1)
    assert found["lamps"] == {"red": 1, "yellow": 0, "green": 2}


def test_the_queue_is_narrowed_and_turned_over(desk: Desk) -> None:
    """Filters leave their counts alone; pages follow one another."""
    desk.to(1, "dispatched", to_department="water", person="w-chen")

    free = desk.get("/v1/worklist?department=")
    his = desk.get("/v1/worklist?department=water&person=w-chen&state=dispatched")
    second = desk.get("/v1/worklist?limit=1&skip=1")

    assert (free["total"], his["total"]) == (3, 1)
    assert his["states"] == {"dispatched": 1}
    assert (len(second["items"]), second["total"]) == (1, 4)
    assert second["states"] == {"dispatched": 1, "filed": 3}


@ON_SQLITE
def test_the_queue_shows_what_is_in_the_scope(desk: Desk) -> None:
    """Counts are narrowed, too."""
    found = desk.get("/v1/worklist", role=Role.READER, scope=Scope(districts=("nanshan",)))

    assert (found["total"], found["states"]) == (1, {"filed": 1})


def test_who_is_on_duty_has_so_much_to_do(desk: Desk) -> None:
    """At four in the afternoon the day shift is there; what he has is counted."""
    desk.to(1, "dispatched", to_department="water", person="w-chen")
    desk.to(2, "dispatched", to_department="water", person="somebody")

    found = desk.get("/v1/workload")
    people = {each["person"]: each for each in found["people"]}

    assert "w-lin" not in people
    assert people["w-chen"]["until"] == "2026-06-01T12:00:00Z"
    assert (people["w-chen"]["open"], people["w-chen"]["unseen"]) == (1, 1)
    assert (people["somebody"]["until"], people["somebody"]["open"]) == (None, 1)
    assert {each["department"] and each["department"]["id"]: each["open"]
            for each in found["departments"] if each["open"]} == {None: 2, "water": 2}  # fmt: skip


def test_many_are_given_out_and_each_is_told(desk: Desk) -> None:
    """Filed ones are dispatched, what is in hand is assigned, a changed one is refused alone."""
    desk.to(2, "dispatched", to_department="water")
    desk.to(2, "handling")
    one, two, three = _ids(1, 2, 3)
    desk.post(f"/v1/cases/{three}/comment", {"text": "somebody else was here"})
    versions = {each: desk.get(f"/v1/cases/{each}")["version"] for each in (one, two, three)}
    items = [
        {"case": one, "version": versions[one]},
        {"case": two, "version": versions[two]},
        {"case": three, "version": versions[three] - 1},
        {"case": "none", "version": 1},
    ]

    done = desk.post(
        "/v1/worklist/assign",
        {"items": items, "department": "sanitation", "person": "s-wu", "reason": "one road"},
    )

    assert [each["outcome"] for each in done["results"]] == [
        "dispatched", "assigned", "refused", "refused",
    ]  # fmt: skip
    assert [(each["problem"] or {}).get("status") for each in done["results"]] == [
        None, None, 412, 404,
    ]  # fmt: skip
    assert done["results"][2]["problem"]["version"] == versions[three]
    found = desk.get("/v1/worklist?department=sanitation&person=s-wu")
    assert {item["state"]["id"] for item in found["items"]} == {"dispatched", "handling"}


def test_a_foreign_case_is_not_given_out(desk: Desk) -> None:
    """As if it did not exist."""
    body = {
        "items": [{"case": _ids(4)[0], "version": 2}],
        "department": "water",
        "reason": "r",
    }

    done = desk.post("/v1/worklist/assign", body, scope=Scope(districts=("futian",)))

    assert (done["results"][0]["problem"]["status"], done["refused"]) == (404, 1)


@ON_SQLITE
def test_a_department_that_does_not_exist_is_said_at_once(desk: Desk) -> None:
    """Nothing is given out."""
    body = {"items": [{"case": _ids(1)[0], "version": 2}], "department": "moon", "reason": "r"}

    answer = desk.ask("POST", "/v1/worklist/assign", body)

    assert (answer.status_code, desk.get("/v1/worklist?department=moon")["total"]) == (422, 0)


@ON_SQLITE
def test_a_reader_is_shown_no_moves(desk: Desk) -> None:
    """Legal moves and acts are those of the one who asks."""
    path = f"/v1/cases/{_ids(1)[0]}"
    reader, operator = desk.get(path, role=Role.READER), desk.get(path)

    assert (reader["moves"], reader["acts"]) == ([], [])
    assert operator["moves"][0]["to"] == "dispatched"
    assert {"acknowledge", "assign", "comment"} <= set(operator["acts"])


@ON_SQLITE
def test_moves_say_what_is_in_their_way_and_what_is_met(desk: Desk) -> None:
    """A part of the work that is not done blocks the feedback; events that ended are proof."""
    desk.to(1, "dispatched", to_department="water")
    desk.to(1, "handling")
    path = f"/v1/cases/{_ids(1)[0]}"
    desk.post(f"{path}/subtasks", {"department": "sanitation", "what": "sweep"})
    blocked = {move["to"]: move["blocked"] for move in desk.get(path)["moves"]}
    desk.post(f"{path}/subtasks/t1/finish", {"reason": "swept"})
    desk.to(1, "fed_back")
    before = {move["to"]: move["met"] for move in desk.get(path)["moves"]}
    desk.api.accept_events(body_of(make_event(1, 1, phase=EventPhase.END, level=Level.BLUE)))
    desk.api.step(desk.clock.now())
    after = {move["to"]: move["met"] for move in desk.get(path)["moves"]}

    assert "1 are not finished" in blocked["fed_back"][0]
    assert (before["verified"], after["verified"]) == ([], ["proof"])


@ON_SQLITE
def test_causes_and_curves_are_read_by_case(desk: Desk) -> None:
    """In words, with the revisions' values; another case's event is not there."""
    one = _ids(1)[0]
    desk.api.accept_events(body_of(make_event(1, 1)))
    desk.api.step(desk.clock.now())

    cause = desk.get(f"/v1/cases/{one}/causes")[0]
    curve = desk.get(f"/v1/cases/{one}/curves/{event_id(1)}")

    assert cause["condition"]["zh"] == "积水深度 不低于 0.27"
    assert cause["measured"]["en"] == "water depth 0.3 m"
    assert (curve["source"], len(curve["points"]), curve["name"]["zh"]) == (
        "revisions",
        2,
        "积水深度",
    )
    assert desk.ask("GET", f"/v1/cases/{one}/curves/{event_id(2)}").status_code == 404


def _report(**changes: object) -> dict[str, object]:
    picture = {"media_type": "image/png", "base64": base64.b64encode(PNG).decode()}
    body: dict[str, object] = {
        "service_code": "2-04-06", "lon": 114.05, "lat": 22.54, "text": "水很深", "pictures": [picture],
    }  # fmt: skip
    return body | changes


@ON_SQLITE
def test_anybody_reports_follows_and_rates(desk: Desk) -> None:
    """Without a key, with a picture; the same post again is the same report."""
    offered = desk.get("/v1/citizen/services", role=None)
    sent = [
        desk.post("/v1/citizen/reports", _report(), role=None, once="0123456789abcdef")
        for _ in range(2)
    ]
    desk.api.step(desk.clock.now())
    tracked = desk.get(f"/v1/track/{sent[0]['tracking_code']}", role=None)
    case = desk.get(f"/v1/cases/{tracked['case_number']}")

    assert offered["open"]
    assert [each["new"] for each in sent] == [True, False]
    assert sent[0]["tracking_code"] == sent[1]["tracking_code"]
    assert (case["state"]["id"], len(case["evidence"])) == ("collected", 1)


def test_what_people_said_is_read_by_case(desk: Desk) -> None:
    """Their words masked without a purpose and whole with one; a reader sees none; of merged ones, too."""
    sent = [
        desk.post(
            "/v1/citizen/reports",
            _report(text="请回电 13800000000"),
            role=None,
            once=f"0123456789abcde{number}",
        )
        for number in range(2)
    ]
    desk.api.step(desk.clock.now())
    one, two = (
        desk.get(f"/v1/track/{each['tracking_code']}", role=None)["case_number"] for each in sent
    )
    desk.post(f"/v1/cases/{two}/move", {"to": "merged", "reason": "same", "into_case": one})

    cause = desk.get(f"/v1/cases/{one}/causes")[0]
    masked = desk.get(f"/v1/cases/{one}/reports")
    whole = desk.get(f"/v1/cases/{one}/reports", purpose="handling the case")
    reader = desk.get(f"/v1/cases/{one}/reports", role=Role.READER)

    assert (cause["reported"], cause["condition"]["en"]) == (True, "somebody reported it")
    assert len(masked) == 2
    assert "13800000000" not in masked[0]["personal"]["text"]
    assert "13800000000" in whole[0]["personal"]["text"]
    assert reader[0]["personal"] is None


@ON_SQLITE
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({"lat": None}, 422, id="half a place"),
        pytest.param({"service_code": "9-99-99"}, 422, id="no such class"),
        pytest.param({"pictures": [{"media_type": "image/png", "base64": "!!!!"}]}, 422, id="no base64"),
        pytest.param({"pictures": [{"media_type": "image/png", "base64": "µ水水水"}]}, 422, id="no ASCII"),
        pytest.param({"pictures": [{"media_type": "image/png", "base64": "YWJjZA=="}]}, 415,
                     id="no picture"),
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused(desk: Desk, changes: dict[str, object], status: int) -> None:
    """With a problem that says why."""
    answer = desk.ask(
        "POST", "/v1/citizen/reports", _report(**changes), role=None, once="0123456789abcdef",
    )  # fmt: skip

    assert (answer.status_code, answer.json()["status"]) == (status, status)


@ON_SQLITE
def test_an_api_that_is_not_open_takes_no_reports(api: Api, clock: ManualClock) -> None:
    """As by default."""
    api.services.trail.start()
    closed = Desk(api, clock)
    answer = closed.ask(
        "POST", "/v1/citizen/reports", _report(), role=None, once="0123456789abcdef",
    )  # fmt: skip
    offered = closed.get("/v1/citizen/services", role=None)
    api.services.trail.stop(10.0)

    assert (answer.status_code, offered) == (403, {"open": False, "services": []})

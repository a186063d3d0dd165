"""Rule packs at a real server: check, back-test and diff by the very tools, proposals by two people."""

from collections.abc import Iterator

import httpx
import msgspec
import pytest

from cloud_api.keys import Role
from contracts.packs import DesiredPacks, PackInForce, PackReport, pack_sha256
from contracts.registry import FleetReport
from tests.contract.cloud_api.events import START
from tests.integration.cloud_api.conftest import Server

pytestmark = pytest.mark.slow

OLD = """\
rules:
- id: ponding
  event: {type: water.ponding, title: {zh: "积水", en: "Water"}, dedupe: [subject]}
  watch: {profile: water_level}
  key: [subject]
  ladder:
  - {level: blue, when: depth_m >= 20 cm, clear: depth_m < 15 cm, for: 60s, clear_for: 60s}
"""
LOWER = OLD.replace("20 cm", "10 cm").replace("15 cm", "5 cm")
BROKEN = OLD.replace("20 cm", "20 dB")
ROWS = "".join(
    f"2026-07-01T08:{minute:02d}:00Z,uw-01,{depth}\n"
    for minute, depth in enumerate([0.0] * 5 + [0.12] * 10 + [0.0] * 10 + [0.3] * 10 + [0.0] * 10)
)
TABLE = f"at,subject,depth_m\n{ROWS}"


@pytest.fixture(scope="module")
def people(server: Server) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """An operator and an administrator, in a city whose gateway runs the old pack."""
    running = PackInForce(name="ponds", sha256=pack_sha256(OLD), text=OLD)
    report = FleetReport(gateway="gw", at=START, packs=PackReport(packs=(running,)))
    with server.client(Role.GATEWAY) as gateway:
        headers = {"Content-Type": "application/json"}
        body = msgspec.json.encode(report)
        gateway.post("/v1/fleet/reports", content=body, headers=headers).raise_for_status()
    with server.client(Role.OPERATOR) as operator, server.client(Role.ADMIN) as admin:
        yield operator, admin


def test_errors_come_with_their_place(people: tuple[httpx.Client, httpx.Client]) -> None:
    """Line, column and what to do, as the command says it; warnings are none."""
    operator, _ = people
    found = operator.post("/v1/packs/ponds/check", json={"text": BROKEN}).json()
    fine = operator.post("/v1/packs/ponds/check", json={"text": OLD}).json()

    assert (found["errors"], found["findings"][0]["line"]) == (1, 7)
    assert "dB" in found["findings"][0]["message"]
    assert fine == {"errors": 0, "warnings": 0, "findings": []}


def test_a_change_is_tried_on_an_uploaded_table(
    people: tuple[httpx.Client, httpx.Client],
) -> None:
    """Two floods instead of one: the shallow one is added, the deep one raised earlier."""
    operator, _ = people
    asked = {"text": LOWER, "table": TABLE}
    answer = operator.post("/v1/packs/ponds/trial", json=asked)
    assert answer.status_code == 200, answer.text
    found = answer.json()

    assert (found["records"] > 40, found["count"], found["by_rule"]) == (True, 2, {"ponding": 2})
    compared = found["comparison"]
    assert (len(compared["added"]), len(compared["removed"])) == (1, 0)
    assert compared["added"][0]["onset_at"] == "2026-07-01T08:05:00Z"


def test_without_data_it_is_said_plainly(people: tuple[httpx.Client, httpx.Client]) -> None:
    """Neither a table nor a configured place: 422 says what to do; so does a table of rubbish."""
    operator, _ = people
    nothing = operator.post("/v1/packs/ponds/trial", json={"text": OLD})
    rubbish = operator.post("/v1/packs/ponds/trial", json={"text": OLD, "table": "a,b\n1,2\n"})

    assert (nothing.status_code, rubbish.status_code) == (422, 422)
    assert "upload a table" in nothing.json()["detail"]
    assert "uploaded.csv" in rubbish.json()["detail"]


def test_two_people_bring_a_change_to_the_gateways(
    server: Server, people: tuple[httpx.Client, httpx.Client]
) -> None:
    """A faulty pack cannot be proposed; an operator cannot approve; who proposed cannot either."""
    operator, admin = people
    base = operator.get("/v1/packs/ponds").json()["sha256"]
    asked = {"text": LOWER, "base_sha256": base, "reason": "the gully is shallow"}
    faulty = operator.post("/v1/packs/ponds/proposals", json=asked | {"text": BROKEN})
    made = operator.post("/v1/packs/ponds/proposals", json=asked).json()
    own = admin.post("/v1/packs/ponds/proposals", json=asked).json()
    say = {"approve": True, "reason": "as measured"}

    def decide(who: httpx.Client, proposal: str) -> httpx.Response:
        return who.post(f"/v1/pack-proposals/{proposal}/decision", json=say)

    assert (faulty.status_code, faulty.json()["findings"][0]["line"]) == (422, 7)
    assert decide(operator, made["proposal"]).status_code == 403
    refused = decide(admin, own["proposal"])
    assert (refused.status_code, refused.json()["type"].endswith("self-approval")) == (409, True)
    approved = decide(admin, made["proposal"])
    assert (approved.status_code, approved.json()["decided_by"]) == (200, "admin-1")
    assert decide(admin, made["proposal"]).status_code == 409
    with server.client(Role.GATEWAY) as gateway:
        answer = gateway.get("/v1/desired-packs", params={"since": 0, "districts": "d"})
        tag = {"If-None-Match": answer.headers["etag"]}
        page = msgspec.json.decode(answer.content, type=DesiredPacks)
        unchanged = gateway.get("/v1/desired-packs", params={"since": page.revision}, headers=tag)
    assert [(pack.name, pack.text) for pack in page.packs] == [("ponds", LOWER)]
    assert unchanged.status_code == 304
    row = next(one for one in admin.get("/v1/packs").json()["items"] if one["name"] == "ponds")
    assert row["runs"] == [{"gateway": "gw", "sha256": base, "state": "pending"}]
    detail = admin.get(f"/v1/pack-proposals/{made['proposal']}").json()
    assert (detail["base_text"], detail["text"]) == (OLD, LOWER)

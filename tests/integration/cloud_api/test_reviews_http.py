"""The review queue at a real server."""

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from cloud_api.case_record import case_id_of
from cloud_api.keys import Role
from contracts.envelope import Evidence
from models.learning.commands import review
from models.learning.reviewed import load_reviewed
from tests.contract.cloud_api.events import START, body_of, make_event
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow


def item(number: int, **changes: Any) -> dict[str, Any]:
    """Return a picture as a box sends it."""
    return {
        "id": f"b-1-{number:03}",
        "box": "b-1",
        "camera": "c-1",
        "model": "street-sim-1.4.0-12345678",
        "reason": "low_confidence",
        "taken_at": "2026-07-01T08:00:00Z",
        "evidence": f"{number:064x}",
        "width": 160,
        "height": 120,
        "boxes": [{"label": "car", "box_xyxy": [0.1, 0.1, 0.3, 0.3], "confidence": 0.4}],
    } | changes


def test_a_picture_goes_in_once_and_is_decided(server: Server) -> None:
    """A box puts it in, an operator says what is there; a second word replaces the first."""
    body = {"items": [item(1), item(2, reason="flicker"), item(1)]}
    with server.client(Role.BOX) as box, server.client(Role.OPERATOR) as person:
        first, again = (box.post("/v1/reviews", json=body) for _ in range(2))
        listed = person.get("/v1/reviews", params={"state": "open"}).json()["items"]
        said = {"accepted": True, "boxes": [{"label": "van", "box_xyxy": [0.1, 0.1, 0.3, 0.3]}]}
        where = "/v1/reviews/b-1-001/decision"
        states = [
            person.post(where, json=one).json()["state"] for one in ({"accepted": False}, said)
        ]
        done = person.get("/v1/reviews", params={"state": "accepted"}).json()["items"]
        few = person.get("/v1/reviews", params={"reason": "flicker"}).json()["items"]

    assert (first.json(), again.json()) == ({"taken": 2}, {"taken": 0})
    assert [one["item"]["id"] for one in listed] == ["b-1-001", "b-1-002"]
    assert states == ["rejected", "accepted"]
    assert [one["decision"]["boxes"][0]["label"] for one in done] == ["van"]
    assert [one["item"]["id"] for one in few] == ["b-1-002"]


def test_pictures_of_one_network_are_fetched_alone(server: Server, tmp_path: Path) -> None:
    """Whoever teaches the smoke model fetches its hard pictures, of all versions, and of no other model."""
    picture = cv2.imencode(".jpg", np.zeros((30, 40, 3), np.uint8))[1].tobytes()
    sha256 = hashlib.sha256(picture).hexdigest()
    smoke = {"evidence": sha256, "further_model": "fire", "camera": "c-5"}
    items = [
        item(51, model="smoke-1.0.0-1a2b3c4d", **smoke),
        item(52, model="smoke-2.0.0-5e6f7a8b", **smoke),
        item(53, model="street-1.0.0-1a2b3c4d", camera="c-5", evidence=sha256),
    ]
    with server.client(Role.BOX) as box, server.client(Role.READER) as reader:
        kind = {"Content-Type": "image/jpeg"}
        box.put(f"/v1/evidence/{sha256}", content=picture, headers=kind).raise_for_status()
        box.post("/v1/reviews", json={"items": items}).raise_for_status()
        rows = reader.get("/v1/reviews", params={"camera": "c-5"}).json()["items"]
        one = reader.get("/v1/reviews", params={"model": "smoke-2.0.0-5e6f7a8b"}).json()["items"]
    key = tmp_path / "key"
    key.write_text(server.tokens[Role.OPERATOR])
    words = ["fetch", str(tmp_path / "hard"), "--model", "smoke", "--json"]
    told = CliRunner().invoke(review, [*words, "--api", server.url, "--key-file", str(key)])
    fetched = load_reviewed(tmp_path / "hard")

    assert [(row["network"], row["item"].get("further_model")) for row in rows] == [
        ("smoke", "fire"),
        ("smoke", "fire"),
        ("street", None),
    ]
    assert [row["item"]["id"] for row in one] == ["b-1-052"]
    assert told.exit_code == 0, told.output
    assert [row.item.id for row in fetched] == ["b-1-051", "b-1-052"]
    assert {row.item.further_model for row in fetched} == {"fire"}


def test_a_void_case_puts_its_picture_there(server: Server) -> None:
    """An operator declares a machine's case void over HTTP; its picture waits for a second look by itself."""
    picture = cv2.imencode(".png", np.zeros((30, 40, 3), np.uint8))[1].tobytes()
    sha256 = hashlib.sha256(picture).hexdigest()
    shown = Evidence(
        sha256=sha256, media_type="image/png", size_bytes=9, captured_at=START, camera="c-7"
    )
    event = make_event(77, evidence=(shown,))
    with (
        server.client(Role.BOX) as box,
        server.client(Role.GATEWAY) as gateway,
        server.client(Role.OPERATOR) as person,
    ):
        sent = box.put(
            f"/v1/evidence/{sha256}", content=picture, headers={"Content-Type": "image/png"}
        )
        gateway.post("/v1/events", content=body_of(event)).raise_for_status()
        case = f"/v1/cases/{case_id_of(event.event_id)}"
        wait_for(lambda: person.get(case).status_code == 200, "the case is open")
        move = {"to": "void", "reason": "a shadow", "approved_by": "bob"}
        moved = person.post(f"{case}/move", json=move)

        def queued() -> list[dict[str, Any]]:
            items: list[dict[str, Any]] = person.get(
                "/v1/reviews", params={"reason": "false_alarm"}
            ).json()["items"]
            return items

        found = wait_for(queued, "the picture is in the queue")

    assert (sent.status_code, moved.status_code) == (201, 200)
    assert [(one["item"]["camera"], one["item"]["evidence"]) for one in found] == [("c-7", sha256)]


def test_pages_follow_each_other(server: Server) -> None:
    """The cursor goes on behind the last one."""
    with server.client(Role.BOX) as box, server.client(Role.READER) as reader:
        box.post("/v1/reviews", json={"items": [item(n, camera="c-9") for n in range(10, 15)]})
        seen: list[str] = []
        asked: dict[str, str | int] = {"camera": "c-9", "limit": 2}
        for _ in range(3):
            page = reader.get("/v1/reviews", params=asked).json()
            seen += [one["item"]["id"] for one in page["items"]]
            asked["cursor"] = page["next_cursor"] or ""

    assert page["next_cursor"] is None
    assert seen == [f"b-1-{number:03}" for number in range(10, 15)]


@pytest.mark.parametrize(
    ("role", "status"), [(Role.READER, 403), (Role.GATEWAY, 403), (Role.BOX, 403)]
)
def test_only_people_who_act_decide(server: Server, role: Role, status: int) -> None:
    """A box puts pictures in and says nothing about them."""
    with server.client(role) as client:
        answer = client.post("/v1/reviews/b-1-001/decision", json={"accepted": True})

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"reason": "boredom"}, "reason"), ({"width": 0}, "width"), ({"evidence": "x"}, "evidence")],
    ids=["reason", "size", "hash"],
)
def test_a_bad_picture_is_refused(server: Server, changes: dict[str, Any], said: str) -> None:
    """422 names the field."""
    with server.client(Role.BOX) as box:
        answer = box.post("/v1/reviews", json={"items": [item(90, **changes)]})

    assert answer.status_code == 422
    assert said in answer.json()["detail"]

"""The fleet's routes at a real server: polling, tables, enrolment."""

import msgspec
import pytest

from cloud_api.case_record import case_id_of
from cloud_api.keys import Role
from contracts.registry import FleetReport, OrderReport
from tests.contract.cloud_api.events import START, body_of, event_id, make_event
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow

DEVICE = {"profile": "water_level", "district": "nanshan", "site": "bay-road"}


def test_a_device_is_registered_and_polled(server: Server) -> None:
    """PUT is seen by a poller; a poll without news is 304; the old revision cannot overwrite."""
    with server.client(Role.ADMIN) as admin, server.client(Role.GATEWAY) as gateway:
        first = admin.put("/v1/devices/water-1", json=DEVICE)
        assert first.status_code == 200, first.text
        since = first.json()["revision"]
        page = gateway.get("/v1/registry", params={"since": since - 1})
        tag = {"If-None-Match": page.headers["etag"]}

        assert [device["device"] for device in page.json()["devices"]] == ["water-1"]
        assert gateway.get("/v1/registry", params={"since": since}, headers=tag).status_code == 304
        stale = {"If-Match": '"0"'}
        changed = admin.put("/v1/devices/water-1", json=DEVICE | {"owner": "w"}, headers=stale)
        assert changed.status_code == 412
        assert gateway.get("/v1/devices/water-1").json()["lifecycle"] == "active"


@pytest.mark.parametrize(
    ("body", "named"),
    [
        pytest.param(DEVICE | {"colour": "red"}, "colour", id="unknown field"),
        pytest.param(DEVICE | {"profile": "toaster"}, "toaster", id="unknown profile"),
        pytest.param({"profile": "noise"}, "district", id="missing field"),
        pytest.param(DEVICE | {"device": "other"}, "other", id="another id than the path's"),
        pytest.param(DEVICE | {"cadence_s": -1}, "cadence_s", id="out of range"),
    ],
)
def test_a_bad_device_is_refused_by_name(server: Server, body: object, named: str) -> None:
    """422 says which field is wrong."""
    with server.client(Role.ADMIN) as admin:
        answer = admin.put("/v1/devices/bad-1", json=body)

        assert answer.status_code == 422
        assert named in answer.json()["detail"]
        assert admin.get("/v1/devices/bad-1").status_code == 404


def test_a_table_is_tried_first_and_then_imported(server: Server) -> None:
    """A dry run tells what would happen and does nothing; a table with a fault changes nothing."""
    good = "device,profile,district,site\r\nlamp-1,street_lamp,futian,s\r\n"
    with server.client(Role.ADMIN) as admin:
        where = "/v1/registry/devices.csv"
        tried = admin.post(where, content=good)
        before = admin.get("/v1/devices", params={"district": "futian"}).json()["items"]
        bad = admin.post(where, params={"dry_run": False}, content=good + "x,,futian,s\r\n")
        done = admin.post(where, params={"dry_run": False}, content=good)

        assert (tried.json()["created"], tried.json()["dry_run"], before) == (1, True, [])
        assert (bad.status_code, bad.json()["faults"][0]["line"]) == (422, 3)
        assert done.json()["created"] == 1
        assert "lamp-1,street_lamp" in admin.get(where, params={"district": "futian"}).text


def test_a_token_enrols_a_box_once(server: Server) -> None:
    """The token is the only proof, works once, and registers the box as active."""
    with server.client(Role.ADMIN) as admin, server.client(None) as box:
        wanted = {"box": "box-9", "district": "nanshan", "site": "bay-road"}
        made = admin.post("/v1/enrolment/tokens", json=wanted)
        planned = admin.get("/v1/boxes/box-9").json()["lifecycle"]
        first = box.post("/v1/enrol", json={"token": made.json()["token"]})
        second = box.post("/v1/enrol", json={"token": made.json()["token"]})

        assert (made.status_code, first.status_code, second.status_code) == (201, 200, 401)
        assert (planned, admin.get("/v1/boxes/box-9").json()["lifecycle"]) == ("planned", "active")
        assert first.headers["cache-control"] == "no-store"
        with server.client(Role.HUB) as hub:
            logins = hub.get("/v1/hub/logins")
            again = hub.get("/v1/hub/logins", headers={"If-None-Match": logins.headers["etag"]})
        assert [login["box"] for login in logins.json()["boxes"]] == ["box-9"]
        assert again.status_code == 304


def test_a_configuration_needs_a_registered_box(server: Server) -> None:
    """Desired and reported stand side by side; an unknown box has neither."""
    with server.client(Role.ADMIN) as admin:
        admin.put("/v1/boxes/box-5", json={"district": "nanshan", "site": "s"})
        reason = {"reason": "more often"}
        put = admin.put("/v1/boxes/box-5/config", params=reason, json={"status_every_s": 5})
        unknown = admin.put("/v1/boxes/box-77/config", params=reason, json={})
        shown = admin.get("/v1/boxes/box-5/config").json()

        assert (put.json()["version"], unknown.status_code) == (1, 404)
        assert (shown["desired"]["version"], shown["reported"], shown["in_sync"]) == (
            1,
            None,
            False,
        )


def test_priorities_of_devices_reach_their_boxes_configuration(server: Server) -> None:
    """Registering, changing and striking off a device keeps the box's priorities equal."""
    device = DEVICE | {"box": "box-6", "priority": 0}
    with server.client(Role.ADMIN) as admin:
        admin.put("/v1/boxes/box-6", json={"district": "nanshan", "site": "bay-road"})

        def desired() -> tuple[int, object]:
            found = admin.get("/v1/boxes/box-6/config").json()["desired"]
            return found["version"], found["config"]

        admin.put("/v1/devices/water-6", json=device)
        first = desired()
        reason = {"reason": "more often"}
        admin.put("/v1/boxes/box-6/config", params=reason, json={"status_every_s": 5})
        kept = desired()
        admin.put("/v1/devices/water-6", json=device | {"owner": "water"})
        same = desired()
        admin.delete("/v1/devices/water-6")
        gone = desired()

    assert first == (1, {"priorities": {"water-6": 0}})
    assert kept == same == (2, {"status_every_s": 5, "priorities": {"water-6": 0}})
    assert gone == (3, {"status_every_s": 5})


def test_what_a_device_answered_stands_in_the_cases_timeline(server: Server) -> None:
    """A sign that did not answer is seen by whoever reads the case that the event belongs to."""
    order = OrderReport(
        id="order-1",
        event_id=event_id(77),
        rev=0,
        rule="alarm",
        device="sign-1",
        kind="give",
        command="sign.show",
        state="timed_out",
        detail="no answer to 6 tries in 30 s",
        made_at=START,
        settled_at=START,
    )
    report = FleetReport(gateway="gateway", at=START, orders=(order,))
    with server.client(Role.GATEWAY) as gateway, server.client(Role.READER) as reader:
        gateway.post("/v1/events", content=body_of(make_event(77))).raise_for_status()
        gateway.post("/v1/fleet/reports", content=msgspec.json.encode(report)).raise_for_status()

        def timeline() -> list[dict[str, object]] | None:
            answer = reader.get(f"/v1/cases/{case_id_of(event_id(77))}")
            return answer.json()["timeline"] if answer.status_code == 200 else None

        found = wait_for(timeline, "the case is there")
        told = [entry for entry in found if entry["version"] is None]

        assert {entry["kind"] for entry in found} >= {"opened", "device_ordered"}
        assert [(entry["kind"], entry["actor"], entry["reason"]) for entry in told] == [
            ("device_ordered", "rule alarm", "give sign.show"),
            ("device_answered", "device sign-1", "timed_out: no answer to 6 tries in 30 s"),
        ]

"""The exchanges that the examples in the OpenAPI document come from: one good one of each route."""

import hashlib
import json

import httpx

from cloud_api.keys import Role
from tests.contract.cloud_api.events import START, body_of, event_id, make_event
from tests.integration.cloud_api.conftest import wait_for
from tests.integration.cloud_api.openapi_exchanges_people import (
    exchange_managing,
    exchange_reports,
)
from tests.integration.cloud_api.openapi_exchanges_things import exchange_fleet
from tests.integration.cloud_api.openapi_recorder import Recorder

__all__ = ["WHO", "exchange_cases"]

JPEG = b"\xff\xd8\xff\xe0 a dry road \xff\xd9"
SHA = hashlib.sha256(JPEG).hexdigest()
WHO = {"name": "li.ming", "password": "correct horse battery 7"}


def exchange_cases(record: Recorder) -> None:
    """Take the city through a day."""
    do, op, admin, gw, reader = record.do, Role.OPERATOR, Role.ADMIN, Role.GATEWAY, Role.READER
    for number in (1, 2, 3):
        event = body_of(make_event(number, dedupe=f"k{number}"))
        do(
            gw,
            "POST",
            "/v1/events",
            content=event.decode(),
            headers={"Content-Type": "application/json"},
        )

    def case_of(number: int) -> str:
        def look() -> str | None:
            found = record.do(reader, "GET", "/v1/cases").json()["items"]
            ids = [case["case_id"] for case in found if event_id(number) in json.dumps(case)]
            return ids[0] if ids else None

        return wait_for(look, "the event's case")

    wait_for(lambda: len(do(reader, "GET", "/v1/cases").json()["items"]) == 3, "three cases")
    listed = do(reader, "GET", "/v1/cases").json()["items"]
    first, second = (case["case_id"] for case in listed[:2])
    record.found.pop("GET /v1/cases")
    do(op, "GET", "/v1/cases", params={"limit": 2})
    do(reader, "GET", "/v1/events", params={"limit": 2})
    do(reader, "GET", "/v1/events/{event_id}", {"event_id": event_id(1)})
    do(reader, "GET", "/v1/events/{event_id}/cap", {"event_id": event_id(1)})
    ref = {"case_ref": first}
    where = "/v1/cases/{case_ref}"
    do(op, "POST", f"{where}/acknowledge", ref, json={"version": 2})
    do(op, "POST", f"{where}/assign", ref, json={"department": "water", "person": "w-chen"})
    do(op, "POST", f"{where}/comment", ref, json={"text": "the pump is on its way"})
    do(
        op,
        "PUT",
        "/v1/evidence/{sha256}",
        {"sha256": SHA},
        content=JPEG,
        headers={"Content-Type": "image/jpeg"},
    )
    do(
        op,
        "POST",
        f"{where}/move",
        ref,
        json={"to": "dispatched", "reason": "water's", "to_department": "water"},
    )
    do(op, "POST", f"{where}/move", ref, json={"to": "handling", "reason": "begun"})
    do(
        op,
        "POST",
        f"{where}/subtasks",
        ref,
        json={"department": "sanitation", "what": "clear the gully"},
    )
    do(
        op,
        "POST",
        f"{where}/subtasks/{{subtask_id}}/finish",
        ref | {"subtask_id": "t1"},
        json={"reason": "cleared"},
    )
    do(
        op,
        "POST",
        f"{where}/recheck",
        ref,
        json={"after": SHA, "model": "ponding-1", "clear": True, "confidence": 0.93},
    )
    case = do(op, "GET", where, ref).json()
    named = {"class_code": "2-01-11", "reason": "seen on the picture"}
    do(op, "POST", f"{where}/classify", ref, json=named)
    clock = next(each for each in case["clocks"] if each["done_at"] is None)
    extension = {
        "clock": clock["name"],
        "by": f"1 {clock['unit']}",
        "approved_by": "chief",
        "reason": "parts",
    }
    do(op, "POST", f"{where}/extend", ref, json=extension)
    for state, more in (("fed_back", {}), ("verified", {"evidence": [SHA]}), ("closed", {})):
        do(op, "POST", f"{where}/move", ref, json={"to": state, "reason": "pumped dry"} | more)
    do(
        op,
        "POST",
        f"{where}/visit",
        ref,
        json={"satisfied": True, "channel": "phone", "answer": "thanks"},
    )
    do(op, "GET", f"{where}/advice", {"case_ref": second})
    event = do(reader, "GET", where, {"case_ref": second}).json()["events"][0]["event_id"]
    do(reader, "GET", f"{where}/causes", {"case_ref": second})
    do(reader, "GET", f"{where}/curves/{{event_id}}", {"case_ref": second, "event_id": event})
    do(op, "GET", "/v1/worklist", params={"limit": 1})
    do(op, "GET", "/v1/workload")
    items = [{"case": second, "version": 2}]
    given = {"items": items, "department": "water", "person": "w-tang", "reason": "the same road"}
    do(op, "POST", "/v1/worklist/assign", json=given)
    do(reader, "GET", f"{where}/duplicates", {"case_ref": second})
    do(reader, "GET", "/v1/supervision")
    do(
        op,
        "POST",
        "/v1/modes",
        json={"district": "futian", "mode": "emergency", "reason": "typhoon"},
    )
    do(reader, "GET", "/v1/modes")
    shelf = {
        "district": "futian",
        "rule": "waterlogging",
        "key": {"subject": "ws-1"},
        "reason": "cleaning",
    }
    do(op, "POST", "/v1/shelve", json=shelf | {"for_s": 3600})
    do(op, "POST", "/v1/unshelve", json=shelf)
    for path in (
        "/v1/classes",
        "/v1/profile",
        "/v1/departments",
        "/v1/flow",
        "/v1/flows",
        "/healthz",
        "/v1/me",
    ):
        do(reader, "GET", path)
    do(op, "GET", "/v1/grid", params={"lon": 116.402, "lat": 39.912})
    exchange_fleet(record)
    exchange_reports(record, SHA)
    for table in ("cases", "events"):
        do(reader, "GET", f"/v1/exports/{table}.{{form}}", {"form": "csv"})
    do(reader, "GET", "/v1/exports/case-log.{form}", {"form": "xes"})
    found = wait_for(lambda: do(reader, "GET", "/v1/notices").json()["items"], "notices")
    record.found.pop("GET /v1/notices")
    do(op, "GET", "/v1/notices", params={"limit": 2})
    do(op, "GET", "/v1/notices/{notice_id}", {"notice_id": found[0]["notice_id"]})
    do(admin, "GET", "/v1/users")
    do(None, "POST", "/v1/login", json=WHO)
    log_in = httpx.post(f"{record.url}/v1/login", json=WHO, timeout=20.0)
    record.keep(Role.AUDITOR, log_in.json()["token"])
    changed = {"present": WHO["password"], "new": WHO["password"] + "-2"}
    do(Role.AUDITOR, "POST", "/v1/me/password", json=changed)
    do(admin, "GET", "/v1/webhooks")
    window = {"west": 113.5, "south": 22, "east": 117, "north": 40}
    do(reader, "GET", "/v1/map/cells", params=window)
    month = {"period": START.strftime("%Y-%m")}
    do(reader, "GET", "/v1/evaluation", params=month)
    do(reader, "GET", "/v1/process-map", params=month)
    indicator = {"indicator": "on_time"}
    do(reader, "GET", "/v1/evaluation/{indicator}", indicator, params=month)
    do(admin, "GET", "/v1/audit", params={"limit": 2})
    do(admin, "GET", "/v1/audit/chain")
    exchange_managing(record)

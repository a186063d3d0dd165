"""The exchanges that the examples in the OpenAPI document come from: one good one of each route."""

import hashlib
import json

import httpx
import msgspec

from cloud_api.keys import Role
from contracts.registry import FleetReport
from tests.contract.cloud_api.events import START, body_of, event_id, make_event
from tests.integration.cloud_api.conftest import wait_for
from tests.integration.cloud_api.openapi_recorder import Recorder
from tests.integration.cloud_api.test_reviews_http import item

__all__ = ["WHO", "exchange_cameras", "exchange_cases", "exchange_models", "exchange_packs"]

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
    do(reader, "GET", "/v1/cases", params={"limit": 2})
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
    case = do(reader, "GET", where, ref).json()
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
    do(reader, "GET", f"{where}/advice", {"case_ref": second})
    event = do(reader, "GET", where, {"case_ref": second}).json()["events"][0]["event_id"]
    do(reader, "GET", f"{where}/causes", {"case_ref": second})
    do(reader, "GET", f"{where}/curves/{{event_id}}", {"case_ref": second, "event_id": event})
    do(reader, "GET", "/v1/worklist", params={"limit": 1})
    do(reader, "GET", "/v1/workload")
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
    do(reader, "GET", "/v1/grid", params={"lon": 116.402, "lat": 39.912})
    _fleet(record)
    _people(record)
    for table in ("cases", "events"):
        do(reader, "GET", f"/v1/exports/{table}.{{form}}", {"form": "csv"})
    do(reader, "GET", "/v1/exports/case-log.{form}", {"form": "xes"})
    found = wait_for(lambda: do(reader, "GET", "/v1/notices").json()["items"], "notices")
    record.found.pop("GET /v1/notices")
    do(reader, "GET", "/v1/notices", params={"limit": 2})
    do(reader, "GET", "/v1/notices/{notice_id}", {"notice_id": found[0]["notice_id"]})
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
    _managing(record)


def _managing(record: Recorder) -> None:
    do, admin = record.do, Role.ADMIN
    scope = {"districts": [], "departments": [], "grids": ["440304001"]}
    worker = {"name": "street.worker", "role": "operator", "scope": scope}
    do(admin, "POST", "/v1/users", json=worker)
    user = {"user": "street.worker"}
    do(admin, "PATCH", "/v1/users/{user}", user, json={"locked": True})
    do(admin, "POST", "/v1/users/{user}/password", user, json={"password": "rain in the Gutter 9"})
    made = do(admin, "POST", "/v1/keys", json={"name": "wall", "role": "reader"}).json()
    do(admin, "GET", "/v1/keys")
    do(admin, "DELETE", "/v1/keys/{key_id}", {"key_id": made["key"]["id"]})


def _fleet(record: Recorder) -> None:
    do, admin, gw, hub = record.do, Role.ADMIN, Role.GATEWAY, Role.HUB
    box, device = {"name": "box-1"}, {"name": "water-1"}
    do(admin, "PUT", "/v1/boxes/{name}", box, json={"district": "futian", "site": "bay-road"})
    do(
        admin,
        "PUT",
        "/v1/devices/{name}",
        device,
        json={"profile": "water_level", "district": "futian", "site": "bay-road", "box": "box-1"},
    )
    for what in ("devices", "boxes"):
        do(gw, "GET", f"/v1/{what}")
        do(gw, "GET", f"/v1/{what}/{{name}}", device if what == "devices" else box)
        table = do(gw, "GET", f"/v1/registry/{what}.csv").text
        do(
            admin,
            "POST",
            f"/v1/registry/{what}.csv",
            params={"dry_run": True},
            content=table,
            headers={"Content-Type": "text/csv"},
        )
    do(gw, "GET", "/v1/registry")
    do(
        admin,
        "PUT",
        "/v1/boxes/{box}/config",
        {"box": "box-1"},
        params={"reason": "more often"},
        json={"status_every_s": 5},
    )
    do(gw, "GET", "/v1/boxes/{box}/config", {"box": "box-1"})
    do(gw, "GET", "/v1/desired")
    made = do(
        admin,
        "POST",
        "/v1/enrolment/tokens",
        json={"box": "box-9", "district": "futian", "site": "bay-road"},
    ).json()
    tokens = do(admin, "GET", "/v1/enrolment/tokens").json()
    do(None, "POST", "/v1/enrol", json={"token": made["token"]})
    do(hub, "GET", "/v1/hub/logins")
    do(admin, "DELETE", "/v1/boxes/{box}/login", {"box": "box-9"})
    spare = do(
        admin,
        "POST",
        "/v1/enrolment/tokens",
        json={"box": "box-8", "district": "futian", "site": "s"},
    ).json()
    name = next(str(value) for key, value in spare.items() if key.endswith("id"))
    del tokens
    do(admin, "DELETE", "/v1/enrolment/tokens/{token_id}", {"token_id": name})
    report = msgspec.json.encode(FleetReport(gateway="gw-1", at=START)).decode()
    do(
        gw,
        "POST",
        "/v1/fleet/reports",
        content=report,
        headers={"Content-Type": "application/json"},
    )
    do(Role.READER, "GET", "/v1/fleet/boxes/{box}", {"box": "box-1"})
    do(Role.READER, "GET", "/v1/fleet/orders")
    do(Role.READER, "GET", "/v1/online-rates")
    do(Role.READER, "GET", "/v1/fleet/assets", params={"q": "water"})
    do(Role.READER, "GET", "/v1/fleet/assets/{name}", {"name": "water-1"})
    do(Role.READER, "GET", "/v1/fleet/assets/{name}/series", {"name": "water-1"})
    do(admin, "DELETE", "/v1/devices/{name}", device)
    do(admin, "DELETE", "/v1/boxes/{name}", {"name": "box-8"})


def exchange_cameras(record: Recorder) -> None:
    """Draw a zone on the picture of a camera."""
    do, admin, reader = record.do, Role.ADMIN, Role.READER
    entry = {"profile": "camera", "district": "futian", "site": "bay-road", "box": "box-1"}
    do(admin, "PUT", "/v1/devices/{name}", {"name": "street-1"}, json=entry)
    camera = {"camera": "street-1"}
    polygon = [[0.3, 0.6], [0.7, 0.6], [0.7, 0.9], [0.3, 0.9]]
    scene = {"zones": [{"id": "fire-lane", "kind": "fire_lane", "polygon": polygon}]}
    asked = {"scene": scene, "width": 1280, "height": 720}
    do(Role.OPERATOR, "POST", "/v1/cameras/{camera}/check", camera, json=asked)
    tried = {**asked, "hours": 1}
    tried["scene"] = {"zones": [scene["zones"][0] | {"dwell_s": 20.0}]}
    do(Role.OPERATOR, "POST", "/v1/cameras/{camera}/trial", camera, json=tried)
    why = {"reason": "the lane was repainted"}
    do(admin, "PUT", "/v1/cameras/{camera}/scene", camera, params=why, json=scene)
    do(reader, "GET", "/v1/cameras/{camera}", camera)
    do(reader, "GET", "/v1/cameras")


def exchange_packs(record: Recorder) -> None:
    """Change a pack: check, try on a table, propose, approve, fetch as a gateway does."""
    do, op, reader = record.do, Role.OPERATOR, Role.READER
    pack = {"pack": "tanks"}
    text = (
        "rules:\n- id: tank\n  event: {type: water.tank, title: {zh: 水箱, en: Tank}, dedupe: [subject]}\n"
        "  watch: {profile: water_level}\n  key: [subject]\n  ladder:\n"
        "  - {level: blue, when: depth_m >= 20 cm, clear: depth_m < 15 cm, for: 60s, clear_for: 60s}\n"
    )
    rows = "".join(
        f"2026-07-01T08:{at:02d}:00Z,tank-1,{0.3 if at > 5 else 0}\n" for at in range(20)
    )
    table = f"at,subject,depth_m\n{rows}"
    do(op, "POST", "/v1/packs/{pack}/check", pack, json={"text": text.replace("20 cm", "20 dB")})
    do(op, "POST", "/v1/packs/{pack}/trial", pack, json={"text": text, "table": table})
    asked = {"text": text, "base_sha256": "", "reason": "tanks are new here"}
    made = do(op, "POST", "/v1/packs/{pack}/proposals", pack, json=asked).json()
    proposal = {"proposal": made["proposal"]}
    where = "/v1/pack-proposals/{proposal}"
    do(Role.ADMIN, "POST", f"{where}/decision", proposal, json={"approve": True, "reason": "yes"})
    do(reader, "GET", where, proposal)
    do(reader, "GET", "/v1/pack-proposals")
    do(reader, "GET", "/v1/packs/{pack}", pack)
    do(reader, "GET", "/v1/packs")
    do(Role.GATEWAY, "GET", "/v1/desired-packs")


def exchange_models(record: Recorder, bundle: bytes) -> None:
    """Publish a model and roll it out."""
    do, admin = record.do, Role.ADMIN
    model, version = {"model": "street-sim"}, {"model": "street-sim", "version": "1.4.0"}
    do(
        admin,
        "PUT",
        "/v1/models/{model}/versions/{version}/bundle",
        version,
        content=bundle,
        headers={"Content-Type": "application/octet-stream"},
    )
    do(
        admin,
        "POST",
        "/v1/models/{model}/versions/{version}/stage",
        version,
        json={"stage": "released"},
    )
    do(
        admin,
        "PUT",
        "/v1/models/{model}/rollout",
        model,
        params={"reason": "first tenth"},
        json={"rules": [{"version": "1.4.0", "boxes": ["box-1"]}]},
    )
    do(Role.READER, "GET", "/v1/models")
    do(Role.READER, "GET", "/v1/models/{model}", model)
    do(Role.READER, "GET", "/v1/models/{model}/boxes", model)
    do(Role.BOX, "POST", "/v1/reviews", json={"items": [item(1)]})
    do(Role.READER, "GET", "/v1/reviews")
    do(
        Role.OPERATOR,
        "POST",
        "/v1/reviews/{review}/decision",
        {"review": "b-1-001"},
        json={
            "accepted": True,
            "boxes": [{"label": "car", "box_xyxy": [0.1, 0.1, 0.3, 0.3]}],
        },
    )
    do(Role.OPERATOR, "DELETE", "/v1/reviews/{review}/decision", {"review": "b-1-001"})


def _people(record: Recorder) -> None:
    do, app, op, reader = record.do, Role.APP, Role.OPERATOR, Role.READER
    call = {
        "orderNo": "GD-7", "areaCode": "440304", "categoryCode": "0406", "categoryName": "道路积水", "urgency": "紧急",
        "callTime": "2026-06-01 16:20:05", "content": "车辆熄火", "location": {"lng": "114.0642", "lat": "22.5486"},
    }  # fmt: skip
    taken = do(op, "POST", "/v1/orders/{mapping}", {"mapping": "hotline-12345"}, json=call).json()
    do(op, "GET", "/v1/orders")
    do(op, "GET", "/v1/orders/{order_id}", {"order_id": taken["taken"][0]["order_id"]})
    do(reader, "GET", "/v1/order-sources")
    report = {
        "service_code": "2-01-11",
        "lon": 114.0591,
        "lat": 22.5462,
        "text": "路口积水",
        "channel": "phone",
    }
    do(op, "GET", "/v1/places", params={"q": "grid 1", "limit": 2})
    asked = {key: report[key] for key in ("lon", "lat", "text")}
    do(op, "POST", "/v1/reports/preview", json=asked)
    code = do(app, "POST", "/v1/reports", json=report).json()["tracking_code"]
    token = {"token": code}
    number = wait_for(
        lambda: do(None, "GET", "/v1/track/{token}", token).json()["case_number"], "the case"
    )
    record.found.pop("GET /v1/track/{token}")
    ref = {"case_ref": number}
    do(reader, "GET", "/v1/cases/{case_ref}/reports", ref)
    for move in (
        {"to": "filed"}, {"to": "dispatched", "to_department": "water"}, {"to": "handling"},
        {"to": "fed_back"}, {"to": "verified", "evidence": [SHA]}, {"to": "closed"},
    ):  # fmt: skip
        do(op, "POST", "/v1/cases/{case_ref}/move", ref, json={"reason": "pumped dry"} | move)
    do(None, "GET", "/v1/track/{token}", token)
    do(None, "POST", "/v1/track/{token}/rating", token, json={"satisfied": True, "reason": "quick"})
    do(None, "POST", "/v1/track/{token}/withdraw", token)
    do(None, "GET", "/v1/citizen/services")
    plain = {name: report[name] for name in ("service_code", "lon", "lat", "text")}
    once = {"Idempotency-Key": "5d1c8f0e-page-0001"}
    do(None, "POST", "/v1/citizen/reports", json=plain, headers=once)
    form = {"form": "json"}
    base = "/open311/v2"
    for path in ("discovery", "services", "requests"):
        do(None, "GET", f"{base}/{path}.{{form}}", form)
    do(
        None,
        "GET",
        f"{base}/services/{{service_code}}.{{form}}",
        form | {"service_code": "2-01-11"},
    )
    posted = do(
        app, "POST", f"{base}/requests.{{form}}", form,
        data={"service_code": "2-01-11", "lat": "22.5462", "long": "114.0591", "description": "deep water"},
    ).json()[0]  # fmt: skip
    do(None, "GET", f"{base}/tokens/{{token}}.{{form}}", form | {"token": posted["tracking_code"]})
    found = form | {"service_request_id": posted["service_request_id"]}
    do(None, "GET", f"{base}/requests/{{service_request_id}}.{{form}}", found)

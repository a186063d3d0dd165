"""Exchanges about things, for the examples in the OpenAPI document: boxes and devices, cameras, rule packs, models."""

import msgspec

from cloud_api.keys import Role
from contracts.registry import FleetReport
from tests.contract.cloud_api.events import START
from tests.integration.cloud_api.openapi_recorder import Recorder
from tests.integration.cloud_api.test_reviews_http import item

__all__ = ["exchange_cameras", "exchange_fleet", "exchange_models", "exchange_packs"]


def exchange_fleet(record: Recorder) -> None:
    """Register a box and a device, configure, enrol and report."""
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

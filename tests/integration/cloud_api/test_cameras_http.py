"""Cameras at a real server: what is known of them, and scenes on their way to a box."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from cloud_api.keys import Role
from contracts.registry import BoxReport, FleetReport
from contracts.status import CameraState
from tests.contract.cloud_api.events import START
from tests.integration.cloud_api.conftest import Server
from tests.integration.cloud_api.standing_car import standing_car, write_lines

pytestmark = pytest.mark.slow

ABOUT = {"district": "nanshan", "site": "bay-road"}
OWN = {"id": "own", "polygon": [[0.1, 0.1], [0.2, 0.1], [0.2, 0.2]]}
LANE = {"id": "lane", "kind": "fire_lane", "polygon": [[0.3, 0.6], [0.7, 0.6], [0.7, 0.9]]}


@pytest.fixture(scope="module")
def box(server: Server) -> Iterator[httpx.Client]:
    """A client of the administrator, in a city with one box and two cameras."""
    with server.client(Role.ADMIN) as admin:
        admin.put("/v1/boxes/b-1", json=ABOUT).raise_for_status()
        for name, more in (("cam-1", {"box": "b-1"}), ("cam-2", {})):
            entry = {"profile": "camera", **ABOUT, **more}
            admin.put(f"/v1/devices/{name}", json=entry).raise_for_status()
        yield admin


def tell(server: Server, **facts: Any) -> None:
    """Report as a gateway does."""
    scenes = {"cam-1": {"zones": [OWN], "lines": [], "masks": [], "calibration": []}}
    told = BoxReport(
        box="b-1",
        district="nanshan",
        site="bay-road",
        online=True,
        cameras=(CameraState(camera="cam-1", up=True, fps=12.5, flaws=("frozen",)),),
        scenes=scenes,
        **facts,
    )
    report = FleetReport(gateway="gw", at=START, boxes=(told,))
    with server.client(Role.GATEWAY) as gateway:
        body = msgspec.json.encode(report)
        headers = {"Content-Type": "application/json"}
        gateway.post("/v1/fleet/reports", content=body, headers=headers).raise_for_status()


def test_cameras_are_listed_with_what_their_boxes_say(server: Server, box: httpx.Client) -> None:
    """One is frozen at 12.5 frames a second; of the other nobody has spoken."""
    tell(server)
    items = {one["camera"]: one for one in box.get("/v1/cameras").json()["items"]}

    assert (items["cam-1"]["state"], items["cam-1"]["flaws"]) == ("flawed", ["frozen"])
    assert (items["cam-1"]["fps"], items["cam-1"]["delivery"]) == (12.5, "own")
    assert (items["cam-2"]["state"], items["cam-2"]["box"]) == ("unknown", None)


def test_a_scene_is_desired_beside_what_else_is(server: Server, box: httpx.Client) -> None:
    """It begins with what runs, is pending until the box confirms, and leaves other fields alone."""
    tell(server)
    config = {"status_every_s": 5, "cameras": {"cam-1": {"fps": 5}}}
    box.put("/v1/boxes/b-1/config", params={"reason": "slow"}, json=config).raise_for_status()
    before = box.get("/v1/cameras/cam-1").json()
    scene = before["scene"] | {"zones": [*before["scene"]["zones"], LANE]}
    params = {"reason": "the lane was repainted"}
    seen = {"If-Match": f'"{before["version"]}"'}
    saved = box.put("/v1/cameras/cam-1/scene", params=params, json=scene, headers=seen)
    again = box.put("/v1/cameras/cam-1/scene", params=params, json=before["scene"], headers=seen)
    after = box.get("/v1/cameras/cam-1").json()
    wanted = box.get("/v1/boxes/b-1/config").json()["desired"]

    assert before["scene"]["zones"] == [OWN]
    assert (saved.status_code, again.status_code) == (200, 412)
    assert after["scene"]["zones"] == [OWN, LANE]
    assert (after["delivery"], after["versions"][0]["reason"]) == ("pending", params["reason"])
    assert wanted["config"]["status_every_s"] == 5
    assert wanted["config"]["cameras"]["cam-1"]["fps"] == 5
    tell(
        server,
        config_version=wanted["version"],
        config_sha256=wanted["sha256"],
        sections={"cameras.cam-1": "refused: the lens is too dirty"},
    )
    told = box.get("/v1/cameras/cam-1").json()
    assert (told["delivery"], told["delivery_reason"]) == ("refused", "the lens is too dirty")


def test_a_scene_that_the_box_would_refuse_is_not_sent(box: httpx.Client) -> None:
    """Each fault is named by part and number, by the box's own code; nothing is stored."""
    crossed = {"id": "z", "polygon": [[0, 0], [1, 1], [1, 0], [0, 1]]}
    before = box.get("/v1/cameras/cam-1").json()["version"]
    answer = box.put(
        "/v1/cameras/cam-1/scene", params={"reason": "x"}, json={"zones": [LANE, crossed]}
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "zones[1]"
    assert "Self-intersection" in answer.json()["detail"]
    assert box.get("/v1/cameras/cam-1").json()["version"] == before


def test_ground_points_are_fitted_by_the_code_of_the_box(box: httpx.Client) -> None:
    """Corners of a rectangle give a plane and areas; points in a line are refused with the reason."""
    image = [[0.1, 0.5], [0.9, 0.5], [0.9, 0.9], [0.1, 0.9]]
    places = [(114.0, 30.0001), (114.0002, 30.0001), (114.0002, 30.0), (114.0, 30.0)]
    points: list[dict[str, Any]] = [
        {"image": at, "lon": lon, "lat": lat} for at, (lon, lat) in zip(image, places, strict=True)
    ]
    asked = {"scene": {"zones": [LANE], "calibration": points}, "width": 1280, "height": 720}
    flat = [point | {"image": [point["image"][0], 0.5 + n / 1e4]} for n, point in enumerate(points)]
    good = box.post("/v1/cameras/cam-1/check", json=asked).json()
    bad = box.post("/v1/cameras/cam-1/check", json=asked | {"scene": {"calibration": flat}}).json()

    assert (good["faults"], good["ground"]["exact"]) == ([], True)
    assert good["areas_m2"]["lane"] > 10.0
    assert bad["ground"] is None
    assert "in a line" in bad["faults"][0]["message"]


def test_without_a_hub_no_picture_can_be_ordered(box: httpx.Client) -> None:
    """503 says what is missing; a camera without a registered box is 404."""
    ordered = box.post("/v1/cameras/cam-1/snapshots")
    orphan = box.post("/v1/cameras/cam-2/snapshots")

    assert (ordered.status_code, orphan.status_code) == (503, 404)
    assert ordered.json()["type"].endswith("hub-unavailable")
    assert "no registered box" in orphan.json()["detail"]


def test_a_drawing_is_tried_on_stored_tracks(tmp_path: Path) -> None:
    """A fire lane that is only drawn would have raised an alarm; what runs would not; nothing is stored."""
    stored = tmp_path / "tracks.jsonl"
    write_lines(stored, **ABOUT, messages=standing_car("cam-1", "b-1", datetime.now(UTC), 240))
    made = Server(tmp_path, f"sqlite:///{tmp_path}/api.sqlite", trials=f"{{data: {stored}}}")
    made.make_keys()
    made.start()
    try:
        with made.client(Role.ADMIN) as admin:
            admin.put("/v1/boxes/b-1", json=ABOUT).raise_for_status()
            entry = {"profile": "camera", "box": "b-1", **ABOUT}
            admin.put("/v1/devices/cam-1", json=entry).raise_for_status()
            tell(made)
            square = [[0.5, 0.6], [0.9, 0.6], [0.9, 0.9], [0.5, 0.9]]
            lane = {"id": "lane", "kind": "fire_lane", "polygon": square, "dwell_s": 20.0}
            asked = {"scene": {"zones": [lane]}, "width": 1280, "height": 720}
            found = admin.post("/v1/cameras/cam-1/trial", json=asked, timeout=120.0).json()
            bad = {"zones": [lane | {"polygon": [[0, 0], [1, 1], [1, 0], [0, 1]]}]}
            refused = admin.post("/v1/cameras/cam-1/trial", json=asked | {"scene": bad})
            detail = admin.get("/v1/cameras/cam-1").json()
    finally:
        made.stop()

    assert (found["moments"], found["tracks"]) == (240, 1)
    assert [event["rule"] for event in found["drawn"]["events"]] == ["fire_lane_blocked"]
    assert found["drawn"]["zones"] == [{"zone": "lane", "stays": 1, "most": 1, "longest_s": 239.0}]
    assert (found["running"]["zones"][0]["zone"], found["running"]["count"]) == ("own", 0)
    assert (refused.status_code, "Self-intersection" in refused.json()["detail"]) == (422, True)
    assert (detail["stored_data"], detail["version"]) == (True, 0)


def test_without_stored_data_nothing_can_be_tried(box: httpx.Client) -> None:
    """422 says which setting names the data; the camera says it beforehand."""
    asked = {"scene": {}, "width": 1280, "height": 720}
    answer = box.post("/v1/cameras/cam-1/trial", json=asked)

    assert (answer.status_code, "trials.data" in answer.json()["detail"]) == (422, True)
    assert box.get("/v1/cameras/cam-1").json()["stored_data"] is False

"""Cameras and zones: a real box tells how its camera does, takes what is drawn, and says so."""

import io
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import av
import httpx
import msgspec
import numpy as np
import pytest
from av.video.stream import VideoStream
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from cityloop.stack.documents import edge_document, session_document
from contracts.codec import encode
from contracts.topics import Kind, box_topic
from runtime.journal import read_journal
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession
from simulators.fleet import DISTRICT_CENTRE
from tests.e2e.console.browsing import PHONE, told
from tests.e2e.console.city import City, wait_for
from tests.e2e.console.conftest import Visit
from tests.e2e.console.matters import draw_street
from tests.integration.cloud_api.standing_car import FOOT, standing_car

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CAMERA = "lane-7"
OWN = {"id": "crossing", "polygon": [[0.05, 0.62], [0.35, 0.62], [0.35, 0.9], [0.05, 0.9]]}


class Box:
    """A box with one camera, and what the administrator's key reads of it."""

    def __init__(self, city: City) -> None:
        headers = {"Authorization": f"Bearer {city.key('admin')}"}
        self.admin = httpx.Client(base_url=city.url, headers=headers, timeout=20.0)

    def read(self) -> dict[str, Any]:
        """Return the camera as the API shows it."""
        found: dict[str, Any] = self.admin.get(f"/v1/cameras/{CAMERA}").json()
        return found

    def zones(self) -> list[str]:
        """Return the zones that the box says it runs."""
        running = self.read()["running"]
        return [] if running is None else [zone["id"] for zone in running["zones"]]


def film(path: Path) -> None:
    """Write a clip of a minute, one picture a second, of a drawn street under water."""
    picture = Image.open(io.BytesIO(draw_street(path.with_suffix(".png"), wet=True)))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=1)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
        for _ in range(60):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture(scope="module")
def box(city: City) -> Iterator[Box]:
    """The box of the city, started with a camera that looks at a drawn street."""
    clip = city.stack.plan.folder / "street.mp4"
    film(clip)
    camera = {
        "id": CAMERA,
        # the city's clock runs thirty times as fast: thirty pictures a second
        "source": {"file": str(clip), "loop": True},
        "detector": {"kind": "background", "sizes": [{"label": "object", "min_area_ratio": 0.99}]},
        "integrity": {"enabled": False},
        "offline_after_s": 1800.0,
        "zones": [OWN],
    }
    lon, lat = DISTRICT_CENTRE
    about = {"district": "riverside", "site": "old-town", "place": {"lon": lon, "lat": lat}}
    found = Box(city)
    entry = {"profile": "camera", "name": "消防通道 7 号", "box": "edge-1", **about}
    found.admin.put(f"/v1/devices/{CAMERA}", json=entry).raise_for_status()
    document = edge_document(city.stack.plan, cameras=[camera]) | {"status_every_s": 15.0}
    city.stack.add_role("edge", "edge", document, "run")
    try:
        wait_for(lambda: found.read()["state"] == "up" and found.zones(), "the box speaks")
        yield found
    finally:
        city.stack.processes.pop("edge").stop()
        found.admin.close()


def board(page: Page) -> Locator:
    """Return what is drawn on."""
    return page.locator(".board svg")


def click(page: Page, *points: tuple[float, float]) -> None:
    """Click points of the picture, given as shares of its width and height."""
    area = board(page).bounding_box()
    assert area is not None
    for x, y in points:
        page.mouse.click(area["x"] + x * area["width"], area["y"] + y * area["height"])


def test_a_zone_is_drawn_and_reported_by_the_box(box: Box, visit: Visit, pictures: Path) -> None:
    """A picture comes on order; a zone is drawn, refused while it crosses itself, mended, sent, applied."""
    visitor = visit()
    page = visitor.enter("chief", to=f"/cameras?camera={CAMERA}")
    expect(page.locator(f"[data-camera={CAMERA}] [data-state=up]")).to_be_visible()
    page.locator("[data-test=snapshot]").click()
    expect(page.locator(".board img")).to_be_visible()
    expect(page.locator("[data-shape='zones.0']")).to_be_attached()
    page.locator("[data-tool=zones]").click()
    click(page, (0.5, 0.6), (0.9, 0.9), (0.9, 0.6), (0.5, 0.9), (0.5, 0.6))
    expect(page.locator("[data-test=fault]")).to_contain_text("Self-intersection")
    expect(page.locator("[data-test=send]")).to_be_disabled()
    page.locator("[data-test=undo]").click()
    page.locator("[data-tool=zones]").click()
    click(page, (0.5, 0.6), (0.9, 0.6), (0.9, 0.9), (0.5, 0.9), (0.5, 0.6))
    form = page.locator("[data-form='zones.1']")
    form.locator("[data-test=id]").fill("fire-lane")
    form.locator("[data-test=kind]").fill("fire_lane")
    form.locator("[data-test=dwell_s]").fill("10")
    form.locator("[data-test=dwell_s]").press("Tab")
    expect(page.locator("[data-test=fault]")).to_have_count(0)
    page.locator("[data-test=reason]").fill("消防通道已重新划线")
    expect(page.locator("[data-test=send]")).to_be_enabled()
    page.locator("[data-test=send]").click()
    delivery = page.locator("[data-test=delivery]")
    expect(delivery).to_have_attribute("data-delivery", "applied")
    wait_for(lambda: box.zones() == ["crossing", "fire-lane"], "the box runs the zone")
    assert visitor.violations() == [], told(visitor.violations())
    expect(delivery.locator("xpath=ancestor::dl")).to_contain_text("下发 1，运行 1")
    page.locator("main").evaluate("element => element.scrollTo(0, 0)")
    visitor.picture("cameras-zh", pictures)
    assert box.read()["versions"][0]["reason"] == "消防通道已重新划线"
    assert visitor.faults == []


def stored(city: City, box: Box, seconds: int) -> None:
    """Have the box tell of a car that stands, up to now by the city's clock, and wait until it is in the journal."""
    document = session_document(city.stack.plan, "edge-1") | {"client_id": "edge-1-tracks"}
    session = MqttSession(msgspec.convert(document, MqttConfig))
    now = datetime.fromisoformat(box.admin.get("/v1/cameras").json()["now"])
    topic = box_topic(city.stack.plan.district, city.stack.plan.site, "edge-1", Kind.TRACKS)
    session.start()
    try:
        wait_for(lambda: session.connected, "the hub lets the box in")
        for message in standing_car(CAMERA, "edge-1", now, seconds):
            wait_for(partial(session.publish, topic, encode(message)), "the hub takes it")
        journal = city.stack.plan.journal
        wait_for(
            lambda: sum(each.topic == topic for each in read_journal(journal)) == seconds,
            "the tracks are in the journal",
        )
    finally:
        session.close()


def test_what_is_only_drawn_is_tried_on_the_last_hour(
    city: City, box: Box, visit: Visit, pictures: Path
) -> None:
    """A fire lane under a car that stood there would have raised an event; nothing is sent to the box."""
    stored(city, box, 240)
    before = box.read()["version"]
    visitor = visit()
    page = visitor.enter("dispatcher", to=f"/cameras?camera={CAMERA}")
    expect(page.locator("[data-shape='zones.0']")).to_be_attached()
    drawn = len(box.read()["scene"]["zones"])
    page.locator("[data-tool=zones]").click()
    x, y = FOOT
    corners = [(x - 0.1, y - 0.1), (x + 0.1, y - 0.1), (x + 0.1, y + 0.1), (x - 0.1, y + 0.1)]
    click(page, *corners, corners[0])
    form = page.locator(f"[data-form='zones.{drawn}']")
    form.locator("[data-test=id]").fill("new-lane")
    form.locator("[data-test=kind]").fill("fire_lane")
    form.locator("[data-test=dwell_s]").fill("20")
    form.locator("[data-test=dwell_s]").press("Tab")
    # the city's clock runs thirty times as fast: an hour is gone in two minutes
    page.locator("[data-test=dry-hours]").select_option("6")
    page.locator("[data-test=dry-run]").click()
    outcome = page.locator("[data-test=dry-outcome]")
    expect(outcome).to_be_visible(timeout=90_000)

    expect(page.locator("[data-told='new-lane'] td").first).to_contain_text("进入 1 次")
    # a lane that another test left there may tell of the same car: only what the drawn one adds counts
    added = page.locator("[data-test=dry-events] [data-mark='+']")
    expect(added).to_have_count(1)
    expect(added).to_contain_text("fire_lane_blocked")
    assert visitor.violations() == [], told(visitor.violations())
    outcome.locator("xpath=ancestor::section").scroll_into_view_if_needed()
    visitor.picture("cameras-dry-run-zh", pictures)
    form.locator("[data-test=id]").fill("newer-lane")
    form.locator("[data-test=id]").press("Tab")
    expect(outcome).to_have_count(0)
    assert box.read()["version"] == before
    assert visitor.faults == []


def test_everything_can_be_drawn_with_keys_alone(box: Box, visit: Visit) -> None:
    """A line is drawn with the arrows, its end moved, a point inserted into the zone, and all taken back."""
    visitor = visit(language="en-GB")
    page = visitor.enter("dispatcher", to=f"/cameras?camera={CAMERA}")
    expect(page.locator("[data-shape='zones.0']")).to_be_attached()
    page.locator("[data-tool=lines]").press("Enter")
    expect(board(page)).to_be_focused()
    for key in ("Shift+ArrowLeft", " ", "Shift+ArrowRight", "Shift+ArrowRight", " "):
        page.keyboard.press(key)
    expect(page.locator("[data-point='lines.0.1']")).to_have_attribute(
        "aria-label", "line-1, point 2: 55 % across, 50 % down"
    )
    page.locator("[data-point='lines.0.1']").press("Shift+ArrowDown")
    expect(page.locator("[data-point='lines.0.1']")).to_have_attribute(
        "aria-label", "line-1, point 2: 55 % across, 55 % down"
    )
    page.locator("[data-row='zones.0']").press("Enter")
    page.locator("[data-point='zones.0.0']").press("Insert")
    expect(page.locator("[data-point='zones.0.4']")).to_be_attached()
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(page.locator("[data-shape='lines.0']")).to_have_count(0)
    # who may not send is told so
    expect(page.locator("[data-test=send]")).to_have_count(0)
    assert len(box.zones()) >= 1
    assert visitor.faults == []


def test_ground_points_are_fitted_and_bad_ones_refused(
    box: Box, visit: Visit, pictures: Path
) -> None:
    """Four points in a line are refused with the reason; four corners give a grid of metres."""
    visitor = visit(language="en-GB", dark=True)
    page = visitor.enter("chief", to=f"/cameras?camera={CAMERA}")
    expect(page.locator("[data-shape='zones.0']")).to_be_attached()
    lon, lat = DISTRICT_CENTRE
    flat = [(0.2, 0.6), (0.4, 0.6), (0.6, 0.6), (0.8, 0.6)]
    places = [(0.0, 8e-5), (1e-4, 8e-5), (1e-4, 0.0), (0.0, 0.0)]
    for at in flat:
        page.locator("[data-tool=calibration]").click()
        click(page, at)
    for number, (east, north) in enumerate(places):
        pair = f"{lat + north:.6f}, {lon + east:.6f}"
        page.locator(f"[data-test=lon-{number}]").fill(pair)
        page.locator(f"[data-test=lon-{number}]").press("Tab")
    expect(page.locator("[data-test=ground-fault]")).to_contain_text("in a line")
    board(page).evaluate("element => element.scrollIntoView({block: 'center'})")
    for number, (x, y) in enumerate([(0.25, 0.45), (0.75, 0.45), (0.95, 0.95), (0.05, 0.95)]):
        area = board(page).bounding_box()
        handle = page.locator(f"[data-point='calibration.{number}.0']").bounding_box()
        assert area is not None
        assert handle is not None
        page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
        page.mouse.down()
        page.mouse.move(area["x"] + x * area["width"], area["y"] + y * area["height"], steps=4)
        page.mouse.up()
    expect(page.locator("[data-test=ground-fit]")).to_contain_text("a fifth shows")
    expect(page.locator(".board .grid").first).to_be_attached()
    page.locator("[data-test=map]").click()
    expect(page.locator(".ground-sign")).to_have_count(4)
    page.locator("[data-row='zones.0']").click()
    expect(page.get_by_text("m² of ground")).to_be_visible()
    assert visitor.violations() == [], told(visitor.violations())
    visitor.picture("cameras-ground-en-dark", pictures)
    assert box.read()["running"]["calibration"] == []


def test_the_page_fits_a_telephone_and_hides_from_who_sees_a_part(
    box: Box, visit: Visit, pictures: Path
) -> None:
    """Nothing is wider than a telephone; a reader sees no tools; a street worker no page."""
    visitor = visit(size=PHONE)
    page = visitor.enter("viewer", to=f"/cameras?camera={CAMERA}")
    expect(page.locator("[data-shape='zones.0']")).to_be_attached()

    assert visitor.overflow_px() == 0
    assert page.locator("[data-tool]").count() == 0
    assert visitor.violations() == [], told(visitor.violations())
    visitor.picture("cameras-phone-zh", pictures)
    worker = visit()
    other = worker.enter("worker", to="/cameras")
    expect(other.get_by_role("link", name="摄像机与区域")).to_have_count(0)
    assert "/cameras" not in other.url
    assert box.read()["box"] == "edge-1"

"""The Models page 模型 and the review queue 人工复核: roll out, look at the shadow, roll back; decide by keys."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import httpx
import msgspec
import numpy as np
import pytest
from playwright.sync_api import expect

from contracts.registry import BoxReport, FleetReport
from tests.e2e.console.browsing import PHONE, told
from tests.e2e.console.city import City
from tests.e2e.console.conftest import Visit
from tests.integration.cloud_api.test_models_http import packed, promote, publish

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

MODEL = "street-sim"
COUNTERS = {
    "shadow_matched": 180,
    "shadow_renamed": 6,
    "shadow_only_incumbent": 4,
    "shadow_only_candidate": 10,
}


@pytest.fixture(scope="module")
def admin(city: City) -> Iterator[httpx.Client]:
    """The administrator's own way to the API."""
    headers = {"Authorization": f"Bearer {city.key('admin')}"}
    with httpx.Client(base_url=city.url, headers=headers, timeout=20.0) as client:
        yield client


@pytest.fixture(scope="module")
def published(city: City, admin: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> City:
    """Two versions of a model: the old one runs on the box, the new one in its shadow."""
    folder = tmp_path_factory.mktemp("bundles")
    for counter, version in enumerate(("1.3.0", "1.4.0"), 7):
        answer = publish(admin, MODEL, version, packed(folder, MODEL, version, counter))
        assert answer.status_code == 201, answer.text
    promote(admin, MODEL, "1.3.0", "released").raise_for_status()
    rules = [{"version": "1.3.0"}, {"version": "1.4.0", "shadow_share": 0.2}]
    admin.put(
        f"/v1/models/{MODEL}/rollout", params={"reason": "try the new one"}, json={"rules": rules}
    ).raise_for_status()
    report = BoxReport(
        box="edge-1",
        district="riverside",
        site="old-town",
        online=True,
        versions={f"bundle.{MODEL}": "1.3.0", f"shadow.{MODEL}": "1.4.0"},
        counters=COUNTERS,
        sections={f"models.{MODEL}": "applied"},
    )
    now = admin.get("/v1/worklist", params={"limit": 1}).json()["now"]
    said = FleetReport(gateway="gw-9", at=now, boxes=(report,))
    headers = {"Authorization": f"Bearer {city.key('gateway')}", "Content-Type": "application/json"}
    body = msgspec.json.encode(said)
    httpx.post(f"{city.url}/v1/fleet/reports", content=body, headers=headers).raise_for_status()
    return city


@pytest.mark.parametrize(
    ("language", "dark"), [("zh-CN", False), ("en-GB", True)], ids=["zh-light", "en-dark"]
)
def test_versions_boxes_and_the_shadow_are_shown(
    visit: Visit, published: City, pictures: Path, language: str, dark: bool
) -> None:
    """Every version, what each box runs, and on how many things the candidate differs."""
    visitor = visit(language=language, dark=dark)
    page = visitor.enter("chief", to="/models")
    box = page.locator("[data-box=edge-1]")

    expect(box).to_contain_text("1.3.0")
    expect(box).to_contain_text("10.0 %")
    expect(page.locator("[data-version]")).to_have_count(2)
    assert visitor.violations() == [], told(visitor.violations())
    assert visitor.faults == []
    visitor.picture(f"models-{language[:2]}-{'dark' if dark else 'light'}", pictures)


def test_a_version_is_released_rolled_out_and_rolled_back(
    visit: Visit, published: City, admin: httpx.Client, pictures: Path
) -> None:
    """By a share of the boxes; going back is one click on the former rollout, and a reason."""
    visitor = visit(language="en-GB")
    page = visitor.enter("chief", to="/models")
    page.locator("[data-version='1.4.0']").get_by_role("button", name="Release").click()
    expect(page.locator("[data-version='1.4.0'] [data-stage=released]")).to_be_visible()
    page.get_by_role("button", name="Roll out").click()
    rule = page.locator("[data-rule='0']")
    rule.get_by_label("Version").select_option("1.4.0")
    page.locator("[data-rule='1']").get_by_role("button", name="Remove").click()
    page.locator("dialog [data-test=reason]").fill("it found more")
    visitor.picture("models-rollout-en", pictures)
    assert visitor.violations() == [], told(visitor.violations())
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("[data-test=outcome]")).to_be_visible()
    page.locator("[data-test=outcome]").get_by_role("button").click()
    expect(page.locator("[data-rollout='2']")).to_contain_text("it found more")
    wished = admin.get(f"/v1/models/{MODEL}/boxes").json()["items"][0]["wished"]
    page.locator("[data-rollout='1']").get_by_role("button", name="Roll back to this").click()
    page.locator("dialog [data-test=reason]").fill("too many false alarms")
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("[data-rollout='3']")).to_contain_text("too many false alarms")
    after = admin.get(f"/v1/models/{MODEL}/boxes").json()["items"][0]

    assert wished == "1.4.0"
    assert (after["wished"], after["shadow_wished"]) == ("1.3.0", "1.4.0")


def _picture(number: int) -> bytes:
    """Return a drawn street with two things on it."""
    drawn = np.full((360, 640, 3), (96, 96, 90), np.uint8)
    cv2.rectangle(drawn, (0, 0), (640, 120), (150, 160, 150), -1)
    for left in range(20, 640, 90):
        cv2.rectangle(drawn, (left, 235), (left + 40, 243), (220, 220, 220), -1)
    cv2.rectangle(drawn, (100, 160), (260, 230), (60, 60, 160 + number), -1)
    cv2.rectangle(drawn, (400, 150), (440, 240), (160, 120, 60), -1)
    return bytes(cv2.imencode(".png", drawn)[1].tobytes())


@pytest.fixture
def queue(published: City) -> list[str]:
    """Three pictures that wait, with their pictures stored; ids in their order."""
    headers = {"Authorization": f"Bearer {published.key('box')}"}
    items: list[dict[str, Any]] = []
    with httpx.Client(base_url=published.url, headers=headers, timeout=20.0) as box:
        for number in range(3):
            content = _picture(number)
            sha256 = hashlib.sha256(content).hexdigest()
            put = {"Content-Type": "image/png"}
            box.put(f"/v1/evidence/{sha256}", content=content, headers=put).raise_for_status()
            items.append(
                {
                    "id": f"edge-1-hard-{number}",
                    "box": "edge-1",
                    "camera": "street-1",
                    "model": f"{MODEL}-1.3.0-12345678",
                    "reason": "low_confidence" if number else "disagreement",
                    "taken_at": "2026-07-01T08:00:00Z",
                    "evidence": sha256,
                    "width": 640,
                    "height": 360,
                    "boxes": [
                        {
                            "label": "truck",
                            "box_xyxy": [0.156, 0.444, 0.406, 0.639],
                            "confidence": 0.41,
                        },
                        {
                            "label": "person",
                            "box_xyxy": [0.625, 0.417, 0.688, 0.667],
                            "confidence": 0.36,
                        },
                    ],
                }
            )
        box.post("/v1/reviews", json={"items": items}).raise_for_status()
    with published.client() as person:
        for item in items:
            person.delete(f"/v1/reviews/{item['id']}/decision").raise_for_status()
    return [item["id"] for item in items]


def test_hard_examples_are_worked_by_keys_and_undone(
    visit: Visit, published: City, queue: list[str], pictures: Path
) -> None:
    """Correct a class, throw a wrong thing out, accept; reject the next; undo brings it back as it was."""
    visitor = visit(language="en-GB")
    page = visitor.enter("dispatcher", to="/review")
    expect(page.locator(f"[data-review={queue[0]}]")).to_be_visible()
    expect(page.locator("figure img")).to_have_js_property("complete", True)
    assert page.locator("figure img").evaluate("image => image.naturalWidth") == 640
    visitor.picture("review-en", pictures)
    assert visitor.violations() == [], told(visitor.violations())
    page.keyboard.press("1")
    first = page.locator("[data-thing='0']").inner_text()
    page.keyboard.press("j")
    page.keyboard.press("d")
    expect(page.locator("[data-thing]")).to_have_count(1)
    page.keyboard.press("a")
    expect(page.locator(f"[data-review={queue[1]}]")).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator(f"[data-review={queue[2]}]")).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator(f"[data-review={queue[1]}]")).to_be_visible()
    with published.client() as client:
        found = {each["item"]["id"]: each for each in client.get("/v1/reviews").json()["items"]}

    said = found[queue[0]]
    assert (said["state"], said["decided_by"]) == ("accepted", "dispatcher")
    assert [box["label"] for box in said["decision"]["boxes"]] == [first.split()[0]]
    assert first.split()[0] != "truck"
    assert found[queue[1]]["state"] == "open"


def test_one_networks_pictures_are_worked_alone(
    visit: Visit, published: City, queue: list[str]
) -> None:
    """Chosen above, the smoke model's picture is the only one; it says which of the camera's models that is."""
    smoke = {"id": "edge-1-smoke", "model": "smoke-2.0.0-1a2b3c4d", "further_model": "fire"}
    headers = {"Authorization": f"Bearer {published.key('box')}"}
    with published.client() as person:
        first = person.get("/v1/reviews").json()["items"][0]["item"]
    with httpx.Client(base_url=published.url, headers=headers, timeout=20.0) as box:
        box.post("/v1/reviews", json={"items": [first | smoke]}).raise_for_status()
    page = visit(language="en-GB").enter("dispatcher", to="/review")
    expect(page.locator(f"[data-review={queue[0]}]")).to_be_visible()
    page.locator("[data-test=network]").select_option("smoke")
    expect(page.locator("[data-review=edge-1-smoke]")).to_be_visible()

    expect(page.locator("[data-test=count]")).to_contain_text("1 in hand")
    expect(page.locator("[data-test=model]")).to_have_text("smoke-2.0.0-1a2b3c4d")
    expect(page.locator("dl", has=page.locator("[data-test=model]"))).to_contain_text("fire")


def test_who_only_reads_decides_nothing(visit: Visit, queue: list[str]) -> None:
    """A reader sees the pictures without a way to decide."""
    page = visit(language="en-GB").enter("viewer", to="/review")
    expect(page.locator("[data-review]")).to_be_visible()

    expect(page.get_by_role("button", name="Accept")).to_have_count(0)


@pytest.mark.parametrize("path", ["models", "review"])
def test_the_pages_fit_a_phone(visit: Visit, queue: list[str], pictures: Path, path: str) -> None:
    """Nothing is wider than the screen."""
    visitor = visit(size=PHONE, dark=True)
    page = visitor.enter("dispatcher", to=f"/{path}")
    expect(page.locator("[data-review], [data-version]").first).to_be_visible()
    visitor.picture(f"{path}-phone-zh-dark", pictures)

    assert visitor.overflow_px() <= 0
    assert visitor.violations() == [], told(visitor.violations())


def test_a_street_worker_has_no_entry_for_what_is_the_whole_city_s(
    visit: Visit, published: City
) -> None:
    """Models, review, people and audit are about all of it."""
    page = visit(language="en-GB").enter("worker", to="/models")

    expect(page).to_have_url(f"{published.url}/console/situation")
    for name in ("Models", "Review queue", "People", "Audit"):
        expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)

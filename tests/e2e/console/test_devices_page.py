"""The Devices page 设备: what is online, what is wrong, one box in full, a token for a new one."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.console.browsing import PHONE, told
from tests.e2e.console.city import City, wait_for
from tests.e2e.console.conftest import Visit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

HEARD = {"online", "offline"}


@pytest.fixture(scope="module")
def watched(rainy_city: City) -> City:
    """The city whose gateway has heard of a registered sensor, and a box that should run something."""
    headers = {"Authorization": f"Bearer {rainy_city.key('admin')}"}
    with httpx.Client(base_url=rainy_city.url, headers=headers, timeout=20.0) as client:
        where = {"district": "riverside", "site": "old-town"}
        client.put("/v1/boxes/box-quiet", json=where).raise_for_status()
        client.put(
            "/v1/boxes/box-quiet/config",
            params={"reason": "look more often"},
            json={"status_every_s": 5},
        ).raise_for_status()

    def told_of() -> bool:
        with rainy_city.client() as client:
            return client.get("/v1/fleet/assets/wl-01").json()["state"] in HEARD

    wait_for(told_of, "the gateway tells of the sensor")
    return rainy_city


@pytest.mark.parametrize(
    ("language", "dark"), [("zh-CN", False), ("en-GB", True)], ids=["zh-light", "en-dark"]
)
def test_the_list_and_one_sensor_with_its_values(
    visit: Visit, watched: City, pictures: Path, language: str, dark: bool
) -> None:
    """Rates by class, every device with its state, one with place and curve; axe finds nothing wrong."""
    visitor = visit(language=language, dark=dark)
    page = visitor.enter("dispatcher", to="/devices")
    row = page.locator("[data-asset='wl-01']")
    expect(row.locator("[data-state=online], [data-state=offline]")).to_be_visible()
    row.get_by_role("button").click()
    detail = page.locator("[data-test=asset]")
    expect(detail.locator("[data-test=series] svg").first).to_be_visible()
    visitor.picture(f"devices-{language[:2]}-{'dark' if dark else 'light'}", pictures)

    assert visitor.violations() == [], told(visitor.violations())
    assert visitor.faults == []
    assert page.url.endswith("/devices?pick=device:wl-01")


def test_filters_are_in_the_address(visit: Visit, watched: City) -> None:
    """Kind and text narrow the list, and a reload shows the same."""
    page = visit(language="en-GB").enter("dispatcher", to="/devices")
    page.get_by_label("Kind").select_option("box")
    expect(page.locator("[data-asset=wl-01]")).to_have_count(0)
    expect(page.locator("[data-asset=edge-1]")).to_be_visible()
    page.get_by_label("Kind").select_option("")
    page.get_by_role("searchbox").fill("WL-")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("[data-asset]")).to_have_count(2)
    page.reload()

    expect(page.locator("[data-asset]")).to_have_count(2)
    expect(page).to_have_url(re.compile("q=WL-"))


def test_a_box_shows_what_it_should_run_and_has_not_reported(
    visit: Visit, watched: City, pictures: Path
) -> None:
    """Desired and reported stand side by side; what no box has confirmed is not said to be in force."""
    visitor = visit(language="en-GB")
    page = visitor.enter("chief", to="/devices?pick=box:box-quiet")
    detail = page.locator("[data-test=asset]")

    expect(detail).to_contain_text("not in force yet")
    expect(detail).to_contain_text("the box has not reported")
    expect(detail.locator(".sections")).to_contain_text("status_every_s")
    visitor.picture("devices-box-en", pictures)
    assert visitor.violations() == [], told(visitor.violations())


def test_a_token_is_shown_once_works_once_and_can_be_taken_back(
    visit: Visit, watched: City, pictures: Path
) -> None:
    """A new box gets a token by whoever may; with it a box enrols; a revoked one is worthless; revoking a box ends it."""
    visitor = visit(language="en-GB")
    page = visitor.enter("chief", to="/devices")
    page.get_by_role("button", name="Enrol a box").click()
    for name, value in (("box", "box-new"), ("district", "riverside"), ("site", "old-town")):
        page.locator(f"dialog [data-test={name}]").fill(value)
    page.get_by_role("button", name="Make a token").click()
    token = page.locator("[data-test=token]").inner_text()
    visitor.picture("devices-enrol-en", pictures)
    assert visitor.violations() == [], told(visitor.violations())
    taken = httpx.post(f"{watched.url}/v1/enrol", json={"token": token}, timeout=20.0)
    assert taken.status_code == 200
    page.locator("dialog [data-test=box]").fill("box-spare")
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator("[data-test=token]")).not_to_have_text(token)
    spare = page.locator("[data-test=token]").inner_text()
    page.locator("[data-token=box-spare]").get_by_role("button").click()
    expect(page.locator("[data-token=box-spare]")).to_have_count(0)
    refused = httpx.post(f"{watched.url}/v1/enrol", json={"token": spare}, timeout=20.0)
    page.keyboard.press("Escape")
    page.once("dialog", lambda asked: asked.accept())
    page.locator("[data-asset=box-new]").get_by_role("button").click()
    page.get_by_role("button", name="Revoke this box").click()

    expect(page.get_by_role("button", name="Revoke this box")).to_have_count(0)
    assert refused.status_code == 401


def test_only_who_may_enrols(visit: Visit, watched: City) -> None:
    """An operator reads the list and finds no way to make a token."""
    page = visit(language="en-GB").enter("dispatcher", to="/devices")
    expect(page.locator("[data-asset]").first).to_be_visible()

    expect(page.get_by_role("button", name="Enrol a box")).to_have_count(0)


def test_a_street_worker_sees_his_street_s_devices(visit: Visit, watched: City) -> None:
    """What stands in the other street is not in his list."""
    page = visit(language="en-GB").enter("worker", to="/devices")

    expect(page.locator("[data-asset=wl-02]")).to_be_visible()
    expect(page.locator("[data-asset=wl-01]")).to_have_count(0)


def test_the_page_fits_a_phone(visit: Visit, watched: City, pictures: Path) -> None:
    """Nothing is wider than the screen."""
    visitor = visit(size=PHONE)
    page = visitor.enter("dispatcher", to="/devices")
    expect(page.locator("[data-asset]").first).to_be_visible()
    visitor.picture("devices-phone-zh", pictures)

    assert visitor.overflow_px() <= 0
    assert visitor.violations() == [], told(visitor.violations())

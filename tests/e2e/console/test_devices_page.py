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


@pytest.fixture(scope="module")
def watched(rainy_city: City) -> City:
    """The city whose gateway has told of its boxes and devices."""

    def told_of() -> bool:
        with rainy_city.client() as client:
            return bool(client.get("/v1/fleet/assets").json()["states"].get("online"))

    wait_for(told_of, "a device is online")
    return rainy_city


@pytest.mark.parametrize(
    ("language", "dark"), [("zh-CN", False), ("en-GB", True)], ids=["zh-light", "en-dark"]
)
def test_the_list_tells_who_is_there_and_what_is_wrong(
    visit: Visit, watched: City, pictures: Path, language: str, dark: bool
) -> None:
    """Rates by class, faults first, one device with its values; axe finds nothing wrong."""
    visitor = visit(language=language, dark=dark)
    page = visitor.enter("dispatcher", to="/devices")
    row = page.locator("[data-asset='wl-01']")
    expect(row).to_be_visible()
    row.get_by_role("button").click()
    expect(page.locator("[data-test=asset]")).to_contain_text("wl-01")
    visitor.picture(f"devices-{language[:2]}-{'dark' if dark else 'light'}", pictures)

    assert visitor.violations() == [], told(visitor.violations())
    assert visitor.faults == []

"""The hotline's page: an operator takes a report down while the caller speaks; duplicates, map, both languages."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from contracts.envelope import Place
from simulators.fleet import DISTRICT_CENTRE
from tests.e2e.console.browsing import PHONE, Visitor, told
from tests.e2e.console.city import PASSWORD, City
from tests.e2e.console.conftest import Visit
from tests.e2e.console.matters import open_matter

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
PAGE = "/hotline.html"
LON, LAT = DISTRICT_CENTRE[0] - 0.004, DISTRICT_CENTRE[1] + 0.001
WORDS = "人民路口积水很深，车都熄火了，水深三十厘米"


def _sit_down(visitor: Visitor, name: str = "dispatcher") -> Page:
    """Log in on the page itself."""
    page = visitor.go(PAGE)
    page.locator("#name").fill(name)
    page.locator("#password").fill(PASSWORD)
    page.locator("form.login button[type=submit]").click()
    expect(page.locator("form.login")).to_have_count(0)
    visitor.faults.clear()  # the question who is here was refused before
    return page


def _clean(visitor: Visitor) -> None:
    assert visitor.violations() == [], told(visitor.violations())
    assert visitor.overflow_px() <= 0


def test_a_call_becomes_part_of_the_case_that_is_there(
    city: City, visit: Visit, pictures: Path
) -> None:
    """Words suggest the class, a name gives the place, the case near by is joined, the code is read out."""
    parent = open_matter(city, place=Place(lon=LON, lat=LAT + 0.0001)).number
    visitor = visit(size=(1280, 900))
    page = _sit_down(visitor)
    page.locator("#words").fill(WORDS)
    expect(page.locator("[data-test=suggestion]")).to_contain_text("道路积水")
    page.locator("[data-test=suggestion] button").click()
    page.locator("#place").fill("人民路")
    page.get_by_role("button", name="人民路口").click()
    expect(page.locator("[data-test=place]")).to_contain_text("西2格")
    near = page.locator("[data-test=near] li", has_text=parent)
    expect(near).to_contain_text("很可能是同一件")
    page.locator("#caller").fill("王芳")
    page.locator("#phone").fill("13800138000")
    page.locator("#answer").select_option("call")
    near.get_by_role("button").click()
    _clean(visitor)
    visitor.picture("hotline-entry-zh", pictures)
    page.locator("form.entry button[type=submit]").click()

    code = page.locator("[data-test=code]")
    expect(code).to_be_visible()
    expect(page.locator("[data-test=outcome]")).to_contain_text(f"已并入 {parent}")
    _clean(visitor)
    with city.client() as client:
        tracked = client.get(f"/v1/track/{code.inner_text()}").json()
        assert tracked["merged_into"] == parent
        path = f"/v1/cases/{parent}/reports"
        (report,) = client.get(path).json()
        (plain,) = client.get(path, headers={"X-Purpose": "call back"}).json()
    assert report["extension"]["answer"] == "call"
    assert report["personal"]["contact"]["phone"] != "13800138000"
    assert plain["personal"]["contact"] == {"name": "王芳", "phone": "13800138000"}
    assert visitor.faults == []


def test_a_place_is_taken_from_the_map_with_mouse_and_keys(visit: Visit, pictures: Path) -> None:
    """A click places the pin; arrows, plus and Enter do the same without a mouse; English and dark."""
    visitor = visit(language="en-GB", dark=True, size=(1280, 900))
    page = _sit_down(visitor)
    drawing = page.locator("[data-test=map]")
    expect(drawing.locator("polygon").first).to_be_attached()
    drawing.click(position={"x": 200, "y": 150})
    expect(page.locator("[data-test=place]")).to_be_visible()
    clicked = page.locator("[data-test=place]").inner_text()
    drawing.focus()
    for key in ("ArrowRight", "ArrowRight", "+", "Enter"):
        page.keyboard.press(key)

    expect(page.locator("[data-test=place]")).not_to_have_text(clicked)
    expect(page.locator("[data-test=pin]")).to_be_visible()
    _clean(visitor)
    visitor.picture("hotline-map-en-dark", pictures)


def test_what_is_missing_is_told_and_nothing_typed_is_lost(visit: Visit, pictures: Path) -> None:
    """On a telephone too; a cut line and an ended session leave the words."""
    visitor = visit(size=PHONE)
    page = _sit_down(visitor)
    page.locator("#words").fill("路灯坏了")
    page.locator("form.entry button[type=submit]").click()
    expect(page.get_by_role("alert")).to_contain_text("请定位")
    page.locator("#place").fill(f"{LON},{LAT}")
    expect(page.locator("[data-test=pin]")).to_be_visible()
    _clean(visitor)
    visitor.picture("hotline-phone-zh", pictures)
    visitor.context.clear_cookies()
    page.locator("form.entry button[type=submit]").click()
    expect(page.get_by_role("alert").first).to_contain_text("重新登录")
    page.locator("#name").fill("dispatcher")
    page.locator("#password").fill(PASSWORD)
    page.locator("form.login button[type=submit]").click()

    expect(page.locator("#words")).to_have_value("路灯坏了")
    page.locator("form.entry button[type=submit]").click()
    expect(page.locator("[data-test=code]")).to_be_visible()


def test_a_reader_may_not_take_reports_down(visit: Visit) -> None:
    """He is told so instead of a form that fails."""
    page = _sit_down(visit(language="en-GB"), "viewer")

    expect(page.get_by_role("alert")).to_contain_text("may not")
    expect(page.locator("#words")).to_have_count(0)

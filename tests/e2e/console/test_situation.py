"""The Situation page 态势: a rainstorm appears on it, to whom it concerns, live, whatever the link does."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from contracts.envelope import Place
from contracts.event import Event, Title
from simulators.fleet import DISTRICT_CENTRE
from tests.contract.cloud_api.events import make_event
from tests.e2e.console.browsing import PHONE, told
from tests.e2e.console.city import PEOPLE, WEST_GRID, City, wait_for
from tests.e2e.console.conftest import Visit
from tests.e2e.console.cut_link import CutLink

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LIST = (740, 900)
"""A window too narrow for the map beside the list: nothing is drawn in software for who tests the list."""

FLOOD_CASES = 6
"""Cases that the simulated storm has opened when it is well under way."""


@pytest.fixture
def link(city: City) -> Iterator[CutLink]:
    """A link to the city that can be cut."""
    made = CutLink(city.url)
    yield made
    made.close()


def _listed(page: Page, what: str) -> list[str]:
    """Return the ids in the list, in its order."""
    found: list[str] = page.locator(f"[data-{what}]").evaluate_all(
        f"items => items.map(item => item.dataset.{what})"
    )
    return found


def _lamp_out(number: int) -> Event:
    """Return an event that no storm brings, at a place in the western street."""
    lon, lat = DISTRICT_CENTRE
    event = make_event(900 + number, district="riverside", event_type="facility.lamp_out")
    return replace(
        event,
        title=Title(zh=f"{number + 1} 号路灯不亮", en=f"street lamp {number + 1} is out"),
        place=Place(lon=lon - 0.002 * (number + 1), lat=lat + 0.005),
    )


def test_a_rainstorm_appears_without_gap_or_double_though_the_link_is_cut(
    visit: Visit, city: City, link: CutLink
) -> None:
    """What happened while the link was down is in the list afterwards: all of it, each once."""
    page = visit(language="en-GB", size=LIST, base=link.url).enter(
        "dispatcher", to="/situation?past=1"
    )
    expect(page.locator(".link")).to_have_attribute("data-live", "true")
    city.rain()
    expect(page.locator("[data-case]").first).to_be_visible()
    assert re.match(r"\([1-9]\d*\) Situation", page.title())
    link.cut()
    expect(page.locator(".link")).to_have_attribute("data-live", "false")
    before = set(_listed(page, "case"))
    city.report(*(_lamp_out(number) for number in range(5)))
    wait_for(lambda: len(city.cases(type="facility.lamp_out")) == 5, "five cases more")
    assert set(_listed(page, "case")) == before
    link.mend()

    expect(page.locator(".link")).to_have_attribute("data-live", "true")
    expect(page.get_by_role("alert")).to_have_count(0)
    wait_for(
        lambda: sorted(_listed(page, "case")) == sorted(c["case_id"] for c in city.cases()),
        "every case is listed, once",
    )
    page.get_by_role("button", name="Events", exact=True).click()

    def same_events() -> bool:
        with city.client() as client:
            items = client.get("/v1/events", params={"limit": 200}).json()["items"]
        revisions = {item["event_id"]: str(item["rev"]) for item in items}
        listed = page.locator("[data-event]").evaluate_all(
            "items => items.map(item => [item.dataset.event, item.dataset.rev])"
        )
        return len(listed) == len(revisions) and dict(listed) == revisions

    wait_for(same_events, "every event is listed once, at its newest revision")


@pytest.fixture(scope="module")
def flooded(rainy_city: City) -> City:
    """The city under water."""
    wait_for(lambda: len(rainy_city.cases()) >= FLOOD_CASES, "the storm opens cases")
    return rainy_city


@pytest.mark.parametrize("name", ["chief", "dispatcher", "viewer", "worker"])
def test_everybody_sees_what_is_his(visit: Visit, flooded: City, name: str) -> None:
    """The list, the counts and the cells are those of the person's scope: a street worker's own street."""
    page = visit(language="en-GB", size=LIST).enter(name, to="/situation?past=1")
    scope = PEOPLE[name].scope
    wanted = {
        case["case_id"]
        for case in flooded.cases()
        if not scope.grids or (case["grid"] or "").startswith(WEST_GRID)
    }

    assert wanted
    wait_for(lambda: wanted == set(_listed(page, "case")), f"{name} sees {len(wanted)} cases")
    assert _streets(page) == ({WEST_GRID} if scope.grids else {WEST_GRID, "420102002"})


def _streets(page: Page) -> set[str]:
    """Return the streets whose cells the page's own session may read."""
    found = page.evaluate("fetch('/v1/map/grid').then(answer => answer.json())")
    return {feature["properties"]["street"] for feature in found["features"]}


@pytest.mark.parametrize(
    ("language", "dark"), [("zh-CN", False), ("en-GB", True)], ids=["zh-light", "en-dark"]
)
def test_the_page_is_accessible_and_in_one_language(
    visit: Visit, flooded: City, pictures: Path, language: str, dark: bool
) -> None:
    """Axe finds nothing wrong with list, map and detail, and no word is of the other language."""
    visitor = visit(language=language, dark=dark)
    page = visitor.enter("dispatcher")
    page.locator("[data-case] button").first.click()
    expect(page.locator("aside.detail")).to_be_visible()
    expect(page.locator("[data-points]:not([data-points='0'])")).to_be_visible()

    assert visitor.violations() == [], told(visitor.violations())
    assert visitor.faults == []
    bar = page.locator("[role=search]").inner_text() + page.locator("nav").inner_text()
    assert bool(re.search(r"[\u4e00-\u9fff]", bar)) == (language == "zh-CN")
    visitor.picture(f"situation-{language[:2]}-{'dark' if dark else 'light'}", pictures)


def test_heat_shows_hexagons(visit: Visit, flooded: City, pictures: Path) -> None:
    """The heat layer changes the map's picture; switching it off gives the former one back."""
    visitor = visit(language="en-GB")
    page = visitor.enter("dispatcher", to="/situation?layers=cases,events")
    holder = page.locator("[data-points]:not([data-points='0'])")
    expect(holder).to_be_visible()
    page.locator("summary").click()
    page.get_by_label("Heat (H3)").check()
    expect(page).to_have_url(re.compile("layers=cases%2Cevents%2Cheat|layers=cases,events,heat"))
    expect(page.locator("[data-heat]:not([data-heat='0'])")).to_be_visible()
    visitor.picture("situation-heat", pictures)
    page.get_by_label("Heat (H3)").uncheck()

    expect(page.locator("[data-heat='0']")).to_be_visible()


def test_filters_are_in_the_address(visit: Visit, flooded: City) -> None:
    """What was chosen is in the link, and who opens the link sees the same."""
    page = visit(language="en-GB", size=LIST).enter("dispatcher")
    page.get_by_role("button", name="Events", exact=True).click()
    page.get_by_label("With ended ones").check()
    page.get_by_role("searchbox").fill("rain")
    expect(page).to_have_url(re.compile("q=rain"))
    wait_for(lambda: len(_listed(page, "event")) == 2, "two events of heavy rain")
    address = page.url
    other = visit(language="en-GB", size=LIST)
    there = other.enter("viewer", to=address.split("/console")[1])

    wait_for(lambda: len(_listed(there, "event")) == 2, "the same two events")
    expect(there.get_by_label("With ended ones")).to_be_checked()


def test_everything_is_reached_with_the_keyboard(visit: Visit, flooded: City) -> None:
    """With Tab and Enter alone somebody picks a case, reads it, and closes it."""
    page = visit(language="en-GB", size=LIST).enter("dispatcher")
    expect(page.locator("[data-case] button").first).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('[data-case]') !== null"):
            break
    page.keyboard.press("Enter")

    expect(page.locator("aside.detail")).to_contain_text("Number")
    page.locator("aside.detail button").first.focus()
    page.keyboard.press("Escape")
    expect(page.locator("aside.detail")).to_have_count(0)


def test_the_sound_is_off_until_somebody_wants_it(visit: Visit, city: City) -> None:
    """No sound without a gesture; a gesture turns it on, another off."""
    page = visit(language="en-GB", size=LIST).enter("dispatcher")
    button = page.get_by_role("button", name="Sound: off")

    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(page.get_by_role("button", name="Sound: on")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Sound: on").click()
    expect(button).to_be_visible()


def test_a_phone_shows_the_list_and_the_map(visit: Visit, flooded: City, pictures: Path) -> None:
    """On a phone nothing is wider than the screen, and list and map take turns."""
    visitor = visit(size=PHONE)
    page = visitor.enter("worker")
    expect(page.locator("[data-case]").first).to_be_visible()
    assert visitor.overflow_px() <= 0
    visitor.picture("situation-phone-list", pictures)
    page.get_by_role("button", name="地图").click()
    expect(page.locator("[data-points]:not([data-points='0'])")).to_be_visible()

    assert visitor.overflow_px() <= 0
    assert visitor.violations() == [], told(visitor.violations())
    visitor.picture("situation-phone-map", pictures)


def test_the_list_is_there_soon_and_light(visit: Visit, flooded: City) -> None:
    """The list view loads less than 400 kB over the wire, without the map, and the map comes when asked for."""
    visitor = visit(language="en-GB", size=PHONE)
    visitor.enter("viewer")
    page = visitor.context.new_page()
    sizes: dict[str, int] = {}
    page.on(
        "requestfinished",
        lambda done: sizes.update({done.url: done.sizes()["responseBodySize"]}),
    )
    page.goto(f"{visitor.base}/console/situation")
    expect(page.locator("[data-case]").first).to_be_visible()
    loaded = dict(sizes)
    took_ms = page.evaluate("performance.now()")

    assert sum(loaded.values()) < 400_000, loaded
    assert not [url for url in loaded if "CityMap" in url or "maplibre" in url]
    assert (
        took_ms < 10_000
    )  # the figure of a quiet machine is in docs/console.md; this one is shared
    page.get_by_role("button", name="Map").click()
    expect(page.locator("[data-points]:not([data-points='0'])")).to_be_visible()

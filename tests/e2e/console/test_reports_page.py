"""Reports: each figure with its formula one click away, the ways that cases took, where they were."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from contracts.levels import Level
from tests.e2e.console.browsing import PHONE, told
from tests.e2e.console.city import City
from tests.e2e.console.conftest import Visit
from tests.e2e.console.matters import Matter, open_matter

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def matters(city: City) -> list[Matter]:
    """Three cases near each other; one has been dispatched and taken on."""
    opened = [
        open_matter(city, level=Level.YELLOW, east_m=-3000 + 20 * number) for number in range(3)
    ]
    opened[0].move("dispatched", to_department="water")
    opened[0].move("handling")
    return opened


def test_a_figure_shows_its_formula_and_the_cases_behind_it(
    matters: list[Matter], visit: Visit, pictures: Path
) -> None:
    """One click opens formula, rows and targets; what was not measured says so; a row leads to its case."""
    visitor = visit()
    page = visitor.enter("viewer", to="/reports")
    closed = page.locator("[data-indicator=closure]")
    # others' cases are in the same city: which figure it is depends on them
    expect(closed.locator("td").first).to_have_text(re.compile(r"^\d+\.\d %$"))
    expect(page.locator("td").filter(has_text="未测得").first).to_be_visible()
    closed.get_by_role("button").click()
    behind = page.locator(".behind")
    expect(behind.locator("[data-test=formula]")).to_contain_text("÷")
    row = behind.locator("[data-side=denominator]").get_by_role("link").first
    expect(row).to_be_visible()
    number = row.inner_text()
    assert visitor.violations() == [], told(visitor.violations())
    visitor.picture("reports-zh", pictures)
    row.click()
    page.wait_for_url(f"**/cases/{number}")
    assert len(matters) == 3
    assert visitor.faults == []


def test_the_ways_of_cases_and_the_fullest_places_are_shown(
    matters: list[Matter], visit: Visit, pictures: Path
) -> None:
    """The way that a case took is in drawing and table; the hexagon of three cases leads to the map."""
    visitor = visit(language="en-GB", dark=True)
    page = visitor.enter("viewer", to="/reports")
    way = page.locator("[data-test=process] tbody tr").filter(has_text="handling").first
    expect(way).to_contain_text("1")
    expect(page.locator("[data-test=process] svg .arc").first).to_be_attached()
    spot = page.locator("[data-test=hotspots] tbody tr").first
    expect(spot).to_be_visible()
    counted = page.locator("[data-test=hotspots] tbody td:nth-child(2)").all_inner_texts()
    # the three may lie on two sides of a hexagon's edge
    assert sum(map(int, counted)) >= len(matters)
    page.locator("[data-test=hotspots]").scroll_into_view_if_needed()
    visitor.picture("reports-process-en-dark", pictures)
    assert visitor.violations() == [], told(visitor.violations())
    spot.get_by_role("link").click()
    page.wait_for_url("**/situation?**heat**")


def test_the_paper_fits_a_telephone_and_says_what_is_wrong_with_a_period(
    matters: list[Matter], visit: Visit, pictures: Path
) -> None:
    """Nothing is wider than a telephone; a period that is none is not asked for."""
    visitor = visit(size=PHONE)
    page = visitor.enter("viewer", to="/reports")
    expect(page.locator("[data-indicator=closure]")).to_be_visible()

    assert visitor.overflow_px() == 0
    visitor.picture("reports-phone-zh", pictures)
    page.locator("[data-test=period]").fill("soon")
    page.locator("[data-test=period]").press("Enter")
    assert "soon" not in page.url
    assert len(matters) == 3

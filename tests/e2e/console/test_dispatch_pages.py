"""Dispatch and Supervision: the queue by lamp, many cases at once, the lasso, who is there, what is late."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from contracts.levels import Level
from tests.e2e.console.browsing import PHONE, told
from tests.e2e.console.city import City, wait_for
from tests.e2e.console.conftest import Visit
from tests.e2e.console.matters import Matter, open_matter

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def matters(city: City) -> list[Matter]:
    """Four cases that wait for a dispatcher, blue to red, some hundred metres apart."""
    levels = (Level.BLUE, Level.YELLOW, Level.YELLOW, Level.RED)
    return [
        open_matter(city, level=level, east_m=4000 + 700 * number)
        for number, level in enumerate(levels)
    ]


def test_many_are_assigned_at_once_and_a_changed_one_is_refused(
    city: City, matters: list[Matter], visit: Visit, pictures: Path
) -> None:
    """Two go to the team that is chosen; the one that a colleague had just changed is named and stays chosen."""
    visitor = visit()
    page = visitor.enter("dispatcher", to="/dispatch?state=filed")
    rows = [page.locator(f"[data-case='{each.number}']") for each in matters[:3]]
    for row in rows:
        row.get_by_role("checkbox").check()
    assert visitor.violations() == [], told(visitor.violations())
    visitor.picture("dispatch-zh", pictures)
    page.keyboard.press("a")
    page.locator("#assign-department").select_option("water")
    page.locator("#assign-reason").fill("同一条路")
    matters[2].comment("another was here")
    page.locator("dialog button[type=submit]").click()

    outcome = page.locator("[data-test=outcome]")
    expect(outcome.locator("[data-outcome=dispatched]")).to_have_count(2)
    expect(outcome.locator("[data-outcome=refused]")).to_contain_text(matters[2].number)
    visitor.picture("dispatch-outcome-zh", pictures)
    assert visitor.violations() == [], told(visitor.violations())
    outcome.get_by_role("button", name="关闭").click()
    expect(page.locator("[data-test=chosen]")).to_have_text("已选 1 件")
    states = [each.read()["state"]["id"] for each in matters[:3]]  # type: ignore[index]
    assert states == ["dispatched", "dispatched", "filed"]


def test_a_line_around_places_chooses_them(
    city: City, matters: list[Matter], visit: Visit, pictures: Path
) -> None:
    """A lasso around everything chooses every case of the page that has a place."""
    visitor = visit(language="en-GB")
    page = visitor.enter("dispatcher", to="/dispatch")
    expect(page.locator("[data-row]").first).to_be_visible()
    page.keyboard.press("m")
    drawing = page.locator("[data-test=lasso]")
    expect(drawing.locator("circle").first).to_be_visible()
    box = drawing.bounding_box()
    assert box is not None
    corners = [(0.01, 0.02), (0.99, 0.02), (0.99, 0.98), (0.01, 0.98)]
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()

    chosen = drawing.locator("circle.chosen")
    expect(chosen).to_have_count(drawing.locator("circle").count())
    assert chosen.count() >= len(matters)
    visitor.picture("dispatch-lasso-en", pictures)
    assert visitor.violations() == [], told(visitor.violations())


def test_the_queue_is_worked_by_keys(matters: list[Matter], visit: Visit) -> None:
    """Down, choose, open: no mouse is needed."""
    page = visit(language="en-GB").enter("dispatcher", to="/dispatch")
    expect(page.locator("[data-row='1']")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-test=chosen]")).to_have_text("1 chosen")
    number = page.locator("[data-row='1']").get_attribute("data-case")
    page.keyboard.press("o")

    expect(page.locator("header strong.number, .number").first).to_have_text(str(number))


def test_lamps_and_departments_narrow_the_queue(matters: list[Matter], visit: Visit) -> None:
    """A filter is in the address, so it can be sent to a colleague."""
    page = visit(language="en-GB").enter("dispatcher", to="/dispatch")
    page.get_by_label("Department").select_option("housing")
    expect(page).to_have_url(re.compile("department=housing"))
    page.reload()

    expect(page.get_by_label("Department")).to_have_value("housing")


def test_a_street_worker_sees_his_street_s_queue_only(
    city: City, matters: list[Matter], visit: Visit
) -> None:
    """Cases of the other street are not in his list, nor in its counts."""
    page = visit(language="en-GB").enter("worker", to="/dispatch")
    expect(page.get_by_role("heading", name="Dispatch")).to_be_visible()

    for each in matters:
        expect(page.locator(f"[data-case='{each.number}']")).to_have_count(0)


def test_what_is_late_is_supervised(
    city: City, matters: list[Matter], visit: Visit, pictures: Path
) -> None:
    """A red case that nobody answered in half an hour (of the city's fast time) is in the list, with its tier."""
    late = matters[3]
    wait_for(lambda: late.read()["lamp"] == "red" and late.read()["tier"], "it is overdue")
    visitor = visit()
    page = visitor.enter("chief", to="/supervision")
    row = page.locator(f"[data-case='{late.number}']")

    expect(row).to_contain_text("超时")
    assert visitor.violations() == [], told(visitor.violations())
    visitor.picture("supervision-zh", pictures)


@pytest.mark.parametrize("path", ["/dispatch", "/supervision"], ids=["dispatch", "supervision"])
def test_the_pages_fit_a_phone(
    matters: list[Matter], visit: Visit, pictures: Path, path: str
) -> None:
    """Nothing is wider than the screen."""
    visitor = visit(size=PHONE, language="en-GB", dark=True)
    page = visitor.enter("dispatcher", to=path)
    expect(page.locator("[data-case]").first).to_be_visible()
    visitor.picture(f"{path[1:]}-phone-en-dark", pictures)

    assert visitor.overflow_px() <= 0
    assert visitor.violations() == [], told(visitor.violations())

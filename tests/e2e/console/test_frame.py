"""The frame of the console: logging in, languages, colours, phones, and who sees what."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.console.browsing import PHONE, told
from tests.e2e.console.conftest import Visit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.parametrize(
    ("language", "words"), [("zh-CN", "用户名"), ("en-GB", "Name")], ids=["zh", "en"]
)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_login_page_is_accessible(
    visit: Visit, pictures: Path, language: str, words: str, dark: bool
) -> None:
    """The login page speaks the browser's language, in its colours, and axe finds nothing wrong."""
    visitor = visit(language=language, dark=dark)
    page = visitor.go("/")

    expect(page.get_by_label(words)).to_be_visible()
    assert page.get_attribute("html", "data-theme") == ("dark" if dark else "light")
    assert visitor.violations() == [], told(visitor.violations())
    visitor.picture(f"login-{language[:2]}-{'dark' if dark else 'light'}", pictures)


def test_a_wrong_password_is_told_and_forgotten(visit: Visit) -> None:
    """The page says that name and password do not fit, and empties the password's field."""
    page = visit(language="en-GB").go("/login")
    page.get_by_label("Name").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_role("alert")).to_contain_text("do not fit")
    expect(page.get_by_label("Password")).to_have_value("")


def test_somebody_who_logs_in_comes_where_he_wanted(visit: Visit) -> None:
    """The path that was asked for is shown after the login, query and all."""
    page = visit().log_in("viewer", to="/situation?level=red")

    expect(page).to_have_url(re.compile(r"/console/situation\?level=red$"))


def test_no_script_can_read_the_session(visit: Visit) -> None:
    """The cookie is httpOnly and strict; nothing that is kept holds a token."""
    visitor = visit()
    page = visitor.log_in("viewer")
    cookie = next(each for each in visitor.context.cookies() if "session" in each["name"])

    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert page.evaluate("document.cookie") == ""
    assert "session_" not in page.evaluate("JSON.stringify(localStorage)")


def test_who_logs_out_is_out(visit: Visit) -> None:
    """After logging out the session is worthless, and its pages ask for a login."""
    visitor = visit(language="en-GB")
    page = visitor.log_in("viewer")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Name")).to_be_visible()
    page.go_back()

    expect(page.get_by_label("Name")).to_be_visible()
    assert visitor.context.request.get(f"{visitor.base}/v1/me").status == 401


def test_an_auditor_finds_no_situation(visit: Visit) -> None:
    """A role that may not see a page has no entry for it, and does not get there by its address."""
    page = visit(language="en-GB").enter("auditor", to="/situation")

    expect(page.get_by_role("link", name="Situation")).to_have_count(0)


def test_a_phone_shows_the_menu_when_asked(visit: Visit) -> None:
    """On a phone nothing is wider than the screen, and the navigation opens and closes."""
    visitor = visit(language="en-GB", size=PHONE)
    page = visitor.enter("viewer")
    link = page.get_by_role("link", name="Situation")

    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(link).to_be_visible()
    assert visitor.overflow_px() <= 0


def test_the_language_and_colours_that_were_chosen_stay(visit: Visit) -> None:
    """A choice holds for the next time the console is opened."""
    visitor = visit(language="zh-CN")
    page = visitor.enter("viewer")
    page.get_by_role("button", name="EN").click()
    page.get_by_role("button", name="Dark colours").click()
    page.reload()

    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    assert page.get_attribute("html", "lang") == "en"
    assert page.get_attribute("html", "data-theme") == "dark"


@pytest.mark.parametrize(
    ("name", "language", "words", "leads"),
    [
        ("dispatcher", "zh-CN", ("热线代录", "市民页", "接口说明"), ("hotline.html", "citizen.html")),
        ("viewer", "en-GB", ("Hotline", "Citizens’ page", "API"), ("citizen.html",)),
        ("chief", "en-GB", ("Hotline", "Citizens’ page", "API"), ("hotline.html", "citizen.html", "docs")),
    ],
    ids=["operator", "reader", "administrator"],
)  # fmt: skip
def test_pages_beside_the_console_are_found_by_who_may_use_them(
    visit: Visit, name: str, language: str, words: tuple[str, ...], leads: tuple[str, ...]
) -> None:
    """The navigation leads to them in another tab, and they answer; others do not hear of them."""
    visitor = visit(language=language)
    page = visitor.enter(name)
    found = page.locator("nav a[target=_blank]")
    addresses = [str(each.get_attribute("href")) for each in found.all()]

    assert tuple(address.rpartition("/")[2] for address in addresses) == leads
    assert all(any(word in text for word in words) for text in found.all_inner_texts())
    assert [visitor.context.request.get(visitor.base + each).status for each in addresses] == [
        200
    ] * len(leads)
    assert visitor.violations() == [], told(visitor.violations())


def test_the_hotlines_page_opens_in_another_tab(visit: Visit) -> None:
    """A click takes the operator there, still logged in, while the console stays open."""
    visitor = visit(language="zh-CN")
    page = visitor.enter("dispatcher")
    with visitor.context.expect_page() as opened:
        page.get_by_role("link", name="热线代录").click()

    expect(opened.value.locator("textarea").first).to_be_visible()
    assert "/console/hotline.html" in opened.value.url
    assert "hotline" not in page.url

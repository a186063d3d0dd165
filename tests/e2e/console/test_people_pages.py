"""People 人员 and Audit 审计: who may log in and see what, and who saw what."""

from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.console.browsing import PHONE, told
from tests.e2e.console.city import WEST_GRID, City, wait_for
from tests.e2e.console.conftest import Visit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def _log_in(city: City, name: str, password: str) -> httpx.Response:
    body = {"name": name, "password": password}
    return httpx.post(f"{city.url}/v1/login", json=body, timeout=20.0)


def _sure(page: Page) -> None:
    """Say yes to the next question of the page."""
    page.once("dialog", lambda asked: asked.accept())


def test_somebody_is_added_changed_locked_and_let_in_again(
    visit: Visit, city: City, pictures: Path
) -> None:
    """With a password that is shown once, a street as scope; a reset password replaces it; who is locked is out."""
    visitor = visit(language="en-GB")
    page = visitor.enter("chief", to="/people")
    page.get_by_role("button", name="Add somebody").click()
    page.locator("dialog [data-test=name]").fill("zhao.lei")
    page.locator("dialog [data-test=grids]").fill(WEST_GRID)
    visitor.picture("people-add-en", pictures)
    assert visitor.violations() == [], told(visitor.violations())
    page.locator("dialog button[type=submit]").click()
    first = page.locator("[data-test=secret]").inner_text()
    entered = _log_in(city, "zhao.lei", first)
    assert entered.json()["me"]["scope"]["grids"] == [WEST_GRID]
    row = page.locator("[data-user='zhao.lei']")
    _sure(page)
    row.locator("[data-do=reset]").click()
    expect(page.locator("[data-test=secret]")).not_to_have_text(first)
    second = page.locator("[data-test=secret]").inner_text()
    visitor.picture("people-en", pictures)
    assert [_log_in(city, "zhao.lei", each).status_code for each in (first, second)] == [401, 200]
    row.locator("[data-do=edit]").click()
    page.locator("dialog [data-test=role]").select_option("reader")
    page.locator("dialog button[type=submit]").click()
    expect(row).to_contain_text("reader", ignore_case=True)
    _sure(page)
    row.locator("[data-do=lock]").click()
    expect(row).to_contain_text("locked since")
    assert _log_in(city, "zhao.lei", second).status_code == 401
    row.locator("[data-do=lock]").click()
    expect(row).not_to_contain_text("locked since")

    entered = _log_in(city, "zhao.lei", second)
    assert (entered.status_code, entered.json()["me"]["role"]) == (200, "reader")


def test_nobody_takes_his_own_rights_away(visit: Visit, city: City) -> None:
    """One's own row has no way to lock or change oneself, and the API refuses it too."""
    page = visit(language="en-GB").enter("chief", to="/people")

    expect(page.locator("[data-user=chief]")).to_contain_text("yourself")
    refused = page.evaluate(
        """() => fetch('/v1/users/chief', {method: 'PATCH', body: '{"locked": true}', headers:
        {'Content-Type': 'application/json', 'X-Requested-With': 'test'}}).then(answer => answer.status)"""
    )
    assert refused == 422


def test_a_key_is_made_shown_once_and_revoked(visit: Visit, city: City) -> None:
    """The token works until the key is revoked."""
    page = visit(language="en-GB").enter("chief", to="/people")
    page.get_by_role("button", name="Make a key").click()
    page.locator("dialog [data-test=name]").fill("wall-of-screens")
    page.locator("dialog button[type=submit]").click()
    token = page.locator("[data-test=secret]").inner_text()
    headers = {"Authorization": f"Bearer {token}"}
    before = httpx.get(f"{city.url}/v1/flow", headers=headers, timeout=20.0).status_code
    _sure(page)
    page.locator("[data-key=wall-of-screens]").get_by_role("button", name="Revoke").click()
    expect(page.locator("[data-key=wall-of-screens]")).to_have_count(0)

    assert before == 200
    assert httpx.get(f"{city.url}/v1/flow", headers=headers, timeout=20.0).status_code == 401


@pytest.mark.parametrize(
    ("language", "dark"), [("zh-CN", False), ("en-GB", True)], ids=["zh-light", "en-dark"]
)
def test_the_auditor_sees_who_saw_what_and_that_the_chain_holds(
    visit: Visit, city: City, pictures: Path, language: str, dark: bool
) -> None:
    """What was changed, who said why he reads personal data, and how far signed heads reach."""
    with city.client() as client:
        client.get("/v1/cases", headers={"X-Purpose": "complaint 4711"}).raise_for_status()
    headers = {"Authorization": f"Bearer {city.key('admin')}"}
    where = f"{city.url}/v1/audit/chain"
    # of the first half second no head has been signed yet, and an examination serves for a while
    wait_for(
        lambda: httpx.get(where, headers=headers, timeout=20.0).json()["flaws"] == 0,
        "a signed head",
    )
    visitor = visit(language=language, dark=dark)
    page = visitor.enter("auditor")
    expect(page).to_have_url(f"{city.url}/console/audit")
    expect(page.locator("[data-flaws='0']")).to_be_visible()
    expect(page.locator("[data-line]").first).to_be_visible()
    page.get_by_role("checkbox").check()
    expect(page).to_have_url(f"{city.url}/console/audit?personal=1")
    expect(page.locator("[data-line]:not(.personal)")).to_have_count(0)
    expect(page.locator("tr.personal").first).to_contain_text("complaint 4711")
    visitor.picture(f"audit-{language[:2]}-{'dark' if dark else 'light'}", pictures)

    assert visitor.violations() == [], told(visitor.violations())
    assert visitor.faults == []


def test_the_log_is_narrowed_by_who_and_what(visit: Visit, city: City) -> None:
    """A click on a caller and on an action narrows to them; it is in the address."""
    page = visit(language="en-GB").enter("chief", to="/audit?action=GET%20%2Fv1%2Fme")

    expect(page.locator("[data-line]").first).to_contain_text("GET /v1/me")
    actor = page.locator("[data-line] button").first
    name = actor.inner_text()
    actor.click()
    wait_for(lambda: f"actor={name}" in page.url, "the caller is in the address")
    assert all("GET /v1/me" in each for each in page.locator("[data-line]").all_inner_texts())


@pytest.mark.parametrize(
    ("language", "form"), [("zh-CN", "年-月-日 时:分"), ("en-GB", "YYYY-MM-DD hh:mm")]
)
def test_a_moment_is_written_alike_in_each_language(visit: Visit, language: str, form: str) -> None:
    """Year first and without AM, whatever the browser speaks; what is no moment is said at once."""
    page = visit(language=language).enter("chief", to="/audit")
    since, until = (page.get_by_placeholder(form).nth(at) for at in (0, 1))
    until.fill("2026-02-30 08:30")
    expect(until).to_have_attribute("aria-invalid", "true")
    page.locator("form button[type=submit]").click()
    assert "until" not in page.url
    until.fill("")
    since.fill("2026-06-01 8:30")
    page.locator("form button[type=submit]").click()

    wait_for(lambda: "since=2026-06-01T08:30" in unquote(page.url), "the moment is in the address")
    page.reload()
    expect(since).to_have_value("2026-06-01 08:30")


@pytest.mark.parametrize("path", ["people", "audit"])
def test_the_pages_fit_a_phone(visit: Visit, city: City, pictures: Path, path: str) -> None:
    """Nothing is wider than the screen."""
    visitor = visit(size=PHONE)
    page = visitor.enter("chief", to=f"/{path}")
    expect(page.locator("[data-user], [data-line]").first).to_be_visible()
    visitor.picture(f"{path}-phone-zh", pictures)

    assert visitor.overflow_px() <= 0
    assert visitor.violations() == [], told(visitor.violations())


@pytest.mark.parametrize("name", ["dispatcher", "viewer", "worker"])
def test_others_find_neither(visit: Visit, city: City, name: str) -> None:
    """People are the administrator's, the log is the auditor's."""
    page = visit(language="en-GB").enter(name, to="/people")

    expect(page).to_have_url(f"{city.url}/console/situation")
    for title in ("People", "Audit"):
        expect(page.get_by_role("link", name=title, exact=True)).to_have_count(0)

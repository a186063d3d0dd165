"""The citizens' page on a telephone: reporting, following, rating; both languages, large type."""

import hashlib
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.console.browsing import PHONE, Visitor, told
from tests.e2e.console.city import City, wait_for
from tests.e2e.console.conftest import Visit
from tests.e2e.console.matters import draw_street

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
PAGE = "/citizen.html"


def _report(visitor: Visitor, photo: Path, words: str) -> str:
    """Report water on the road from where one stands; return the tracking code."""
    page = visitor.go(PAGE)
    page.locator("#find").fill("积水")
    page.get_by_role("radio").first.check()
    page.locator("#photo").set_input_files(photo)
    expect(page.locator(".pictures img")).to_be_visible()
    page.locator(".place button").click()
    expect(page.locator("[data-test=place]")).to_be_visible()
    page.locator("#text").fill(words)
    page.locator("form button[type=submit]").click()
    code = page.locator("[data-test=code]")
    expect(code).to_be_visible()
    return code.inner_text()


def _here(visitor: Visitor) -> None:
    """Let the telephone know where it is."""
    visitor.context.grant_permissions(["geolocation"])
    visitor.context.set_geolocation({"longitude": 114.0005, "latitude": 30.5005})


def _handle(city: City, code: str) -> str:
    """Let the operator have the report's case handled; return its number."""

    def number() -> str | None:
        with city.client() as client:
            found: str | None = client.get(f"/v1/track/{code}").json()["case_number"]
            return found

    case = wait_for(number, "the report's case")
    with city.client() as client:
        moves = (
            {"to": "filed"}, {"to": "dispatched", "to_department": "water"}, {"to": "handling"}, {"to": "fed_back"},
        )  # fmt: skip
        for move in moves:
            body = {"reason": "as agreed"} | move
            client.post(f"/v1/cases/{case}/move", json=body).raise_for_status()
    return case


def _verify_and_close(city: City, case: str, proof: bytes) -> None:
    """Prove that the trouble is gone, and close the case with a result for the reporter."""
    sha256 = hashlib.sha256(proof).hexdigest()
    with city.client() as client:
        headers = {"Content-Type": "image/png"}
        client.put(f"/v1/evidence/{sha256}", content=proof, headers=headers).raise_for_status()
        for body in (
            {"to": "verified", "reason": "照片可证", "evidence": [sha256]},
            {"to": "closed", "reason": "积水已抽干，雨水口已疏通"},
        ):
            client.post(f"/v1/cases/{case}/move", json=body).raise_for_status()


def _clean(visitor: Visitor) -> None:
    assert visitor.violations() == [], told(visitor.violations())
    assert visitor.overflow_px() <= 0


def test_a_citizen_reports_follows_and_rates(
    city: City, visit: Visit, tmp_path: Path, pictures: Path
) -> None:
    """On a telephone, without a login: photo, place, code, progress, result, satisfied."""
    draw_street(tmp_path / "wet.png", wet=True)
    dry = draw_street(tmp_path / "dry.png", wet=False)
    visitor = visit(size=PHONE)
    _here(visitor)
    page = visitor.go(PAGE)
    expect(page.get_by_role("radio").first).to_be_attached()
    _clean(visitor)
    visitor.picture("citizen-report-zh", pictures)
    code = _report(visitor, tmp_path / "wet.png", "路口积水，约三十厘米")
    _clean(visitor)
    visitor.picture("citizen-code-zh", pictures)
    page.get_by_role("link", name="查进度").last.click()
    expect(page.locator("[data-test=status]")).to_be_visible()
    case = _handle(city, code)
    page.locator("form button[type=submit]").click()
    expect(page.locator("[data-test=status]")).to_have_text("办理中")
    _verify_and_close(city, case, dry)
    page.locator("form button[type=submit]").click()
    expect(page.locator("[data-test=answer]")).to_contain_text("雨水口已疏通")
    _clean(visitor)
    visitor.picture("citizen-track-zh", pictures)
    page.get_by_role("button", name="☺ 满意").click()

    expect(page.locator("[data-test=rated]")).to_contain_text("满意")
    with city.client() as client:
        assert client.get(f"/v1/cases/{case}").json()["satisfied"] is True
    assert visitor.faults == []


def test_large_type_and_english_fit_a_small_telephone(
    city: City, visit: Visit, pictures: Path
) -> None:
    """Everything grows and nothing is cut off; the choice stays."""
    visitor = visit(size=(360, 740), language="en-GB", dark=True)
    page = visitor.go(PAGE)
    page.get_by_role("button", name="Large type").click()
    page.reload()

    expect(page.get_by_role("button", name="Large type")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 24
    expect(page.get_by_role("radio").first).to_be_attached()
    _clean(visitor)
    visitor.picture("citizen-large-en-dark", pictures)


def test_without_a_net_nothing_that_was_typed_is_lost(
    city: City, visit: Visit, tmp_path: Path
) -> None:
    """Sending fails, the words stay, and sending again makes one report."""
    draw_street(tmp_path / "wet.png", wet=True)
    visitor = visit(size=PHONE)
    _here(visitor)
    page = visitor.go(PAGE)
    page.get_by_role("radio").nth(1).check()
    page.locator("#address").fill("深南大道")
    visitor.context.set_offline(True)
    page.locator("form button[type=submit]").click()
    expect(page.get_by_role("alert")).to_contain_text("内容还在")
    visitor.context.set_offline(False)

    expect(page.locator("#address")).to_have_value("深南大道")
    page.locator("form button[type=submit]").click()
    expect(page.locator("[data-test=code]")).to_be_visible()


def test_a_wrong_code_is_told(visit: Visit) -> None:
    """A code that nobody has: in words, not as a number."""
    page: Page = visit(size=PHONE, language="en-GB").go(f"{PAGE}#/track/AAAA-BBBB-CCCC-DDDD")

    expect(page.get_by_role("alert")).to_contain_text("letter by letter")

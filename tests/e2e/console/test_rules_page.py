"""Rules: errors in place, a back-test on what was heard, a change approved by a second person that a gateway runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.console.browsing import PHONE, told
from tests.e2e.console.city import City, wait_for
from tests.e2e.console.conftest import Visit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PACK = "water-tanks"
"""A pack of its own, so that nothing else in the city behaves otherwise."""

TEXT = """\
# tanks of this district
rules:
- id: tank_depth
  event: {type: water.tank, title: {zh: "水箱水位 {subject}", en: "Tank {subject}"}, dedupe: [subject]}
  watch: {profile: water_level, subject: tank-1}
  key: [subject]
  ladder:
  - {level: blue, when: depth_m >= 20 cm, clear: depth_m < 15 cm, for: 60s, clear_for: 60s}
"""
TABLE = "at,subject,depth_m\n" + "".join(
    f"2026-07-01T08:{minute:02d}:00Z,tank-1,{0.12 if 5 <= minute < 15 else 0.3 if 25 <= minute < 35 else 0.0}\n"
    for minute in range(45)
)


@pytest.fixture(scope="module")
def packs(city: City) -> Iterator[httpx.Client]:
    """A client of the administrator; a first version of the pack was proposed by its operator and approved."""
    headers = {"Authorization": f"Bearer {city.key('admin')}"}
    with httpx.Client(base_url=city.url, headers=headers, timeout=60.0) as admin:
        with city.client() as operator:
            asked = {"text": TEXT, "base_sha256": "", "reason": "tanks are new here"}
            operator.timeout = httpx.Timeout(60.0)
            made = operator.post(f"/v1/packs/{PACK}/proposals", json=asked)
            made.raise_for_status()
        say = {"approve": True, "reason": "as agreed"}
        path = f"/v1/pack-proposals/{made.json()['proposal']}/decision"
        admin.post(path, json=say).raise_for_status()
        wait_for(lambda: run_of(admin)["state"] == "applied", "the gateway runs the first version")
        yield admin


def run_of(admin: httpx.Client) -> dict[str, Any]:
    """Return what the gateway makes of the pack."""
    rows = admin.get("/v1/packs").json()["items"]
    runs = [row["runs"][0] for row in rows if row["name"] == PACK and row["runs"]]
    return runs[0] if runs else {"state": "none", "sha256": None}


def write(page: Page, text: str) -> None:
    """Put a text into the editor and wait for its check."""
    page.locator("[data-test=text]").fill(text)


def test_a_change_is_tried_proposed_approved_and_run(
    packs: httpx.Client, city: City, visit: Visit, pictures: Path, tmp_path: Path
) -> None:
    """A fault is shown at its line; the back-test tells what changes; only a second person can approve."""
    operator = visit()
    page = operator.enter("chief", to=f"/rules?pack={PACK}")
    expect(page.locator("[data-test=checked]")).to_contain_text("0 个错误")
    write(page, TEXT.replace("20 cm", "20 dB"))
    fault = page.locator("[data-severity=error]")
    expect(fault).to_contain_text("8:")
    expect(page.locator(".numbers li.error")).to_have_text("8")
    expect(page.locator("[data-test=propose]")).to_be_disabled()
    fault.click()
    expect(page.locator("[data-test=text]")).to_be_focused()
    write(page, TEXT.replace("20 cm", "10 cm").replace("15 cm", "5 cm"))
    expect(page.locator("[data-test=checked]")).to_contain_text("0 个错误")
    # the gateway of this city has heard nothing of such a tank: no alarm, from all its records
    page.locator("[data-test=try]").click()
    expect(page.locator("[data-test=outcome]")).to_contain_text("会产生 0 个告警", timeout=60_000)
    table = tmp_path / "tank-1.csv"
    table.write_text(TABLE, "utf-8")
    page.locator("[data-test=table]").set_input_files(table)
    page.locator("[data-test=try]").click()
    outcome = page.locator("[data-test=outcome]")
    expect(outcome).to_contain_text("会产生 2 个告警", timeout=60_000)
    expect(page.locator("[data-test=comparison]")).to_contain_text("新增 1")
    expect(page.locator("[data-test=changes] [data-mark='+']")).to_have_count(1)
    assert operator.violations() == [], told(operator.violations())
    page.locator("[data-test=outcome]").scroll_into_view_if_needed()
    operator.picture("rules-trial-zh", pictures)
    page.locator("[data-test=reason]").fill("检查井较浅")
    page.locator("[data-test=propose]").click()
    proposal = page.locator("[data-proposal][data-state=proposed]")
    proposal.get_by_role("button").first.click()
    expect(page.locator("[data-test=own]")).to_be_visible()
    expect(page.locator("[data-test=approve]")).to_be_disabled()
    expect(page.locator("[data-test=diff] .added")).to_have_count(1)
    assert operator.faults == []
    number = proposal.get_attribute("data-proposal")
    before = run_of(packs)
    refused = page.evaluate(
        """async () => {
            const listed = await (await fetch('/v1/pack-proposals?state=proposed')).json()
            const answer = await fetch(`/v1/pack-proposals/${listed.items[0].proposal}/decision`, {
                method: 'POST', body: JSON.stringify({approve: true, reason: 'mine'}),
                headers: {'Content-Type': 'application/json', 'X-Requested-With': 'test'}})
            return [answer.status, (await answer.json()).type]
        }"""
    )
    assert refused == [409, "urn:cityloop:problem:self-approval"]
    assert run_of(packs) == before
    found = packs.get("/v1/pack-proposals", params={"state": "proposed"}).json()["items"][0]
    assert str(found["number"]) == number
    say = {"approve": True, "reason": "实测一致"}
    packs.post(f"/v1/pack-proposals/{found['proposal']}/decision", json=say).raise_for_status()
    wait_for(lambda: run_of(packs)["sha256"] == found["sha256"], "the gateway runs the change")
    kept = city.stack.plan.folder / "gateway" / "approved-packs" / f"{PACK}.yaml"
    assert "10 cm" in kept.read_text("utf-8")
    page.reload()
    expect(page.locator("[data-gateway] , [data-state=applied]").first).to_be_visible()
    expect(page.locator("[data-gateway][data-state=applied]")).to_be_visible()
    operator.picture("rules-zh", pictures)


@pytest.mark.parametrize(
    ("browser_speaks", "chosen", "says"),
    [("en-GB", "中文", ("选择文件", "未选择文件")), ("zh-CN", "EN", ("Choose a file", "No file chosen"))],
    ids=["zh", "en"],
)  # fmt: skip
def test_a_file_is_asked_for_in_the_pages_language(
    packs: httpx.Client,
    visit: Visit,
    tmp_path: Path,
    browser_speaks: str,
    chosen: str,
    says: tuple[str, str],
) -> None:
    """Whatever the browser speaks, the field speaks as the page does; the keyboard reaches and opens it."""
    table = tmp_path / "tank-2.csv"
    table.write_text(TABLE, "utf-8")
    visitor = visit(language=browser_speaks)
    page = visitor.enter("dispatcher", to=f"/rules?pack={PACK}")
    page.get_by_role("button", name=chosen, exact=True).click()
    field, face = page.locator("#table"), page.locator("label[for=table]").last
    expect(face).to_have_text(says[0])
    expect(page.locator(".file .name")).to_have_text(says[1])
    page.locator("form select").last.focus()
    page.keyboard.press("Tab")
    expect(field).to_be_focused()
    outline = face.evaluate("face => getComputedStyle(face).outlineStyle")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(table)

    expect(page.locator(".file .name")).to_have_text("tank-2.csv")
    assert outline == "solid"
    assert visitor.violations() == [], told(visitor.violations())
    assert packs.get("/v1/packs").status_code == 200


def test_another_person_approves_and_the_past_comes_back(
    packs: httpx.Client, visit: Visit, pictures: Path
) -> None:
    """The operator takes the version before into the editor and proposes it; the chief approves it."""
    asking = visit(language="en-GB")
    page = asking.enter("dispatcher", to=f"/rules?pack={PACK}")
    expect(page.locator("[data-test=checked]")).to_contain_text("0 errors")
    newest = page.locator("[data-proposal][data-state=approved]").first
    newest.get_by_role("button").first.click()
    page.locator("[data-test=take]").click()
    expect(page.locator("[data-test=propose]")).to_be_enabled()
    page.locator("[data-test=reason]").fill("too many alarms")
    page.locator("[data-test=propose]").click()
    proposal = page.locator("[data-proposal][data-state=proposed]")
    expect(proposal).to_contain_text("too many alarms")
    chief = visit(language="en-GB", dark=True)
    other = chief.enter("chief", to=f"/rules?pack={PACK}")
    other.locator("[data-proposal][data-state=proposed]").get_by_role("button").first.click()
    other.locator("[data-test=decision-reason]").fill("agreed")
    other.locator("[data-test=approve]").scroll_into_view_if_needed()
    chief.picture("rules-approval-en-dark", pictures)
    assert chief.violations() == [], told(chief.violations())
    other.locator("[data-test=approve]").click()
    expect(other.locator("[data-proposal][data-state=proposed]")).to_have_count(0)
    wanted = packs.get("/v1/pack-proposals", params={"pack": PACK}).json()["items"][0]
    wait_for(lambda: run_of(packs)["sha256"] == wanted["sha256"], "the gateway runs it again")
    assert (wanted["proposed_by"], wanted["decided_by"]) == ("dispatcher", "chief")
    assert asking.faults == []
    assert chief.faults == []


def test_the_page_fits_a_telephone_and_a_reader_only_reads(
    packs: httpx.Client, visit: Visit, pictures: Path
) -> None:
    """Nothing is wider than a telephone; a reader cannot write; a street worker sees no page."""
    visitor = visit(size=PHONE)
    page = visitor.enter("viewer", to=f"/rules?pack={PACK}")
    expect(page.locator("[data-test=text]")).to_have_attribute("readonly", "")

    assert visitor.overflow_px() == 0
    assert page.locator("[data-test=propose]").count() == 0
    assert visitor.violations() == [], told(visitor.violations())
    visitor.picture("rules-phone-zh", pictures)
    worker = visit()
    other = worker.enter("worker", to="/rules")
    expect(other.get_by_role("link", name="规则")).to_have_count(0)
    assert "/rules" not in other.url
    assert packs.get(f"/v1/packs/{PACK}").status_code == 200

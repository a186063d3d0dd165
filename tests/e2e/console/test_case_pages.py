"""The Case page: a matter from its dispatch to its end, two people at once, why, duplicates, keys."""

import io
import re
from pathlib import Path

import msgspec
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from contracts.levels import Level
from tests.e2e.console.browsing import PHONE, told
from tests.e2e.console.city import City, wait_for
from tests.e2e.console.conftest import Visit
from tests.e2e.console.matters import Matter, draw_street, open_matter, post_revision

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def _move(page: Page, to: str, reason: str) -> None:
    """Make a move that needs no more than a reason."""
    page.locator(f"[data-move={to}]").click()
    page.locator("#move-reason").fill(reason)
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("dialog")).to_have_count(0)


@pytest.fixture(scope="module")
def flooded(city: City, tmp_path_factory: pytest.TempPathFactory) -> Matter:
    """A case with a picture and a likely duplicate, whose water has risen."""
    folder = tmp_path_factory.mktemp("street")
    found = open_matter(city, picture=draw_street(folder / "wet.png", wet=True))
    twin = msgspec.structs.replace(found.event, rev=1, level=Level.RED)
    cause = msgspec.structs.replace(
        twin.cause, expression="depth_m >= 40 cm", values={"depth_m": 0.46}
    )
    post_revision(city, msgspec.structs.replace(twin, cause=cause))
    return found


def test_a_case_is_dispatched_handled_verified_and_closed(
    city: City, flooded: Matter, visit: Visit, tmp_path: Path, pictures: Path
) -> None:
    """Through the page alone, with a picture as proof, before and after over each other."""
    after = tmp_path / "dry.png"
    draw_street(after, wet=False)
    visitor = visit()
    page = visitor.enter("dispatcher", to=f"/cases/{flooded.number}")
    expect(page.locator("[data-test=cause]")).to_contain_text("积水深度 不低于 40 cm")
    expect(page.locator("figure .chart svg")).to_be_visible()
    assert visitor.violations() == [], told(visitor.violations())
    # what the system wrote into the log is said in the reader's language
    expect(page.locator("#timeline")).to_contain_text("智能发现，直接立案；规则 waterlogging")
    page.get_by_role("checkbox", name=re.compile("设备")).check()
    expect(page.locator("#timeline")).to_contain_text("级别红")
    expect(page.locator("#timeline")).not_to_contain_text(re.compile("level|phase|discovery"))
    visitor.picture("case-zh", pictures)

    page.locator("[data-act=acknowledge]").click()
    page.keyboard.press("1")
    expect(page.locator("#move-department")).to_have_value("emergency")
    page.locator("#move-reason").fill("泵车就近")
    visitor.picture("case-dispatch-zh", pictures)
    assert visitor.violations() == [], told(visitor.violations())
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("[data-test=state]")).to_have_text("已分派")
    _move(page, "handling", "到场")
    _move(page, "fed_back", "已抽干")
    page.locator("[data-move=verified]").click()
    page.locator("#pictures").set_input_files(after)
    expect(page.locator("dialog [role=status]")).to_contain_text("dry.png")
    page.locator("#move-reason").fill("照片可证")
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("[data-test=before-after]")).to_be_visible()
    page.locator("#share").fill("30")
    _move(page, "closed", "积水已排除")
    expect(page.locator("[data-test=state]")).to_have_text("已结案")
    page.locator("#evidence").scroll_into_view_if_needed()
    visitor.picture("case-before-after-zh", pictures)

    done = flooded.read()
    assert done["state"]["id"] == "closed"  # type: ignore[index]
    moved = [each["detail"]["to_state"] for each in done["timeline"] if each["kind"] == "moved"]  # type: ignore[attr-defined]
    assert moved == ["filed", "dispatched", "handling", "fed_back", "verified", "closed"]
    assert visitor.violations() == [], told(visitor.violations())
    # A deadline that climbs in between is no conflict: the page tries once more, and browsers note the first try.
    assert [fault for fault in visitor.faults if "412" not in fault] == []


def test_two_operators_see_the_conflict_and_lose_nothing(city: City, visit: Visit) -> None:
    """Who was slower is shown what the other did; what he wrote is still there and goes through."""
    matter = open_matter(city, east_m=300)
    slow, quick = visit(language="en-GB"), visit(language="en-GB")
    page = slow.enter("dispatcher", to=f"/cases/{matter.number}")
    other = quick.enter("colleague", to=f"/cases/{matter.number}")
    page.locator("[data-act=comment]").click()
    page.locator("#act-text").fill("the pump needs a second hose")
    other.locator("[data-move=dispatched]").click()
    other.locator("#move-department").select_option("traffic-police")
    other.locator("#move-reason").fill("close the road first")
    other.locator("dialog button[type=submit]").click()
    expect(other.locator("dialog")).to_have_count(0)

    page.locator("dialog button[type=submit]").click()
    conflict = page.locator("[data-test=conflict]")
    expect(conflict).to_contain_text("colleague")
    expect(conflict).to_contain_text("close the road first")
    expect(page.locator("#act-text")).to_have_value("the pump needs a second hose")
    assert slow.violations() == [], told(slow.violations())
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("dialog")).to_have_count(0)

    expect(page.locator("#timeline")).to_contain_text("the pump needs a second hose")
    expect(other.locator("#timeline")).to_contain_text("the pump needs a second hose")


def test_the_conflict_is_shown_as_a_picture(city: City, visit: Visit, pictures: Path) -> None:
    """A move that has become illegal cannot be sent, and its words can be copied."""
    matter = open_matter(city, east_m=600)
    visitor = visit(language="en-GB")
    page = visitor.enter("dispatcher", to=f"/cases/{matter.number}")
    page.locator("[data-move=dispatched]").click()
    page.locator("#move-reason").fill("our crew is next door")
    matter.move("dispatched", to_department="sanitation")
    page.locator("dialog button[type=submit]").click()

    expect(page.locator("[data-test=conflict]")).to_contain_text("can no longer be done")
    expect(page.locator("dialog button[type=submit]")).to_be_disabled()
    expect(page.locator("#move-reason")).to_have_value("our crew is next door")
    visitor.picture("case-conflict-en", pictures)


def test_a_bounce_names_who(city: City, visit: Visit) -> None:
    """The department that bounces is not offered; the one that is named has it then."""
    matter = open_matter(city, east_m=900)
    matter.move("dispatched", to_department="water")
    page = visit(language="en-GB").enter("dispatcher", to=f"/cases/{matter.number}")
    page.locator("[data-move=bounced]").click()
    choices = page.locator("#move-department option")
    expect(choices.nth(1)).to_be_attached()

    assert "water" not in [each.get_attribute("value") for each in choices.all()]
    page.locator("#move-department").select_option("housing")
    page.locator("#move-reason").fill("a burst pipe of a house")
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("[data-test=department]")).to_contain_text("Housing")


def test_a_void_case_is_a_false_alarm_unless_said_otherwise(
    city: City, visit: Visit, tmp_path: Path, pictures: Path
) -> None:
    """Declared void by page, a machine's case sends its picture to those who teach the detector."""
    matter = open_matter(city, east_m=1500, picture=draw_street(tmp_path / "dry.png", wet=False))
    visitor = visit()
    page = visitor.enter("dispatcher", to=f"/cases/{matter.number}")
    page.locator("[data-move=void]").click()
    expect(page.locator("dialog input[type=checkbox]")).to_be_checked()
    page.locator("#move-approval").fill("值班长")
    page.locator("#move-reason").fill("只是影子")
    visitor.picture("case-false-alarm-zh", pictures)
    assert visitor.violations() == [], told(visitor.violations())
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("[data-test=state]")).to_have_text("作废")
    [shown] = matter.event.evidence

    def queued() -> bool:
        with city.client() as client:
            items = client.get("/v1/reviews", params={"reason": "false_alarm"}).json()["items"]
        return shown.sha256 in {one["item"]["evidence"] for one in items}

    wait_for(queued, "the picture is in the review queue")


def test_duplicates_stand_beside_each_other_and_are_merged(
    city: City, visit: Visit, tmp_path: Path, pictures: Path
) -> None:
    """Two reports of one place with a picture that was passed on: compared side by side, merged by one button."""
    picture = draw_street(tmp_path / "wet.png", wet=True)
    first = open_matter(city, picture=picture, east_m=1500)
    passed_on = io.BytesIO()
    Image.open(io.BytesIO(picture)).resize((320, 180)).save(passed_on, "JPEG", quality=50)
    second = open_matter(
        city, picture=passed_on.getvalue(), media_type="image/jpeg", place=first.event.place
    )
    visitor = visit(language="en-GB")
    page = visitor.enter("dispatcher", to=f"/cases/{second.number}")
    panel = page.locator("#duplicates")
    expect(panel.locator("article")).to_have_count(2)
    expect(panel.locator("[data-test=same-picture]")).to_have_text("Same picture")
    expect(page.locator("figure .chart svg")).to_be_visible()
    panel.scroll_into_view_if_needed()
    visitor.picture("case-duplicates-en", pictures)

    page.locator("[data-test=merge]").click()
    expect(page.locator("[data-test=state]")).to_have_text("merged")
    assert visitor.violations() == [], told(visitor.violations())


def test_a_reader_looks_and_cannot_act(city: City, flooded: Matter, visit: Visit) -> None:
    """No move and no act is offered to who may not act."""
    page = visit(language="en-GB").enter("viewer", to=f"/cases/{flooded.number}")

    expect(page.get_by_text("You may look at this case, not act on it.")).to_be_visible()
    expect(page.locator("[data-move], [data-act]")).to_have_count(0)


def test_every_key_is_listed_and_works(city: City, visit: Visit, pictures: Path) -> None:
    """`?` lists the keys; a letter opens what it says; Escape closes it."""
    matter = open_matter(city, east_m=1200)
    visitor = visit(language="en-GB", dark=True)
    page = visitor.enter("dispatcher", to=f"/cases/{matter.number}")
    expect(page.locator("[data-move]").first).to_be_visible()
    expect(page.locator("figure .chart svg")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("dialog dt")).not_to_have_count(0)
    visitor.picture("case-keys-en-dark", pictures)
    assert visitor.violations() == [], told(visitor.violations())
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("c")
    expect(page.locator("#act-text")).to_be_visible()
    page.locator("#act-text").fill("a remark with the letter c and ?")
    page.keyboard.press("Escape")

    expect(page.locator("dialog")).to_have_count(0)
    assert visitor.violations() == [], told(visitor.violations())


def test_a_case_fits_a_phone(city: City, flooded: Matter, visit: Visit, pictures: Path) -> None:
    """Nothing is wider than the screen, whatever the case holds."""
    visitor = visit(size=PHONE)
    page = visitor.enter("dispatcher", to=f"/cases/{flooded.number}")
    expect(page.locator("[data-test=cause]")).to_be_visible()
    expect(page.locator("figure .chart svg")).to_be_visible()
    visitor.picture("case-phone-zh", pictures)

    assert visitor.overflow_px() <= 0


def test_a_storm_s_case_shows_the_sensor_s_curve(
    rainy_city: City, visit: Visit, pictures: Path
) -> None:
    """Of a simulated sensor the gateway tells what was before the event, with its rule's thresholds."""

    def wet() -> str | None:
        found = [
            case["number"]
            for case in rainy_city.cases()
            if case["event_type"] == "water.ponding"
            and not str(case["subject"]).startswith("gauge")
        ]
        return found[0] if found else None

    number = wait_for(wet, "a case of the storm")
    visitor = visit(language="en-GB")
    page = visitor.enter("dispatcher", to=f"/cases/{number}")
    expect(page.locator("figure .chart svg")).to_be_visible()

    expect(page.locator("#why")).not_to_contain_text("revisions")
    expect(page.locator("figcaption").first).to_contain_text("red 0.4")
    visitor.picture("case-storm-en", pictures)


def test_what_a_citizen_said_is_read_with_a_purpose(
    city: City, visit: Visit, pictures: Path
) -> None:
    """His words stand on the case's page, masked until the operator says that he handles the case."""
    report = {
        "service_code": "2-04-06", "lon": 114.0105, "lat": 30.4995, "text": "水很深，请回电 13800000000",
        "channel": "phone", "language": "zh",
    }  # fmt: skip
    with city.client() as client:
        code = client.post("/v1/reports", json=report).raise_for_status().json()["tracking_code"]

        def number() -> str | None:
            found: str | None = client.get(f"/v1/track/{code}").json()["case_number"]
            return found

        case = wait_for(number, "the report's case")
    visitor = visit()
    page = visitor.enter("dispatcher", to=f"/cases/{case}")
    panel = page.locator("[data-test=reports]")
    expect(panel).to_contain_text("水很深")
    expect(panel).not_to_contain_text("13800000000")
    panel.get_by_role("button").click()

    expect(panel).to_contain_text("13800000000")
    assert visitor.violations() == [], told(visitor.violations())
    visitor.picture("case-report-zh", pictures)

    page.keyboard.press("k")
    expect(page.locator("#act-class")).to_have_value("2-04-06")
    page.locator("#act-class").select_option("2-04-04")
    page.locator("#act-text").fill("是雨水口堵了")
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("[data-test=class]")).to_contain_text("2-04-04")

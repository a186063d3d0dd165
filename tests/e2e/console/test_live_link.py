"""The live link over a whole minute without it, what is heard of alarms, clips, and how soon the list is there."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from contracts.envelope import Place
from contracts.event import Event, EventPhase, Title
from contracts.levels import Level
from simulators.fleet import DISTRICT_CENTRE
from tests.contract.cloud_api.events import make_event
from tests.e2e.console.city import City, wait_for
from tests.e2e.console.conftest import Visit
from tests.e2e.console.cut_link import CutLink
from tests.e2e.console.matters import open_matter

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LIST = (740, 900)
MINUTE_S = 60.0

LISTENER = """
window.tones = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...given) {
  window.tones.push(this.frequency.value);
  return start.apply(this, given);
};
"""
"""What a browser is asked to tell: the pitch of each tone that begins."""


@pytest.fixture
def link(city: City) -> Iterator[CutLink]:
    """A link to the city that can be cut."""
    made = CutLink(city.url)
    yield made
    made.close()


def _event(number: int, level: Level = Level.BLUE, rev: int = 0) -> Event:
    """Return an event of this file."""
    lon, lat = DISTRICT_CENTRE
    event = make_event(
        number, rev, level=level, district="riverside", event_type="facility.bench_broken", dedupe=f"b{number}"
    )  # fmt: skip
    return replace(
        event,
        title=Title(zh=f"{number} 号长椅损坏", en=f"bench {number} is broken"),
        place=Place(lon=lon + 0.001, lat=lat - 0.002),
        phase=EventPhase.OPEN if rev == 0 else EventPhase.UPDATE,
    )


def test_after_a_minute_without_a_link_nothing_is_missing_or_double(
    visit: Visit, city: City, link: CutLink
) -> None:
    """What began, and what got worse, while the link was away for a minute is in the list once, as it is now."""
    page = visit(language="en-GB", size=LIST, base=link.url).enter(
        "dispatcher", to="/situation?tab=events&past=1&q=bench"
    )
    expect(page.locator(".link")).to_have_attribute("data-live", "true")
    city.report(_event(1_001))
    expect(page.locator("[data-event]")).to_have_count(1)
    link.cut()
    cut_at = time.monotonic()
    expect(page.locator(".link")).to_have_attribute("data-live", "false")
    # spread over the minute: each is missed by another try to come back
    for number in range(1_002, 1_007):
        city.report(_event(number))
        page.wait_for_timeout(MINUTE_S / 6 * 1000)
    city.report(_event(1_001, Level.RED, rev=1))
    page.wait_for_timeout(max(0.0, MINUTE_S - (time.monotonic() - cut_at)) * 1000)
    assert page.locator("[data-event]").count() == 1
    away_s = time.monotonic() - cut_at
    link.mend()
    expect(page.locator(".link")).to_have_attribute("data-live", "true")
    expect(page.locator("[data-event]")).to_have_count(6)
    revisions = page.locator("[data-event]").evaluate_all("items => items.map(i => i.dataset.rev)")
    ids = page.locator("[data-event]").evaluate_all("items => items.map(i => i.dataset.event)")

    assert away_s >= MINUTE_S
    assert sorted(revisions) == ["0"] * 5 + ["1"]
    assert len(set(ids)) == 6


def test_alarms_are_heard_by_level_and_not_at_all_when_switched_off(
    visit: Visit, city: City
) -> None:
    """One tone for blue, two for yellow, three for red, each level at its pitch; silence by the button, and at first."""
    visitor = visit(language="en-GB", size=LIST)
    visitor.page.add_init_script(LISTENER)
    page = visitor.enter("dispatcher")
    expect(page.locator(".link")).to_have_attribute("data-live", "true")

    def heard() -> list[float]:
        found: list[float] = page.evaluate("window.tones.splice(0)")
        return [round(each) for each in found]

    def rings(number: int, level: Level) -> None:
        title = page.title()
        city.report(_event(number, level))
        wait_for(lambda: page.title() != title, "the window's title counts it")

    rings(1_101, Level.RED)
    at_first = heard()
    page.get_by_role("button", name="Sound: off").click()
    trial = heard()
    tones = {}
    for number, level in ((1_102, Level.BLUE), (1_103, Level.YELLOW), (1_104, Level.RED)):
        rings(number, level)
        tones[level] = heard()
    city.report(_event(1_104, Level.RED, rev=1))
    page.get_by_role("button", name="Sound: on").click()
    rings(1_105, Level.RED)

    assert (at_first, trial) == ([], [520])
    assert tones == {Level.BLUE: [520], Level.YELLOW: [660] * 2, Level.RED: [880] * 3}
    assert heard() == []


def _clip(path: Path) -> bytes:
    """Return a second of H.264 in which a square moves."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as out:
        stream: Any = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(10):
            drawn = np.full((180, 320, 3), 90, np.uint8)
            drawn[60:120, 20 * number : 20 * number + 60] = (200, 160, 60)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(drawn, format="rgb24")))
        out.mux(stream.encode())
    return path.read_bytes()


def test_a_clip_is_played_in_the_case(
    visit: Visit, city: City, tmp_path: Path, pictures: Path
) -> None:
    """Evidence that moves is a film with controls: the browser knows its length, and it runs."""
    matter = open_matter(
        city, picture=_clip(tmp_path / "clip.mp4"), media_type="video/mp4", east_m=180.0
    )
    visitor = visit(language="en-GB")
    page = visitor.enter("dispatcher", to=f"/cases/{matter.number}")
    film = page.locator("#evidence video")
    expect(film).to_be_visible()
    film.scroll_into_view_if_needed()
    film.evaluate("film => film.play()")
    wait_for(lambda: film.evaluate("film => film.currentTime > 0.2"), "the film runs")

    assert film.evaluate("film => film.duration") == pytest.approx(1.0, abs=0.2)
    assert film.evaluate("film => film.videoWidth") == 320
    page.locator("#evidence").evaluate("part => part.scrollIntoView()")
    visitor.picture("case-clip-en", pictures)
    assert visitor.faults == []


def test_what_a_first_load_is_made_of(visit: Visit, city: City, tmp_path: Path) -> None:
    """Nothing waits in a row for what could come beside it: words, page and who asks begin before the first answer."""
    visitor = visit(language="en-GB", size=LIST)
    visitor.enter("viewer")
    page = visitor.context.new_page()
    page.goto(f"{visitor.base}/console/situation")
    expect(page.locator("[data-case], [role=status]").first).to_be_visible()
    begun: dict[str, dict[str, float]] = page.evaluate(
        """() => Object.fromEntries(performance.getEntriesByType('resource').map(each =>
        [new URL(each.name).pathname.replace(/-[\\w-]{8}\\./, '.'), {start: each.startTime, end: each.responseEnd}]))"""
    )
    me, page_chunk = (
        begun["/v1/me"],
        next(v for k, v in begun.items() if "SituationPage" in k and k.endswith(".js")),
    )
    # the entry is written a moment after what it tells of was painted
    paint_ms = page.wait_for_function(
        "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    ).json_value()

    assert page_chunk["start"] < me["end"]
    assert begun["/v1/console"]["start"] < me["end"]
    assert 0 < paint_ms < 10_000  # of a quiet machine: docs/console.md

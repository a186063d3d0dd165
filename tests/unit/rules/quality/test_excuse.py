"""Standing still is no fault while others say why: ``stuck … unless``."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.quality import QualityCheck
from rules.quality.inspector import Inspection, Inspector
from rules.quality.section import compile_quality
from rules.quality.watch import GateSet
from rules.sample import Sample
from tests.unit.rules.quality.series import T0, SectionFault, defaults

DRY = {"profile": "rain_gauge", "when": "rain_mm_h < 0.1 mm/h", "fresh": "3m"}


def _inspector(unless: object = DRY, **more: Any) -> Inspector:
    section = {"stuck": {"tolerance": "2 mm", "for": "2m", "unless": unless}, **more}
    compiled = compile_quality(section, SectionFault, profiles=["water_level"], defaults=defaults())
    return Inspector([GateSet("sensors", compiled)])


def _say(
    one: Inspector, at: float, profile: str, value: float, *, subject: str, site: str = "west"
) -> Inspection:
    field = "depth_m" if profile == "water_level" else "rain_mm_h"
    sample = Sample(
        stream="readings",
        profile=profile,
        subject=subject,
        at=T0 + at,
        keys={"subject": subject, "box": "b", "site": site, "district": "d"},
        fields={field: value},
    )
    return one.inspect(sample, {}, sample.at, clamped=False)


def _level(one: Inspector, at: float, depth_m: float = 0.3) -> list[bool]:
    """Return which turns a level at ``at`` brings about."""
    found = _say(one, at, "water_level", depth_m, subject="pond-1")
    return [finding.sample.fields["bad"] is True for finding in found.findings]


def _rain(
    one: Inspector, at: float, rain_mm_h: float, gauge: str = "g-1", site: str = "west"
) -> None:
    _say(one, at, "rain_gauge", rain_mm_h, subject=gauge, site=site)


def _first_fault(
    one: Inspector, rains: dict[float, float], *, until: float = 1_200.0
) -> float | None:
    """Return when a still level is found stuck, where rain falls as told."""
    at = 0.0
    while at < until:
        if at in rains:
            _rain(one, at, rains[at])
        if any(_level(one, at)):
            return at
        at += 10.0
    return None


def test_still_water_in_dry_weather_is_no_fault() -> None:
    """As long as the gauge says dry, the clock does not run."""
    assert _first_fault(_inspector(), dict.fromkeys(range(0, 1_200, 60), 0.0)) is None


def test_without_a_gauge_a_still_level_is_stuck() -> None:
    """Nobody says anything, so nothing is excused."""
    assert _first_fault(_inspector(), {}) == 120.0


def test_the_clock_runs_from_where_the_rain_began() -> None:
    """Dry until 300 s, rain from 360 s on: two minutes after the last dry word it is stuck."""
    rains = {float(at): 0.0 if at <= 300 else 5.0 for at in range(0, 1_200, 60)}

    assert _first_fault(_inspector(), rains) == 420.0


def test_a_word_that_is_no_longer_fresh_excuses_nothing() -> None:
    """A gauge that fell silent at 0 s is believed for three minutes, and then not even for those."""
    assert _first_fault(_inspector(), {0.0: 0.0}) == 180.0


def test_one_gauge_that_says_rain_outweighs_those_that_do_not() -> None:
    """All witnesses of a place have to agree."""
    one = _inspector()
    found: list[float] = []
    for turn in range(40):
        at = turn * 10.0
        _rain(one, at, 0.0, "g-1")
        _rain(one, at, 8.0, "g-2")
        if any(_level(one, at)):
            found.append(at)

    assert found == [120.0]


def test_gauges_of_another_site_say_nothing_about_this_one() -> None:
    """What is shared is the site, unless the excuse says otherwise."""
    one = _inspector()
    wide = _inspector({**DRY, "by": "district"})
    found = []
    for inspector in (one, wide):
        for turn in range(40):
            _rain(inspector, turn * 10.0, 0.0, site="east")
            if any(_level(inspector, turn * 10.0)):
                found.append((inspector is one, turn * 10.0))

    assert found == [(True, 120.0)]


def test_a_bare_condition_finds_its_profile() -> None:
    """The one profile that has the fields is meant; its word counts for ten cadences."""
    rains = dict.fromkeys((float(at) for at in range(0, 1_200, 60)), 0.0)

    assert _first_fault(_inspector("rain_mm_h < 0.1 mm/h"), rains) is None


@settings(deadline=None, max_examples=60)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["level", "level", "level", "g-1", "g-2"]),
            st.sampled_from([0.0, 10.0, 30.0, 200.0]),
            st.sampled_from([0.0, 0.0, 0.05, 0.3, 5.0]),
        ),
        max_size=60,
    ),
    cut=st.integers(0, 60),
)
def test_restart_at_any_point_equals_an_uninterrupted_run(
    steps: list[tuple[str, float, float]], cut: int
) -> None:
    """What was said is part of the state."""

    def feed(
        one: Inspector, part: list[tuple[str, float, float]], at: float
    ) -> tuple[list[Any], float]:
        found = []
        for who, pause, value in part:
            at += pause
            if who == "level":
                found.append(_level(one, at, value))
            else:
                _rain(one, at, value, who)
        return found, at

    whole, first, second = _inspector(), _inspector(), _inspector()
    expected, _ = feed(whole, steps, 0.0)
    found, at = feed(first, steps[:cut], 0.0)
    second.restore({name: blob for name, blob in first.take_dirty().items() if blob is not None})
    rest, _ = feed(second, steps[cut:], at)

    assert [*found, *rest] == expected
    assert second.digest() == whole.digest()


def test_a_rule_that_goes_takes_what_was_said_along() -> None:
    """Nothing stays behind in the checkpoint."""
    one = _inspector()
    _rain(one, 0.0, 0.0)
    _level(one, 0.0)
    kept = set(one.take_dirty())
    one.replace([])

    assert kept == {"\x1fgrounds\x1fsensors\x1fwest", "sensors\x1fpond-1\x1fdepth_m"}
    assert one.take_dirty() == dict.fromkeys(kept)
    assert one.digest() == ""


@pytest.mark.parametrize(
    ("unless", "path", "message"),
    [
        ({"when": "rain_mm_h < 0.1", "if": 1}, "if", "expected one of when, profile, by, fresh"),
        ({"profile": "rain_gauge"}, "when", "expected a condition like"),
        ({"when": "rain_mm_h < 0.1 m"}, "when", "rain_mm_h"),
        ({"when": "humidity < 0.1"}, "when", "not one profile alone has humidity"),
        ({"when": "dry", "profile": "rain"}, "profile", "expected one of water_level"),
        ({"when": "rain_mm_h < 0.1", "by": "street"}, "by", "expected one of site, district, box"),
        ({"when": "rain_mm_h < 0.1", "fresh": "soon"}, "fresh", "duration"),
    ],
)
def test_a_wrong_excuse_says_where_and_what(unless: object, path: str, message: str) -> None:
    """Path and advice, as everywhere in a pack."""
    with pytest.raises(SectionFault) as failure:
        _inspector(unless)

    assert failure.value.path == ("stuck", "unless", path)
    assert message in failure.value.message


def test_an_excused_check_is_the_only_one_excused() -> None:
    """A value out of range is a fault in any weather."""
    one = _inspector(range="profile")
    _rain(one, 0.0, 0.0)
    found = _say(one, 10.0, "water_level", 9.0, subject="pond-1")

    assert found.flags == ("fail:range:depth_m",)
    assert {check for check, _ in one.checked} == {QualityCheck.RANGE}

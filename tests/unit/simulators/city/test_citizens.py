"""Citizens of a scenario: late, twice, in the wrong place, in two languages, with slips; the same for a seed."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from contracts.geometry import distance_m
from simulators.city.citizen_words import citizen_words, slipped, worded
from simulators.city.citizens import foretold, matter_of, plan_reports
from simulators.city.city import City
from simulators.city.city_document import load_city
from simulators.city.incident_classes import incident_classes
from simulators.errors import ScenarioError

DAY_S = 86_400.0

TOWN = """
name: town
title: {zh: 镇, en: Town}
start: 2026-06-01T00:00:00+08:00
lasts: 2d
step: 5m
sensors:
- {id: cover, profile: manhole, count: 40, within_m: 1400}
incidents:
- {cause: manhole_open, sensors: cover, per_day: 40, lasts: 2h}
"""


@pytest.fixture
def town(tmp_path: Path) -> Callable[..., City]:
    """A town whose citizens have the given habits."""

    def build(citizens: str, seed: int = 1) -> City:
        path = tmp_path / "town.yaml"
        path.write_text(TOWN + f"citizens: {citizens}\n", encoding="utf-8")
        return load_city(str(path), seed)

    return build


def test_equal_seeds_report_equally(town: Callable[..., City]) -> None:
    """The plan is a function of the scenario and the seed; another seed plans otherwise."""
    plans = []
    for seed in (1, 1, 2):
        city = town("{share: 0.8, mistaken_per_day: 5}", seed)
        plans.append(plan_reports(city, foretold(city, city.lasts_s), city.lasts_s))

    assert plans[0] == plans[1] != plans[2]


def test_habits_show(town: Callable[..., City]) -> None:
    """Who reports late, again, astray, in English and without a class does so as often as is said."""
    city = town("{share: 1, people: 5, again: 0.3, astray: 0.2, english: 0.4, unclassed: 0.5}")
    incidents = foretold(city, city.lasts_s)
    plan = plan_reports(city, incidents, city.lasts_s)
    first = [one for one in plan if not one.again]
    starts = {matter_of(one): one for one in incidents}

    assert len(plan) > 150
    assert [one.at_s for one in plan] == sorted(one.at_s for one in plan)
    assert np.mean([one.again for one in plan]) == pytest.approx(0.23, abs=0.08)
    assert np.mean([one.astray for one in first]) == pytest.approx(0.2, abs=0.08)
    assert np.mean([one.language == "en" for one in plan]) == pytest.approx(0.4, abs=0.1)
    assert np.mean([one.code is None for one in plan]) == pytest.approx(0.5, abs=0.1)
    assert all(one.at_s >= starts[one.matter].ideal_s for one in plan if one.matter is not None)


def test_who_goes_astray_is_far_off(town: Callable[..., City]) -> None:
    """A report astray is 150 m away or more, another one within a few times the spread."""
    city = town("{share: 1, people: 3, spread_m: 8, astray: 0.3}")
    incidents = foretold(city, city.lasts_s)
    places = {matter_of(one): (one.lon, one.lat) for one in incidents}
    for one in plan_reports(city, incidents, city.lasts_s):
        assert one.matter is not None
        away_m = distance_m((one.lon, one.lat), places[one.matter])

        assert (away_m > 149.0) == one.astray
        assert away_m < 501.0


def test_nobody_reports_where_nobody_lives(town: Callable[..., City]) -> None:
    """Without citizens nothing is planned, and mistaken reports are about nothing."""
    city = town("{share: 0, mistaken_per_day: 20}")
    plan = plan_reports(city, foretold(city, city.lasts_s), city.lasts_s)

    assert len(plan) > 20
    assert {one.matter for one in plan} == {None}


def test_every_reported_class_is_an_incident_class() -> None:
    """The words are about classes that there are, in both languages."""
    words = citizen_words().classes

    assert set(words) <= set(incident_classes())
    assert all("{near}" in phrase for one in words.values() for phrase in (*one.zh, *one.en))


def test_slips_change_a_text_but_little() -> None:
    """Two hundred texts with slips: hardly one is as it was, and none has lost more than two characters."""
    rng = np.random.default_rng(3)
    changed: Counter[bool] = Counter()
    for number in range(200):
        text = worded("ponding", "zh" if number % 2 else "en", rng)
        wrong = slipped(text, rng)
        changed[wrong != text] += 1

        assert abs(len(wrong) - len(text)) <= 2

    assert changed[True] > 180


def test_an_impossible_habit_is_refused(town: Callable[..., City]) -> None:
    """Reports that come at once are none of people: the file and line are named."""
    with pytest.raises(ScenarioError, match=r"town\.yaml:\d+:\d+: citizens\.late"):
        town("{late: 0s}")

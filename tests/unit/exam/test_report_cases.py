"""Misses and false alarms in the report: what was measured, and why the rules spoke or did not."""

from pathlib import Path

import pytest

from cityloop.exam.marking import Finding
from cityloop.exam.reason_tree import ReasonTrees
from cityloop.exam.report_cases import false_alarm, incident_case
from cityloop.exam.statements import Episode
from contracts.levels import Level
from simulators.city.city import City
from simulators.city.city_document import load_city
from simulators.city.incident_truth import TruthBook
from simulators.city.signals import Signals

PACK = """\
rules:
- id: hydrant_pressure
  event: {type: fire.water_pressure, title: {zh: 水压, en: pressure}}
  watch: {profile: fire_water}
  key: [subject]
  ladder:
  - {level: yellow, when: pressure_kpa < 60 kPa && pressure_kpa > 1 kPa, clear: pressure_kpa > 70 kPa, for: 5m}
"""
SCENARIO = """\
name: street
title: {zh: 小街, en: Street}
start: 2026-06-01T00:00:00+08:00
lasts: 2h
sensors:
- {id: hydrant, profile: fire_water, count: 2}
incidents:
- {cause: hydrant_leak, sensors: hydrant-002, at: 30m, lasts: 40m, size: 80}
"""


@pytest.fixture
def trees(tmp_path: Path) -> ReasonTrees:
    """Return the trees of a pack whose threshold is too low."""
    path = tmp_path / "pack.yaml"
    path.write_text(PACK, encoding="utf-8")
    return ReasonTrees([str(path)])


@pytest.fixture
def city(tmp_path: Path) -> City:
    """Return two hydrants of which one leaks."""
    path = tmp_path / "street.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    return load_city(str(path), 1)


def test_a_miss_shows_what_the_rule_made_of_the_gravest_word(
    city: City, trees: ReasonTrees
) -> None:
    """The rule for such events is judged with what the sensor said when it was worst: one part was not true."""
    book = TruthBook(city)
    for stretches in Signals(city, city.lasts_s):
        book.add(stretches)
    (incident,) = book.incidents()
    case = incident_case(city, city.lasts_s, Finding(incident=incident, episode=None), trees)

    assert "hydrant_pressure: these values raise nothing" in case
    assert "pressure_kpa &lt; 60 kPa  →  false" in case
    assert "pressure_kpa &gt; 1 kPa  →  true" in case
    assert "<polyline" in case


def test_a_false_alarm_shows_the_values_that_decided(city: City, trees: ReasonTrees) -> None:
    """The tree has the values of the event's own first statement, not what the sensor sent later."""
    episode = Episode(
        event_id="e",
        event_type="fire.water_pressure",
        rule="hydrant_pressure",
        subject="hydrant-001",
        opened_s=3600.0,
        heard_s=3600.0,
        onset_s=3300.0,
        ended_s=None,
        peak=Level.YELLOW,
        statements=1,
        lon=None,
        lat=None,
        causes=("open yellow <now>",),
        values=({"pressure_kpa": 42.0},),
    )
    case = false_alarm(city, city.lasts_s, episode, trees)

    assert "these values raise yellow" in case
    assert "pressure_kpa  →  42" in case
    assert "&lt;now&gt;" in case


def test_a_rule_that_no_pack_has_is_left_out(trees: ReasonTrees) -> None:
    """An event of the gateway's own, such as a device that fell silent, has no tree."""
    assert trees.of_rule("device_silence", {"pressure_kpa": 1.0}) == ""

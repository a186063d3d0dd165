"""The ``quality`` section and the defaults: what they become, and what is refused."""

from typing import Any

import pytest

from contracts.levels import Level
from contracts.profiles import PROFILES
from rules.pack import compile_pack
from rules.quality.drift_gate import DriftGate
from rules.quality.gap_gate import GapGate
from rules.quality.gate import QualityGate
from rules.quality.median_filter import MedianFilter
from rules.quality.range_gate import RangeGate
from rules.quality.rate_gate import RateGate
from rules.quality.recurrence import Recurrence
from rules.quality.section import SECTION_KEYS, compile_quality, read_defaults
from rules.quality.spike_gate import SpikeGate
from rules.quality.stuck_gate import StuckGate
from tests.unit.rules.quality.series import SectionFault, defaults, gate

RULE: dict[str, Any] = {
    "id": "sensor_stuck",
    "event": {"type": "device.data_quality", "dedupe": ["subject", "check"], "level": "yellow"},
    "watch": {"profile": ["water_level", "noise", "bin_fill"]},
    "key": ["subject"],
    "quality": {
        "range": "profile",
        "spike": {"step": "profile"},
        "stuck": {"tolerance": 0.002, "for": "6h"},
        "late": {"max": "2m"},
        "skew": {"max": "5m"},
        "gap": {"max": "3 cadence"},
    },
}


def test_the_example_of_the_design_compiles() -> None:
    """A section in the words of the rule format becomes gates for every field that it watches."""
    (found,) = compile_pack({"rules": [RULE]}, "test", SectionFault, defaults()).quality
    depth = found.gates["water_level"]["depth_m"]

    assert set(found.gates) == {"water_level", "noise", "bin_fill"}
    assert depth.range == RangeGate(0.0, 5.0, 0.0, 5.0)
    assert depth.spike == SpikeGate(0.3, 0.15, 100.0)
    assert depth.stuck == StuckGate(0.002, 21_600.0, 21_600.0, 0.0, 0.005, 100.0)
    assert depth.gap == GapGate(30.0, 3.0)
    assert found.gates["noise"]["source"] == QualityGate(
        late=depth.late, skew=depth.skew, gap=GapGate(3.0, 3.0), recurrence=Recurrence(3, 600.0)
    )


def test_a_rule_with_quality_is_about_sensors() -> None:
    """Without a ladder it has one step, for each field and check of a sensor an episode of its own."""
    (rule,) = compile_pack({"rules": [RULE]}, "test", SectionFault, defaults()).rules

    assert (rule.stream, rule.profiles) == ("quality", ())
    assert rule.key == ("subject", "field", "check")
    assert [(step.level, step.when.text) for step in rule.steps] == [(Level.YELLOW, "bad")]
    assert rule.filters == (("gates", frozenset({"sensor_stuck"})),)


@pytest.mark.parametrize(
    ("section", "name", "expected"),
    [
        ({"range": {"max": "200 cm"}}, "range", RangeGate(0.0, 2.0, 0.0, 2.0)),
        ({"range": {"suspect_max": 3}}, "range", RangeGate(0.0, 5.0, 0.0, 3.0)),
        ({"spike": {"step": "20 cm"}}, "spike", SpikeGate(0.2, 0.2, 100.0)),
        ({"rate": {"change": "6 cm", "over": "1m", "fail_change": 0.6}}, "rate", RateGate(0.001, 0.01)),
        ({"stuck": {"tolerance": 0, "for": "10m", "rest": {"max": 0}}}, "stuck",
         StuckGate(0.0, 600.0, 600.0, float("-inf"), 0.0, 100.0)),
        ({"drift": {"limit": "1 cm", "for": "1h", "direction": "down"}}, "drift",
         DriftGate(0.01, 3600.0, upward=False)),
        ({"gap": {"max": "2.5 cadence"}}, "gap", GapGate(25.0, 2.5)),
        ({"range": "profile", "median": 5}, "median", MedianFilter(5)),
        ({"range": "profile", "raise": {"count": 1, "within": "1m"}}, "recurrence", Recurrence(1, 60.0)),
    ],
)  # fmt: skip
def test_parts_become_gates_in_base_units(
    section: dict[str, Any], name: str, expected: object
) -> None:
    """Amounts carry units or are in the field's; durations may be multiples of the cadence."""
    written = {"raise_" if key == "raise" else key: part for key, part in section.items()}

    assert getattr(gate(**written), name) == expected


def test_a_difference_of_temperatures_has_no_offset() -> None:
    """A step of 5 K is one of 5 degrees, whatever the zero."""
    found = gate("air", "temperature_cel", spike={"step": "5 K"}, field_="temperature_cel")

    assert found.spike == SpikeGate(5.0, 5.0, 3000.0)


@pytest.mark.parametrize(
    ("section", "path", "reason"),
    [
        ({}, (), "expected a mapping with something in it"),
        ([], (), "expected a mapping with something in it"),
        ({"raise": {"count": 2}}, (), "expected at least one check"),
        ({"spikes": 1}, ("spikes",), "did you mean 'spike'?"),
        ({"spike": {"stp": 1}}, ("spike", "stp"), "did you mean 'step'?"),
        ({"spike": {"step": "3 dB"}}, ("spike", "step"), "does not fit 'depth_m', which is in m"),
        ({"spike": {"step": "3 ells"}}, ("spike", "step"), "'ells' is unknown"),
        ({"spike": {"step": -1}}, ("spike", "step"), "expected 0 or more"),
        ({"spike": {"step": 1, "suspect_step": 2}}, ("spike", "suspect_step"), "not above 'step'"),
        ({"spike": {"suspect_step": 1}}, ("spike",), "expected 'step' in it"),
        ({"spike": True}, ("spike",), "expected a mapping"),
        ({"rate": {"change": 1, "over": "0s"}}, ("rate",), "'over' above 0s"),
        ({"stuck": {"tolerance": 1}}, ("stuck",), "expected 'for' in it"),
        ({"stuck": {"tolerance": 1, "for": "6"}}, ("stuck", "for"), "is no duration"),
        ({"stuck": {"tolerance": 1, "for": "1m", "suspect_for": "2m"}}, ("stuck",), "'suspect_for' <="),
        ({"stuck": {"tolerance": 1, "for": "1m", "unless": "dry"}}, ("stuck", "unless"), "not one profile"),
        ({"stuck": {"tolerance": 1, "for": "1m", "rest": {"mn": 0}}}, ("stuck", "rest"), "'min' and"),
        ({"drift": {"limit": 1, "for": "1m", "direction": "left"}}, ("drift", "direction"), "up, down"),
        ({"drift": {"limit": 2, "for": "1m", "most": 1}}, ("drift", "most"), "not below 'limit'"),
        ({"drift": {"limit": 1, "for": "10s"}}, ("drift", "for"), "at least 1m"),
        ({"range": {"min": 3, "max": 1}}, ("range",), "expected min <= suspect_min"),
        ({"gap": {"max": "3 cadences"}}, ("gap", "max"), "or a multiple like '3 cadence'"),
        ({"late": {"max": True}}, ("late", "max"), "is no duration"),
        ({"median": 4, "range": "profile"}, ("median",), "an odd number from 3 to 15"),
        ({"range": "profile", "raise": {"count": 0}}, ("raise", "count"), "expected 1 to 100"),
        ({"range": "profile", "field": "height"}, ("field",), "expected one of depth_m"),
    ],
)  # fmt: skip
def test_refusals_name_the_place_and_the_reason(
    section: Any, path: tuple[str, ...], reason: str
) -> None:
    """The first thing that is wrong, where it stands, and what is expected."""
    with pytest.raises(SectionFault) as caught:
        compile_quality(section, SectionFault, profiles=["water_level"], defaults=defaults())

    assert caught.value.path == path
    assert reason in caught.value.message


def test_a_check_without_default_is_refused_not_left_out() -> None:
    """``profile`` promises a threshold; where there is none the pack says so."""
    with pytest.raises(SectionFault, match="no default for 'fill_ratio' of profile 'bin_fill'"):
        compile_quality(
            {"drift": "profile"}, SectionFault, profiles=["bin_fill"], defaults=defaults()
        )


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"watch": {"stream": "counts"}}, ("rules", 0, "watch"), "need a 'profile'"),
        ({"watch": {"profile": []}}, ("rules", 0, "watch", "profile"), "at least one profile"),
        ({"watch": {"profile": ["waters"]}}, ("rules", 0, "watch", "profile"), "is unknown"),
        ({"quality": {"late": {"max": 3}}}, ("rules", 0, "quality", "late", "max"), "is no duration"),
        ({"tests": [{"series": {"bad": "1"}, "expect": []}]}, ("rules", 0, "tests", 0, "series", "bad"), "expected one of depth_m"),
        ({"key": ["camera"]}, ("rules", 0, "key", 0), "is no key of what is watched"),
    ],
)  # fmt: skip
def test_faults_of_such_a_rule_have_their_path(
    changes: dict[str, Any], path: tuple[str | int, ...], reason: str
) -> None:
    """The section's paths are the document's."""
    with pytest.raises(SectionFault) as caught:
        compile_pack({"rules": [{**RULE, **changes}]}, "test", SectionFault, defaults())

    assert caught.value.path == path
    assert reason in caught.value.message


def test_every_number_that_ships_has_a_source() -> None:
    """The file that ships compiles for every field it names, each check with its source."""
    shipped = defaults()

    assert set(shipped) <= set(PROFILES)
    assert all(
        check in SECTION_KEYS
        for fields in shipped.values()
        for checks in fields.values()
        for check in checks
    )


@pytest.mark.parametrize(
    ("data", "path", "reason"),
    [
        ([], (), "expected a mapping"),
        ({"water_levl": {}}, ("water_levl",), "did you mean 'water_level'?"),
        ({"noise": {"source": {}}}, ("noise", "source"), "expected one of dba"),
        ({"noise": {"dba": {"late": {"max": "1m"}}}}, ("noise", "dba", "late"), "is unknown"),
        (
            {"noise": {"dba": {"spike": {"step": 3}}}},
            ("noise", "dba", "spike"),
            "expected a 'source'",
        ),
        (
            {"noise": {"dba": {"spike": {"step": "3 m", "source": "x"}}}},
            ("noise", "dba", "spike", "step"),
            "does not fit 'dba'",
        ),
    ],
)
def test_wrong_defaults_are_refused(data: Any, path: tuple[str, ...], reason: str) -> None:
    """A default without source, or that does not fit its field, does not load."""
    with pytest.raises(SectionFault) as caught:
        read_defaults(data, SectionFault)

    assert caught.value.path == path
    assert reason in caught.value.message

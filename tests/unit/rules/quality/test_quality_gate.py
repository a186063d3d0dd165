"""All gates of one field together, and the inspector over many."""

import math
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.quality import QualityCheck, QualityFlag
from rules.quality.gate import GateState, QualityGate, Verdict
from rules.quality.inspector import Inspection, Inspector
from rules.quality.section import compile_quality
from rules.quality.timed_value import TimedValue
from rules.quality.watch import GateSet
from rules.sample import Sample
from tests.unit.rules.quality.series import (
    T0,
    SectionFault,
    defaults,
    gate,
    values,
    verdicts_of,
)

SECTION: dict[str, Any] = {
    "range": "profile",
    "spike": "profile",
    "rate": "profile",
    "stuck": {"tolerance": "2 mm", "suspect_for": "1m", "for": "2m"},
    "drift": {"limit": "2 cm", "for": "2m"},
    "late": {"max": "2m"},
    "skew": {"max": "5m"},
    "gap": {"max": "3 cadence"},
}
GATES = gate(**SECTION)


def sample(at: float, depth_m: float, subject: str = "pond-1") -> Sample:
    """Return a reading ``at`` seconds after T0."""
    return Sample(
        stream="readings",
        profile="water_level",
        subject=subject,
        at=T0 + at,
        keys={"subject": subject, "box": "b", "site": "s", "district": "d"},
        fields={"depth_m": depth_m},
        message=f"b/0/readings/{at:.0f}",
    )


def inspector(**section: Any) -> Inspector:
    """Return an inspector of water levels."""
    compiled = compile_quality(
        section or SECTION, SectionFault, profiles=["water_level"], defaults=defaults()
    )
    return Inspector([GateSet("sensors", compiled)])


def test_a_good_value_passes_unchanged() -> None:
    """What every gate passes reaches the rules as it is."""
    _, (verdict, _) = verdicts_of(GATES, values([0.123, 0.131]))

    assert verdict == Verdict(QualityFlag.PASS, 0.123)


@pytest.mark.parametrize(
    ("series", "check", "flag", "value"),
    [
        ([7.0], QualityCheck.RANGE, QualityFlag.FAIL, None),
        ([math.nan], QualityCheck.VALUE, QualityFlag.MISSING, None),
        ([0.1, 0.9], QualityCheck.SPIKE, QualityFlag.FAIL, None),
        ([0.1, 0.3], QualityCheck.SPIKE, QualityFlag.SUSPECT, 0.3),
        ([0.1, 0.24], QualityCheck.RATE, QualityFlag.SUSPECT, 0.24),
        ([0.2] * 10, QualityCheck.STUCK, QualityFlag.SUSPECT, 0.2),
        ([0.2] * 14, QualityCheck.STUCK, QualityFlag.FAIL, None),
        ([0.1 + n * 0.003 for n in range(24)], QualityCheck.DRIFT, QualityFlag.SUSPECT, 0.169),
    ],
)
def test_failed_values_are_withheld_and_suspect_ones_are_not(
    series: list[float], check: QualityCheck, flag: QualityFlag, value: float | None
) -> None:
    """FAIL and MISSING leave nothing for a rule to compare; SUSPECT leaves the value, marked."""
    verdict = verdicts_of(GATES, values(series))[1][-1]

    assert (check, flag) in verdict.flags
    assert verdict.value == (None if value is None else pytest.approx(value))


def test_an_impossible_value_does_not_disturb_the_comparisons() -> None:
    """A value out of range is none: the ones around it are neighbours."""
    _, verdicts = verdicts_of(GATES, values([0.1, 99.0, 0.1, 0.1]))

    assert [int(verdict.flag) for verdict in verdicts] == [1, 4, 1, 1]


def test_three_spikes_raise_the_alarm_and_time_lets_it_go() -> None:
    """One slip is none; three in ten minutes are the sensor's."""
    series = [0.1 if n % 4 else 0.9 for n in range(1, 14)] + [0.1] * 70
    _, verdicts = verdicts_of(gate(spike="profile"), values(series))
    turns = [(index, turn) for index, v in enumerate(verdicts) for turn in v.turns]

    assert [(index, turn.check, turn.bad) for index, turn in turns] == [
        (12, QualityCheck.SPIKE, True),
        (65, QualityCheck.SPIKE, False),
    ]


def test_a_step_that_stays_is_no_fault_of_the_sensor() -> None:
    """Water that comes at once is doubted for one value and never counted as a spike."""
    series = [0.05] * 5 + [0.6] * 5 + [0.05] * 5 + [0.6] * 5 + [0.05] * 5
    _, verdicts = verdicts_of(gate(spike="profile"), values(series))

    assert [index for index, v in enumerate(verdicts) if v.value is None] == [5, 10, 15, 20]
    assert [turn for v in verdicts for turn in v.turns] == []


def test_median_smooths_what_rules_see_but_not_what_gates_see() -> None:
    """A value within the range reaches the rules as the median of the last three."""
    _, verdicts = verdicts_of(gate(range="profile", median=3), values([0.1, 0.4, 0.2, 9.0, 0.3]))

    assert [v.value for v in verdicts] == [0.1, 0.25, 0.2, None, 0.3]


def test_inspector_takes_the_failed_field_out() -> None:
    """A rule sees the reading without the value, and the cause's flags say why."""
    found = inspector().inspect(sample(0.0, 7.5), {}, T0, clamped=False)

    assert found.sample.fields == {}
    assert found.flags == ("fail:range:depth_m",)


def test_values_that_were_compared_with_no_other_are_counted() -> None:
    """A second value of a moment is held against its range, and people can see how many there are."""
    one = inspector()
    for at in (0.0, 20.0, 10.0, 20.0, 30.0):
        one.inspect(sample(at, 0.5), {}, T0 + 30.0, clamped=False)

    assert (one.unordered, one.reordered) == (1, 1)


def test_value_that_was_withheld_before_is_counted_but_not_put_back() -> None:
    """What the profile's range refused is judged too: a sensor out of range raises its alarm."""
    one = inspector()
    empty = Sample(stream="readings", profile="water_level", subject="p", at=T0, keys={}, fields={})
    found = one.inspect(empty, {"depth_m": 7.5}, T0, clamped=False)

    assert found.sample is empty
    assert dict(one.flagged) == {("p", QualityFlag.FAIL): 1}
    assert dict(one.checked) == {(QualityCheck.RANGE, QualityFlag.FAIL): 1}


def test_finding_names_sensor_field_and_check() -> None:
    """A stuck sensor becomes a sample of the stream ``quality`` once, and once more when it moves."""
    one = inspector(stuck={"tolerance": "2 mm", "for": "1m"})
    series = [0.3] * 12 + [0.4]
    found = [
        finding
        for index, depth_m in enumerate(series)
        for finding in one.inspect(
            sample(index * 10.0, depth_m), {}, T0 + index * 10.0, clamped=False
        ).findings
    ]

    assert [(f.sample.at - T0, f.sample.fields["bad"]) for f in found] == [(60, True), (120, False)]
    assert found[0].sample.stream == "quality"
    assert found[0].sample.keys == {
        "subject": "pond-1",
        "box": "b",
        "site": "s",
        "district": "d",
        "profile": "water_level",
        "field": "depth_m",
        "check": "stuck",
        "gates": "sensors",
    }
    assert found[0].flags == ("fail:stuck:depth_m",)


def test_subjects_beyond_a_thousand_are_counted_together() -> None:
    """However many sensors are bad, the figures stay a page."""
    one = inspector()
    for number in range(1_200):
        one.inspect(sample(0.0, 9.0, f"pond-{number}"), {}, T0, clamped=False)

    assert len(one.flagged) == 1_001
    assert one.flagged["(others)", QualityFlag.FAIL] == 200


def test_a_rule_that_goes_takes_its_states_along() -> None:
    """What no rule gates any more is forgotten, in the checkpoint too."""
    one = inspector()
    one.inspect(sample(0.0, 0.1), {}, T0, clamped=False)
    one.take_dirty()
    one.replace([])

    assert one.take_dirty() == {"sensors\x1fpond-1\x1fdepth_m": None}
    assert one.digest() == ""


@pytest.mark.parametrize("name", ["one", "a\x1fb", "a\x1fb\x1fc"])
def test_unreadable_states_are_counted_and_start_anew(name: str) -> None:
    """A checkpoint of another make does not stop the gateway."""
    one = inspector()
    one.restore({name: b"\xc1"})

    assert (one.refused_states, one.key_count) == (1, 0)


@dataclass(frozen=True)
class Arrival:
    """One value as it arrives."""

    at: float
    value: float
    lag_s: float


_arrivals = st.lists(
    st.builds(
        Arrival,
        at=st.integers(0, 120).map(lambda n: n * 5.0),
        value=st.sampled_from([0.0, 0.1, 0.101, 0.3, 0.9, 4.0, 7.0, -1.0, math.nan])
        | st.floats(-1.0, 6.0),
        lag_s=st.sampled_from([0.0, 0.0, 0.0, 130.0, -400.0]),
    ),
    max_size=60,
)
_series = st.lists(
    st.sampled_from([0.0, 0.1, 0.101, 0.3, 0.9, 4.0, 7.0]) | st.floats(0.0, 5.0), max_size=60
).map(lambda numbers: [Arrival(n * 10.0, value, 0.0) for n, value in enumerate(numbers)])


def _judge(
    gates: QualityGate, state: GateState | None, arrival: Arrival
) -> tuple[GateState, Verdict]:
    reading = TimedValue(T0 + arrival.at, arrival.value)
    return gates.judge(state, reading, reading.at + arrival.lag_s)


@settings(deadline=None)
@given(_arrivals)
def test_values_out_of_order_change_nothing_for_those_in_order(arrivals: list[Arrival]) -> None:
    """However the stream is shuffled: the values that are newest on arrival are judged as if alone."""
    newest = -math.inf
    shuffled: GateState | None = None
    alone: GateState | None = None
    for arrival in arrivals:
        shuffled, verdict = _judge(GATES, shuffled, arrival)
        if arrival.at > newest:
            newest = arrival.at
            alone, expected = _judge(GATES, alone, arrival)
            assert (shuffled, verdict) == (alone, expected)
        else:
            assert verdict.turns == ()
            assert verdict.settled is QualityFlag.NOT_EVALUATED
            assert verdict.unordered


@settings(deadline=None)
@given(arrivals=_arrivals | _series)
def test_no_state_grows(arrivals: list[Arrival]) -> None:
    """The state of a field has a bound, whatever comes."""
    gates = gate(**SECTION, median=5, raise_={"count": 4, "within": "1h"})
    state: GateState | None = None
    for arrival in arrivals:
        state, _ = _judge(gates, state, arrival)
        assert all(len(times) <= 4 for times in state.faults.values())
        assert len(state.median) <= 5
        assert state.stuck is None or len(state.stuck.lows) + len(state.stuck.highs) <= 66
        assert state.drift is None or len(state.drift.means) <= 6


def _feed(one: Inspector, arrivals: list[Arrival]) -> list[Inspection]:
    return [
        one.inspect(sample(a.at, a.value), {}, T0 + a.at + a.lag_s, clamped=False)
        for a in arrivals
        if not math.isnan(a.value)
    ]


@settings(deadline=None)
@given(arrivals=_arrivals | _series, cut=st.integers(0, 60))
def test_restart_at_any_point_equals_an_uninterrupted_run(
    arrivals: list[Arrival], cut: int
) -> None:
    """State taken out piece by piece and put into another inspector goes on as if nothing was."""
    whole, first, second = inspector(), inspector(), inspector()
    expected = _feed(whole, arrivals)
    found = _feed(first, arrivals[:cut])
    kept = {name: blob for name, blob in first.take_dirty().items() if blob is not None}
    second.restore(kept)
    found += _feed(second, arrivals[cut:])

    assert found == expected
    assert second.digest() == whole.digest()

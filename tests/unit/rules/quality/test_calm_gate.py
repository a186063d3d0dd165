"""The common case of the gates: the same as the plain gates, only sooner."""

import math
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.quality import QualityFlag
from rules.quality.calm_gate import CalmGate
from rules.quality.gate import GateState, QualityGate
from rules.quality.sensor_memory import SensorMemory
from rules.quality.timed_value import TimedValue
from tests.unit.rules.quality.series import T0, gate

_ENCODER = msgspec.msgpack.Encoder(order="deterministic")

SECTIONS: dict[str, dict[str, Any]] = {
    "all": {
        "range": "profile",
        "spike": "profile",
        "rate": "profile",
        "stuck": {"tolerance": "2 mm", "suspect_for": "1m", "for": "2m"},
        "drift": {"limit": "2 cm", "for": "2m"},
        "late": {"max": "2m"},
        "skew": {"max": "5m"},
        "gap": {"max": "3 cadence"},
    },
    "resting": {
        "stuck": {
            "tolerance": "10 cm",
            "for": "1m",
            "suspect_for": "30s",
            "rest": {"min": "0 m", "max": "10 cm"},
        },
    },
    "learning": {
        "stuck": {
            "tolerance": "2 mm",
            "for": "2h",
            "suspect_for": "1h",
            "learn": "1h",
            "times": 2,
        },
    },
    "median": {"range": "profile", "median": 3, "spike": {"step": "2 m"}},
    "range": {"range": {"min": "0 m", "suspect_min": "10 cm", "max": "5 m"}},
    "rate": {"rate": {"change": "1 m", "fail_change": "3 m", "over": "1m"}},
    "late": {"late": {"max": "1m"}, "skew": {"max": "1m"}},
    "drift": {"drift": {"limit": "1 cm", "for": "1m", "direction": "up"}},
}


@dataclass(frozen=True)
class Arrival:
    """One value as it arrives."""

    at: float
    value: float
    lag_s: float = 0.0
    clamped: bool = False
    excused: bool = False


_values = (
    st.sampled_from([0.0, -0.0, 0.1, 0.101, 0.1005, 0.3, 0.9, 4.0, 7.0, -1.0, math.nan])
    | st.sampled_from([math.inf, -math.inf, 1e308, -1e308])
    | st.floats(0.0, 0.01)
    | st.floats(-1.0, 6.0)
)
_even = st.lists(_values, max_size=60).map(
    lambda numbers: [Arrival(n * 10.0, value) for n, value in enumerate(numbers)]
)
_STEPS = (-0.002, -0.001, 0.0, 0.0, 0.0005, 0.001, 0.4)
_walks = st.lists(
    st.tuples(st.sampled_from(_STEPS), st.sampled_from([False, False, True])), max_size=120
).map(
    lambda steps: [
        Arrival(n * 10.0, 0.1 + sum(step for step, _ in steps[:n]), excused=excused)
        for n, (_, excused) in enumerate(steps)
    ]
)
_flickers = st.lists(st.integers(1, 9), min_size=20, max_size=60).map(
    lambda stretches: [
        Arrival(n * 60.0, value)
        for n, value in enumerate(
            0.1 + 0.01 * (turn % 2) for turn, length in enumerate(stretches) for _ in range(length)
        )
    ]
)
_disordered = st.lists(
    st.builds(
        Arrival,
        at=st.integers(0, 120).map(lambda n: n * 5.0),
        value=_values,
        lag_s=st.sampled_from([0.0, 0.0, 0.0, 130.0, -400.0]),
        clamped=st.sampled_from([False, False, False, True]),
        excused=st.booleans(),
    ),
    max_size=60,
)


def _compared(plain: QualityGate, arrivals: list[Arrival]) -> int:
    """Feed both, compare after every value, and return how many took the short way."""
    quick, memory = CalmGate(plain), SensorMemory("rule", "subject", "field")
    state: GateState | None = None
    short, excused_until = 0, -math.inf
    for arrival in arrivals:
        if arrival.excused:
            excused_until = max(excused_until, T0 + arrival.at)
        memory.excused = excused_until
        reading = TimedValue(T0 + arrival.at, arrival.value, arrival.clamped, excused_until)
        now = reading.at + arrival.lag_s
        state, verdict = plain.judge(state, reading, now)
        seen = None if reading.clamped else quick.passes(memory, reading.at, reading.value, now)
        if seen is None:
            found, _ = quick.judge(memory, reading, now)
            assert repr(verdict) == repr(found)  # a NaN equals none, and -0.0 is not 0.0
        else:
            short += 1
            assert verdict.flag is QualityFlag.PASS
            assert (verdict.flags, verdict.turns) == ((), ())
            assert repr(verdict.value) == repr(seen)
        assert _ENCODER.encode(state) == _ENCODER.encode(quick.shape(memory))
        assert repr(state) == repr(quick.state(memory))
    return short


@pytest.mark.parametrize("section", SECTIONS)
@settings(deadline=None, max_examples=60)
@given(arrivals=_even | _walks | _flickers | _disordered)
def test_the_common_case_equals_the_plain_gates(section: str, arrivals: list[Arrival]) -> None:
    """Verdicts, states and their bytes are those of the plain gates after every single value."""
    _compared(gate(**SECTIONS[section]), arrivals)


def test_a_quiet_sensor_takes_the_short_way() -> None:
    """From the second value on only a new span of drift (here every other value) is looked at."""
    series = [Arrival(n * 10.0, 0.1 + 0.01 * (n % 4)) for n in range(60)]

    assert _compared(gate(**SECTIONS["all"]), series) == 30


def test_a_dry_gauge_takes_the_short_way() -> None:
    """Weeks of the same value at rest are no trouble."""
    series = [Arrival(n * 10.0, 0.0) for n in range(200)]

    assert _compared(gate(**SECTIONS["resting"]), series) == 199


def test_many_extremes_are_forgotten_alike() -> None:
    """The bound on remembered extremes is kept on the short way as well."""
    falling = [Arrival(n * 10.0, 0.09 - 0.001 * n) for n in range(80)]
    rising = [Arrival(800.0 + n * 10.0, 0.01 + 0.001 * n) for n in range(80)]

    assert _compared(gate(**SECTIONS["resting"]), falling + rising) > 100

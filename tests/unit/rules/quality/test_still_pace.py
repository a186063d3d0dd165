"""How long a sensor usually stands still, and when that is too long."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.quality import QualityFlag
from rules.quality.still_pace import LEAST_MOVES, StillPace
from rules.quality.stuck_gate import StuckGate, StuckState
from rules.quality.timed_value import TimedValue

STEP_S, DAY_S = 300.0, 86_400.0
GATE = StuckGate(0.05, 10 * DAY_S, 10_800.0, within_s=3_000.0, learn_s=DAY_S)


def _series(seed: int, days: float, noise: float = 1.5) -> list[float]:
    """Return the pressure of a main to 0.1 kPa, every five minutes."""
    rng = Random(seed)
    steps = range(round(days * DAY_S / STEP_S))
    daily = [20.0 * math.cos(step * STEP_S / DAY_S * 2.0 * math.pi) for step in steps]
    return [round(300.0 + wave + rng.gauss(0.0, noise), 1) for wave in daily]


def _suspect_at(gate: StuckGate, values: list[float]) -> list[float]:
    """Return when values were suspect, seconds."""
    state: StuckState | None = None
    found = []
    for number, value in enumerate(values):
        at = number * STEP_S
        state, flag = gate.judge(state, TimedValue(at, value), at)
        if flag is not QualityFlag.PASS:
            found.append(at)
    return found


@pytest.mark.parametrize("days", [2.0, 3.3, 6.8])
def test_a_hydrant_that_wavers_is_suspect_within_the_hour(days: float) -> None:
    """Of a value that repeats once in fifty nobody has to wait for three hours."""
    healthy = _series(1, days)
    begun = (len(healthy) - 1) * STEP_S

    found = _suspect_at(GATE, healthy + [healthy[-1]] * 40)

    assert 1200.0 <= found[0] - begun <= 3600.0


def test_on_its_first_day_it_is_given_the_rule_s_own_time() -> None:
    """Nothing is known of a sensor that has just come."""
    healthy = _series(1, 0.5)
    begun = (len(healthy) - 1) * STEP_S

    assert _suspect_at(GATE, healthy + [healthy[-1]] * 40)[0] - begun == pytest.approx(
        GATE.suspect_s
    )


def test_a_meter_that_rests_at_night_is_not_blamed_for_the_next_night() -> None:
    """It wavers by day and stands for two hours every night, a little longer each."""
    values: list[float] = []
    for day in range(7):
        values += _series(day, 1.0 - (2.0 + day / 12.0) / 24.0)
        values += [321.0] * round((2.0 + day / 12.0) * 3600.0 / STEP_S)

    assert _suspect_at(GATE, values) == []


def test_what_the_rule_itself_calls_stuck_teaches_nothing() -> None:
    """A day of standing still, mended, does not make the next one usual."""
    healthy = _series(1, 3.0)
    twice = healthy + [healthy[-1]] * 288 + _series(2, 2.5)
    begun = (len(twice) - 1) * STEP_S

    found = [at for at in _suspect_at(GATE, twice + [twice[-1]] * 40) if at > begun]

    assert found[0] - begun <= 3600.0


def test_a_gate_that_learns_nothing_remembers_nothing() -> None:
    """Its state is what it was."""
    gate = StuckGate(0.05, 10 * DAY_S, 10_800.0)
    state, _ = gate.judge(None, TimedValue(0.0, 1.0), 0.0)

    assert state is not None
    assert state.pace is None


@given(st.lists(st.floats(0.0, 1e5), min_size=1, max_size=80), st.floats(1.0, 1e5))
def test_the_limit_is_never_below_what_was_seen_in_the_window_before(
    stretches: list[float], window_s: float
) -> None:
    """What ended by itself within one window or two is usual."""
    pace, at = StillPace(0.0), 0.0
    for number, stood_s in enumerate(stretches):
        at += stood_s
        before, pace = pace, pace.moved(at, stood_s, window_s)

        assert pace.limit_s(2.0) >= 2.0 * stood_s
        assert number >= LEAST_MOVES - 1 or pace.usual_s == math.inf
        assert pace.usual_s in {before.usual_s, before.longest_s, stood_s}


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.15, 1.5, 6.0])
def test_a_year_of_healthy_values_raise_nothing(noise: float) -> None:
    """A sensor-year, whatever share of the values repeats: 0.24, 0.02 or 0.005."""
    assert _suspect_at(GATE, _series(7, 365.0, noise)) == []

"""Each gate by itself."""

import math

import pytest

from contracts.quality import QualityFlag, worst_flag
from rules.quality.drift_gate import DriftGate
from rules.quality.gap_gate import GapGate
from rules.quality.late_gate import LateGate
from rules.quality.median_filter import MedianFilter
from rules.quality.range_gate import RangeGate
from rules.quality.rate_gate import RateGate
from rules.quality.recurrence import Recurrence
from rules.quality.skew_gate import SkewGate
from rules.quality.spike_gate import SpikeGate, SpikeState
from rules.quality.stuck_gate import StuckGate
from rules.quality.timed_value import TimedValue
from tests.unit.rules.quality.series import T0, Gate, flags_of, values

SPIKE = SpikeGate(0.3, 0.1)
STUCK = StuckGate(0.002, 60.0, 30.0, 0.0, 0.005, 100.0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, 3),
        (0.5, 1),
        (4.5, 1),
        (4.6, 3),
        (5.0, 3),
        (5.001, 4),
        (-0.001, 4),
        (math.inf, 4),
        (-math.inf, 4),
        (math.nan, 9),
    ],
)
def test_range(value: float, expected: int) -> None:
    """Bounds belong to the range; outside the inner one is suspect, outside the outer one fails."""
    assert flags_of(RangeGate(0.0, 5.0, 0.5, 4.5), values([value])) == [expected]


@pytest.mark.parametrize(
    ("series", "arrival", "settled"),
    [
        ([], [], []),
        ([0.1], [2], [2]),
        ([0.1, 0.1, 0.1], [2, 1, 1], [2, 2, 1]),
        ([0.1, 0.9, 0.1, 0.1], [2, 4, 1, 1], [2, 2, 4, 1]),
        ([0.1, 0.25, 0.1, 0.1], [2, 3, 1, 1], [2, 2, 3, 1]),
        ([0.1, 0.9, 0.9, 0.9], [2, 4, 1, 1], [2, 2, 1, 1]),
        ([0.1, 0.9, 1.7, 1.7], [2, 4, 1, 1], [2, 2, 1, 1]),
        ([0.9, 0.1, 0.9, 0.9], [2, 4, 1, 1], [2, 2, 4, 1]),
        ([0.1, 0.9, -0.7, 0.1], [2, 4, 4, 1], [2, 2, 4, 4]),
        ([0.1, 0.19, 0.28, 0.37], [2, 1, 1, 1], [2, 2, 1, 1]),
    ],
    ids=[
        "empty",
        "one value",
        "flat",
        "spike up",
        "small spike",
        "step up stays",
        "goes on rising",
        "spike down",
        "two spikes either way",
        "ramp",
    ],
)
def test_spike(series: list[float], arrival: list[int], settled: list[int]) -> None:
    """A jump is doubted on arrival; the value after it tells a spike from a step."""
    state: SpikeState | None = None
    found: list[int] = []
    for reading in values(series):
        state, _ = SPIKE.judge(state, reading, reading.at)
        assert state is not None
        found.append(int(state.settled))

    assert flags_of(SPIKE, values(series)) == arrival
    assert found == settled


def test_a_jump_over_an_interruption_is_no_spike() -> None:
    """After a night without values nobody knows how the new one came about."""
    gate = SpikeGate(0.3, 0.1, within_s=100.0)

    assert flags_of(gate, values([0.1, 0.1, 0.9], every_s=101.0)) == [2, 2, 2]


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ([0.0, 0.09, 0.18], [1, 1, 1]),
        ([0.0, 0.11, 0.11], [1, 3, 1]),
        ([0.0, 0.6, 0.0], [1, 4, 4]),
        ([0.0, math.nan, 0.19], [1, 9, 1]),
    ],
    ids=["slow", "suspect", "fails both ways", "missing in between"],
)
def test_rate(series: list[float], expected: list[int]) -> None:
    """Change per second between neighbours that are there."""
    assert flags_of(RateGate(0.01, 0.05), values(series)) == expected


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ([0.3] * 8, [1, 1, 1, 3, 3, 3, 4, 4]),
        ([0.300, 0.302, 0.301, 0.300, 0.302, 0.300, 0.301], [1, 1, 1, 3, 3, 3, 4]),
        ([0.300, 0.303, 0.300, 0.303, 0.300], [1, 1, 1, 1, 1]),
        ([0.0] * 8, [1] * 8),
        ([0.3, 0.3, 0.3, 0.4, 0.4, 0.4, 0.4], [1, 1, 1, 1, 1, 1, 3]),
        ([0.300, 0.301, 0.302, 0.303, 0.304, 0.305, 0.306], [1] * 7),
        ([0.3, 0.3, math.nan, 0.3, 0.3], [1, 1, 9, 3, 3]),
    ],
    ids=["flat", "within tolerance", "beyond it", "dry", "moves once", "creeps", "missing value"],
)
def test_stuck(series: list[float], expected: list[int]) -> None:
    """Standing still within the tolerance, away from where it may stand still."""
    assert flags_of(STUCK, values(series)) == expected


def test_an_interruption_is_not_standing_still() -> None:
    """The same value before and after a long silence says nothing of the time between."""
    assert flags_of(STUCK, values([0.3, 0.3, 0.3], every_s=101.0)) == [1, 1, 1]


def test_creeping_within_the_tolerance_keeps_the_state_small() -> None:
    """Thousands of values, each higher than the one before: the state stays bounded."""
    gate = StuckGate(1.0, 1e9, 1e9)
    state = None
    for reading in values(index * 1e-6 for index in range(5_000)):
        state, _ = gate.judge(state, reading, reading.at)

    assert state is not None
    assert len(state.lows) + len(state.highs) <= 66


@pytest.mark.parametrize(
    ("slope", "upward", "expected"),
    [
        (0.001, True, 3),
        (-0.001, False, 3),
        (-0.001, True, 1),
        (0.001, False, 1),
        (0.0002, True, 1),
        (0.01, True, 1),
        (0.0, True, 1),
    ],
    ids=["up", "down", "down does not count", "up does not count", "too little", "rain", "flat"],
)
def test_drift(slope: float, upward: bool, expected: int) -> None:
    """An even creep over the whole duration is suspect, never more."""
    gate = DriftGate(0.05, 600.0, 0.15, upward=upward, downward=not upward)
    found = flags_of(gate, values(0.2 + slope * index for index in range(100)))

    assert found[-1] == expected
    assert 4 not in found


def test_what_bends_is_no_drift() -> None:
    """Water that rises faster and faster is weather."""
    gate = DriftGate(0.05, 600.0)

    assert 3 not in flags_of(gate, values(0.001 * 1.04**index for index in range(150)))


@pytest.mark.parametrize(
    ("gate", "lag_s", "clamped", "expected"),
    [
        (LateGate(120.0), 120.0, False, 1),
        (LateGate(120.0), 120.1, False, 3),
        (SkewGate(300.0), -300.0, False, 1),
        (SkewGate(300.0), -300.1, False, 3),
        (SkewGate(300.0), 0.0, True, 3),
    ],
    ids=["in time", "late", "a little ahead", "ahead", "was ahead"],
)
def test_time_of_arrival(
    gate: LateGate | SkewGate, lag_s: float, clamped: bool, expected: int
) -> None:
    """Late and skewed values are suspect."""
    _, flag = gate.judge(None, TimedValue(T0, 0.1, clamped), T0 + lag_s)

    assert int(flag) == expected


def test_gap() -> None:
    """The first value after an interruption is suspect."""
    times = [0.0, 30.0, 60.1, 90.0]

    assert flags_of(GapGate(30.0), [TimedValue(T0 + at, 0.1) for at in times]) == [1, 1, 3, 1]


@pytest.mark.parametrize(
    "gate",
    [SPIKE, RateGate(0.01, 0.05), STUCK, DriftGate(0.05, 600.0), GapGate(30.0)],
    ids=lambda gate: type(gate).__name__,
)
@pytest.mark.parametrize("back_s", [0.0, 5.0, 9_000.0], ids=["same time", "before", "long before"])
def test_a_value_out_of_order_is_not_evaluated(gate: Gate[object], back_s: float) -> None:
    """What is not after the newest value cannot be compared with it, and moves nothing."""
    state, _ = gate.judge(None, TimedValue(T0, 0.1), T0)
    after, flag = gate.judge(state, TimedValue(T0 - back_s, 0.9), T0)

    assert flag is QualityFlag.NOT_EVALUATED
    assert after is state


def test_median() -> None:
    """A single outlier never shows; fewer values than asked for are enough to begin."""
    state: tuple[float, ...] = ()
    found: list[float] = []
    for value in (0.1, 0.9, 0.2, 0.3, 0.2):
        state, smooth = MedianFilter(3).smooth(state, value)
        found.append(smooth)

    assert found == [0.1, 0.5, 0.2, 0.3, 0.2]
    assert len(state) == 3


def test_recurrence() -> None:
    """Three bad values within a minute alarm, until they are a minute old."""
    times: tuple[float, ...] = ()
    found: list[bool] = []
    for at, bad in [(0, True), (50, True), (60, True), (70, True), (80, False), (111, False)]:
        times, alarmed = Recurrence(3, 60.0).observe(times, float(at), bad=bad)
        found.append(alarmed)

    assert found == [False, False, True, True, True, False]


def test_worst_flag_follows_qartod_compare() -> None:
    """Fail over suspect over pass over not evaluated over missing."""
    order = [QualityFlag(code) for code in (9, 2, 1, 3, 4)]

    assert [worst_flag(order[: n + 1]) for n in range(5)] == order
    assert worst_flag([]) is QualityFlag.MISSING

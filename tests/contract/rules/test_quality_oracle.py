"""Our gates against ioos-qc, the reference implementation of QARTOD, on random series.

One process of the oracles' own Python answers all cases. What differs on purpose is stated at each test.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from contracts.quality import QualityFlag, worst_flag
from rules.quality.gap_gate import GapGate
from rules.quality.range_gate import RangeGate
from rules.quality.rate_gate import RateGate
from rules.quality.spike_gate import SpikeGate, SpikeState
from rules.quality.stuck_gate import StuckGate
from rules.quality.timed_value import TimedValue

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv-oracles" / "bin" / "python"
SCRIPT = ROOT / "tests" / "oracles" / "qartod_flags.py"
T0 = 1_700_000_000
SERIES = 60

pytestmark = pytest.mark.slow


class Oracle:
    """ioos-qc in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def flags(self, **case: Any) -> list[int]:
        """Return what ioos-qc says of one series."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        found: list[int] = json.loads(self._process.stdout.readline())
        return found


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    """Return the oracle; skip where it is not installed."""
    if not PYTHON.is_file():
        pytest.skip("no .venv-oracles: `make oracles` makes it")
    probe = subprocess.run([PYTHON, "-c", "import ioos_qc"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("ioos-qc is not in .venv-oracles: pip install 'ioos-qc>=3,<4' there to compare")
    process = subprocess.Popen(
        [PYTHON, "-W", "ignore", SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield Oracle(process)
    process.stdin.close()  # type: ignore[union-attr] # a pipe, see above
    process.wait(30)
    process.stdout.close()  # type: ignore[union-attr] # a pipe, see above


def _series(seed: int, *, missing: bool) -> list[TimedValue]:
    """Return a random series on a 1/64 grid, so that no threshold is met by rounding alone."""
    rng = Random(seed)
    level, found = 64, []
    for index in range(rng.choice([3, 10, 40])):
        kind = rng.random()
        level += rng.randrange(-3, 4) if kind < 0.5 else 0
        spike = rng.randrange(-90, 90) if kind > 0.9 else 0
        gone = missing and rng.random() < 0.1
        value = float("nan") if gone else (level + spike) / 64.0
        found.append(TimedValue(float(T0 + 10 * index), value))
    return found


def _asked(series: list[TimedValue]) -> dict[str, Any]:
    return {
        "at": [int(reading.at) for reading in series],
        "values": [None if reading.missing else reading.value for reading in series],
    }


def _ours(gate: Any, series: list[TimedValue]) -> list[int]:
    state: Any = None
    found: list[int] = []
    for reading in series:
        state, flag = gate.judge(state, reading, reading.at)
        found.append(int(flag))
    return found


@pytest.mark.parametrize("seed", range(SERIES))
def test_range_equals_gross_range(oracle: Oracle, seed: int) -> None:
    """Flag for flag, missing values too."""
    series = _series(seed, missing=True)
    expected = oracle.flags(
        test="range", fail_span=[0.5, 1.75], suspect_span=[0.75, 1.25], **_asked(series)
    )

    assert _ours(RangeGate(0.5, 1.75, 0.75, 1.25), series) == expected


@pytest.mark.parametrize("seed", range(SERIES))
def test_settled_spikes_equal_the_differential_method(oracle: Oracle, seed: int) -> None:
    """What a value turns out to be, one value later, is what ioos-qc says of the whole series."""
    series = _series(seed, missing=False)
    gate = SpikeGate(1.01, 0.26)
    expected = oracle.flags(test="spike", suspect=0.26, fail=1.01, **_asked(series))
    state: SpikeState | None = None
    found: list[int] = []
    for reading in series:
        state, _ = gate.judge(state, reading, reading.at)
        assert state is not None
        found.append(int(state.settled))

    assert [*found[1:], 2] == expected


@pytest.mark.parametrize("seed", range(SERIES))
def test_rate_equals_rate_of_change(oracle: Oracle, seed: int) -> None:
    """Flag for flag. Beyond a missing value ioos-qc compares nothing, we the values on both sides."""
    series = _series(seed, missing=False)
    expected = oracle.flags(test="rate", suspect=0.026, fail=0.11, **_asked(series))

    assert _ours(RateGate(0.026, 0.11), series) == expected


@pytest.mark.parametrize("seed", range(SERIES))
def test_stuck_equals_flat_line(oracle: Oracle, seed: int) -> None:
    """Flag for flag on even series; ioos-qc counts values where we look at the clock."""
    series = _series(seed, missing=False)
    expected = oracle.flags(test="stuck", suspect_s=30, fail_s=60, tolerance=0.04, **_asked(series))

    assert _ours(StuckGate(0.04, 60.0, 30.0), series) == expected


@pytest.mark.parametrize("seed", range(SERIES))
def test_gap_equals_time_gap(oracle: Oracle, seed: int) -> None:
    """The same values; ours are suspect, not failed. The first has nothing before it."""
    rng = Random(seed)
    at = float(T0)
    series: list[TimedValue] = []
    for _ in range(rng.choice([2, 10, 40])):
        at += rng.choice([10.0, 60.0, 61.0, 600.0])
        series.append(TimedValue(at, 0.1))
    expected = oracle.flags(test="gap", max_s=60, **_asked(series))
    softened = [3 if flag == QualityFlag.FAIL else flag for flag in expected]

    assert _ours(GapGate(60.0), series)[1:] == softened[1:]


def test_worst_flag_equals_qartod_compare(oracle: Oracle) -> None:
    """Every pair of flags."""
    codes = [1, 2, 3, 4, 9]
    pairs = [(first, second) for first in codes for second in codes]
    expected = oracle.flags(
        test="compare", flags=[[a for a, _ in pairs], [b for _, b in pairs]], at=[], values=[]
    )

    assert [worst_flag([QualityFlag(a), QualityFlag(b)]) for a, b in pairs] == expected


def test_the_oracle_sees_faults_at_all(oracle: Oracle) -> None:
    """The random series hold every kind of flag: agreement is no agreement on nothing."""
    seen: dict[str, set[int]] = {"spike": set(), "rate": set(), "stuck": set()}
    for seed in range(SERIES):
        asked = _asked(_series(seed, missing=False))
        seen["spike"] |= set(oracle.flags(test="spike", suspect=0.26, fail=1.01, **asked))
        seen["rate"] |= set(oracle.flags(test="rate", suspect=0.026, fail=0.11, **asked))
        seen["stuck"] |= set(
            oracle.flags(test="stuck", suspect_s=30, fail_s=60, tolerance=0.04, **asked)
        )

    assert seen == {"spike": {1, 2, 3, 4}, "rate": {1, 3, 4}, "stuck": {1, 3, 4}}

"""``ratio``: a value compared with what was usual at this hour."""

import math
import random
import statistics
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.baseline import weigh
from rules.engine import Engine
from rules.expression import parse
from rules.key_snapshot import encode_state
from rules.pack import RulePack, compile_pack
from rules.windows import Let, WindowState
from tests.unit.rules.scenario import T0, PackFault, feed, reading, rule, step, told

HOUR = 3600.0
DAY = 24 * HOUR
WEEKLY = {"ratio": "depth_m", "to": {"median": "depth_m", "over": "14d", "same": "hour_of_week"}}


def ratio(aggregate: str = "median", hours: int = 48, season: int = 24, fewest: int = 1) -> Let:
    """Return a ratio of one field to its history."""
    node = parse("depth_m")
    return Let(
        name="x",
        text="x",
        node=node,
        names=frozenset({"depth_m"}),
        aggregate=aggregate,
        kind="ratio",
        span=float(hours),
        fewest=fewest,
        usual=node,
        season=season,
    )


def fed(let: Let, *samples: tuple[float, float]) -> WindowState:
    """Return the state of a ratio after samples at hours."""
    state = WindowState()
    for hour, value in samples:
        weigh(let, state, value, value, hour * HOUR)
    return state


def compared(**changes: Any) -> RulePack:
    """Return a pack whose rule compares a ratio with one half and with two."""
    one = rule(
        let={"slow": {**WEEKLY, **changes}},
        ladder=[step("blue", "slow > 2.0", clear="slow < 1.5")],
    )
    return compile_pack({"rules": [one]}, "ratio", PackFault)


def test_a_value_is_compared_with_the_same_hour_of_the_days_before() -> None:
    """The other hours do not count, and neither does the one that runs."""
    state = fed(ratio(), (0.5, 2.0), (1.5, 100.0), (24.2, 4.0), (25.5, 100.0))

    assert weigh(ratio(), state, 9.0, 9.0, 48.1 * HOUR) == 3.0
    assert weigh(ratio(), state, 30.0, 30.0, 48.2 * HOUR) == 10.0


def test_without_enough_samples_in_like_hours_it_is_unknown() -> None:
    """Three samples an hour, two hours alike: six are known, seven are not."""
    samples = [(day * 24 + minute / 60, 1.0) for day in (0, 1) for minute in (0, 20, 40)]

    for fewest, expected in ((6, 5.0), (7, None)):
        let = ratio(fewest=fewest)
        assert weigh(let, fed(let, *samples), 5.0, 5.0, 48 * HOUR) == expected


@pytest.mark.parametrize(
    ("aggregate", "expected"), [("median", 2.0), ("mean", 4.0), ("min", 1.0), ("max", 9.0)]
)
def test_each_aggregate_is_that_of_the_like_hours(aggregate: str, expected: float) -> None:
    """Three days, one value each."""
    let = ratio(aggregate, hours=72)
    state = fed(let, (0.0, 1.0), (24.0, 2.0), (48.0, 9.0))

    assert weigh(let, state, expected, expected, 72 * HOUR) == 1.0


def test_hours_weigh_their_samples() -> None:
    """Three samples of one day outweigh one of another."""
    let = ratio("median")
    state = fed(let, (0.0, 1.0), (0.1, 1.0), (0.2, 1.0), (24.0, 9.0))

    assert weigh(let, state, 1.0, 1.0, 48 * HOUR) == 1.0


def test_what_is_older_than_the_history_is_forgotten() -> None:
    """Two days back is in, three days back is out."""
    state = fed(ratio(), (0.0, 100.0), (24.0, 2.0))

    assert weigh(ratio(), state, 2.0, 2.0, 72 * HOUR) == 1.0


def test_a_baseline_of_nothing_is_unknown() -> None:
    """Nobody divides by zero."""
    state = fed(ratio(), (0.0, 0.0))

    assert weigh(ratio(), state, 2.0, 2.0, 24 * HOUR) is None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(("median", "mean", "min", "max")))
def test_exact_where_every_hour_has_one_sample(seed: int, aggregate: str) -> None:
    """Against brute force over all samples kept."""
    rng = random.Random(seed)
    values = [rng.uniform(0.1, 9.0) for _ in range(24 * 6)]
    let = ratio(aggregate, hours=96)
    state = fed(let, *enumerate(values))
    alike = [values[hour] for hour in range(24 * 6) if hour % 24 == 0 and hour >= 48]
    combine: dict[str, Callable[[list[float]], float]] = {
        "median": statistics.median,
        "mean": statistics.fmean,
        "min": min,
        "max": max,
    }

    found = weigh(let, state, 1.0, 1.0, 24 * 6 * HOUR)

    assert found is not None
    assert math.isclose(1.0 / found, combine[aggregate](alike), rel_tol=1e-9)


def test_the_state_is_bounded_however_many_samples_come() -> None:
    """Two weeks of history after three weeks: fourteen bytes an hour, and at most 360 values."""
    let = ratio(hours=336, season=168)
    state = WindowState()
    for sample in range(3 * 7 * 24 * 2):
        weigh(let, state, 1.0, 1.0, sample * 1800.0)
    for second in range(3600):
        weigh(let, state, 1.0, 1.0, 3 * 7 * DAY + second)

    assert len(state.history) == 14 * 336
    assert len(state.values) <= 360
    assert state.times == []


def test_a_rule_fires_on_what_is_unusual_for_the_hour() -> None:
    """A depth that is usual at night is not by day."""
    engine = Engine([compared()])
    start = math.ceil(T0 / DAY) * DAY - T0
    weeks = [
        reading(start + day * DAY + hour * HOUR, 0.4 if hour < 6 else 0.1)
        for day in range(14)
        for hour in range(0, 24, 2)
    ]
    assert feed(engine, weeks) == []
    today = start + 14 * DAY

    found = feed(engine, [reading(today + 2 * HOUR, 0.4), reading(today + 8 * HOUR, 0.4)])

    assert told(found) == [("open", "blue", today + 8 * HOUR)]
    assert found[0].cause.values == {"slow": 4.0}


def test_a_restart_keeps_the_history() -> None:
    """Snapshots hold the hours and the baseline; state and statements are the same."""
    whole, engine, store = Engine([compared()]), Engine([compared()]), dict[str, bytes]()
    rng = random.Random(3)
    for hour in range(0, 24 * 16, 5):
        sample = reading(hour * HOUR, rng.choice((0.1, 0.1, 0.1, 0.5)))
        expected = whole.apply(sample, sample.at)
        if rng.random() < 0.3:
            store |= {name: blob for name, blob in engine.take_dirty().items() if blob is not None}
            engine = Engine([compared()])
            engine.restore(store)
        assert expected == engine.apply(sample, sample.at)

    assert whole.digest() == engine.digest()


def test_a_week_of_history_is_a_snapshot_of_a_few_kilobytes() -> None:
    """As documented: fourteen bytes an hour."""
    engine = Engine([compared(to={**WEEKLY["to"], "over": "7d"})])  # type: ignore[dict-item]
    feed(engine, [reading(hour * HOUR, 0.1) for hour in range(24 * 9)])

    (state,) = engine._index.running["waterlogging"].states.values()

    state.past = None  # what late samples go back to is beside it

    assert 14 * 168 < len(encode_state(state)) < 14 * 168 + 600


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"to": None}, (), "a ratio has 'to'"),
        ({"over": "7d"}, (), "no 'of', 'over' or 'window'"),
        ({"to": {"over": "7d"}}, ("to",), "exactly one of median"),
        ({"to": {"median": "depth_m", "min": "depth_m", "over": "7d"}}, ("to",), "exactly one"),
        ({"to": {"median": "depth_m", "over": "7d", "same": "week"}}, ("to", "same"), "hour_of_day"),
        ({"to": {**WEEKLY["to"], "over": "6d"}}, ("to", "over"), "expected 7d to 84d"),  # type: ignore[dict-item]
        ({"to": {**WEEKLY["to"], "over": "90d"}}, ("to", "over"), "expected 7d to 84d"),  # type: ignore[dict-item]
        ({"to": {"mean": "depth", "over": "7d"}}, ("to", "mean"), "field 'depth' is unknown"),
        ({"ratio": "depth_m > 1 m"}, ("ratio",), "expected a number"),
        ({"ratio": None, "agg": "max", "of": "depth_m", "window": {"count": 2}}, ("to",), "only a ratio"),
        ({"agg": "max"}, (), "exactly one of 'agg', 'rate' and 'ratio'"),
    ],
    ids=str,
)  # fmt: skip
def test_faults_name_their_place(changes: Any, path: tuple[str, ...], reason: str) -> None:
    """What does not fit is refused at its own line."""
    with pytest.raises(PackFault) as caught:
        compared(**changes)

    assert caught.value.path == ("rules", 0, "let", "slow", *path)
    assert reason in caught.value.message

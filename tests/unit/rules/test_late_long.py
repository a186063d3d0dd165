"""Late samples long after a key last changed: what the trail no longer holds stays as it was."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engine import Engine
from rules.sample import Sample
from tests.unit.rules.scenario import T0, feed, pack, reading, rule, step
from tests.unit.rules.test_late_properties import (
    AT_ONCE,
    LEVELS,
    _arrive,
    finally_told,
    packs,
    run,
)

_SAMPLES = 60
_MEAN = rule(
    id="mean",
    ladder=[step("blue", "mean > 15 cm")],
    let={"mean": {"agg": "mean", "of": "depth_m", "window": {"sliding": "3m"}}},
)


def test_a_late_sample_leaves_the_onset_of_a_long_event() -> None:
    """Half an hour into an event a late sample that fits in changes nothing that was told."""
    engine = Engine([pack(AT_ONCE)])
    feed(engine, [reading(i * 60.0, 0.05 if i < 3 else 0.2) for i in range(30)])

    found = feed(engine, [reading(31 * 60.0, 0.2)])
    found += engine.apply(reading(30 * 60.0, 0.2), T0 + 31 * 60.0)

    assert found == []
    assert engine.counters["reordered"] == 1


def test_a_late_sample_leaves_a_long_delay_where_it_began() -> None:
    """What is pending for longer than the trail reaches back stays pending since when it was."""
    engine = Engine([pack(rule(ladder=[step("blue", "depth_m >= 15 cm", for_="20m")]))])
    feed(engine, [reading(i * 60.0, 0.2) for i in range(18)])
    engine.apply(reading(19 * 60.0, 0.2), T0 + 19 * 60.0)
    engine.apply(reading(18 * 60.0, 0.2), T0 + 19 * 60.0)

    feed(engine, [reading(1_190.0, 0.2)])

    found = engine.tick(T0 + 1_200.0)

    assert [(one.onset_at, one.at) for one in found] == [(T0, T0 + 1_200.0)]


def test_samples_of_one_moment_are_all_gone_through_again() -> None:
    """Where messages share their time, a late sample loses none of them."""
    running = rule(
        id="running",
        ladder=[step("blue", "sump_level_m >= 2 m && running", clear="!running")],
        watch={"profile": "pump"},
    )

    def level(at: float) -> Sample:
        return reading(at, profile="pump", sump_level_m=3.0)

    def state(at: float, *, runs: bool) -> Sample:
        return reading(at, profile="pump", running=runs)

    # one sample more than pairs, so that marks would fall between the two of a pair
    engine, samples = Engine([pack(running)]), [level(-5.0)]
    for i in range(9):
        samples += [level(i * 10.0), state(i * 10.0, runs=i == 7)]
    before = [one.at - T0 for one in feed(engine, samples)]

    found = engine.apply(level(75.0), T0 + 80.0)

    assert before == [70.0, 80.0]
    assert found == []


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32))
def test_any_order_comes_to_the_same_however_long_it_goes_on(seed: int) -> None:
    """An hour of samples, each overtaken by a few, tells in the end what an hour in order tells."""
    rng = random.Random(seed)
    at, samples = 0.0, []
    for _ in range(_SAMPLES):
        at += rng.choice((50.013, 60.171, 70.317))
        samples.append(reading(at, rng.choice(LEVELS)))
    order = sorted(range(_SAMPLES), key=lambda index: index + rng.uniform(0.0, 4.0))
    ticks = [rng.random() < 0.3 for _ in samples]
    engine, both = Engine([*packs(), pack(_MEAN)]), [*packs(), pack(_MEAN)]

    expected = run(Engine(both), _arrive(samples, range(_SAMPLES), ticks))
    found = run(engine, _arrive(samples, order, ticks))

    assert finally_told(expected) == finally_told(found)
    assert engine.counters["late"] == 0

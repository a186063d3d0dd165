"""Keys that wait for nothing cost nothing: a tick does not look at them."""

import sys
from types import FrameType

import pytest

from rules.engine import Engine
from tests.unit.rules.scenario import T0, feed, pack, reading, rule, seen, step

SHORT = rule(ladder=[step("blue", "depth_m >= 15 cm", for_="60s", clear_for="5m")])
CROWD = rule(
    id="crowd",
    watch={"stream": "counts"},
    key=["zone"],
    ladder=[step("blue", "people > 10.0", for_="60s")],
)


def calls_of_a_tick(engine: Engine, now: float) -> int:
    """Return how many functions a tick calls."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        engine.tick(now)
    finally:
        sys.setprofile(None)
    return calls


def engine_of(keys: int) -> Engine:
    """Return an engine with so many sensors and zones of which nothing is to be said."""
    engine = Engine([pack(SHORT, CROWD)])
    for number in range(keys):
        feed(engine, [reading(0.0, 0.05, subject=f"pond-{number}")])
        feed(engine, [seen("counts", 0.0, {"zone": f"z-{number}"}, people=2.0)])
    return engine


def test_a_tick_over_ten_thousand_idle_keys_is_a_tick_over_ten() -> None:
    """It calls not one function more."""
    few, many = engine_of(5), engine_of(5_000)

    assert calls_of_a_tick(few, T0 + 1.0) == calls_of_a_tick(many, T0 + 1.0)


@pytest.mark.parametrize("waiting", [1, 3])
def test_only_keys_that_wait_are_looked_at(waiting: int) -> None:
    """What a tick costs beyond that is one visit for each delay that ends, and nothing before."""
    engine = engine_of(1_000)
    feed(engine, [reading(1.0, 0.3, subject=f"pond-{number}") for number in range(waiting)])
    for at in range(10, 60, 10):
        feed(engine, [reading(at, 0.3, subject=f"pond-{number}") for number in range(waiting)])

    early = calls_of_a_tick(engine, T0 + 59.0)
    found = engine.tick(T0 + 61.0)

    assert early == calls_of_a_tick(engine_of(5), T0 + 59.0)
    assert len(found) == waiting

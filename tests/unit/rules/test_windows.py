"""``let``: aggregates over windows and rates, as values that conditions name."""

import math
from typing import Any

import pytest

from rules.engine import Engine
from rules.expression import parse
from rules.pack import compile_pack
from rules.windows import Let, WindowState, advance
from tests.unit.rules.scenario import PackFault, feed, pack, reading, rule, step, told

MEAN = {"agg": "mean", "of": "depth_m", "window": {"sliding": "30s"}}


def window(aggregate: str, kind: str, span: float, **more: Any) -> Let:
    """Return a window over one field."""
    node = parse("depth_m")
    names = frozenset({"depth_m"})
    return Let(
        name="x",
        text="x",
        node=node,
        names=names,
        aggregate=aggregate,
        kind=kind,
        span=span,
        **more,
    )


def results(let: Let, *samples: tuple[float, float | None]) -> list[float | None]:
    """Return what a window amounts to after each of some samples."""
    state = WindowState()
    return [advance(let, state, value, at) for at, value in samples]


def wet(**changes: Any) -> Engine:
    """Return an engine whose rule compares one derived value with 10 cm."""
    ladder = [step("blue", "x > 10 cm", clear="x <= 10 cm")]
    return Engine([pack(rule(**{"ladder": ladder, "let": {"x": MEAN}, **changes}))])


@pytest.mark.parametrize(
    ("aggregate", "more", "expected"),
    [
        ("min", {}, 1.0),
        ("max", {}, 7.0),
        ("mean", {}, 3.5),
        ("median", {}, 3.0),
        ("count", {}, 4.0),
        ("quantile", {"quantile": 0.9}, 6.1),
        ("leq", {}, 10 * math.log10((10**0.1 + 10**0.2 + 10**0.4 + 10**0.7) / 4)),
    ],
)
def test_every_aggregate(aggregate: str, more: dict[str, float], expected: float) -> None:
    """Four values, each brought down to one number."""
    let = window(aggregate, "sliding", 60.0, **more)

    found = results(let, (0, 4.0), (10, 2.0), (20, 1.0), (30, 7.0))[-1]

    assert found == pytest.approx(expected)


def test_a_sliding_window_forgets_what_is_older_than_its_span() -> None:
    """A sample exactly one span old is no longer part of it."""
    let = window("mean", "sliding", 20.0)

    assert results(let, (0, 1.0), (10, 3.0), (20, 5.0), (50, 7.0)) == [1.0, 2.0, 4.0, 7.0]


def test_a_tumbling_window_speaks_when_it_is_over() -> None:
    """Its value is that of the last whole window; a window without samples is unknown."""
    let = window("max", "tumbling", 10.0)
    samples = [(1, 1.0), (9, 2.0), (10, 9.0), (20, 3.0), (45, 4.0), (50, 1.0)]

    assert results(let, *samples) == [None, None, 2.0, 9.0, None, 4.0]


def test_a_session_window_begins_anew_after_a_pause() -> None:
    """A pause longer than its gap ends a session."""
    let = window("count", "session", 10.0)

    assert results(let, (0, 1.0), (10, 1.0), (20.5, 1.0), (25, 1.0)) == [1.0, 2.0, 1.0, 2.0]


def test_a_count_window_holds_the_last_samples() -> None:
    """However much time lies between them."""
    let = window("mean", "count", 2)

    assert results(let, (0, 1.0), (1000, 3.0), (9000, 5.0)) == [1.0, 2.0, 4.0]


def test_too_few_samples_are_unknown() -> None:
    """``min_samples`` guards an aggregate; an unknown value is no sample."""
    let = window("mean", "sliding", 60.0, fewest=2)

    assert results(let, (0, 1.0), (1, None), (2, 3.0)) == [None, None, 2.0]


def test_a_rate_is_the_change_per_minute_over_its_span() -> None:
    """It is unknown until half of the span is covered."""
    let = window("rate", "rate", 60.0)
    samples = [(0, 0.0), (20, 1.0), (30, 1.0), (60, 2.0), (120, 2.0)]

    assert results(let, *samples) == [None, None, 2.0, 2.0, 0.0]


def test_conditions_name_derived_values() -> None:
    """One spike does not lift a mean; the cause shows the value that was compared."""
    found = feed(wet(), [reading(at, d) for at, d in [(0, 0.0), (10, 0.2), (20, 0.2), (30, 0.2)]])

    assert told(found) == [("open", "blue", 20.0)]
    assert found[0].cause.values == {"x": pytest.approx(0.4 / 3)}


def test_one_let_builds_on_another() -> None:
    """The rate of a median, as in the pack of crowds."""
    let = {"level": MEAN, "rise": {"rate": "level", "over": "20s"}}
    ladder = [step("blue", "rise > 0.5", clear="rise <= 0.5")]
    engine = wet(let=let, ladder=ladder)

    found = feed(engine, [reading(at, at / 50) for at in range(0, 40, 10)])

    assert told(found) == [("open", "blue", 10.0)]


def test_an_unknown_aggregate_neither_fires_nor_clears() -> None:
    """What has too few samples freezes the rule."""
    engine = wet(let={"x": {**MEAN, "min_samples": 3}})
    found = feed(engine, [reading(at, 0.2) for at in (0, 10, 20)])

    found += feed(engine, [reading(500, 0.0), reading(510, 0.0), reading(520, 0.0)])

    assert told(found) == [("open", "blue", 20.0), ("end", "blue", 520.0)]


def test_leq_of_a_night_of_noise() -> None:
    """One loud second in ten makes a level ten decibels below it."""
    let = {"x": {"agg": "leq", "of": "dba", "window": {"tumbling": "10s"}, "min_samples": 10}}
    engine = wet(
        watch={"profile": "noise"}, let=let, ladder=[step("blue", "x > 55 dBA", clear="x < 52 dBA")]
    )

    samples = [reading(at, profile="noise", dba=80.0 if at % 10 == 0 else 30.0) for at in range(21)]
    found = feed(engine, samples)

    assert told(found) == [("open", "blue", 10.0)]
    assert found[0].cause.values["x"] == pytest.approx(70.0, abs=0.01)


def test_a_restart_in_mid_window_changes_nothing() -> None:
    """Windows are part of a key's state."""
    let = {
        "x": MEAN,
        "up": {"rate": "depth_m", "over": "1m"},
        "most": {**MEAN, "agg": "max", "window": {"tumbling": "25s"}},
    }
    ladder = [step("blue", "x > 30 cm"), step("yellow", "x > 35 cm && up > 0 && most > 20 cm")]
    made = pack(rule(let=let, ladder=ladder))
    depths = [abs(math.sin(index / 3)) / 2 for index in range(60)]
    whole, engine, store = Engine([made]), Engine([made]), dict[str, bytes]()
    expected = feed(whole, [reading(index * 10, depth) for index, depth in enumerate(depths)])
    found = []

    for index, depth in enumerate(depths):
        found += feed(engine, [reading(index * 10, depth)])
        store |= {name: blob for name, blob in engine.take_dirty().items() if blob is not None}
        engine = Engine([made])
        engine.restore(store)

    assert expected == found
    assert whole.digest() == engine.digest()
    assert len(expected) > 5


def test_a_new_version_keeps_the_windows_it_still_has() -> None:
    """Another threshold over the same window goes on with what the window holds."""
    engine = wet()
    feed(engine, [reading(at, 0.2) for at in (0, 10)])

    engine.replace([pack(rule(let={"x": MEAN}, ladder=[step("red", "x > 15 cm")]))])

    assert told(feed(engine, [reading(20, 0.06)])) == [("open", "red", 20.0)]


@pytest.mark.parametrize(
    ("let", "path", "reason"),
    [
        ({"depth_m": MEAN}, ("depth_m",), "a new name"),
        ({"x": {}}, ("x",), "exactly one of 'agg', 'rate' and 'ratio'"),
        ({"x": {**MEAN, "agg": "average"}}, ("x", "agg"), "expected one of min"),
        ({"x": {**MEAN, "of": "depht_m"}}, ("x", "of"), "did you mean 'depth_m'"),
        ({"x": {**MEAN, "of": "x"}}, ("x", "of"), "'x' is unknown"),
        ({"x": {**MEAN, "of": "depth_m > 1"}}, ("x", "of"), "expected a number"),
        ({"x": {**MEAN, "of": "1"}}, ("x", "of"), "reads no field"),
        ({"x": {**MEAN, "agg": "leq"}}, ("x", "of"), "expected a field in dBA"),
        ({"x": {**MEAN, "window": {}}}, ("x", "window"), "exactly one of tumbling"),
        ({"x": {**MEAN, "window": {"sliding": "5"}}}, ("x", "window", "sliding"), "no duration"),
        ({"x": {**MEAN, "window": {"count": 0}}}, ("x", "window", "count"), "from 1 to"),
        ({"x": {**MEAN, "agg": "quantile"}}, ("x",), "has 'q' from 0 to 1"),
        ({"x": {"rate": "depth_m"}}, ("x",), "a rate has 'over'"),
        ({"x": {**MEAN, "windw": {}}}, ("x", "windw"), "did you mean 'window'?"),
    ],
)
def test_faults_name_their_place(
    let: dict[str, Any], path: tuple[str | int, ...], reason: str
) -> None:
    """A faulty derived value is refused when the pack is loaded."""
    with pytest.raises(PackFault) as caught:
        compile_pack({"rules": [rule(let=let)]}, "test", PackFault)

    assert caught.value.path == ("rules", 0, "let", *path)
    assert reason in caught.value.message


def test_units_reach_through_an_aggregate() -> None:
    """A mean of metres is a length: comparing it with decibels is refused."""
    with pytest.raises(PackFault, match="is a length"):
        pack(rule(let={"x": MEAN}, ladder=[step("blue", "x > 3 dB")]))

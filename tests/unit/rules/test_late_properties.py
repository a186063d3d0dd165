"""Order of arrival: within the allowed lateness it makes no difference to what is finally told."""

import functools
import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.event import EventPhase
from rules.breach import Breach
from rules.engine import Engine
from rules.pack import RulePack
from rules.revision import WITHDRAWN
from rules.sample import Sample
from tests.unit.rules.scenario import T0, WATERLOGGING, pack, reading, rule, step

LEVELS = (0.05, 0.13, 0.16, 0.25, 0.28, 0.37, 0.41)
SHORT_LADDER = [
    step("blue", "depth_m >= 15 cm", clear="depth_m < 12 cm", for_="10s", clear_for="20s"),
    step("red", "depth_m >= 40 cm", clear="depth_m < 35 cm", for_="0s"),
]
AT_ONCE = rule(
    id="at-once", ladder=[step("blue", "depth_m >= 15 cm"), step("red", "depth_m > 0.4")]
)
SHORT = rule(id="short", ladder=SHORT_LADDER)
TWICE = rule(
    id="twice",
    ladder=[
        {**step("blue", "depth_m >= 15 cm", for_="3s"), "repeat": {"count": 2, "within": "90s"}}
    ],
)
MEANT = rule(
    id="meant",
    ladder=[step("blue", "level >= 15 cm || rise > 0.1"), step("red", "level >= 40 cm")],
    let={
        "level": {"agg": "median", "of": "depth_m", "window": {"sliding": "45s"}},
        "rise": {"rate": "depth_m", "over": "1m"},
    },
)
SITE = rule(id="site", key=["site"], ladder=SHORT_LADDER)
RULES = {one["id"]: one for one in (AT_ONCE, WATERLOGGING, SHORT, TWICE, MEANT, SITE)}

Arrival = tuple[Sample | None, float]
Told = dict[tuple[str, str], list[tuple[float, str, bool, float | None]]]


@functools.cache
def packs() -> tuple[RulePack, ...]:
    """Return the rules that this must hold for."""
    return (pack(*RULES.values()),)


def run(engine: Engine, steps: Sequence[Arrival]) -> list[Breach]:
    """Return what an engine finds in a sequence of arrivals."""
    found: list[Breach] = []
    for sample, now in steps:
        found += engine.tick(now) if sample is None else engine.apply(sample, now)
    return found


def finally_told(breaches: Sequence[Breach]) -> Told:
    """Return per rule and key the episodes as their highest revisions have them."""
    newest: dict[str, Breach] = {}
    for breach in breaches:
        newest[breach.event_id] = breach
    found: Told = {}
    for one in sorted(newest.values(), key=lambda breach: breach.onset_at):
        if WITHDRAWN not in one.cause.flags:
            ended = one.phase is EventPhase.END
            story = (one.onset_at - T0, one.level.value, ended, one.ended_at)
            found.setdefault((one.rule, str(one.key)), []).append(story)
    return found


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[Sample], list[int], list[bool]]:
    """Return samples in order, an order of arrival, and where ticks stand in it."""
    # no sample falls on the very end of a delay: whether a tick came first would decide
    at, samples = 0.0, list[Sample]()
    for _ in range(draw(st.integers(2, 12))):
        at += draw(st.sampled_from((1.013, 5.171, 10.317, 21.773)))
        samples.append(reading(at, draw(st.sampled_from(LEVELS))))
    order = draw(st.permutations(range(len(samples))))
    return samples, list(order), draw(st.lists(st.booleans(), min_size=12, max_size=12))


def _arrive(
    samples: Sequence[Sample], order: Sequence[int], ticks: Sequence[bool]
) -> list[Arrival]:
    """Return the samples in an order of arrival, none before its own time."""
    now, found = T0, list[Arrival]()
    for place, index in enumerate(order):
        now = max(now + 0.5, samples[index].at)
        if ticks[place]:
            found.append((None, now))
        found.append((samples[index], now))
    return [*found, (None, now + 5_000.0)]


@settings(max_examples=80, deadline=None)
@given(streams())
def test_any_order_within_the_lateness_comes_to_the_same(
    stream: tuple[list[Sample], list[int], list[bool]],
) -> None:
    """Whatever the order of arrival, episodes, levels, onsets and ends are in the end the same."""
    samples, order, ticks = stream
    engine = Engine(packs())

    expected = run(Engine(packs()), _arrive(samples, range(len(samples)), ticks))
    found = run(engine, _arrive(samples, order, ticks))

    assert finally_told(expected) == finally_told(found)
    assert engine.counters["late"] == 0


@settings(max_examples=40, deadline=None)
@given(streams(), st.randoms(use_true_random=False))
def test_a_restart_in_mid_disorder_changes_nothing(
    stream: tuple[list[Sample], list[int], list[bool]], rng: random.Random
) -> None:
    """Snapshots in the midst of late data give the same statements and the same digest."""
    whole = Engine(packs())
    steps = _arrive(*stream)
    expected = run(whole, steps)
    engine, store, found = Engine(packs()), dict[str, bytes](), list[Breach]()
    for one in steps:
        found += run(engine, [one])
        if rng.random() < 0.4:
            for name, blob in engine.take_dirty().items():
                store.pop(name, None)
                if blob is not None:
                    store[name] = blob
            engine = Engine(packs())
            engine.restore(store)

    assert expected == found
    assert whole.digest() == engine.digest()


@settings(max_examples=40, deadline=None)
@given(streams())
def test_revisions_count_up_under_one_id(
    stream: tuple[list[Sample], list[int], list[bool]],
) -> None:
    """Every statement about an event has the next revision, whatever late data does to it."""
    revs: dict[str, int] = {}
    for breach in run(Engine(packs()), _arrive(*stream)):
        assert revs.get(breach.event_id, -1) + 1 == breach.rev
        revs[breach.event_id] = breach.rev
        assert breach.onset_at <= (breach.ended_at or breach.at) <= breach.at

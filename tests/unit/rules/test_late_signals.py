"""Late words of signals: within the allowed lateness the order of arrival makes no difference."""

import functools
import random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules.breach import Breach
from rules.engine import Engine
from rules.pack import RulePack, compile_pack
from rules.sample import Sample
from tests.unit.rules.scenario import T0, PackFault, feed, step, told
from tests.unit.rules.signal_scenario import DEPTH, FLASH, PLACES, RAIN, depth, flash, rain
from tests.unit.rules.test_late_properties import _arrive, finally_told, run

_SHORT = {"rain": {**RAIN, "fresh": "1m"}, "depth": {**DEPTH, "fresh": "45s"}}
_RULES: list[dict[str, Any]] = [
    FLASH,
    {
        **FLASH,
        "id": "slow",
        "signals": _SHORT,
        "ladder": [
            step(
                "blue",
                "rain >= 16.0 && depth >= 15 cm",
                clear="rain < 4.0 || depth < 10 cm",
                for_="10s",
                clear_for="20s",
            )
        ],
    },
    {
        **FLASH,
        "id": "several",
        "signals": {
            "wet": {**DEPTH, "of": "depth_m > 15 cm", "take": "count", "min_members": 2},
            "mean": {**DEPTH, "take": "mean"},
            "newest": {**RAIN, "take": "newest"},
        },
        "ladder": [
            step("blue", {"at_least": 2, "of": ["wet >= 2", "mean > 20 cm", "newest > 16.0"]}),  # type: ignore[arg-type]
            step("red", "wet >= 2 && mean > 30 cm", clear="mean < 25 cm", for_="5s"),
        ],
    },
    {
        **FLASH,
        "id": "rising",
        "signals": _SHORT,
        "let": {"rise": {"rate": "depth", "over": "40s"}},
        "ladder": [step("yellow", "rise > 0.2 && rain > 4.0", clear="rise < 0.05")],
    },
]

Words = tuple[list[Sample], list[int], list[bool]]


@functools.cache
def packs() -> tuple[RulePack, ...]:
    """Return the rules that this must hold for."""
    return (compile_pack({"places": PLACES, "rules": _RULES}, "late", PackFault),)


@st.composite
def words(draw: st.DrawFn) -> Words:
    """Return what four members say in order, an order of arrival, and where ticks stand in it."""
    at, samples = 0.0, list[Sample]()
    for _ in range(draw(st.integers(2, 14))):
        at += draw(st.sampled_from((1.013, 5.171, 10.317, 21.773)))
        subject = draw(st.sampled_from("ab"))
        if draw(st.booleans()):
            said = rain(at, draw(st.sampled_from((0.0, 3.0, 5.0, 17.0, 30.0))), subject=subject)
        else:
            said = depth(at, draw(st.sampled_from((0.05, 0.12, 0.2, 0.28, 0.5))), subject=subject)
        samples.append(said)
    order = draw(st.permutations(range(len(samples))))
    return samples, list(order), draw(st.lists(st.booleans(), min_size=14, max_size=14))


@settings(max_examples=50, deadline=None)
@given(words())
def test_any_order_within_the_lateness_comes_to_the_same(stream: Words) -> None:
    """Whoever was slower: episodes, levels, onsets and ends are in the end those of words in order."""
    samples, order, ticks = stream
    engine = Engine(packs())

    expected = run(Engine(packs()), _arrive(samples, range(len(samples)), ticks))
    found = run(engine, _arrive(samples, order, ticks))

    assert finally_told(expected) == finally_told(found)
    assert (engine.counters["late"], engine.counters["delayed"]) == (0, 0)


@settings(max_examples=25, deadline=None)
@given(words(), st.randoms(use_true_random=False))
def test_a_restart_in_mid_disorder_changes_nothing(stream: Words, rng: random.Random) -> None:
    """Snapshots in the midst of late words give the same statements and the same digest."""
    whole, engine, store = Engine(packs()), Engine(packs()), dict[str, bytes]()
    found: list[Breach] = []
    steps = _arrive(*stream)

    expected = run(whole, steps)
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


@settings(max_examples=25, deadline=None)
@given(words())
def test_revisions_count_up_under_one_id(stream: Words) -> None:
    """Every statement about an event has the next revision, whatever late words do to it."""
    revs: dict[str, int] = {}
    for breach in run(Engine(packs()), _arrive(*stream)):
        assert revs.get(breach.event_id, -1) + 1 == breach.rev
        revs[breach.event_id] = breach.rev


def _hour(seed: int) -> list[tuple[Sample, float]]:
    """Return an hour's words of six members, half of them slower by a minute, with their arrival, in that order."""
    rng = random.Random(seed)
    steps: list[tuple[Sample, float]] = []
    for index in range(150):
        at = index * 24.0 + rng.uniform(0.1, 23.9)
        subject = rng.choice("abcdef")
        delay = 60.0 if subject in "abc" else 0.1
        said = rain if rng.random() < 0.5 else depth
        value = rng.choice((0.05, 0.2, 0.5)) * (60.0 if said is rain else 1.0)
        steps.append((said(at, value, subject=subject), T0 + at + delay))
    return sorted(steps, key=lambda one: one[1])


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32))
@example(69569)  # a mark falls due just after time has ended an episode
def test_it_goes_on_for_an_hour(seed: int) -> None:
    """Many members over an hour, half of them slower by a minute, tell what they tell in order."""
    steps = _hour(seed)
    in_order = sorted(steps, key=lambda one: one[0].at)
    engine = Engine(packs())

    expected = run(Engine(packs()), in_order)
    found = run(engine, steps)

    assert finally_told(expected) == finally_told(found)
    assert engine.counters["delayed"] == 0


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 2**32))
@example(188)  # a mark falls due just after the clock has ended an episode
def test_a_clock_that_ticks_between_them_makes_no_difference(seed: int) -> None:
    """The same, where the clock is told before each word, and long after the last one."""
    steps, end = _hour(seed), T0 + 7200.0
    in_order = sorted(steps, key=lambda one: one[0].at)
    ticking = [step for said, now in steps for step in ((None, now - 0.01), (said, now))]

    expected = run(Engine(packs()), [*in_order, (None, end)])
    found = run(Engine(packs()), [*ticking, (None, end)])

    assert finally_told(expected) == finally_told(found)


def test_a_late_word_takes_back_what_never_was() -> None:
    """Rain had already stopped when the water rose: what was told is withdrawn under its id."""
    engine = Engine([flash()])
    found = feed(engine, [rain(0.0, 30.0), depth(60.0, 0.2)])

    found += engine.apply(rain(30.0, 0.0), T0 + 61.0)

    assert told(found) == [("open", "yellow", 60.0), ("end", "yellow", 60.0)]
    assert found[0].event_id == found[1].event_id
    assert found[1].cause.flags == ("late_data", "withdrawn")


def test_a_word_that_is_too_late_counts_in_the_present() -> None:
    """Beyond the allowed lateness nothing is gone back behind; what is still fresh is heard."""
    engine = Engine([flash(late={"allow": "1m"})])
    feed(engine, [depth(0.0, 0.05), depth(200.0, 0.2)])

    found = engine.apply(rain(100.0, 30.0), T0 + 201.0)

    assert told(found) == [("open", "yellow", 200.0)]
    assert (engine.counters["late"], engine.counters["delayed"]) == (0, 1)


@pytest.mark.parametrize("allow", ["0s", "1m"])
def test_a_restart_after_a_word_that_was_too_late_changes_nothing(allow: str) -> None:
    """What was heard in the present is in the snapshot like everything else."""
    one = flash(late={"allow": allow})
    whole, engine = Engine([one]), Engine([one])
    for each in (whole, engine):
        feed(each, [depth(0.0, 0.05), depth(200.0, 0.2)])
        each.apply(rain(100.0, 30.0), T0 + 201.0)
    again = Engine([one])
    again.restore({name: blob for name, blob in engine.take_dirty().items() if blob is not None})

    assert whole.apply(rain(190.0, 0.0), T0 + 210.0) == again.apply(rain(190.0, 0.0), T0 + 210.0)
    assert whole.digest() == again.digest()


def test_a_new_version_starts_its_trail_with_the_words_that_stay() -> None:
    """Words of a signal that is the same go on; late ones from before the change count at once."""
    engine = Engine([flash()])
    feed(engine, [rain(0.0, 30.0), depth(10.0, 0.05)])
    engine.replace([flash(signals={"rain": RAIN, "depth": {**DEPTH, "take": "mean"}})], T0 + 20.0)

    found = feed(engine, [depth(30.0, 0.5)])
    found += engine.apply(rain(25.0, 0.0), T0 + 31.0)

    assert told(found) == [("open", "red", 30.0), ("end", "red", 30.0)]

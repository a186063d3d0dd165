"""Tracks and observations in whatever order: judged as if in order, told as revisions under one id."""

import functools
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from contracts.envelope import Evidence, Place
from rules.breach import Breach
from rules.engine import Engine
from rules.pack import RulePack, compile_pack
from rules.sample import Sample
from tests.unit.rules.scenario import T0, PackFault, feed, pack, rule, seen, step, told
from tests.unit.rules.test_late_properties import Arrival, finally_told, run

PARKED: dict[str, Any] = rule(
    id="parked",
    watch={"stream": "tracks", "class": ["car"], "zone_kind": "no_parking"},
    key=["camera", "zone", "track"],
    ladder=[
        step("blue", "dwell_s > 30 s", clear="dwell_s < 1 s"),
        step("red", "dwell_s > 60 s", clear="dwell_s < 1 s", for_="10s"),
    ],
)
BRIDGED = {**PARKED, "id": "bridged", "gap": "40s"}
SLOW = {
    **PARKED,
    "id": "slow",
    "where": {"inside": {"areas": "schools"}, "speed": "< 1 m/s"},
    "ladder": [step("blue", "dwell_s > 30 s && speed_m_s < 0.5", for_="5s")],
}
STAYED = rule(
    id="stayed",
    watch={"stream": "observations", "kind": "zone_dwell"},
    key=["camera", "zone"],
    ladder=[step("yellow", when=True), step("red", when=True, for_="60s")],
)
EACH = {**STAYED, "id": "each", "key": ["observation"], "gap": "15s"}
CONFIDENT = {
    **STAYED,
    "id": "confident",
    "ladder": [step("yellow", when="confidence > 0.5", for_="10s")],
}
AREAS = {
    "schools": {
        "shapes": {"one": [[121.46, 31.22], [121.48, 31.22], [121.48, 31.24], [121.46, 31.24]]}
    }
}
INSIDE, OUTSIDE = Place(lon=121.47, lat=31.23), Place(lon=121.5, lat=31.23)


@functools.cache
def packs() -> tuple[RulePack, ...]:
    """Return the rules that this must hold for."""
    rules = [PARKED, BRIDGED, SLOW, STAYED, EACH, CONFIDENT]
    return (compile_pack({"areas": AREAS, "rules": rules}, "late", PackFault),)


def track(at: float, dwell_s: float, *, ended: bool = False, **more: Any) -> Sample:
    """Return a track in a no-parking zone."""
    keys = {"zone": "z1", "zone_kind": "no_parking", "track": "7", "class": "car"}
    sample = seen("tracks", at, keys, ended=ended, dwell_s=dwell_s, confidence=0.9, speed_m_s=0.2)
    return structs.replace(sample, **more)


def stay(at: float, name: str, *, ended: bool = False, confidence: float = 0.9) -> Sample:
    """Return an observation in a zone."""
    keys = {"zone": "z1", "observation": name, "kind": "zone_dwell"}
    return seen("observations", at, keys, ended=ended, dwell_s=1.0, confidence=confidence)


@st.composite
def tracks(draw: st.DrawFn) -> list[Sample]:
    """Return the samples of one track that may be lost, and come back, in order."""
    at, samples = 0.0, list[Sample]()
    for _ in range(draw(st.integers(2, 10))):
        at += draw(st.sampled_from((1.013, 5.171, 15.317, 25.773, 48.119)))
        place = draw(st.sampled_from((INSIDE, OUTSIDE)))
        dwell_s = draw(st.sampled_from((0.5, 20.0, 35.0, 65.0)))
        samples.append(track(at, dwell_s, ended=draw(st.integers(0, 5)) == 0, place=place))
    return samples


@st.composite
def stays(draw: st.DrawFn) -> list[Sample]:
    """Return observations that begin, go on and end, in order."""
    at, samples, there = 0.0, list[Sample](), list[str]()
    for number in range(draw(st.integers(2, 10))):
        at += draw(st.sampled_from((1.013, 5.171, 15.317, 25.773, 70.119)))
        confidence = draw(st.sampled_from((0.3, 0.9)))
        what = draw(st.sampled_from(("begin", "update", "end")))
        if what == "begin" or not there:
            there.append(f"o-{number}")
            samples.append(stay(at, there[-1], confidence=confidence))
        else:
            name = draw(st.sampled_from(there))
            samples.append(stay(at, name, ended=what == "end", confidence=confidence))
            if what == "end":
                there.remove(name)
    return [*samples, *(stay(at + 3.0 + i, name, ended=True) for i, name in enumerate(there))]


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[Sample], list[int], list[bool]]:
    """Return samples in order, an order of arrival, and where ticks stand in it."""
    samples = draw(st.one_of(tracks(), stays()))
    order = draw(st.permutations(range(len(samples))))
    ticks = draw(st.lists(st.booleans(), min_size=len(samples), max_size=len(samples)))
    return samples, list(order), ticks


def arrive(samples: Sequence[Sample], order: Sequence[int], ticks: Sequence[bool]) -> list[Arrival]:
    """Return the samples in an order of arrival, none before its own time."""
    now, found = T0, list[Arrival]()
    for place, index in enumerate(order):
        now = max(now + 0.5, samples[index].at)
        if ticks[place]:
            found.append((None, now))
        found.append((samples[index], now))
    return [*found, (None, now + 500.0), (None, now + 5_000.0)]


@settings(max_examples=150, deadline=None)
@given(streams())
def test_any_order_within_the_lateness_comes_to_the_same(
    stream: tuple[list[Sample], list[int], list[bool]],
) -> None:
    """Whatever the order of arrival, episodes, levels, onsets and ends are in the end the same."""
    samples, order, ticks = stream
    engine = Engine(packs())

    expected = run(Engine(packs()), arrive(samples, range(len(samples)), ticks))
    found = run(engine, arrive(samples, order, ticks))

    assert finally_told(expected) == finally_told(found)
    assert engine.counters["late"] == 0


@settings(max_examples=50, deadline=None)
@given(streams(), st.randoms(use_true_random=False))
def test_a_restart_in_mid_disorder_changes_nothing(
    stream: tuple[list[Sample], list[int], list[bool]], rng: random.Random
) -> None:
    """Snapshots in the midst of late data give the same statements and the same digest."""
    whole, steps = Engine(packs()), arrive(*stream)
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


@settings(max_examples=50, deadline=None)
@given(streams())
def test_revisions_count_up_under_one_id(
    stream: tuple[list[Sample], list[int], list[bool]],
) -> None:
    """Every statement about an event has the next revision, whatever late data does to it."""
    revs: dict[str, int] = {}
    for breach in run(Engine(packs()), arrive(*stream)):
        assert revs.get(breach.event_id, -1) + 1 == breach.rev
        revs[breach.event_id] = breach.rev
        assert breach.onset_at <= (breach.ended_at or breach.at) <= breach.at


def test_an_end_that_comes_before_its_start_gets_its_beginning() -> None:
    """A stay whose two messages change places is one event, with its own onset and end."""
    engine = Engine([pack(STAYED)])
    found = engine.apply(stay(10.0, "a", ended=True), T0 + 11.0)

    found += engine.apply(stay(0.0, "a"), T0 + 12.0)

    assert [(one.phase.value, one.onset_at - T0, one.rev) for one in found] == [
        ("open", 10.0, 0),
        ("end", 10.0, 1),
        ("end", 0.0, 2),
    ]
    assert {one.event_id for one in found} == {found[0].event_id}


def test_a_track_that_the_clock_let_go_goes_on_with_a_delayed_sample() -> None:
    """Its samples were under way: the event that silence ended is the same event and open again."""
    engine = Engine([pack(PARKED)])
    found = feed(engine, [track(0.0, 35.0)])
    found += engine.tick(T0 + 20.0)

    delayed = track(15.0, 50.0)
    found += engine.apply(delayed, T0 + 22.0)
    found += engine.tick(T0 + 42.0)

    assert told(found) == [
        ("open", "blue", 0.0),
        ("end", "blue", 20.0),
        ("update", "blue", 15.0),
        ("end", "blue", 35.0),
    ]
    assert len({breach.event_id for breach in found}) == 1


def test_what_comes_too_late_is_counted_and_an_end_still_counts() -> None:
    """Beyond ``late.allow`` nothing is gone back to, but an observation is over all the same."""
    engine = Engine([pack({**STAYED, "late": {"allow": "5s"}})])
    feed(engine, [stay(0.0, "a"), stay(20.0, "b"), stay(30.0, "b", ended=True)])

    found = engine.apply(stay(10.0, "a", ended=True), T0 + 31.0)

    assert told(found) == [("end", "yellow", 30.0)]
    assert (engine.counters["late"], engine.counters["reordered"]) == (1, 0)


def test_a_late_picture_is_not_lost() -> None:
    """What is told because of an observation that came late has the pictures of the one that it is about."""
    picture = Evidence(
        sha256="0" * 64,
        media_type="image/jpeg",
        size_bytes=1,
        captured_at=datetime(2026, 1, 5, tzinfo=UTC),
    )
    engine = Engine([pack(STAYED)])
    ended = structs.replace(stay(10.0, "a", ended=True), evidence=(picture,))
    engine.apply(ended, T0 + 11.0)

    (moved,) = engine.apply(stay(0.0, "a"), T0 + 12.0)

    assert moved.evidence == (picture,)


@pytest.mark.parametrize("allow", ["0s", "10m"])
def test_a_trail_goes_when_its_track_is_forgotten(allow: str) -> None:
    """Nothing is left of a track in the state or in the checkpoint ten minutes after it was gone."""
    engine = Engine([pack({**PARKED, "late": {"allow": allow}})])
    feed(engine, [track(0.0, 35.0), track(5.0, 40.0)], ticks=True)
    store = engine.take_dirty()

    engine.tick(T0 + 700.0)
    store |= engine.take_dirty()

    assert {name for name, blob in store.items() if blob is not None} <= {"\x1fstanding"}
    assert engine.key_count == 0

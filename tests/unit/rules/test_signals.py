"""``signals``: what several sensors say about one key, each value for as long as it is fresh."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.geometry import distance_m, from_local_m
from rules.breach import Breach
from rules.engine import Engine
from rules.nearby import Nearby
from rules.pack_tests import run_pack_tests
from tests.unit.rules.scenario import T0, feed, step, told
from tests.unit.rules.signal_scenario import DEPTH, HERE, RAIN, depth, flash, keys, rain


def test_rain_and_water_together_make_the_event() -> None:
    """Neither alone is enough: without the other one its condition is unknown."""
    engine = Engine([flash()])

    assert feed(engine, [rain(0.0, 30.0)]) == []
    assert feed(Engine([flash()]), [depth(0.0, 0.5)]) == []
    assert told(feed(engine, [depth(10.0, 0.2), depth(20.0, 0.5)])) == [
        ("open", "yellow", 10.0),
        ("update", "red", 20.0),
    ]


def test_the_cause_shows_the_signals_and_the_message_that_decided() -> None:
    """What was compared is the signals' values; the message is that of the last member."""
    found = feed(Engine([flash()]), [rain(0.0, 30.0), depth(10.0, 0.2)])

    assert found[0].cause.values == {"rain": 30.0, "depth": 0.2}
    assert found[0].cause.message == "box-1/0/readings/10"
    assert found[0].subject == "pond-1"


def test_a_sample_speaks_for_every_place_near_it_and_no_other() -> None:
    """Rain reaches both catchments within its distance, water only the one where it stands."""
    engine = Engine([flash()])

    found = feed(
        engine,
        [
            rain(0.0, 30.0, east_m=500.0),
            depth(1.0, 0.2),
            depth(2.0, 0.2, subject="p2", east_m=953.0),
        ],
    )

    assert keys(found) == ["c1", "c2"]


def test_what_lies_near_nothing_is_counted() -> None:
    """A sensor in the next town, and one without a place, speak for no key."""
    engine = Engine([flash()])

    feed(engine, [rain(0.0, 30.0, east_m=40_000.0), rain(0.0, 30.0, place=False)])

    assert engine.counters["unplaced"] == 2
    assert engine.counters["unwatched"] == 0
    assert engine.key_count == 0


def test_a_value_that_is_no_longer_fresh_is_unknown() -> None:
    """Rain of a quarter of an hour ago says nothing about now: it neither fires nor clears."""
    engine = Engine([flash()])

    assert told(feed(engine, [rain(0.0, 30.0), depth(901.0, 0.5)])) == []
    assert told(feed(engine, [rain(902.0, 30.0)])) == [("open", "red", 902.0)]


def test_a_delay_does_not_end_on_values_that_are_no_longer_fresh() -> None:
    """Silence freezes what is pending; it goes on with the next word."""
    engine = Engine(
        [flash(ladder=[step("red", "depth >= 15 cm", for_="10m")], signals={"depth": DEPTH})]
    )
    feed(engine, [depth(0.0, 0.2)])

    assert engine.tick(T0 + 700.0) == []
    assert told(feed(engine, [depth(710.0, 0.2)])) == [("open", "red", 710.0)]


def test_a_delay_ends_by_the_clock_while_everything_is_fresh() -> None:
    """Within freshness no further sample is needed."""
    engine = Engine(
        [flash(ladder=[step("red", "depth >= 15 cm", for_="2m")], signals={"depth": DEPTH})]
    )
    feed(engine, [depth(0.0, 0.2)])

    assert told(engine.tick(T0 + 121.0)) == [("open", "red", 120.0)]


def test_rates_of_a_signal_work() -> None:
    """A derived value builds on a signal like on a field."""
    one = flash(
        signals={"depth": DEPTH},
        let={"rise": {"rate": "depth", "over": "1m"}},
        ladder=[step("red", "rise > 0.1", clear="rise < 0.01")],
    )

    found = feed(Engine([one]), [depth(i * 30.0, i * 0.1) for i in range(3)])

    assert told(found) == [("open", "red", 30.0)]


def test_a_new_version_with_another_reach_forgets_that_signal_only() -> None:
    """Words that came under another definition do not count any more."""
    engine = Engine([flash()])
    feed(engine, [rain(0.0, 30.0), depth(0.0, 0.05)])
    engine.replace([flash(signals={"rain": RAIN, "depth": {**DEPTH, "take": "mean"}})], T0 + 1.0)

    assert told(feed(engine, [depth(2.0, 0.5, subject="p2")])) == [("open", "red", 2.0)]


def test_there_is_data_as_long_as_one_signal_is_known() -> None:
    """Rain alone leaves the ladder unknown, but nobody is silent; when it stops, somebody is."""
    engine = Engine([flash(no_data={"after": "20m", "do": "raise"})])
    found: list[Breach] = []
    for minute in range(60):
        found += feed(engine, [rain(minute * 60.0, 0.0)] if minute < 30 else [])
        found += engine.tick(T0 + minute * 60.0 + 30)

    assert keys(found) == ["c1", "c2"]
    assert told(found) == [("open", "yellow", 29 * 60.0 + 1200)] * 2


def test_tests_in_the_pack_speak_for_members() -> None:
    """A series is one member; a slash tells another one of the same signal."""
    tests = [
        {
            "series": {"rain": "20@10s", "depth": "-@10s 0.2@10s", "depth/two": "-@20s 0.5@10s"},
            "expect": ["yellow@10s", "red@20s"],
        }
    ]

    assert [result.ok for result in run_pack_tests(flash(tests=tests))] == [True]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_a_restart_anywhere_changes_nothing(seed: int) -> None:
    """Snapshots between any two samples give the same statements and the same digest."""
    rng = random.Random(seed)
    steps = []
    now = 0.0
    for _ in range(30):
        now += rng.choice((1.0, 20.0, 200.0))
        subject = rng.choice(("a", "b", "c"))
        behind = rng.choice((0.0, 0.0, 30.0))
        make, value = rng.choice(((rain, rng.uniform(0, 40)), (depth, rng.uniform(0, 0.6))))
        steps.append((make(now - behind, value, subject=subject), T0 + now))
    whole, engine, store = Engine([flash()]), Engine([flash()]), dict[str, bytes]()

    for sample, arrived in steps:
        expected = whole.tick(arrived) + whole.apply(sample, arrived)
        if rng.random() < 0.3:
            store |= {name: blob for name, blob in engine.take_dirty().items() if blob is not None}
            engine = Engine([flash()])
            engine.restore(store)

        assert expected == engine.tick(arrived) + engine.apply(sample, arrived)

    assert whole.digest() == engine.digest()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from((50.0, 300.0, 5000.0)), st.floats(-80.0, 80.0))
def test_near_is_what_brute_force_finds(seed: int, reach_m: float, lat: float) -> None:
    """The index finds what trying every place finds, at any latitude."""
    rng = random.Random(seed)
    at = [
        from_local_m((121.0, lat), (rng.uniform(-9e3, 9e3), rng.uniform(-9e3, 9e3)))
        for _ in range(80)
    ]
    places = [(f"p{i:02d}", *point) for i, point in enumerate(at[1:])]

    found = Nearby(places, reach_m).find(*at[0])

    assert list(found) == [
        name for name, lon, lat in places if distance_m(at[0], (lon, lat)) <= reach_m
    ]


def test_ten_thousand_places_are_not_all_tried() -> None:
    """A look-up computes a handful of distances, however many places there are."""
    places = [
        (f"p{i}", *from_local_m(HERE, (i % 100 * 500.0, i // 100 * 500.0))) for i in range(10_000)
    ]
    index = Nearby(places, 300.0)

    assert index.find(*places[5050][1:]) == ("p5050",)
    assert index.tried <= 9

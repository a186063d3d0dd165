"""``signals``: what several sensors say about one key, each value for as long as it is fresh."""

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.envelope import Place
from contracts.geometry import distance_m, from_local_m
from rules.breach import Breach
from rules.engine import Engine
from rules.nearby import Nearby
from rules.pack import RulePack, compile_pack
from rules.pack_tests import run_pack_tests
from rules.sample import Sample
from rules.signals import MAX_MEMBERS
from tests.unit.rules.scenario import T0, PackFault, feed, step, told

HERE = (121.47, 31.23)
PLACES: dict[str, Any] = {
    "catchments": {
        "key": "catchment",
        "rows": {
            "c1": {"lon": HERE[0], "lat": HERE[1]},
            "c2": {"lon": HERE[0] + 0.01, "lat": HERE[1]},
            "far": {"lon": HERE[0] + 1.0, "lat": HERE[1]},
        },
    },
    "sensors": {
        "key": "subject",
        "columns": {"catchment": "text"},
        "rows": {"gauge": {"catchment": "c1"}, "pond-1": {"catchment": "c1"}},
    },
}
RAIN = {"profile": "rain_gauge", "of": "rain_mm_h", "near": "1500m", "take": "max", "fresh": "15m"}
DEPTH = {"profile": "water_level", "of": "depth_m", "near": "300m", "take": "max", "fresh": "5m"}
FLASH: dict[str, Any] = {
    "id": "flash",
    "event": {"type": "flood.flash", "dedupe": ["catchment"]},
    "key": ["catchment"],
    "for_each": "catchments",
    "signals": {"rain": RAIN, "depth": DEPTH},
    "ladder": [
        step("yellow", "rain >= 16.0 && depth >= 15 cm", clear="rain < 4.0 || depth < 10 cm"),
        step("red", "rain >= 16.0 && depth >= 40 cm", clear="depth < 35 cm"),
    ],
}


def flash(**changes: Any) -> RulePack:
    """Return a pack of one correlating rule; a part of None is left out."""
    merged = {name: part for name, part in {**FLASH, **changes}.items() if part is not None}
    return compile_pack({"places": PLACES, "rules": [merged]}, "flash", PackFault)


def heard(
    at: float,
    profile: str,
    value: float,
    *,
    subject: str = "",
    east_m: float = 0.0,
    place: bool = True,
) -> Sample:
    """Return a reading of a sensor that lies so many metres east of the first catchment."""
    field = {"rain_gauge": "rain_mm_h", "water_level": "depth_m"}[profile]
    lon, lat = from_local_m(HERE, (east_m, 0.0))
    subject = subject or {"rain_gauge": "gauge", "water_level": "pond-1"}[profile]
    return Sample(
        stream="readings",
        profile=profile,
        subject=subject,
        at=T0 + at,
        keys={"subject": subject, "box": "box-1", "site": "site-1", "district": "north"},
        fields={field: value},
        place=Place(lon=lon, lat=lat) if place else None,
        message=f"box-1/0/readings/{int(at)}",
    )


def rain(at: float, value: float, **more: Any) -> Sample:
    """Return a reading of a rain gauge."""
    return heard(at, "rain_gauge", value, **more)


def depth(at: float, value: float, **more: Any) -> Sample:
    """Return a reading of a level sensor."""
    return heard(at, "water_level", value, **more)


def keys(found: list[Breach]) -> list[str]:
    """Return the catchments of some statements."""
    return [breach.key["catchment"] for breach in found]


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


@pytest.mark.parametrize(
    ("take", "expected"),
    [("max", 0.4), ("min", 0.1), ("mean", 0.25), ("median", 0.25), ("sum", 1.0), ("newest", 0.3)],
)
def test_what_members_say_is_brought_down_to_one_value(take: str, expected: float) -> None:
    """Four members, four values, one signal."""
    one = flash(
        signals={"depth": {**DEPTH, "take": take}},
        ladder=[
            step("blue", f"depth > {expected - 0.001}"),
            step("red", f"depth > {expected + 0.001}"),
        ],
    )
    members = enumerate((0.1, 0.4, 0.2, 0.3))

    found = feed(Engine([one]), [depth(float(i), value, subject=f"p{i}") for i, value in members])

    assert found
    assert found[-1].level.value == "blue"
    assert math.isclose(float(found[-1].cause.values["depth"] or 0), expected) or take != "newest"


def test_count_is_of_members_for_which_something_holds() -> None:
    """Three members stand under water before the event opens."""
    flooded = {**DEPTH, "of": "depth_m > 10 cm", "take": "count"}
    one = flash(signals={"flooded": flooded}, ladder=[step("red", "flooded >= 3.0")])
    samples = [
        depth(float(i), value, subject=f"p{i}") for i, value in enumerate((0.2, 0.0, 0.2, 0.2))
    ]

    assert told(feed(Engine([one]), samples)) == [("open", "red", 3.0)]


def test_too_few_members_make_the_signal_unknown() -> None:
    """With one of two members nothing is known, whatever it says."""
    one = flash(
        signals={"depth": {**DEPTH, "min_members": 2}}, ladder=[step("red", "depth > 10 cm")]
    )
    engine = Engine([one])

    assert feed(engine, [depth(0.0, 0.2)]) == []
    assert told(feed(engine, [depth(1.0, 0.1, subject="p2")])) == [("open", "red", 1.0)]


def test_a_broken_value_takes_its_member_out() -> None:
    """A sensor that sends NaN has nothing to say; the other one does."""
    one = flash(
        signals={"depth": DEPTH}, ladder=[step("red", "depth > 10 cm", clear="depth < 5 cm")]
    )
    engine = Engine([one])

    found = feed(engine, [depth(0.0, 0.2), depth(1.0, 0.0, subject="p2"), depth(2.0, math.nan)])

    assert told(found) == [("open", "red", 0.0), ("end", "red", 2.0)]


def test_a_member_with_more_delay_than_the_others_is_not_late() -> None:
    """Rain that arrives after newer water is judged in the key's present."""
    engine = Engine([flash()])
    engine.apply(depth(60.0, 0.5), T0 + 60.0)

    found = engine.apply(rain(20.0, 30.0), T0 + 61.0)

    assert told(found) == [("open", "red", 60.0)]
    assert engine.counters["late"] == 0


def test_an_older_word_of_the_same_member_is_left_out() -> None:
    """What a member said last holds, in whatever order its words arrive."""
    engine = Engine([flash(signals={"depth": DEPTH}, ladder=[step("red", "depth > 10 cm")])])
    engine.apply(depth(60.0, 0.0), T0 + 60.0)

    assert engine.apply(depth(20.0, 0.5), T0 + 61.0) == []


def test_a_clock_in_the_future_does_not_take_the_others_present_away() -> None:
    """A member four minutes ahead is judged at its arrival; the next one is as fresh as before."""
    short = {name: {**one, "fresh": "60s"} for name, one in (("rain", RAIN), ("depth", DEPTH))}
    engine = Engine([flash(signals=short)])
    engine.apply(rain(240.0, 30.0), T0)

    assert told(engine.apply(depth(10.0, 0.5), T0 + 10.0)) == [("open", "red", 10.0)]


def test_members_beyond_the_limit_are_refused_and_counted() -> None:
    """The limit holds for fresh members; one that fell silent makes room."""
    engine = Engine([flash(signals={"depth": DEPTH}, ladder=[step("red", "depth > 10 cm")])])
    full = [depth(0.0, 0.0, subject=f"p{i}") for i in range(MAX_MEMBERS)]

    assert feed(engine, [*full, depth(1.0, 0.5, subject="one-more")]) == []
    assert engine.counters["crowded"] == 1
    assert told(feed(engine, [depth(400.0, 0.5, subject="one-more")])) == [("open", "red", 400.0)]


@pytest.mark.parametrize("key", ["district", "site", "box"])
def test_members_may_share_a_key_that_they_have(key: str) -> None:
    """Without 'near' a member speaks for the key value in its own keys."""
    signals = {
        "rain": {name: part for name, part in RAIN.items() if name != "near"},
        "depth": {name: part for name, part in DEPTH.items() if name != "near"},
    }
    one = flash(key=[key], for_each=None, signals=signals, event={"type": "flood.flash"})

    found = feed(Engine([one]), [rain(0.0, 30.0, place=False), depth(1.0, 0.5, place=False)])

    assert told(found) == [("open", "red", 1.0)]


def test_a_table_may_say_which_key_a_member_belongs_to() -> None:
    """Sensors are put into catchments by their own name."""
    signals = {
        "rain": {name: part for name, part in RAIN.items() if name != "near"},
        "depth": {name: part for name, part in DEPTH.items() if name != "near"},
    }
    one = flash(for_each=None, members="sensors", signals=signals)
    engine = Engine([one])

    found = feed(engine, [rain(0.0, 30.0, place=False), depth(1.0, 0.5, subject="stranger")])
    found += feed(engine, [depth(2.0, 0.5, place=False)])

    assert keys(found) == ["c1"]
    assert engine.counters["unplaced"] == 1


def test_members_may_be_what_lies_in_an_area() -> None:
    """Sensors count for the area they are in, whoever they are; outside they count for none."""
    corners = [
        from_local_m(HERE, corner) for corner in ((-50, -50), (150, -50), (150, 50), (-50, 50))
    ]
    areas = {"grids": {"shapes": {"g-7": [list(corner) for corner in corners]}, "key": "cell"}}
    signals = {
        "flooded": {
            "profile": "water_level",
            "of": "depth_m > 10 cm",
            "inside": "grids",
            "take": "count",
            "fresh": "5m",
        }
    }
    one = {
        "id": "cell",
        "event": {"type": "flood.cell", "title": {"zh": "{cell}", "en": "{cell}"}},
        "key": ["cell"],
        "signals": signals,
        "ladder": [step("red", "flooded >= 2.0", clear="flooded < 2.0")],
    }
    engine = Engine([compile_pack({"areas": areas, "rules": [one]}, "cells", PackFault)])

    found = feed(
        engine,
        [
            depth(0.0, 0.2, subject="p1"),
            depth(1.0, 0.2, subject="p2", east_m=400.0),
            depth(2.0, 0.2, subject="p3", east_m=100.0),
        ],
    )

    assert told(found) == [("open", "red", 2.0)]
    assert (found[0].key, found[0].title.en) == ({"cell": "g-7"}, "g-7")
    assert engine.counters["unplaced"] == 1


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

"""Members of ``signals``: who speaks for which key, and what their words come to."""

import math

import pytest

from contracts.geometry import from_local_m
from rules.engine import Engine
from rules.pack import compile_pack
from rules.signals import MAX_MEMBERS
from tests.unit.rules.scenario import T0, PackFault, feed, step, told
from tests.unit.rules.signal_scenario import DEPTH, HERE, RAIN, depth, flash, keys, rain


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
    """Rain that arrives after newer water is judged in its place, and with it the water."""
    engine = Engine([flash()])
    engine.apply(depth(60.0, 0.5), T0 + 60.0)

    found = engine.apply(rain(20.0, 30.0), T0 + 61.0)

    assert told(found) == [("open", "red", 60.0)]
    assert (engine.counters["late"], engine.counters["reordered"]) == (0, 1)


def test_what_a_member_said_last_holds_in_whatever_order_it_arrives() -> None:
    """An older word of the same member counts for as long as nothing newer was said."""
    engine = Engine([flash(signals={"depth": DEPTH}, ladder=[step("red", "depth > 10 cm")])])
    engine.apply(depth(60.0, 0.0), T0 + 60.0)

    found = engine.apply(depth(20.0, 0.5), T0 + 61.0)

    assert told(found) == [("open", "red", 20.0), ("end", "red", 60.0)]


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

"""``no_data`` and ``absence``: what silence does, on the journalled tick and per key."""

import math
from typing import Any

import pytest

from contracts.ids import episode_id
from contracts.readings import moment
from rules.breach import Breach
from rules.engine import Engine
from rules.pack import compile_pack
from tests.unit.rules.scenario import T0, PackFault, feed, pack, reading, rule, step, told

DEEP = [step("blue", "depth_m > 10 cm"), step("yellow", "depth_m > 30 cm")]
ABSENCE = {"after": "2.5 cadence", "level": "yellow"}


def engine_with(**changes: Any) -> Engine:
    """Return an engine with one rule over DEEP that ticked at the start."""
    engine = Engine([pack(rule(**{"ladder": DEEP, **changes}))])
    engine.tick(T0)
    return engine


def ticked(engine: Engine, first: int, last: int) -> list[Breach]:
    """Return what one tick a second brings from ``first`` to ``last``."""
    return [found for second in range(first, last + 1) for found in engine.tick(T0 + second)]


def test_hold_keeps_an_event_open_through_silence() -> None:
    """Missing data is not over: prometheus/prometheus#14085."""
    engine = engine_with(no_data={"after": "1m", "do": "hold"})
    found = feed(engine, [reading(0, 0.2)])

    found += ticked(engine, 1, 300)

    assert told(found) == [("open", "blue", 0.0)]


def test_clear_ends_the_event_when_nothing_was_said_for_so_long() -> None:
    """The end is dated to the deadline, and ``ended_at`` to the last word."""
    engine = engine_with(no_data={"after": "1m", "do": "clear"})
    found = feed(engine, [reading(0, 0.2), reading(10, 0.2)])

    found += ticked(engine, 11, 300)

    assert told(found) == [("open", "blue", 0.0), ("end", "blue", 70.0)]
    assert (found[1].ended_at, found[1].cause.flags) == (T0 + 10.0, ("no_data",))
    assert found[1].cause.expression == "no data for 1m"


def test_clear_drops_what_was_pending() -> None:
    """After a silence that clears, ``for`` begins anew."""
    ladder = [step("blue", "depth_m > 10 cm", for_="90s")]
    engine = engine_with(ladder=ladder, no_data={"after": "1m", "do": "clear"})
    found = feed(engine, [reading(0, 0.2)]) + ticked(engine, 1, 99)

    found += feed(engine, [reading(at, 0.2) for at in range(100, 200, 10)])

    assert told(found) == [("open", "blue", 190.0)]


def test_raise_opens_and_the_next_word_decides() -> None:
    """Silence is an event of the given level until something is known again."""
    engine = engine_with(no_data={"after": "1m", "do": "raise", "level": "red"})
    found = feed(engine, [reading(0, 0.0)]) + ticked(engine, 1, 100)

    found += feed(engine, [reading(101, 0.2), reading(102, 0.0)])

    assert told(found) == [("open", "red", 60.0), ("update", "blue", 101.0), ("end", "blue", 102.0)]
    assert found[0].onset_at == T0


def test_raise_never_lowers() -> None:
    """An event that is graver than what silence means stays as it is."""
    engine = engine_with(no_data={"after": "1m", "do": "raise"})
    found = feed(engine, [reading(0, 0.5)]) + ticked(engine, 1, 100)

    found += feed(engine, [reading(101, 0.2)])

    assert told(found) == [("open", "yellow", 0.0), ("update", "blue", 101.0)]


def test_a_broken_value_is_no_data() -> None:
    """A sensor that sends NaN says nothing, however often."""
    engine = engine_with(no_data={"after": "1m", "do": "clear"})

    found = feed(engine, [reading(0, 0.2)])
    found += feed(engine, [reading(at, math.nan) for at in range(5, 200, 5)], ticks=True)

    assert told(found) == [("open", "blue", 0.0), ("end", "blue", 60.0)]


def test_absence_is_raised_and_ended_per_sensor() -> None:
    """Each sensor is missed by itself, 2.5 cadences after it was heard: thingsboard#319, #14270."""
    engine = engine_with(absence=ABSENCE)
    feed(engine, [reading(0, 0.0, subject=name) for name in ("pond-1", "pond-2")])
    ticked(engine, 1, 10)
    feed(engine, [reading(20, 0.0, subject="pond-2")])

    found = ticked(engine, 21, 30)
    found += feed(engine, [reading(31, 0.0)])

    assert told(found) == [("open", "yellow", 25.0), ("end", "yellow", 31.0)]
    assert [breach.key for breach in found] == [{"subject": "pond-1"}] * 2
    assert (found[0].event.type, found[0].subject) == ("device.offline", "pond-1")
    assert (found[0].onset_at, found[1].ended_at) == (T0, T0 + 31.0)


def test_absence_has_an_episode_of_its_own() -> None:
    """The rule's own event stays open beside it, under another id."""
    engine = engine_with(absence=ABSENCE)

    found = feed(engine, [reading(0, 0.2)]) + ticked(engine, 1, 30)

    expected = episode_id("waterlogging/absence", {"subject": "pond-1"}, moment(T0))
    assert told(found) == [("open", "blue", 0.0), ("open", "yellow", 25.0)]
    assert found[1].event_id == expected != found[0].event_id


def test_a_sensor_never_heard_is_not_missed() -> None:
    """Absence is of keys that were seen before."""
    engine = engine_with(absence=ABSENCE)

    assert ticked(engine, 1, 100) == []


def test_each_absence_is_an_event_of_its_own() -> None:
    """What comes back and goes again is told again; nothing is told twice."""
    engine = engine_with(absence=ABSENCE)

    found = feed(engine, [reading(0, 0.0)]) + ticked(engine, 1, 60)
    found += feed(engine, [reading(61, 0.0)]) + ticked(engine, 62, 200)

    assert [phase for phase, _, _ in told(found)] == ["open", "end", "open"]
    assert len({breach.event_id for breach in found}) == 2


def test_a_late_word_ends_an_absence() -> None:
    """A sensor whose clock was set back is there all the same; the alarm does clear."""
    engine = engine_with(absence=ABSENCE)
    engine.apply(reading(100, 0.0), T0)
    found = ticked(engine, 1, 40)

    found += engine.apply(reading(41, 0.0), T0 + 41.0)
    found += ticked(engine, 42, 60)

    assert [phase for phase, _, _ in told(found)] == ["open", "end"]


def test_two_hours_of_batch_are_no_absence() -> None:
    """Silence is counted from arrival: a battery sensor that reports old data is there."""
    engine = engine_with(absence={"after": "3h", "level": "blue"})
    for batch in range(3):
        now = T0 + 7200.0 * (batch + 1)
        engine.tick(now)
        for at in range(0, 7200, 600):
            assert engine.apply(reading(7200 * batch + at, 0.0), now) == []

    assert engine.tick(T0 + 4 * 7200.0) == []


def test_a_gateway_that_was_down_has_missed_nobody() -> None:
    """The first tick after a pause proves nothing; who stays silent from then on is missed."""
    engine = engine_with(absence=ABSENCE)
    feed(engine, [reading(0, 0.0, subject=name) for name in ("pond-1", "pond-2")])
    ticked(engine, 1, 5)

    found = engine.tick(T0 + 3600.0)
    found += feed(engine, [reading(3601, 0.0)])
    found += ticked(engine, 3601, 3625)

    assert [(b.key["subject"], b.at - T0) for b in found] == [("pond-2", 25.0)]


def test_absence_survives_a_restart() -> None:
    """A restart in mid-silence neither resets the wait nor tells twice."""
    made = pack(rule(ladder=DEEP, absence=ABSENCE))
    engine, found = Engine([made]), list[Breach]()
    store: dict[str, bytes] = {}
    feed(engine, [reading(0, 0.0)])
    for second in range(60):
        found += engine.tick(T0 + second)
        store |= {name: blob for name, blob in engine.take_dirty().items() if blob is not None}
        engine = Engine([made])
        engine.restore(store)

    assert told(found) == [("open", "yellow", 25.0)]


def test_a_rule_without_absence_any_more_ends_it() -> None:
    """A new version of the rule leaves no event open that it could not end."""
    engine = engine_with(absence=ABSENCE)
    feed(engine, [reading(0, 0.0)])
    ticked(engine, 1, 30)

    found = engine.replace([pack(rule(ladder=DEEP))], now=T0 + 40.0)

    assert told(found) == [("end", "yellow", 40.0)]


def test_a_rule_that_is_gone_ends_its_absences() -> None:
    """So does the end of the rule."""
    engine = engine_with(absence=ABSENCE)
    feed(engine, [reading(0, 0.0)])
    ticked(engine, 1, 30)

    assert told(engine.replace([], now=T0 + 40.0)) == [("end", "yellow", 40.0)]


def test_a_new_absence_waits_from_when_it_came_into_force() -> None:
    """Sensors that were silent before anybody asked are missed after the full time."""
    engine = Engine([pack(rule(ladder=DEEP))])
    feed(engine, [reading(0, 0.0)])

    engine.replace([pack(rule(ladder=DEEP, absence=ABSENCE))], now=T0 + 100.0)
    found = ticked(engine, 101, 130)

    assert len(found) == 1
    assert found[0].phase.value == "open"
    assert ticked(engine, 131, 140) == []


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"no_data": {"do": "hold"}}, ("no_data",), "'after' is missing"),
        ({"no_data": {"after": "1m", "do": "panic"}}, ("no_data", "do"), "expected one of hold"),
        ({"no_data": {"after": "1x", "do": "hold"}}, ("no_data", "after"), "2.5 cadence"),
        ({"no_data": {"after": "0s", "do": "hold"}}, ("no_data", "after"), "more than no time"),
        ({"no_data": {"after": "1m", "do": "clear", "level": "red"}}, ("no_data", "level"), "only 'do: raise'"),
        ({"no_data": {"afer": "1m", "do": "hold"}}, ("no_data", "afer"), "did you mean 'after'?"),
        ({"absence": {**ABSENCE, "type": "Offline!"}}, ("absence", "type"), "dotted lower case"),
        ({"absence": {**ABSENCE, "title": {"zh": "x", "en": "{depth_m}"}}}, ("absence", "title", "en"), "not known here"),
        ({"absence": {"after": "1m"}}, ("absence",), "'level' is missing"),
        ({"absence": ABSENCE, "watch": {"stream": "tracks"}, "key": ["track"],
          "ladder": [step("blue", "dwell_s > 1 s")]}, ("absence",), "come and go"),
        ({"absence": ABSENCE, "watch": {"stream": "counts"}, "key": ["zone"],
          "ladder": [step("blue", "people > 1")]}, ("absence", "after"), "no duration"),
    ],
)  # fmt: skip
def test_faults_name_their_place(
    changes: dict[str, Any], path: tuple[str | int, ...], reason: str
) -> None:
    """A faulty operator is refused when the pack is loaded."""
    with pytest.raises(PackFault) as caught:
        compile_pack({"rules": [rule(**changes)]}, "test", PackFault)

    assert caught.value.path == ("rules", 0, *path)
    assert reason in caught.value.message

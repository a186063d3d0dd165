"""Escalation and what people tell the engine: acknowledge, shelve, unshelve, mode."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.control import Control, ControlAction, Mode
from rules.breach import Breach
from rules.engine import Engine
from rules.pack import compile_pack
from tests.unit.rules.scenario import T0, PackFault, feed, pack, reading, rule, step, told

DEEP = [step("blue", "depth_m > 10 cm"), step("yellow", "depth_m > 30 cm")]
ESCALATE = [
    {"after": "30s", "unless": "acked", "level": "yellow"},
    {"after": "60s", "level": "red"},
]


def engine_with(**changes: Any) -> Engine:
    """Return an engine with one rule over DEEP."""
    return Engine([pack(rule(**{"ladder": DEEP, **changes}))])


def control(action: str, **more: Any) -> Control:
    """Return a control message."""
    at = datetime.fromtimestamp(T0, UTC)
    return Control(id="c-1", action=ControlAction(action), at=at, by="anna", **more)


def until(seconds: float) -> datetime:
    """Return a moment of the scenario."""
    return datetime.fromtimestamp(T0 + seconds, UTC)


def wet(engine: Engine, first: int, last: int, depth_m: float = 0.2) -> list[Breach]:
    """Return what a reading and a tick every 10 s bring."""
    return feed(engine, [reading(at, depth_m) for at in range(first, last + 1, 10)], ticks=True)


def test_an_event_that_nobody_takes_up_escalates() -> None:
    """It rises at the exact time after it was opened, and does not fall below while it is open."""
    engine = engine_with(escalate=ESCALATE)

    found = wet(engine, 0, 90) + wet(engine, 100, 100, 0.0)

    assert told(found) == [
        ("open", "blue", 0.0),
        ("update", "yellow", 30.0),
        ("update", "red", 60.0),
        ("end", "red", 100.0),
    ]
    assert (found[1].cause.expression, found[1].cause.flags) == (
        "open for 30s unless acked",
        ("escalated",),
    )


def test_an_acknowledged_event_does_not() -> None:
    """``unless: acked`` stops that entry only; the one without a condition still comes."""
    engine = engine_with(escalate=ESCALATE)
    found = wet(engine, 0, 20)

    assert engine.control(control("acknowledge", event_id=found[0].event_id), T0 + 25.0) == []
    found += wet(engine, 30, 90)

    assert told(found) == [("open", "blue", 0.0), ("update", "red", 60.0)]


def test_the_next_event_is_acknowledged_for_itself() -> None:
    """An acknowledgement ends with its event."""
    engine = engine_with(escalate=ESCALATE[:1])
    found = wet(engine, 0, 0)
    engine.control(control("acknowledge", event_id=found[0].event_id), T0 + 1.0)

    found += wet(engine, 10, 10, 0.0) + wet(engine, 20, 60)

    assert told(found)[2:] == [("open", "blue", 20.0), ("update", "yellow", 50.0)]


def test_escalation_counts_from_when_people_were_told() -> None:
    """An event of old data escalates half a minute after it arrived, not at once."""
    engine = engine_with(escalate=ESCALATE[:1])
    found = engine.apply(reading(0, 0.2), T0 + 7200.0)

    found += engine.tick(T0 + 7229.0)
    found += engine.tick(T0 + 7230.0)

    assert told(found) == [("open", "blue", 0.0), ("update", "yellow", 7230.0)]


def test_escalation_and_acknowledgement_survive_a_restart() -> None:
    """A restart after the opening neither forgets the time nor the acknowledgement."""
    made, store = pack(rule(ladder=DEEP, escalate=ESCALATE)), dict[str, bytes]()
    engine = Engine([made])
    found = feed(engine, [reading(0, 0.2)])
    engine.control(control("acknowledge", event_id=found[0].event_id), T0 + 1.0)
    for second in range(1, 70):
        store |= {name: blob for name, blob in engine.take_dirty().items() if blob is not None}
        engine = Engine([made])
        engine.restore(store)
        found += engine.tick(T0 + second)

    assert told(found) == [("open", "blue", 0.0), ("update", "red", 60.0)]


def test_a_shelved_key_opens_nothing_until_its_shelf_ends() -> None:
    """What is still true when the silence ends is told then, with its true onset: alertmanager#2896."""
    engine = engine_with()
    shelve = control("shelve", rule="waterlogging", key={"subject": "pond-1"}, until=until(25))
    engine.control(shelve, T0 - 1.0)

    found = wet(engine, 0, 50)

    assert told(found) == [("open", "blue", 30.0)]
    assert found[0].onset_at == T0


def test_what_was_told_before_is_ended_also_while_shelved() -> None:
    """Nobody is left with an event that is over; changes of level wait: alertmanager#226."""
    engine = engine_with()
    found = wet(engine, 0, 0)
    engine.control(control("shelve", event_id=found[0].event_id), T0 + 1.0)

    found += wet(engine, 10, 20, 0.4) + wet(engine, 30, 30, 0.0)

    assert told(found) == [("open", "blue", 0.0), ("end", "blue", 30.0)]


def test_what_came_and_went_while_shelved_is_never_told() -> None:
    """A shelf hides whole events."""
    engine = engine_with()
    engine.control(control("shelve", rule="waterlogging"), T0 - 1.0)

    found = wet(engine, 0, 20) + wet(engine, 30, 30, 0.0)
    found += engine.control(control("unshelve", rule="waterlogging"), T0 + 40.0)

    assert found == []


def test_unshelving_tells_what_holds() -> None:
    """Taking a key off the shelf states its present level at once."""
    engine = engine_with()
    found = wet(engine, 0, 0)
    engine.control(control("shelve", event_id=found[0].event_id), T0 + 1.0)
    found += wet(engine, 10, 20, 0.4)

    found += engine.control(control("unshelve", event_id=found[0].event_id), T0 + 21.0)

    assert told(found) == [("open", "blue", 0.0), ("update", "yellow", 21.0)]


def test_a_shelf_is_for_its_key_only() -> None:
    """Other keys go on speaking."""
    engine = engine_with()
    engine.control(control("shelve", key={"subject": "pond-2"}), T0 - 1.0)

    samples = [reading(0, 0.2, subject=name) for name in ("pond-1", "pond-2")]

    assert [breach.key["subject"] for breach in feed(engine, samples)] == ["pond-1"]


def test_shelves_and_mode_survive_a_restart() -> None:
    """They are part of the state, and of its digest."""
    engine = engine_with()
    plain = engine.digest()
    engine.control(control("shelve", rule="waterlogging"), T0 - 1.0)
    engine.control(control("mode", mode=Mode.EMERGENCY), T0 - 1.0)
    blobs = {name: blob for name, blob in engine.take_dirty().items() if blob is not None}
    again = engine_with()
    again.restore(blobs)

    assert wet(again, 0, 30) == []
    assert plain != engine.digest()


def test_what_a_shelf_keeps_quiet_is_shown_with_its_reason() -> None:
    """Which key, at which level, since when, until when, who said so and why; also after a restart."""
    engine = engine_with()
    said = control("shelve", rule="waterlogging", until=until(600.0), reason="works at the drain")
    engine.control(said, T0 - 1.0)
    wet(engine, 0, 30)
    again = engine_with()
    again.restore({name: blob for name, blob in engine.take_dirty().items() if blob is not None})

    (one,) = again.suppressed()

    assert engine.suppressed() == [one]
    assert (one.rule, one.key, one.level.value) == ("waterlogging", {"subject": "pond-1"}, "blue")
    assert (one.since, one.until) == (T0, T0 + 600.0)
    assert (one.by, one.shelved_by, one.reason) == ("shelf", "anna", "works at the drain")


def test_a_key_that_has_nothing_to_tell_is_not_suppressed() -> None:
    """A shelf over a dry pond keeps nothing quiet."""
    engine = engine_with()
    engine.control(control("shelve", rule="waterlogging"), T0 - 1.0)
    wet(engine, 0, 30, 0.0)

    assert engine.suppressed() == []


def test_a_shelf_without_an_end_lasts_a_day() -> None:
    """What somebody forgot is not silent for ever."""
    engine = engine_with()
    engine.control(control("shelve", rule="waterlogging"), T0)

    assert feed(engine, [reading(86_390, 0.2)], ticks=True) == []
    assert told(feed(engine, [reading(86_400, 0.2)], ticks=True)) == [("open", "blue", 86400.0)]


def test_the_mode_turns_calendars_at_once() -> None:
    """平急: an emergency opens the rules that wait for one, by the last value, and its end closes them."""
    data = {
        "calendars": {"storm": {"tz": "Asia/Shanghai", "mode": "emergency"}},
        "rules": [rule(ladder=DEEP, active="storm")],
    }
    engine = Engine([compile_pack(data, "test", PackFault)])
    found = wet(engine, 0, 20)

    found += engine.control(control("mode", mode=Mode.EMERGENCY), T0 + 25.0)
    found += engine.control(control("mode", mode=Mode.NORMAL), T0 + 28.0)

    assert told(found) == [("open", "blue", 25.0), ("end", "blue", 28.0)]


def test_a_latched_event_waits_for_somebody() -> None:
    """It neither steps down nor ends before it is acknowledged; then it goes where it should be."""
    engine = engine_with(latch=True)
    found = wet(engine, 0, 0, 0.4) + wet(engine, 10, 10) + wet(engine, 20, 20, 0.0)

    found += engine.control(control("acknowledge", event_id=found[0].event_id), T0 + 25.0)

    assert told(found) == [("open", "yellow", 0.0), ("end", "yellow", 25.0)]


def test_a_latched_event_that_is_over_still_escalates() -> None:
    """What waits for somebody gets more urgent until somebody comes, whatever the water does meanwhile."""
    engine = engine_with(latch=True, escalate=ESCALATE)
    found = wet(engine, 0, 10) + wet(engine, 20, 90, 0.0)

    found += engine.control(control("acknowledge", event_id=found[0].event_id), T0 + 95.0)

    assert told(found) == [
        ("open", "blue", 0.0),
        ("update", "yellow", 30.0),
        ("update", "red", 60.0),
        ("end", "red", 95.0),
    ]


def test_an_acknowledged_latch_lets_go_by_itself() -> None:
    """Who was told before the water fell need not say so again."""
    engine = engine_with(latch=True)
    found = wet(engine, 0, 0, 0.4)
    engine.control(control("acknowledge", rule="waterlogging"), T0 + 5.0)

    found += wet(engine, 10, 10) + wet(engine, 20, 20, 0.0)

    assert [phase for phase, _, _ in told(found)] == ["open", "update", "end"]


def test_a_rule_that_is_gone_ends_what_it_latched() -> None:
    """Nothing stays open that nobody could end."""
    engine = engine_with(latch=True)
    wet(engine, 0, 0, 0.4)
    wet(engine, 10, 10, 0.0)

    assert told(engine.replace([], now=T0 + 20.0)) == [("end", "yellow", 20.0)]


def test_an_open_event_is_told_again_until_somebody_takes_it_up() -> None:
    """A reminder repeats the level, with the next rev and a flag."""
    engine = engine_with(event={"type": "water.ponding", "remind": "1m"})
    found = wet(engine, 0, 130)

    engine.control(control("acknowledge", event_id=found[0].event_id), T0 + 131.0)
    found += wet(engine, 140, 300)

    assert told(found) == [
        ("open", "blue", 0.0),
        ("update", "blue", 60.0),
        ("update", "blue", 120.0),
    ]
    assert (found[2].rev, found[2].cause.flags) == (2, ("reminder",))


def test_a_long_pause_brings_one_reminder() -> None:
    """A gateway that was down for an hour does not make up for what it did not say."""
    engine = engine_with(event={"type": "water.ponding", "remind": "1m"})
    feed(engine, [reading(0, 0.2)])

    assert told(engine.tick(T0 + 3630.0)) == [("update", "blue", 3600.0)]
    assert told(engine.tick(T0 + 3660.0)) == [("update", "blue", 3660.0)]


@pytest.mark.parametrize("remind", ["5", "10s"])
def test_a_reminder_has_a_sensible_time(remind: str) -> None:
    """Less than a minute, or no duration, is refused."""
    with pytest.raises(PackFault) as caught:
        pack(rule(event={"type": "water.ponding", "remind": remind}))

    assert caught.value.path == ("rules", 0, "event", "remind")


@pytest.mark.parametrize(
    "message",
    [
        control("acknowledge"),
        control("acknowledge", event_id="00000000-0000-0000-0000-000000000000"),
        control("shelve", rule="no-such-rule", key={}),
        control("unshelve", event_id="00000000-0000-0000-0000-000000000000"),
    ],
    ids=["nothing", "an unknown event", "an unknown rule", "an event on no shelf"],
)
def test_what_names_nothing_is_counted(message: Control) -> None:
    """A control message about what is not there changes nothing."""
    engine = engine_with()
    wet(engine, 0, 0)

    assert engine.control(message, T0 + 1.0) == []
    assert engine.counters["unaddressed"] == 1


@pytest.mark.parametrize(
    ("escalate", "path", "reason"),
    [
        ([{"after": "5", "level": "red"}], (0, "after"), "no duration"),
        ([{"after": "5m"}], (0,), "'level' is missing"),
        ([{"after": "5m", "level": "red", "unless": "asleep"}], (0, "unless"), "expected acked"),
        ([{"after": "5m", "level": "red", "unles": "x"}], (0, "unles"), "did you mean 'unless'?"),
        ([*reversed(ESCALATE)], (1,), "a later time and a graver level"),
    ],
)
def test_faults_name_their_place(
    escalate: list[dict[str, str]], path: tuple[str | int, ...], reason: str
) -> None:
    """A faulty escalation is refused when the pack is loaded."""
    with pytest.raises(PackFault) as caught:
        pack(rule(escalate=escalate))

    assert caught.value.path == ("rules", 0, "escalate", *path)
    assert reason in caught.value.message

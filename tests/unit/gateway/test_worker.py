"""The gateway over the in-memory hub: intake, order, time, events."""

from pathlib import Path

import msgspec
import pytest

from contracts.codec import encode
from contracts.control import Control, ControlAction
from contracts.event import Event
from contracts.status import BoxState
from contracts.topics import Kind, district_topic
from runtime.journal import JournalKind, read_journal
from tests.unit.gateway.city import (
    DISTRICT,
    START,
    City,
    acks,
    birth,
    journalled,
    later,
    pressed,
    reading,
    topic,
)


@pytest.fixture
def city(tmp_path: Path) -> City:
    """Return a gateway over the in-memory hub."""
    return City(tmp_path)


def test_urgent_message_overtakes_every_message_that_waits_before_it(city: City) -> None:
    """A flood of several batches does not delay an alarm by more than one step."""
    for seq in range(3_500):
        city.send(reading(seq, START))
    city.send(pressed(0, START))
    city.step()
    first = city.api.names()
    held = city.gateway.worker.held
    for _ in range(3):
        city.step()

    assert first == [("alarm", "open", "red")]
    assert held == 2_501
    assert city.gateway.worker.held == 0
    assert journalled(city) == 3_501


def test_ponding_becomes_one_event_with_its_cause(city: City) -> None:
    """Readings above the red step for its delay make one red event that names what decided."""
    city.send(birth(START))
    city.flood(7)

    (event,) = city.api.events
    assert (event.rule, event.level.value, event.rev) == ("waterlogging", "red", 0)
    assert event.onset_at == START
    assert event.at == later(60)
    assert event.district == DISTRICT
    assert event.cause.values == {"depth_m": 0.5}


def test_event_is_published_in_its_district(city: City) -> None:
    """Local sirens hear of an event on the hub."""
    siren = city.hub.session("siren")
    siren.start()
    siren.subscribe(district_topic(DISTRICT, Kind.EVENTS))
    city.send(pressed(0, START))
    city.step()

    (heard,) = acks(siren)
    assert msgspec.json.decode(heard.payload, type=Event) == city.api.events[0]


def test_urgent_message_is_judged_before_readings_of_the_same_batch(city: City) -> None:
    """绿色通道: what has priority does not wait behind a flood that arrived with it."""
    for seq in range(50):
        city.send(reading(seq, START))
    city.send(pressed(0, START))
    city.step()
    kinds = [r.topic for r in read_journal(city.folder / "state" / "journal") if r.topic]

    assert kinds[0] == topic(Kind.URGENT)
    assert len(kinds) == 51


def test_two_ticks_never_share_a_second(city: City) -> None:
    """The journal holds one tick per second of the clock, however often it steps."""
    for _ in range(10):
        city.step(0.25)
    ticks = [
        r.arrived_at_us
        for r in read_journal(city.folder / "state" / "journal")
        if r.kind is JournalKind.TICK
    ]

    assert ticks == [round(later(s).timestamp() * 1e6) for s in range(3)]


def test_clock_two_hours_ahead_moves_nobody_else(city: City) -> None:
    """Its readings count at their arrival, flagged; the timers of others stand where they were."""
    city.send(reading(0, START, depth_m=0.5))
    city.send(reading(0, later(7200), depth_m=0.5, subject="water-2", box="box-2"))
    city.step()
    early = city.api.names()
    for second in range(1, 8):
        city.step(10.0)
        city.send(reading(second, city.clock.now(), depth_m=0.5))
        skewed = later(7200 + 10 * second)
        city.send(reading(second, skewed, depth_m=0.5, subject="water-2", box="box-2"))
        city.step()
    flags = {event.subject: event.cause.flags for event in city.api.events}

    assert early == []
    assert city.gateway.host.maker.skewed == {"box-2": 8}
    assert [event.subject for event in city.api.events] == ["water-1", "water-2"]
    assert [(e.onset_at, e.at) for e in city.api.events] == [(START, later(60))] * 2
    assert flags["water-1"] == ()


def test_a_shelved_rule_posts_no_event(city: City) -> None:
    """A control message goes through the journal to the rules, also in a recovery."""
    shelve = Control(
        id="c-1", action=ControlAction.SHELVE, at=START, by="anna", rule="waterlogging"
    )
    city.send(encode(shelve), district_topic(DISTRICT, Kind.CONTROL))
    city.step()
    city.restart()

    city.flood(8)

    assert city.api.names() == []


def test_status_and_control_are_journalled_under_their_kinds(city: City) -> None:
    """What boxes say about themselves and what the API orders is part of the total order."""
    control = Control(id="c-1", action=ControlAction.ACKNOWLEDGE, at=START, by="anna")
    city.send(birth(START), retain=True)
    city.send(encode(control), district_topic(DISTRICT, Kind.CONTROL))
    city.step()
    city.send(birth(START, state=BoxState.OFFLINE))
    city.step()
    kinds = [r.kind for r in read_journal(city.folder / "state" / "journal") if r.topic]

    assert kinds == [JournalKind.STATUS, JournalKind.CONTROL, JournalKind.STATUS]
    assert city.gateway.host.counters["controls"] == 1
    assert city.gateway.host.registry.boxes["box-1"].state is BoxState.OFFLINE

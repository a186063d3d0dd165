"""A killed gateway knows again what it knew: from checkpoint, journal, or both."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from contracts.codec import encode
from contracts.event import Event
from contracts.topics import Kind
from gateway.dedupe import Dedupe
from gateway.rule_host import RuleHost
from gateway.telemetry.embedded import EmbeddedTelemetry
from runtime.journal import read_journal
from tests.unit.gateway.city import (
    DISTRICT,
    START,
    City,
    acks,
    birth,
    later,
    pressed,
    reading,
    through,
    topic,
)


@pytest.fixture
def city(tmp_path: Path) -> City:
    """Return a gateway over the in-memory hub."""
    return City(tmp_path)


@pytest.mark.parametrize("checkpoint_every_s", [0.001, 5.0, 1e9], ids=["always", "5 s", "never"])
def test_restart_at_any_second_resets_no_timer(tmp_path: Path, checkpoint_every_s: float) -> None:
    """Killed again and again, a gateway raises the very events of an undisturbed one."""
    undisturbed = City(tmp_path / "undisturbed")
    killed = City(tmp_path / "killed", checkpoint_every_s=checkpoint_every_s)
    for index in range(42):
        depth_m = 0.5 if index < 8 else 0.05
        for city in (undisturbed, killed):
            city.send(reading(index, city.clock.now(), depth_m))
            city.step()
            for second in range(10):
                city.step(1.0)
                if city is killed and second == index % 10:
                    city.restart()

    assert killed.api.names()[0] == ("waterlogging", "open", "red")
    assert _essence(killed.api.events) == _essence(undisturbed.api.events)
    assert killed.api.names()[-1][1] == "end"


def _essence(events: Sequence[Event]) -> list[tuple[object, ...]]:
    """Return what must not depend on restarts: everything but the journal's numbering."""
    return [
        (e.event_id, e.rev, e.phase, e.level, e.onset_at, e.at, e.ended_at, e.cause.message)
        for e in events
    ]


def test_replay_of_the_journal_finds_the_same_events_bit_for_bit(city: City) -> None:
    """A fresh host that is fed the journal from zero makes the bytes that were delivered."""
    city.send(birth(START))
    city.flood(9)
    city.flood(40, first_seq=9, depth_m=0.1)
    city.send(pressed(0, city.clock.now()))
    city.run(10)
    host = RuleHost(Dedupe(), default_district=DISTRICT)
    replayed = [
        encode(event)
        for record in read_journal(city.folder / "state" / "journal")
        for event in host.apply(record).events
    ]
    rows = city.gateway.outbox._select("ORDER BY row", ())

    assert len(replayed) >= 3
    assert replayed == [row.body for row in rows]
    assert host.digest() == city.gateway.host.digest()


def test_lost_checkpoint_is_rebuilt_from_the_journal(city: City) -> None:
    """Without its checkpoint a gateway knows the same after reading the journal."""
    city.box.subscribe(topic(Kind.ACK))
    city.flood(5)
    digest = city.gateway.host.digest()
    (city.folder / "state" / "checkpoint.sqlite").rename(city.folder / "gone.sqlite")
    city.restart()
    acks(city.box)
    city.send(reading(4, START, resent=True))
    city.step()

    assert city.gateway.host.digest() == digest
    assert through(city) == {"readings": 4}


def test_telemetry_holds_every_value_also_after_a_restart_before_it_was_written(
    city: City,
) -> None:
    """Points that were only queued when the gateway died are written from the journal."""
    city.flood(3)
    writer = city.gateway.telemetry
    assert writer is not None
    writer._not_before = 1e18  # the store is down from here on
    city.flood(3, first_seq=3, depth_m=0.25)
    city.restart()
    city.run(2)
    store = EmbeddedTelemetry(city.folder / "state" / "telemetry.sqlite", read_only=True)
    points = store.read("water-1", "depth_m", from_us=0, to_us=round(later(3600).timestamp() * 1e6))
    store.close()

    assert [point.value for point in points] == [0.5] * 3 + [0.25] * 3

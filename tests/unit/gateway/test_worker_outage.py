"""The gateway while its disk is full, or the API is away or refuses."""

import itertools
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from contracts.topics import Kind
from gateway.errors import EventRefusedError, SinkUnavailableError
from runtime.errors import JournalFull
from tests.unit.gateway.city import START, City, acks, journalled, pressed, reading, through, topic


@pytest.fixture
def city(tmp_path: Path) -> City:
    """Return a gateway over the in-memory hub."""
    return City(tmp_path)


def test_nothing_is_let_go_before_the_journal_has_it(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the journal cannot be written, neither hub nor box is told; then all goes on."""
    city.box.subscribe(topic(Kind.ACK))
    journal = city.gateway.worker._journal
    append = journal.append

    def full(_entries: object) -> int:
        raise JournalFull("no room")

    monkeypatch.setattr(journal, "append", full)
    city.send(reading(0, START))
    with capture_logs() as logs:
        city.step(1.0)
        city.step(1.0)
    silent = acks(city.box)
    health = city.gateway.health()[1]
    held = len(city.hub._sessions["gateway"]._unacknowledged)
    monkeypatch.setattr(journal, "append", append)
    city.step(1.0)

    assert silent == []
    assert held == 1
    assert [log["event"] for log in logs] == ["journal_append_failed"]
    assert (health["status"], health["store_unwritable"]) == ("degraded", True)
    assert city.gateway.health()[1]["status"] == "ok"
    assert through(city) == {"readings": 0}
    assert journalled(city) == 1
    assert city.gateway.worker.counters["journal_failures"] == 2


def test_events_wait_in_memory_while_the_outbox_cannot_be_written(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk under the event outbox stops intake and loses nothing."""
    database = city.gateway.outbox._db
    wall = itertools.count(0.0, 60.0)
    city.gateway._monotonic = lambda: next(wall)

    class Full:
        in_transaction = False
        total_changes = 0

        def execute(self, *_: object) -> object:
            raise sqlite3.OperationalError("database or disk is full")

    city.box.subscribe(topic(Kind.ACK))
    city.send(pressed(0, START))
    monkeypatch.setattr(city.gateway.outbox, "_db", Full())
    city.step(1.0)
    city.step(1.0)
    silent = acks(city.box)
    monkeypatch.setattr(city.gateway.outbox, "_db", database)
    city.step(1.0)
    city.step(1.0)

    assert silent == []
    assert through(city) == {"urgent": 0}
    assert city.api.names() == [("alarm", "open", "red")]


def test_unavailable_api_delays_events_and_loses_none(city: City) -> None:
    """Events wait in the outbox until the API answers, and arrive once."""
    wall = [0.0]
    city.gateway._monotonic = lambda: wall[0]

    def down(_batch: Sequence[bytes]) -> None:
        raise SinkUnavailableError("connection refused")

    city.api.fault = down
    city.send(pressed(0, START))
    city.step()
    waiting = city.gateway.outbox.pending
    city.api.fault = None
    wall[0] += 60.0
    city.step(1.0)
    city.step(1.0)

    assert waiting == 1
    assert city.api.names() == [("alarm", "open", "red")]


def test_refused_event_becomes_a_dead_letter_and_spares_its_neighbours(city: City) -> None:
    """One event that the API will never take does not hold back the others of its batch."""

    def picky(batch: Sequence[bytes]) -> None:
        if any(b'"button-1"' in body for body in batch):
            raise EventRefusedError("422: no", 422)

    city.api.fault = picky
    city.flood(6)
    city.send(pressed(0, city.clock.now()))
    city.flood(2, first_seq=6)

    assert city.api.names() == [("waterlogging", "open", "red")]
    assert [row.reason for row in city.gateway.outbox.dead()] == ["422: no"]
    assert city.gateway.outbox.pending == 0

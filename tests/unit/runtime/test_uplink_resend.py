"""The uplink repeats what was not acknowledged: when, how often, and what puts it off."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from runtime.clock import ScaledClock
from runtime.memory_hub import MemoryHub
from runtime.outbox import Outbox
from tests.unit.runtime.letters import BOOT, BOX, START, Gateway, letters
from tests.unit.runtime.street import Street, build


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    """Yield a street whose outbox is closed afterwards."""
    built = Street(tmp_path)
    yield built
    built.outbox.close()


def test_what_the_gateway_turned_away_is_sent_again_at_once(street: Street) -> None:
    """A request to resend goes back to the oldest unacknowledged message without waiting."""
    street.uplink.send(letters(5))
    street.seqs()

    street.gateway.ack(1, resend=True)

    assert street.seqs() == [2, 3, 4]


def test_a_lane_of_which_nothing_arrived_is_sent_again_from_its_beginning(street: Street) -> None:
    """-1 with a request to resend frees nothing and repeats everything."""
    street.uplink.send(letters(3))
    street.seqs()

    street.gateway.ack(-1, resend=True)

    assert street.seqs() == [0, 1, 2]
    assert street.uplink.backlog == 3


def test_requests_made_before_the_repetition_arrived_are_not_heard(street: Street) -> None:
    """Going back once answers every request that was already on its way."""
    street.uplink.send(letters(3))
    street.seqs()
    street.gateway.ack(0, resend=True)
    street.seqs()

    street.gateway.ack(0, resend=True)

    assert street.seqs() == []
    street.now += timedelta(seconds=1.0)
    street.gateway.ack(0, resend=True)
    assert street.seqs() == [1, 2]


def test_what_is_not_acknowledged_is_sent_again_and_says_so(street: Street) -> None:
    """After the wait, the lane goes back to its oldest unconfirmed message, marked as repeated."""
    street.uplink.send(letters(4))
    street.step()
    street.gateway.take()
    street.gateway.ack(1)
    street.step()
    street.step(9.0)
    assert street.gateway.take() == []

    street.step(1.0)

    assert [(m.seq, m.resent) for m in street.gateway.take()] == [(2, True), (3, True)]
    assert street.uplink.counters["resent"] == 2


def test_repetitions_grow_rarer(street: Street) -> None:
    """A gateway that is away for an hour is not asked every ten seconds."""
    street.uplink.send(letters(1))
    for _ in range(3600):
        street.step(1.0)

    repeated = street.uplink.counters["rewinds"]

    assert 5 <= repeated <= 120


def test_progress_puts_off_the_repetition(street: Street) -> None:
    """While acknowledgements come in, nothing is repeated, however slowly they come."""
    street.uplink.send(letters(10))
    street.step()
    for seq in range(9):
        street.gateway.ack(seq)
        street.step(8.0)

    assert street.uplink.counters["resent"] == 0


def test_a_reconnect_repeats_what_was_under_way(street: Street) -> None:
    """Messages that a dying hub swallowed are repeated within a second, not after ten."""
    street.uplink.send(letters(3))
    street.step()
    street.gateway.take()
    street.hub.stop()
    street.step(1.0)
    street.hub.start()
    street.step()

    street.step(1.0)

    assert [message.seq for message in street.gateway.take() if message.resent] == [0, 1, 2]


def test_a_scaled_clock_does_not_hurry_the_network(tmp_path: Path) -> None:
    """At sixty times the speed, ten seconds of patience are ten minutes on the clock."""
    hub = MemoryHub()
    gateway = Gateway(hub.session("gateway"))
    outbox = Outbox(tmp_path / "o.db", box=BOX, boot_id=BOOT, clock=ScaledClock(START, START, 60.0))
    session = hub.session(BOX)
    uplink = build(outbox, session)
    session.start()
    uplink.send(letters(1))
    uplink.step(START)
    uplink.step(START)
    gateway.take()

    uplink.step(START + timedelta(seconds=599))
    assert gateway.take() == []
    uplink.step(START + timedelta(seconds=601))

    assert [message.seq for message in gateway.take()] == [0]


def test_the_clock_may_jump_back(street: Street) -> None:
    """A clock set back an hour delays a repetition, but stops nothing."""
    street.uplink.send(letters(1))
    street.step()
    street.gateway.take()
    street.now = START - timedelta(hours=1)
    street.uplink.send(letters(1))

    assert street.seqs() == [1]

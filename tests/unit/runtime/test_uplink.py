"""The uplink: messages leave in order, urgent things first, and stay until acknowledged."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from contracts.ack import Ack
from contracts.codec import decode_message, encode
from contracts.control import Command, CommandName
from contracts.envelope import Channel
from runtime.clock import ManualClock
from tests.unit.runtime.letters import BOOT, ROOT, START, covered, letters, open_outbox, stored
from tests.unit.runtime.street import Street, build


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    """Yield a street whose outbox is closed afterwards."""
    built = Street(tmp_path)
    yield built
    built.outbox.close()


def test_messages_leave_in_order_with_the_moment_of_leaving(street: Street) -> None:
    """They arrive in the order they were sent, stamped, not marked as repeated."""
    street.uplink.send(letters(3))
    street.step(5.0)

    got = street.gateway.take()

    assert [message.seq for message in got] == [0, 1, 2]
    assert {(START + timedelta(seconds=5), False)} == {(m.sent_at, m.resent) for m in got}


def test_only_an_acknowledgement_frees_a_message(street: Street) -> None:
    """The hub taking it is not enough; the gateway's word is."""
    street.uplink.send(letters(5))
    street.step()
    assert street.uplink.backlog == 5

    street.gateway.ack(3)
    street.step()

    assert stored(street.outbox) == [4]
    assert street.uplink.counters["acks"] == 1


def test_the_window_bounds_what_is_under_way(street: Street) -> None:
    """No more than the window leaves unacknowledged; an acknowledgement lets the next follow."""
    street.uplink.send(letters(250))
    assert list(range(100)) == street.seqs()
    assert street.seqs() == []

    street.gateway.ack(49)

    assert list(range(100, 150)) == street.seqs()


def test_urgent_messages_pass_a_flood(street: Street) -> None:
    """Readings that fill their window do not hold up urgent messages or observations."""
    street.uplink.send(letters(1000))
    street.seqs()

    street.uplink.send([*letters(2, Channel.OBSERVATIONS), *letters(2, Channel.URGENT)])
    street.step()

    got = [(message.channel, message.seq) for message in street.gateway.take()]
    assert got == [
        (Channel.URGENT, 0),
        (Channel.URGENT, 1),
        (Channel.OBSERVATIONS, 0),
        (Channel.OBSERVATIONS, 1),
    ]


def test_lanes_of_a_group_take_turns(tmp_path: Path) -> None:
    """A flood of readings leaves room for tracks and counts in the same window."""
    street = Street(tmp_path, window=600)
    street.uplink.send(letters(1000))
    street.uplink.send(letters(1000, Channel.TRACKS))

    street.step()

    got = [message.channel for message in street.gateway.take()]
    assert (got.count(Channel.READINGS), got.count(Channel.TRACKS)) == (400, 200)


def test_a_confessed_gap_passes_the_window(tmp_path: Path) -> None:
    """A dropped range counts as one message on its way and is confirmed like one."""
    street = Street(tmp_path)
    street.outbox.close()
    street.outbox = open_outbox(tmp_path, budget_rows=128)
    street.uplink = build(street.outbox, street.session)
    street.uplink.send(letters(5000))

    while street.uplink.backlog:
        street.step()
        got = street.gateway.take()
        assert got
        street.gateway.ack(got[-1].seq)
        street.step()

    assert list(range(5000)) == covered(street.gateway.messages)


@pytest.mark.parametrize(
    ("payload", "counter"),
    [
        pytest.param(b"{", "acks_malformed", id="no JSON"),
        pytest.param(b'{"type":"event.v1"}', "acks_malformed", id="another type"),
        pytest.param(
            encode(Ack(box="box-2", boot_id=BOOT, channel=Channel.READINGS, through_seq=2)),
            "acks_foreign",
            id="another box's",
        ),
    ],
)
def test_a_bad_acknowledgement_is_counted_and_frees_nothing(
    street: Street, payload: bytes, counter: str
) -> None:
    """What is no acknowledgement of ours changes nothing."""
    street.uplink.send(letters(3))
    street.step()

    street.gateway.session.publish(f"{ROOT}/ack", payload)
    street.step()

    assert street.uplink.backlog == 3
    assert street.uplink.counters[counter] == 1


def test_an_acknowledgement_beyond_what_was_sent_frees_nothing(street: Street) -> None:
    """A number that was never given out is no reason to forget anything."""
    street.uplink.send(letters(3))
    street.step()
    street.gateway.take()

    street.gateway.ack(1000)
    street.step()
    street.step(10.0)
    street.step(10.0)

    assert street.uplink.backlog == 3
    assert [message.seq for message in street.gateway.take()] == [0, 1, 2]


def test_commands_are_handed_out_and_come_again_unless_a_step_follows(street: Street) -> None:
    """A command is acknowledged to the hub by the step after the one that returned it."""
    command = Command(
        id="c-1", name=CommandName.RELOAD, at=START, expires_at=START + timedelta(minutes=1)
    )
    street.gateway.session.publish(f"{ROOT}/command", encode(command))
    (handed,) = street.uplink.step(START)
    assert command == decode_message(handed.payload)

    # the box dies while it carries the command out
    street.restart("00000000000000bb")
    assert [f"{ROOT}/command"] == street.step()
    street.step()
    street.restart("00000000000000cc")

    assert street.step() == []


def test_closing_says_goodbye(street: Street) -> None:
    """After closing, the session is not connected any more."""
    street.uplink.close()

    assert not street.session.connected


def test_moments_are_what_the_caller_says(street: Street) -> None:
    """``sent_at`` is the step's moment, whatever the outbox's clock shows."""
    moment = datetime(2030, 1, 1, tzinfo=START.tzinfo)
    street.uplink.send(letters(1))
    street.uplink.step(moment)

    (got,) = street.gateway.take()

    assert moment == got.sent_at
    assert ManualClock(START).now() == START

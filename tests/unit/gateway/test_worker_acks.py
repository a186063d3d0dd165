"""What the gateway tells boxes: how far it has journalled, and what to send again."""

from pathlib import Path

import pytest

from contracts.topics import Kind
from tests.unit.gateway.city import (
    START,
    City,
    acks,
    answers,
    dropped,
    journalled,
    pressed,
    reading,
    through,
    topic,
)


@pytest.fixture
def city(tmp_path: Path) -> City:
    """Return a gateway over the in-memory hub."""
    return City(tmp_path)


def test_box_is_told_how_far_its_streams_are_journalled(city: City) -> None:
    """Acks are cumulative, per channel, and stop before a gap."""
    city.box.subscribe(topic(Kind.ACK))
    for seq in (0, 1, 3):
        city.send(reading(seq, START))
    city.send(pressed(0, START))
    city.step()

    assert through(city) == {"readings": 1, "urgent": 0}


def test_reading_behind_a_gap_is_asked_for_again(city: City) -> None:
    """A sensor's values are taken in order: what overtook a lost one is not journalled yet."""
    city.box.subscribe(topic(Kind.ACK))
    for seq in (0, 2):
        city.send(reading(seq, START))
    city.step()

    assert answers(city) == [(0, True)]
    assert journalled(city) == 1


def test_gap_at_the_very_beginning_is_asked_for(city: City) -> None:
    """Where nothing of a lane has arrived yet, the box is told so by -1."""
    city.box.subscribe(topic(Kind.ACK))
    city.send(reading(3, START))
    city.step()

    assert answers(city) == [(-1, True)]


def test_urgent_message_never_waits_for_one_before_it(city: City) -> None:
    """绿色通道: an alarm behind a gap is journalled at once; only its acknowledgement waits."""
    city.box.subscribe(topic(Kind.ACK))
    city.send(pressed(4, START))
    city.step()

    assert journalled(city) == 1


def test_resent_duplicate_is_acknowledged_again_and_not_journalled(city: City) -> None:
    """A box that missed an ack gets it again; the journal holds the message once."""
    city.box.subscribe(topic(Kind.ACK))
    for _ in range(3):
        city.send(reading(0, START, resent=True))
        city.step()

    assert len(acks(city.box)) == 3
    assert journalled(city) == 1


def test_confessed_gap_is_filled(city: City) -> None:
    """A dropped message stands for its whole range."""
    city.box.subscribe(topic(Kind.ACK))
    city.send(dropped(0, 4, START))
    city.send(reading(5, START))
    city.step()

    assert through(city) == {"readings": 5}
    assert city.gateway.worker.intake.counters["given_up_by_boxes"] == 5

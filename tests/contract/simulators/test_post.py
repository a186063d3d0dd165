"""What both posts promise, over the in-memory hub."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.ack import Ack
from contracts.codec import decode_box_message, encode
from contracts.envelope import Channel
from contracts.readings import Readings
from contracts.status import BoxState, Status
from contracts.topics import BoxTopic, Kind, box_topic, parse_topic, subscription
from runtime.clock import ManualClock
from runtime.memory_hub import MemoryHub, MemorySession
from runtime.outbox import Letter, Outbox
from simulators.broker_post import BrokerPost
from simulators.gateway_post import GatewayPost
from simulators.letters import box_status, reading_letter
from simulators.ports import Post
from simulators.scenario import build_scenario

START = datetime(2026, 7, 20, 14, 0, tzinfo=UTC)
STATUS_TOPIC = box_topic("riverside", "old-town", "sim-1", Kind.STATUS)
BOOT = "00f1e2d3c4b5a697"
SCENARIO = build_scenario("rainstorm", 1)


class City:
    """A hub, a listener that acknowledges what it hears as a gateway does, and a post under test."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.clock = ManualClock(START)
        self.hub = MemoryHub()
        self.listener = self.hub.session("listener")
        for wanted in (Kind.READINGS, Kind.URGENT, Kind.STATUS):
            self.listener.subscribe(subscription(wanted))
        self.listener.start()
        self.heard: list[tuple[str, bytes]] = []
        session: MemorySession = self.hub.session("sim-1")
        self.post: Post
        if kind == "gateway":
            outbox = Outbox(folder / "outbox.db", box="sim-1", boot_id=BOOT, clock=self.clock)
            self.post = GatewayPost(
                outbox=outbox, session=session, district="riverside", site="old-town"
            )
        else:
            self.post = BrokerPost(
                session=session, district="riverside", site="old-town", box="sim-1", boot_id=BOOT
            )

    def turn(self) -> None:
        """Let the post send and the listener hear and acknowledge, then let the post hear that."""
        self.post.step(self.clock.now())
        inbound = self.listener.receive()
        self.heard += [(message.topic, message.payload) for message in inbound]
        self.listener.acknowledge(inbound)
        through: dict[tuple[str, Channel], int] = {}
        for _, payload in self.heard:
            message = decode_box_message(payload)
            if not isinstance(message, Status):
                through[message.boot_id, message.channel] = message.seq
        for (boot_id, channel), seq in through.items():
            ack = Ack(box="sim-1", boot_id=boot_id, channel=channel, through_seq=seq)
            topic = box_topic("riverside", "old-town", "sim-1", Kind.ACK)
            self.listener.publish(topic, encode(ack))
        self.post.step(self.clock.now())

    def readings(self) -> list[Readings]:
        """Return the readings heard so far."""
        decoded = [decode_box_message(payload) for _, payload in self.heard]
        return [message for message in decoded if isinstance(message, Readings)]


@pytest.fixture(params=["gateway", "broker"])
def city(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[City]:
    """A city around each adapter of the port."""
    built = City(request.param, tmp_path)
    yield built
    built.post.close()


def letters(count: int, profile: str = "water_level") -> list[Letter]:
    """Return the first readings of the first subject of a profile."""
    subject = next(one for one in SCENARIO.subjects if one.profile == profile)
    return [reading_letter(SCENARIO, subject, index, START) for index in range(count)]


def test_letters_arrive_in_order(city: City) -> None:
    """What is sent is heard, numbered from 0, on the box's topic."""
    city.post.start()
    city.post.send(letters(5))
    city.turn()

    assert [message.seq for message in city.readings()] == [0, 1, 2, 3, 4]
    topic = parse_topic(city.heard[0][0])
    assert BoxTopic("riverside", "old-town", "sim-1", Kind.READINGS) == topic
    assert city.post.backlog == 0


def test_lanes_count_by_themselves(city: City) -> None:
    """Readings and urgent messages have their own numbers and topics."""
    city.post.start()
    city.post.send([*letters(2), *letters(3, "alarm_button")])
    city.turn()

    assert city.post.ledger() == {(BOOT, Channel.READINGS): 2, (BOOT, Channel.URGENT): 3}
    urgent = [payload for topic, payload in city.heard if topic.endswith("/urgent")]
    assert [decode_box_message(payload).seq for payload in urgent] == [0, 1, 2]


def test_nothing_is_lost_while_the_hub_is_away(city: City) -> None:
    """Letters sent before the connection and during an outage arrive afterwards."""
    city.post.send(letters(2))
    city.post.step(START)
    assert city.post.backlog == 2

    city.post.start()
    city.turn()
    city.hub.stop()
    city.post.send(letters(3))
    city.turn()
    assert city.post.backlog == 3

    city.hub.start()
    city.clock.advance(30.0)
    city.turn()

    assert {0, 1, 2, 3, 4} == {message.seq for message in city.readings()}
    assert city.post.backlog == 0


def test_messages_are_stamped_when_they_leave(city: City) -> None:
    """``at`` is the reading's moment, ``sent_at`` the moment of the step."""
    city.post.start()
    city.post.send(letters(1))
    city.clock.advance(7.0)
    city.turn()
    (message,) = city.readings()

    assert message.at == START
    assert message.sent_at == START + timedelta(seconds=7)


def test_status_is_retained_and_comes_again(city: City) -> None:
    """Whoever subscribes later learns the status; after a reconnect it takes the last will's place."""
    city.post.start()
    city.post.publish_status(
        box_status("sim-1", BOOT, 1, START, BoxState.BIRTH, version="0", subjects=SCENARIO.subjects)
    )
    city.turn()
    city.hub.stop()
    city.hub.start()
    will = box_status("sim-1", BOOT, 0, START, BoxState.OFFLINE, version="0")
    city.listener.publish(STATUS_TOPIC, encode(will), retain=True)
    city.turn()
    late = city.hub.session("late")
    late.subscribe(subscription(Kind.STATUS))
    late.start()

    (retained,) = late.receive()
    status = decode_box_message(retained.payload)
    assert retained.retained
    assert isinstance(status, Status)
    assert status.state is BoxState.BIRTH
    assert len(status.subjects) == 17


def test_the_ledger_counts_what_was_given_even_unsent(city: City) -> None:
    """The ledger is about what was enqueued, not about what arrived."""
    city.post.send(letters(4))

    assert city.post.ledger() == {(BOOT, Channel.READINGS): 4}
    assert not city.post.connected

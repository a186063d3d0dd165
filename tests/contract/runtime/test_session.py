"""One suite for every session: the in-memory hub, Mosquitto and nats-server."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from runtime.memory_hub import MemoryHub, MemorySession
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession
from runtime.session import Inbound, Session, Will
from tests.contract.runtime.brokers import (
    DEADLINE_S,
    MOSQUITTO,
    Broker,
    start_mosquitto,
    start_nats,
    wait_until,
)

_DIE_WITH_A_WILL = """
import os, sys
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession
from runtime.session import Will
session = MqttSession(
    MqttConfig(port=int(sys.argv[1]), client_id=sys.argv[2]), will=Will(sys.argv[3], b"gone")
)
session.start()
while not session.connected:
    session.wait(0.1)
os.kill(os.getpid(), 9)
"""


class Hub(Protocol):
    """What the suite needs of a hub."""

    def session(self, name: str, will: Will | None = None) -> Session:
        """Return a session, not started."""
        ...

    def crash_with_will(self, name: str, topic: str) -> None:
        """Let a client with the will ``gone`` on ``topic`` connect and die."""
        ...


class _Memory:
    def __init__(self) -> None:
        self._hub = MemoryHub()

    def session(self, name: str, will: Will | None = None) -> Session:
        return self._hub.session(name, will)

    def crash_with_will(self, name: str, topic: str) -> None:
        session: MemorySession = self._hub.session(name, Will(topic, b"gone"))
        session.start()
        session.kill()


class _Real:
    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def session(self, name: str, will: Will | None = None) -> Session:
        return MqttSession(MqttConfig(port=self._broker.port, client_id=name), will=will)

    def crash_with_will(self, name: str, topic: str) -> None:
        port = str(self._broker.port)
        command = [sys.executable, "-c", _DIE_WITH_A_WILL, port, name, topic]
        ended = subprocess.run(command, timeout=DEADLINE_S, check=False, capture_output=True)
        assert ended.returncode == -9, ended.stderr.decode()


@pytest.fixture(
    scope="module",
    params=[
        "memory",
        pytest.param("mosquitto", marks=pytest.mark.slow),
        pytest.param("nats", marks=pytest.mark.slow),
    ],
)
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Yield a running hub of each kind."""
    if request.param == "memory":
        yield _Memory()
        return
    if request.param == "mosquitto" and not MOSQUITTO.exists():
        pytest.skip("mosquitto is not installed; apt-get install mosquitto")
    folder: Path = tmp_path_factory.mktemp(request.param)
    broker = (
        # with the default of 20 a receiver that acknowledges late would stall
        start_mosquitto(folder, "max_inflight_messages 2000", "max_queued_messages 100000")
        if request.param == "mosquitto"
        else start_nats(folder)
    )
    yield _Real(broker)
    broker.stop()


class Party:
    """Opens sessions whose names and topics belong to one test, and closes them after it."""

    def __init__(self, hub: Hub, name: str) -> None:
        self.hub = hub
        self.root = f"t/{name}"
        self._name = name
        self._open: list[Session] = []

    def unstarted(self, who: str) -> Session:
        """Return a session that has not begun to connect."""
        session = self.hub.session(f"{self._name}-{who}")
        self._open.append(session)
        return session

    def session(self, who: str, *filters: str) -> Session:
        """Return a connected session with these subscriptions below the test's root."""
        session = self.unstarted(who)
        for topic_filter in filters:
            session.subscribe(f"{self.root}/{topic_filter}")
        session.start()
        wait_until(lambda: session.connected, f"{who} is connected")
        if filters:
            self.settle(session)
        return session

    def settle(self, session: Session) -> None:
        """Wait until the subscriptions asked for so far are in force."""
        probe = f"{self.root}/settle"
        session.subscribe(probe)
        taken: list[Inbound] = []

        def settled() -> bool:
            session.publish(probe, b"probe", qos=0)
            taken.extend(session.receive(1))
            return any(message.topic == probe for message in taken)

        wait_until(settled, "subscriptions are in force")
        # messages of one publisher stay in order: with the last probe, all before it have come
        assert session.publish(probe, b"last", qos=0)
        wait_until(
            lambda: any(message.payload == b"last" for message in heard(session)), "probes are gone"
        )

    def close(self) -> None:
        """Close what was opened."""
        for session in self._open:
            session.close()


@pytest.fixture
def party(hub: Hub, request: pytest.FixtureRequest) -> Iterator[Party]:
    """Yield a party for one test."""
    name = request.node.name.partition("[")[0].replace("_", "-")
    opened = Party(hub, name)
    yield opened
    opened.close()


def heard(session: Session, timeout_s: float = 0.05) -> list[Inbound]:
    """Return what is there, after waiting for it."""
    session.wait(timeout_s)
    return session.receive()


def collect(session: Session, count: int) -> list[Inbound]:
    """Return the next ``count`` messages."""
    got: list[Inbound] = []

    def complete() -> bool:
        if not got or len(got) < count:
            session.wait(0.05)
            got.extend(session.receive(count - len(got)))
        return len(got) >= count

    wait_until(complete, f"{count} messages arrived")
    return got


def nothing_more(session: Session) -> bool:
    """Return whether nothing arrives for a while."""
    return heard(session, 0.3) == []


def put(session: Session, topic: str, payload: bytes, *, retain: bool = False) -> None:
    """Publish, waiting while the window is full."""
    wait_until(lambda: session.publish(topic, payload, retain=retain), f"published to {topic}")


def test_a_message_reaches_a_subscriber(party: Party) -> None:
    """A published payload arrives under its topic, not marked as retained."""
    listener = party.session("listener", "a")
    speaker = party.session("speaker")

    put(speaker, f"{party.root}/a", b"hello")

    (got,) = collect(listener, 1)
    assert (f"{party.root}/a", b"hello", False) == got[:3]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param("+/x", [b"a/x", b"b/x"], id="one level"),
        pytest.param("b/#", [b"b/x", b"b/x/y"], id="all below"),
        pytest.param("b/x", [b"b/x"], id="exact"),
    ],
)
def test_wildcards_choose_topics(party: Party, wanted: str, expected: list[bytes]) -> None:
    """A filter gets what it matches and nothing else."""
    # sessions persist, so each case needs one of its own
    listener = party.session(f"listener-{len(expected)}-{expected[0][:1].decode()}", wanted)
    speaker = party.session("speaker")

    for topic in ("a/x", "b/x", "b/x/y"):
        put(speaker, f"{party.root}/{topic}", topic.encode())

    got = collect(listener, len(expected))
    listener.acknowledge(got)
    assert expected == [message.payload for message in got]
    assert nothing_more(listener)


def test_a_retained_message_waits_for_late_subscribers(party: Party) -> None:
    """Who subscribes later gets the last retained message, marked as such."""
    speaker = party.session("speaker")
    put(speaker, f"{party.root}/state", b"old", retain=True)
    put(speaker, f"{party.root}/state", b"new", retain=True)

    listener = party.unstarted("listener")
    listener.subscribe(f"{party.root}/state")
    listener.start()

    (got,) = collect(listener, 1)
    assert (got.payload, got.retained) == (b"new", True)


def test_an_empty_retained_message_clears(party: Party) -> None:
    """After an empty retained payload a late subscriber gets nothing."""
    speaker = party.session("speaker", "echo")
    put(speaker, f"{party.root}/state", b"old", retain=True)
    put(speaker, f"{party.root}/state", b"", retain=True)
    put(speaker, f"{party.root}/echo", b"after")
    collect(speaker, 1)

    listener = party.session("listener", "state")

    assert nothing_more(listener)


def test_publishing_before_connecting_is_refused(party: Party) -> None:
    """A session that is not connected takes nothing and queues nothing."""
    session = party.unstarted("early")

    accepted = session.publish(f"{party.root}/a", b"lost")

    assert not accepted
    assert not session.connected


def test_unacknowledged_messages_come_again(party: Party) -> None:
    """After a reconnect the unacknowledged messages arrive once more, the acknowledged do not."""
    listener = party.session("listener", "a")
    speaker = party.session("speaker")
    for number in range(4):
        put(speaker, f"{party.root}/a", b"%d" % number)
    first = collect(listener, 4)
    listener.acknowledge([message for message in first if message.payload in {b"0", b"2"}])
    # a round trip, so that the acknowledgements are there before the goodbye
    put(listener, f"{party.root}/b", b"")
    listener.close()

    again = party.unstarted("listener")
    again.subscribe(f"{party.root}/a")
    again.start()

    got = collect(again, 2)
    again.acknowledge(got)
    assert sorted(message.payload for message in got) == [b"1", b"3"]
    assert nothing_more(again)


def test_messages_wait_for_an_absent_session(party: Party) -> None:
    """What is published while a session is away arrives when it is back, in order."""
    party.session("listener", "a").close()
    speaker = party.session("speaker")
    for number in range(50):
        put(speaker, f"{party.root}/a", b"%d" % number)

    again = party.unstarted("listener")
    again.start()

    got = collect(again, 50)
    again.acknowledge(got)
    assert [b"%d" % number for number in range(50)] == [message.payload for message in got]


def test_many_unacknowledged_messages_do_not_stall(party: Party) -> None:
    """A receiver that acknowledges late still gets a thousand messages, in order."""
    listener = party.session("listener", "a")
    speaker = party.session("speaker")
    for number in range(1000):
        put(speaker, f"{party.root}/a", b"%d" % number)

    got = collect(listener, 1000)

    listener.acknowledge(got)
    assert [b"%d" % number for number in range(1000)] == [message.payload for message in got]


def test_receive_honours_its_limit(party: Party) -> None:
    """No more than the limit is returned at once; the rest follows."""
    listener = party.session("listener", "a")
    speaker = party.session("speaker")
    for number in range(5):
        put(speaker, f"{party.root}/a", b"%d" % number)
    first = collect(listener, 2)

    rest = collect(listener, 3)

    listener.acknowledge([*first, *rest])
    assert [message.payload for message in rest] == [b"2", b"3", b"4"]


def test_the_largest_payload_passes(party: Party) -> None:
    """A payload of 256 KiB, the wire's limit, arrives unchanged."""
    listener = party.session("listener", "a")
    payload = bytes(range(256)) * 1024

    put(party.session("speaker"), f"{party.root}/a", payload)

    (got,) = collect(listener, 1)
    listener.acknowledge([got])
    assert payload == got.payload


def test_a_crash_publishes_the_last_will(party: Party, request: pytest.FixtureRequest) -> None:
    """When a client dies, its will is published and retained."""
    topic = f"{party.root}/status"

    party.hub.crash_with_will(f"{party.root[2:]}-mortal", topic)

    listener = party.session("watcher")
    listener.subscribe(topic)
    (got,) = collect(listener, 1)
    assert (topic, b"gone") == got[:2]


def test_a_goodbye_publishes_no_will(party: Party) -> None:
    """A session that is closed leaves without its last will."""
    listener = party.session("watcher", "status")
    mortal = party.hub.session(f"{party.root[2:]}-mortal", Will(f"{party.root}/status", b"gone"))
    mortal.start()
    wait_until(lambda: mortal.connected, "the mortal is connected")

    mortal.close()

    assert nothing_more(listener)


def test_waiting_ends_when_something_arrives(party: Party) -> None:
    """Waiting a minute returns as soon as there is a message."""
    listener = party.session("listener", "a")
    put(party.session("speaker"), f"{party.root}/a", b"now")

    listener.wait(60.0)
    wait_until(lambda: heard(listener, 60.0), "the message", 10.0)


@pytest.mark.parametrize("topic_filter", ["a/#/b", "a+", "", "a/b#"])
def test_an_illegal_filter_is_refused(party: Party, topic_filter: str) -> None:
    """A filter that breaks the wildcard rules raises at once."""
    session = party.unstarted("listener")

    with pytest.raises(ValueError, match="topic filter"):
        session.subscribe(topic_filter)


def test_connects_are_counted(party: Party) -> None:
    """Each connection counts once, refusals and forbidden filters are there to be read."""
    session = party.session("counted")

    connects = session.counters["connects"]

    assert connects == 1
    assert {"refusals", "forbidden_subscriptions"} <= session.counters.keys()

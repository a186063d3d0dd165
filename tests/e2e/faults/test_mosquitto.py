"""A Mosquitto as it comes: what it acknowledged and then lost, the boxes send again."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from contracts.topics import Kind
from tests.contract.runtime.brokers import MOSQUITTO, Broker, start_mosquitto, wait_until
from tests.e2e.faults.district import Reachable, Street
from tests.unit.gateway.city import topic

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not MOSQUITTO.exists(), reason="mosquitto is not installed"),
]

READINGS = 5_000
_END = b"end"

Begin = Callable[..., Broker]


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Begin]:
    """Yield a function that starts a Mosquitto with further settings; it is ended after the test."""
    started: list[Broker] = []

    def begin(*settings: str) -> Broker:
        folder = tmp_path / "mosquitto"
        folder.mkdir()
        started.append(start_mosquitto(folder, *settings))
        return started[0]

    yield begin
    for broker in started:
        broker.stop()


class Listener:
    """A foreign client with a persistent session, as paho's own documentation would write it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.payloads: list[bytes] = []
        self.known = False

    def listen(self, until: Callable[[], bool], what: str) -> None:
        """Be connected and subscribed until something holds."""
        subscribed = Event()
        client = Client(CallbackAPIVersion.VERSION2, client_id="listener", clean_session=False)

        def on_message(_client: Client, _data: object, message: MQTTMessage) -> None:
            self.payloads.append(bytes(message.payload))

        def on_connect(_client: Client, _data: object, flags: object, *_: object) -> None:
            self.known = bool(getattr(flags, "session_present", False))
            client.subscribe(topic(Kind.READINGS), 1)

        client.on_message = on_message
        client.on_connect = on_connect
        client.on_subscribe = lambda *_: subscribed.set()
        client.connect("127.0.0.1", self._port)
        client.loop_start()
        assert subscribed.wait(10)
        try:
            wait_until(until, what)
        finally:
            client.disconnect()
            client.loop_stop()

    def sign_up(self) -> None:
        """Leave a session at the broker and go away."""
        self.listen(lambda: True, "subscribed")

    def listen_to_the_end(self) -> None:
        """Take everything that waits: a message published now comes after it, if there is room."""

        def ended() -> bool:
            return publish_plainly(self._port, [_END]) == 1 and _END in self.payloads

        self.listen(ended, "the queue's end")
        self.payloads = [payload for payload in self.payloads if payload != _END]


def numbered(count: int) -> list[bytes]:
    """Return so many different payloads."""
    return [b"%d" % number for number in range(count)]


def publish_plainly(port: int, payloads: Sequence[bytes]) -> int:
    """Publish as a foreign device does, at QoS 1; return how many the broker acknowledged."""
    client = Client(CallbackAPIVersion.VERSION2, client_id="foreign")
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        sent = [client.publish(topic(Kind.READINGS), payload, qos=1) for payload in payloads]
        for info in sent:
            info.wait_for_publish(10)
        return sum(info.is_published() for info in sent)
    finally:
        client.disconnect()
        client.loop_stop()


def test_an_overfull_queue_alone_loses_what_was_acknowledged(mosquitto: Begin) -> None:
    """Without our outbox: of 500 acknowledged messages a listener that was away gets the queue."""
    broker = mosquitto("max_queued_messages 100")
    listener = Listener(broker.port)
    listener.sign_up()

    acknowledged = publish_plainly(broker.port, numbered(500))
    listener.listen_to_the_end()

    assert acknowledged == 500
    assert 100 <= len(listener.payloads) <= 130


def test_an_overfull_queue_loses_nothing_of_ours(tmp_path: Path, mosquitto: Begin) -> None:
    """5,000 acknowledged readings, a queue of 100 for the gateway that is away: all arrive once."""
    broker = mosquitto("max_queued_messages 100")
    street = Street(tmp_path, Reachable(broker.port))
    street.introduce_gateway()
    street.box.enqueue(READINGS)
    acknowledged = street.box.publish_all()

    # the window shrinks to what the queue takes; at its full size 315,000 messages were sent again
    street.deliver(within_s=90.0)

    resent = street.box.uplink.counters["resent"]
    report = street.audit()
    assert READINGS + 2 == acknowledged == report.enqueued
    assert READINGS - 200 <= resent < 80_000
    assert street.box.uplink.windows["readings"] < 2_000
    assert (report.lost, report.duplicates) == (0, 0)
    assert report.found_statements == 1


def test_debian_persistence_alone_loses_what_was_acknowledged(mosquitto: Begin) -> None:
    """Without our outbox: kill -9 within the 30 min between two saves takes all of it."""
    broker = mosquitto()
    listener = Listener(broker.port)
    listener.sign_up()
    acknowledged = publish_plainly(broker.port, numbered(200))

    broker.kill()
    broker.start()
    listener.listen_to_the_end()

    assert acknowledged == 200
    assert not listener.known
    assert listener.payloads == []


def test_debian_persistence_loses_nothing_of_ours(tmp_path: Path, mosquitto: Begin) -> None:
    """Kill -9 of the broker after the last PUBACK: the boxes send everything again."""
    broker = mosquitto()
    street = Street(tmp_path, Reachable(broker.port))
    street.introduce_gateway()
    street.box.enqueue(READINGS)
    acknowledged = street.box.publish_all()

    broker.kill()
    broker.start()
    street.deliver()

    report = street.audit()
    assert READINGS + 2 == acknowledged == report.enqueued
    assert (report.lost, report.duplicates) == (0, 0)
    assert report.found_statements == 1

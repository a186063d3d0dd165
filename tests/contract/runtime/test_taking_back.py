"""Topics that a session takes back, as a real broker answers it: through a line that can fall silent."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cityloop.chaos.relay import LinkRelay
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession
from tests.contract.runtime.brokers import free_port, start_nats, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def line(tmp_path: Path) -> Iterator[tuple[LinkRelay, MqttSession]]:
    """Yield a session that has topics in force, and the line to its broker."""
    broker = start_nats(tmp_path)
    port = free_port()
    relay = LinkRelay(port, broker.port)
    session = MqttSession(MqttConfig(port=port, client_id="listener"))
    session.subscribe("buttons/+")
    session.start()
    try:
        wait_until(lambda: session.subscribed, "granted")
        yield relay, session
    finally:
        session.close()
        relay.close()
        broker.stop()


def test_what_is_taken_back_is_in_force_when_the_broker_says_so(
    line: tuple[LinkRelay, MqttSession],
) -> None:
    """Until then the broker may still send of it, and whoever waits must go on waiting."""
    relay, session = line
    relay.silence()

    session.unsubscribe("buttons/+")
    unanswered = session.subscribed
    relay.restore()

    assert not unanswered
    wait_until(lambda: session.subscribed, "answered")


def test_what_is_asked_for_anew_must_be_granted_anew(
    line: tuple[LinkRelay, MqttSession],
) -> None:
    """A grant of before does not count for topics that were taken back since."""
    relay, session = line
    session.unsubscribe("buttons/+")
    wait_until(lambda: session.subscribed, "taken back")
    relay.silence()

    session.subscribe("buttons/+")
    unanswered = session.subscribed
    relay.restore()

    assert not unanswered
    wait_until(lambda: session.subscribed, "granted")

"""Who may say and hear what at a real hub."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from cityloop.hub.config import HubConfig
from cityloop.hub.supervisor import Hub
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession
from runtime.session import Session, Will
from tests.contract.runtime.brokers import wait_until
from tests.integration.hub.hubs import ROOT, hub_config, log_in, take

pytestmark = pytest.mark.slow


class House:
    """A running hub, and the sessions that a test opens at it."""

    def __init__(self, folder: Path, config: HubConfig) -> None:
        self.folder = folder
        self.config = config
        self.sessions: list[Session] = []
        # sessions persist at the hub, so every one needs a name of its own
        self._names = count()

    def session(self, user: str, *filters: str, will: Will | None = None) -> MqttSession:
        """Return a logged-in session that is closed after the test."""
        client_id = f"{user}-{next(self._names)}"
        session = log_in(self.folder, self.config, user, *filters, client_id=client_id, will=will)
        self.sessions.append(session)
        return session


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Yield a hub that all tests of this file share."""
    folder = tmp_path_factory.mktemp("hub")
    hub = Hub(hub_config(folder))
    hub.start()
    yield House(folder, hub.config)
    hub.stop()


@pytest.fixture
def house(running: House) -> Iterator[House]:
    """Yield the hub with a list of sessions for one test."""
    running.sessions = []
    yield running
    for session in running.sessions:
        session.close()


@pytest.mark.parametrize(
    "kind",
    [
        "readings",
        "tracks",
        "counts",
        "observations",
        "urgent",
        "status",
        "config/reported",
        "command/result",
    ],
)
def test_a_box_reaches_the_gateway_on_its_own_topics(house: House, kind: str) -> None:
    """Every kind that a box may publish arrives at the gateway's ``city/#``."""
    gateway = house.session("gateway", "city/#")
    box = house.session("box-1")

    wait_until(lambda: box.publish(f"{ROOT}/box-1/{kind}", b"mine"), "published")

    (got,) = take(gateway, 1)
    assert (f"{ROOT}/box-1/{kind}", b"mine") == got[:2]


@pytest.mark.parametrize(
    "topic",
    [
        pytest.param(f"{ROOT}/box-2/readings", id="another box"),
        pytest.param(f"{ROOT}/box-1/ack", id="its own ack"),
        pytest.param(f"{ROOT}/box-1/config/desired", id="its own orders"),
        pytest.param("city/v1/minhang/events", id="events"),
        pytest.param("city/v1/minhang/control", id="control"),
        pytest.param("elsewhere", id="another tree"),
    ],
)
def test_what_a_box_may_not_say_is_not_delivered(house: House, topic: str) -> None:
    """A forbidden topic is acknowledged by the hub, yet nobody hears it; the box stays on."""
    gateway = house.session("gateway", "city/#")
    box = house.session("box-1")

    assert box.publish(topic, b"forbidden")
    wait_until(lambda: box.publish(f"{ROOT}/box-1/readings", b"allowed"), "published")

    (got,) = take(gateway, 1)
    assert got.payload == b"allowed"
    assert box.counters["disconnects"] == 0


@pytest.mark.parametrize("kind", ["ack", "config/desired", "command"])
def test_a_box_hears_what_is_addressed_to_it(house: House, kind: str) -> None:
    """Acknowledgements, configuration and commands reach the box at QoS 1."""
    box = house.session("box-1", f"{ROOT}/box-1/{kind}")
    gateway = house.session("gateway")

    wait_until(lambda: gateway.publish(f"{ROOT}/box-1/{kind}", b"for you"), "published")

    (got,) = take(box, 1)
    assert got.payload == b"for you"
    assert box.counters["forbidden_subscriptions"] == 0


@pytest.mark.parametrize(
    "topic_filter",
    [
        pytest.param("city/#", id="everything"),
        pytest.param(f"{ROOT}/box-2/ack", id="another box's"),
        pytest.param(f"{ROOT}/+/command", id="all boxes'"),
        pytest.param(f"{ROOT}/box-1/readings", id="its own readings"),
        pytest.param("$MQTT/sub/#", id="everybody's deliveries"),
        pytest.param("#", id="all"),
    ],
)
def test_a_box_may_not_listen_outside_its_own_tree(house: House, topic_filter: str) -> None:
    """The subscription is refused, and counted."""
    box = house.session("box-1", topic_filter)

    wait_until(lambda: box.counters["forbidden_subscriptions"], "the refusal is counted")

    assert box.connected


@pytest.mark.parametrize(
    "topic",
    ["city/v1/minhang/control", f"{ROOT}/box-1/readings"],
    ids=["control is the API's", "readings are the box's"],
)
def test_the_gateway_may_not_speak_for_others(house: House, topic: str) -> None:
    """A gateway cannot invent readings or control messages."""
    listener = house.session("admin", "city/#")
    gateway = house.session("gateway")

    assert gateway.publish(topic, b"forged")
    wait_until(lambda: gateway.publish("city/v1/minhang/events", b"event"), "published")

    (got,) = take(listener, 1)
    assert got.payload == b"event"


def test_the_api_reaches_the_gateway_with_control(house: House) -> None:
    """Control messages go from the API to the gateways."""
    gateway = house.session("gateway", "city/v1/minhang/control")
    api = house.session("api")

    wait_until(lambda: api.publish("city/v1/minhang/control", b"shelve"), "published")

    assert [message.payload for message in take(gateway, 1)] == [b"shelve"]


@pytest.mark.parametrize(
    ("user", "password"),
    [
        pytest.param("box-1", "wrong", id="wrong password"),
        pytest.param("box-9", "secret-of-box-9", id="unknown user"),
        pytest.param("box-1", "secret-of-box-2", id="another's password"),
    ],
)
def test_a_wrong_login_is_refused_and_counted(
    house: House, tmp_path: Path, user: str, password: str
) -> None:
    """The session is told, counts it, and never connects."""
    file = tmp_path / "password"
    file.write_text(password)
    session = MqttSession(
        MqttConfig(
            port=house.config.mqtt.port,
            client_id=f"stranger-{user}-{len(password)}",
            username=user,
            password_file=str(file),
        )
    )
    session.start()
    house.sessions.append(session)

    wait_until(lambda: session.counters["refusals"], "the refusal is counted")

    assert not session.connected
    assert session.counters["connects"] == 0


def test_nobody_gets_in_without_a_login(house: House) -> None:
    """Anonymous connections are refused."""
    session = MqttSession(MqttConfig(port=house.config.mqtt.port, client_id="nobody"))
    session.start()
    house.sessions.append(session)

    wait_until(lambda: session.counters["refusals"], "the refusal is counted")

    assert not session.connected


def test_a_session_is_subscribed_only_when_all_is_granted(house: House) -> None:
    """Connected and one of two filters refused: not in force; with the granted one alone: in force."""
    granted = f"{ROOT}/box-1/ack"
    right = house.session("box-1", granted)
    wrong = house.session("box-1", granted, f"{ROOT}/box-2/ack")
    wait_until(lambda: right.subscribed, "the hub's answer")
    wait_until(lambda: wrong.counters["forbidden_subscriptions"] == 1, "the hub's refusal")

    assert wrong.connected
    assert not wrong.subscribed

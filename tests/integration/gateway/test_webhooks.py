"""Several subscribers beside the API: one that hangs delays nobody."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.codec import encode
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession
from tests.contract.gateway.test_webhook import SECRET, Receiver
from tests.integration.gateway.broker import Broker, start_mosquitto
from tests.integration.gateway.processes import EventApi, GatewayProcess
from tests.integration.gateway.processes import wait_for as wait_for_briefly
from tests.unit.gateway.city import pressed, topic

pytestmark = pytest.mark.slow

EVENTS = 20


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    """Yield a real broker."""
    broker = start_mosquitto(tmp_path)
    yield broker
    broker.stop()


@pytest.fixture
def receivers() -> Iterator[tuple[Receiver, Receiver]]:
    """Yield a receiver that works and one that accepts connections and never answers."""
    good, hanging = Receiver(), Receiver()
    hanging.hang = True
    yield good, hanging
    good.close()
    hanging.close()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait as long as a machine that does much else may need."""
    wait_for_briefly(condition, what, within_s=75.0)


def _hook(name: str, receiver: Receiver, folder: Path, timeout_s: float) -> dict[str, object]:
    (folder / "whsec").write_text(SECRET)
    return {
        "name": name,
        "url": receiver.url,
        "secret_file": str(folder / "whsec"),
        "timeout_s": timeout_s,
        "backoff_s": 0.05,
        "backoff_cap_s": 0.2,
    }


def test_hanging_webhook_delays_neither_the_api_nor_its_neighbour(
    mosquitto: Broker, receivers: tuple[Receiver, Receiver], tmp_path: Path
) -> None:
    """All events reach API and neighbour while one subscriber hangs; it gets them when it wakes."""
    good, hanging = receivers
    api = EventApi()
    gateway = GatewayProcess(
        tmp_path / "gateway",
        hub_port=mosquitto.port,
        api_port=api.port,
        sections={
            "webhooks": [
                _hook("hanging", hanging, tmp_path, 20.0),
                _hook("good", good, tmp_path, 5.0),
            ]
        },
    )
    box = MqttSession(MqttConfig(port=mosquitto.port, client_id="box-1"))
    box.start()
    try:
        wait_for(lambda: box.connected, "the box is connected")
        wait_for(lambda: "hub_connected 1" in gateway.metrics(), "the gateway is connected")

        start = datetime.now(UTC)
        where = topic().replace("readings", "urgent")

        last_s = 0.0

        def send_all() -> bool:
            # once more each second, as a box does until it is acknowledged
            nonlocal last_s
            if time.monotonic() - last_s > 1.0:
                last_s = time.monotonic()
                for number in range(EVENTS):
                    at = start + timedelta(milliseconds=number)
                    box.publish(where, encode(pressed(number, at, value=number % 2 == 0)))
            return len(api.events) >= EVENTS

        wait_for(send_all, "the API has every event")
        wait_for(lambda: len(good.requests) >= EVENTS, "the neighbour has every event")
        page = gateway.metrics()
        hanging_had = len(hanging.requests)
        hanging.hang = False
        hanging.release.set()
        wait_for(lambda: len(hanging.requests) >= EVENTS, "the sleeper has every event")
    finally:
        box.close()
        gateway.stop()
        api.close()
    ids = [json.loads(body)["id"] for _, body in good.requests]

    assert hanging_had == 0
    assert 'sink_events_delivered_total{sink="hanging"} 0' in page
    assert len(ids) == len(set(ids)) == EVENTS
    assert {json.loads(body)["id"] for _, body in hanging.requests} == set(ids)


def test_refused_events_are_listed_and_sent_again(
    mosquitto: Broker, receivers: tuple[Receiver, Receiver], tmp_path: Path
) -> None:
    """replay-dead says what it would do, does it, and the running gateway delivers."""
    good, _ = receivers
    good.status = 422
    api = EventApi()
    gateway = GatewayProcess(
        tmp_path / "gateway",
        hub_port=mosquitto.port,
        api_port=api.port,
        sections={"webhooks": [_hook("ops", good, tmp_path, 5.0)]},
    )
    box = MqttSession(MqttConfig(port=mosquitto.port, client_id="box-1"))
    box.start()
    try:
        wait_for(lambda: box.connected, "the box is connected")

        message = encode(pressed(0, datetime.now(UTC)))
        where = topic().replace("readings", "urgent")
        wait_for(lambda: box.publish(where, message) and len(api.events) >= 1, "an event")
        wait_for(lambda: 'dead_total{sink="ops"} 1' in gateway.metrics(), "a dead letter")
        listed = gateway.run("replay-dead", "--dry-run", "--json")
        good.status = 204
        told = gateway.run("replay-dead", "--sink", "ops")
        wait_for(lambda: len(good.requests) >= 2, "the event is sent again")
        wait_for(lambda: 'delivered_total{sink="ops"} 1' in gateway.metrics(), "it is taken")
        after = gateway.run("replay-dead", "--dry-run", "--json")
    finally:
        box.close()
        gateway.stop()
        api.close()

    assert [row["sink"] for row in json.loads(listed.stdout)["events"]] == ["ops"]
    assert "422" in json.loads(listed.stdout)["events"][0]["reason"]
    assert told.stdout == "1 events will be sent again\n"
    assert json.loads(after.stdout)["events"] == []

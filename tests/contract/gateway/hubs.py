"""Hubs for the lanes' suite: the one in memory, Mosquitto, nats-server by MQTT and by JetStream."""

from collections.abc import Sequence
from random import Random
from typing import Protocol

from contracts.topics import Kind, box_topic
from gateway.config import ForeignConfig, GatewayConfig, JetStreamConfig
from gateway.intakes.bootstrap import build_lanes
from gateway.intakes.intake_lanes import IntakeLanes
from runtime.memory_hub import MemoryHub
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession
from tests.contract.runtime.brokers import wait_until
from tests.integration.gateway.broker import Broker
from tests.unit.gateway.city import BOX, DISTRICT, SITE

__all__ = ["LanedHub", "MemoryLanes", "RealLanes"]


class LanedHub(Protocol):
    """What the suite needs of a hub."""

    def lanes(self, name: str = "gateway", *, pending: int = 20_000) -> IntakeLanes:
        """Return a gateway's lanes, not started; ``pending`` is the most under way."""
        ...

    def publish(self, payloads: Sequence[bytes], kind: Kind = Kind.READINGS) -> None:
        """Publish as a box; on return the hub has acknowledged them."""
        ...

    def say(self, topic: str, payloads: Sequence[bytes]) -> None:
        """Publish as another system; on return the hub has acknowledged them."""
        ...

    def kill(self) -> None:
        """End the hub as a crash does."""
        ...

    def start(self) -> None:
        """Start it again."""
        ...

    def stop(self) -> None:
        """End the box and the hub."""
        ...


def _config(port: int, name: str, jetstream: JetStreamConfig | None = None) -> GatewayConfig:
    return GatewayConfig(
        name=name,
        state_dir="unused",
        districts=(DISTRICT,),
        hub=MqttConfig(port=port, client_id=name, reconnect_cap_s=0.2),
        jetstream=jetstream,
        foreign=ForeignConfig(mappings=("zigbee2mqtt",)),
    )


class MemoryLanes:
    """The hub in memory."""

    def __init__(self) -> None:
        self._hub = MemoryHub()
        self._box = self._hub.session("box")
        self._box.start()

    def lanes(self, name: str = "gateway", *, pending: int = 20_000) -> IntakeLanes:
        """Return lanes over one session; memory has no window."""
        assert pending > 0
        return build_lanes(_config(1, name), self._hub.session(name), Random(1))[0]

    def publish(self, payloads: Sequence[bytes], kind: Kind = Kind.READINGS) -> None:
        """Publish."""
        self.say(box_topic(DISTRICT, SITE, BOX, kind), payloads)

    def say(self, topic: str, payloads: Sequence[bytes]) -> None:
        """Publish on any topic."""
        for payload in payloads:
            assert self._box.publish(topic, payload)

    def kill(self) -> None:
        """Go away without a word."""
        self._hub.stop()

    def start(self) -> None:
        """Come back."""
        self._hub.start()

    def stop(self) -> None:
        """Say goodbye."""
        self._box.close()


class RealLanes:
    """A broker of its own."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        config = MqttConfig(port=broker.port, client_id="box", reconnect_cap_s=0.2)
        self._box = MqttSession(config, rng=Random(2))
        self._box.start()

    def lanes(self, name: str = "gateway", *, pending: int = 20_000) -> IntakeLanes:
        """Return lanes over MQTT, or JetStream where the broker has streams to be read."""
        native = self._broker.native
        jetstream = (
            None if native is None else JetStreamConfig(port=native, max_ack_pending=pending)
        )
        return build_lanes(_config(self._broker.port, name, jetstream), None, Random(1))[0]

    def publish(self, payloads: Sequence[bytes], kind: Kind = Kind.READINGS) -> None:
        """Publish, and wait for every PUBACK."""
        self.say(box_topic(DISTRICT, SITE, BOX, kind), payloads)

    def say(self, topic: str, payloads: Sequence[bytes]) -> None:
        """Publish on any topic, and wait for every PUBACK."""
        for payload in payloads:
            wait_until(lambda: self._box.publish(topic, payload), "published")  # noqa: B023 - at once
        wait_until(lambda: self._box.in_flight == 0, "acknowledged by the hub")

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._broker.kill()

    def start(self) -> None:
        """Start it again on the same port and store."""
        self._broker.start()

    def close_box(self) -> None:
        """Say goodbye."""
        self._box.close()

    def stop(self) -> None:
        """Say goodbye and end it."""
        self._box.close()
        self._broker.stop()

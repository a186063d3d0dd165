"""Readings out of a broker's messages."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from edge.sensors.errors import SensorFault
from edge.sensors.mqtt_listener import MqttListener
from edge.sensors.ports import SensorReading
from edge.sensors.wire_config import ListenConfig
from runtime.memory_hub import MemoryHub

NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)

CHIRPSTACK: dict[str, Any] = {
    "broker": {"client_id": "edge"},
    "format": "chirpstack",
    "topics": ["application/+/device/+/event/up"],
    "devices": [
        {
            "device": "70B3D57ED0000001",
            "subject": "w-1",
            "profile": "water_level",
            "fields": [{"field": "depth_m", "byte": 0, "port": 2, "scale": -0.001, "offset": 3.2}],
        },
        {
            "device": "70b3d57ed0000002",
            "subject": "m-1",
            "profile": "manhole",
            "fields": [
                {"field": "tilt_deg", "pointer": "/object/tilt"},
                {"field": "cover_open", "byte": 3, "type": "uint8", "bit": 0},
            ],
        },
    ],
}


class Wire:
    """A listener, and whoever speaks to it."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.hub = MemoryHub()
        self.teller = self.hub.session("teller")
        self.teller.start()
        self.session = self.hub.session("edge")
        self.listener = MqttListener(msgspec.convert(config, ListenConfig), self.session, None)
        self.listener.poll(NOW)

    def say(self, topic: str, document: object) -> list[SensorReading]:
        """Publish a message and return what the listener makes of it."""
        payload = document if isinstance(document, bytes) else msgspec.json.encode(document)
        assert self.teller.publish(topic, payload)
        return self.listener.poll(NOW)


def uplink(eui: str, data: bytes = b"", **fields: object) -> dict[str, object]:
    """Return an uplink as ChirpStack v4 publishes it."""
    return {
        "time": "2026-07-01T07:59:58.5+00:00",
        "deviceInfo": {"devEui": eui},
        "fPort": 2,
        "data": base64.b64encode(data).decode(),
        **fields,
    }


UP = "application/a/device/b/event/up"


def test_bytes_that_nobody_decoded_become_a_value() -> None:
    """A distance of 2,900 mm under a sensor 3.2 m above the ground is 0.3 m of water."""
    (reading,) = Wire(CHIRPSTACK).say(UP, uplink("70b3d57ed0000001", b"\x0b\x54\x23\x00"))

    assert reading.subject == "w-1"
    assert reading.values == {"depth_m": pytest.approx(0.3)}
    assert reading.at == NOW - timedelta(seconds=1.5)


def test_values_that_the_server_decoded_are_taken_beside_bits() -> None:
    """Pointers and bytes may fill one reading."""
    sent = uplink("70B3D57ED0000002", b"\0\0\0\x01", object={"tilt": 12})
    (reading,) = Wire(CHIRPSTACK).say(UP, sent)

    assert reading.values == {"tilt_deg": 12.0, "cover_open": True}


def test_an_uplink_that_comes_twice_is_one_reading() -> None:
    """QoS 1 and network servers repeat messages; the same moment of the same device counts once."""
    wire, sent = Wire(CHIRPSTACK), uplink("70b3d57ed0000001", b"\x0b\x54")
    found = [len(wire.say(UP, sent)) for _ in range(3)]

    assert found == [1, 0, 0]
    assert wire.listener.counters["repeated"] == 2


@pytest.mark.parametrize(
    ("document", "counter"),
    [
        (b"\xff\xfe", "malformed"),
        (b"[" * 5000, "malformed"),
        (uplink("70b3d57ed0000001", b"\x0b"), "malformed"),
        (uplink("70b3d57ed0000001", data=b"") | {"data": "%%"}, "malformed"),
        (uplink("70b3d57ed0000001", b"\x0b\x54", time="yesterday"), "malformed"),
        (uplink("70b3d57ed0000002", b"\0" * 4, object={"tilt": [1]}), "malformed"),
        (uplink("ffffffffffffffff"), "unknown_devices"),
        ({"deviceInfo": {}}, "unknown_devices"),
        ([], "unknown_devices"),
    ],
    ids=[
        "no text",
        "too deep",
        "too short",
        "no base64",
        "no moment",
        "no number",
        "stranger",
        "nobody",
        "a list",
    ],
)
def test_rubbish_is_counted_and_the_rest_goes_on(document: object, counter: str) -> None:
    """What cannot be read makes no reading; the next message does."""
    wire = Wire(CHIRPSTACK)

    assert wire.say(UP, document) == []
    assert wire.listener.counters[counter] == 1
    assert len(wire.say(UP, uplink("70b3d57ed0000001", b"\x0b\x54"))) == 1


def test_plain_json_is_read_with_the_name_in_the_topic() -> None:
    """Level 1 of the topic names the sensor; without a moment the arrival's counts."""
    wire = Wire(
        {
            "broker": {"client_id": "edge"},
            "topics": ["meters/+"],
            "device_level": 1,
            "devices": [
                {
                    "device": "ROOF",
                    "subject": "r-1",
                    "profile": "rain_gauge",
                    "fields": [{"field": "rain_mm_h", "pointer": "/rain"}],
                }
            ],
        }
    )
    (reading,) = wire.say("meters/roof", {"rain": "12.5"})

    assert (reading.subject, reading.values, reading.at) == ("r-1", {"rain_mm_h": 12.5}, NOW)


@pytest.mark.parametrize(("polls", "again"), [(0, 1), (1, 0)], ids=["crash before", "after"])
def test_a_message_is_acknowledged_only_when_its_readings_are_handed_over(
    polls: int, again: int
) -> None:
    """What the last poll returned comes again after a crash; what the one before did, does not."""
    wire = Wire(CHIRPSTACK)
    wire.say(UP, uplink("70b3d57ed0000001", b"\x0b\x54"))
    for _ in range(polls):
        wire.listener.poll(NOW)
    config = msgspec.convert(CHIRPSTACK, ListenConfig)
    after_the_crash = MqttListener(config, wire.hub.session("edge"), None)
    after_the_crash.poll(NOW)

    assert after_the_crash.counters["readings"] == again


def test_a_broker_that_is_away_is_a_fault_after_a_while() -> None:
    """Ten seconds of patience, then the lane is told, with what to look at."""
    wire = Wire(CHIRPSTACK)
    wire.hub.stop()
    wire.listener.poll(NOW + timedelta(seconds=9))
    with pytest.raises(SensorFault, match="no connection"):
        wire.listener.poll(NOW + timedelta(seconds=11))


def test_a_sensor_s_clock_ahead_of_ours_gives_no_reading_of_the_future() -> None:
    """Its moment becomes ours, and that is counted."""
    wire = Wire(CHIRPSTACK)
    sent = uplink("70b3d57ed0000001", b"\x0b\x54", time="2026-07-01T08:00:05Z")

    assert [reading.at for reading in wire.say(UP, sent)] == [NOW]
    assert wire.listener.counters["ahead"] == 1

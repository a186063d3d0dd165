"""Every foreign format through a real Mosquitto into a real gateway process, to its events."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from gateway.foreign.sparkplug_payload import payload_class
from runtime.journal import JournalKind, read_journal
from tests.integration.gateway.broker import Broker, start_mosquitto
from tests.integration.gateway.processes import EventApi, GatewayProcess, wait_for
from tests.unit.gateway.foreign.golden import CHIRPSTACK, FRIGATE_OBJECT

PACK = """
rules:
- id: press
  event: {type: public.alarm, title: {zh: "报警", en: "alarm"}}
  watch: {profile: alarm_button}
  key: [subject]
  ladder: [{level: red, when: pressed, clear: "!pressed", for: 0s, clear_for: 0s}]
- id: deep
  event: {type: water.ponding, title: {zh: "积水", en: "ponding"}}
  watch: {profile: water_level}
  key: [subject]
  ladder: [{level: blue, when: depth_m >= 30 cm, clear: depth_m < 25 cm, for: 0s, clear_for: 0s}]
- id: loud
  event: {type: noise.loud, title: {zh: "噪声", en: "noise"}}
  watch: {profile: noise}
  key: [subject]
  ladder: [{level: blue, when: dba >= 70, clear: dba < 65, for: 0s, clear_for: 0s}]
- id: person
  event: {type: fire_lane.person, title: {zh: "有人", en: "person"}}
  watch: {stream: observations, kind: zone_presence}
  key: [camera, zone]
  ladder: [{level: blue, when: confidence >= 0.5, clear: confidence < 0.4, for: 0s, clear_for: 0s}]
"""
DEVICES = """
devices:
- {subject: button-1, mapping: zigbee2mqtt, foreign_id: button, profile: alarm_button, district: nanshan, site: bay}
- {subject: level-7, mapping: chirpstack-v4, foreign_id: 24e124535b313466, profile: water_level, district: nanshan, site: bay}
- {subject: json-1, mapping: plain-json, foreign_id: j-1, profile: water_level, district: nanshan, site: bay}
- {subject: tb-a, mapping: thingsboard-gateway, foreign_id: Device A, profile: noise, district: nanshan, site: bay}
- {subject: well-1, mapping: sparkplug-b, foreign_id: bay/pump-1/well, profile: water_level, district: nanshan, site: bay}
- {subject: cam-1, mapping: frigate, foreign_id: front_door, profile: camera, district: nanshan, site: bay}
"""
MAPPINGS = (
    "zigbee2mqtt",
    "chirpstack-v4",
    "plain-json",
    "thingsboard-gateway",
    "sparkplug-b",
    "frigate",
)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    """Yield a real broker."""
    broker = start_mosquitto(tmp_path)
    yield broker
    broker.stop()


def _messages(now_s: float) -> list[tuple[str, bytes]]:
    """Return one message or more of each format, dated now."""
    now_ms = round(now_s * 1000)
    iso = datetime.fromtimestamp(now_s, tz=UTC).isoformat()
    birth = payload_class()(timestamp=now_ms, seq=0)
    birth.metrics.add(name="bdSeq", datatype=8, long_value=1)
    device = payload_class()(timestamp=now_ms, seq=1)
    device.metrics.add(name="Level", alias=7, datatype=9, timestamp=now_ms, float_value=0.1)
    data = payload_class()(timestamp=now_ms + 1, seq=2)
    data.metrics.add(alias=7, timestamp=now_ms + 1, float_value=0.4)
    seen = {**FRIGATE_OBJECT, "start_time": now_s - 1, "frame_time": now_s}
    documents = {
        "zigbee2mqtt/button": {"action": "single", "last_seen": iso},
        "application/water/device/24e124535b313466/event/up": {**CHIRPSTACK, "time": iso},
        "devices/j-1/telemetry": {"ts": now_ms, "depth_cm": 40},
        "v1/gateway/telemetry": {"Device A": [{"ts": now_ms, "values": {"noise": 75}}]},
        "frigate/events": {"type": "new", "before": seen | {"entered_zones": []}, "after": seen},
        "devices/ghost/telemetry": {"depth_cm": 40},
    }
    return [
        ("spBv1.0/bay/NBIRTH/pump-1", birth.SerializeToString()),
        ("spBv1.0/bay/DBIRTH/pump-1/well", device.SerializeToString()),
        ("spBv1.0/bay/DDATA/pump-1/well", data.SerializeToString()),
        *((topic, json.dumps(document).encode()) for topic, document in documents.items()),
    ]


def _heard(gateway: GatewayProcess, client: mqtt.Client) -> bool:
    """Say something wrong on the filter asked for last; return whether it was turned away."""
    client.publish("frigate/events", b"{}", qos=1).wait_for_publish(10)
    return 'rejected_total{reason="malformed"}' in gateway.metrics()


@pytest.mark.slow
def test_every_format_comes_through_mosquitto_to_an_event(
    mosquitto: Broker, tmp_path: Path
) -> None:
    """One event for each format; the journal holds the original bytes, the stranger is rejected."""
    api = EventApi()
    folder = tmp_path / "gateway"
    folder.mkdir()
    (folder / "devices.yaml").write_text(DEVICES)
    gateway = GatewayProcess(
        folder,
        hub_port=mosquitto.port,
        api_port=api.port,
        pack=PACK,
        sections={
            "foreign": {"mappings": list(MAPPINGS), "devices": [str(folder / "devices.yaml")]}
        },
    )
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="strangers")
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    messages = _messages(time.time())
    try:
        wait_for(lambda: _heard(gateway, client), "the gateway is subscribed")

        for topic, payload in messages:
            client.publish(topic, payload, qos=1).wait_for_publish(10)
        wait_for(lambda: len(api.events) >= 6, "six events")
    finally:
        client.loop_stop()
        client.disconnect()
        gateway.stop()
        api.close()
    raised = {(event.rule, event.subject) for event in api.events}
    records = read_journal(folder / "state" / "journal")
    kept = {(r.topic, r.payload) for r in records if r.kind is JournalKind.MESSAGE}

    assert raised == {
        ("press", "button-1"),
        ("deep", "level-7"),
        ("deep", "json-1"),
        ("loud", "tb-a"),
        ("deep", "well-1"),
        ("person", "cam-1"),
    }
    assert kept == {(topic, payload) for topic, payload in messages if "ghost" not in topic}

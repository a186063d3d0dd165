"""Foreign messages through the worker: journalled as they came, judged like any reading."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.config import ForeignConfig
from gateway.foreign.sparkplug_payload import payload_class
from gateway.telemetry.embedded import EmbeddedTelemetry
from runtime.journal import JournalKind, read_journal
from tests.unit.gateway.city import START, City, journalled
from tests.unit.gateway.foreign.golden import DEVICE, NODE, SPARKPLUG

LIST = """
devices:
- {subject: bay-3, mapping: zigbee2mqtt, foreign_id: bay-3, profile: alarm_button, district: nanshan, site: bay-road}
- {subject: well-1, mapping: sparkplug-b, foreign_id: bay/pump-1/well, profile: water_level, district: nanshan,
   site: bay-road, place: {lon: 113.93, lat: 22.53}}
- {subject: lot-1, mapping: plain-json, foreign_id: lot-1, profile: water_level, district: nanshan, site: bay-road}
"""


class ForeignCity(City):
    """A city whose gateway listens to three foreign systems."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.devices = folder / "devices.yaml"
        self.devices.write_text(LIST)
        mappings = ("zigbee2mqtt", "sparkplug-b", "plain-json")
        super().__init__(
            folder, foreign=ForeignConfig(mappings=mappings, devices=(str(self.devices),))
        )

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish as another system and let the gateway step."""
        assert self.box.publish(topic, payload, retain=retain)
        self.step()


@pytest.fixture
def city(tmp_path: Path) -> ForeignCity:
    """Return a city with foreign sensors."""
    return ForeignCity(tmp_path)


def _depth(city: ForeignCity, depth_m: float) -> bytes:
    return json.dumps({"ts": city.clock.now().timestamp() * 1000, "depth_m": depth_m}).encode()


def test_foreign_press_raises_an_event(city: ForeignCity) -> None:
    """A Zigbee button is an alarm button to the rules."""
    city.say("zigbee2mqtt/bay-3", b'{"action": "emergency", "linkquality": 90}')

    assert city.api.names() == [("alarm", "open", "red")]
    assert city.api.events[0].district == "nanshan"


def test_event_of_a_foreign_sensor_has_its_place(city: ForeignCity) -> None:
    """The place of the device list reaches the event."""
    for kind, topic in (("nbirth", NODE.format("NBIRTH")), ("dbirth", DEVICE.format("DBIRTH"))):
        city.say(topic, SPARKPLUG[kind])
    for second in range(0, 120, 10):
        message = payload_class()(timestamp=0)
        message.metrics.add(
            alias=7,
            timestamp=round((START + timedelta(seconds=second)).timestamp() * 1000),
            float_value=0.5,
        )
        city.say(DEVICE.format("DDATA"), message.SerializeToString())
        city.run(10)
    place = city.api.events[0].place

    assert city.api.names()[0] == ("waterlogging", "open", "blue")
    assert place is not None
    assert (place.lon, place.lat) == (113.93, 22.53)


def test_journal_keeps_the_original_bytes_and_topic(city: ForeignCity) -> None:
    """What another system said is on the disk as it said it."""
    payload = b'{ "action" : "hold" }'
    city.say("zigbee2mqtt/bay-3", payload)
    records = list(read_journal(city.folder / "state" / "journal"))
    messages = [(r.topic, r.payload) for r in records if r.kind is JournalKind.MESSAGE]

    assert messages == [("zigbee2mqtt/bay-3", payload)]
    assert sum(record.kind is JournalKind.FOREIGN for record in records) == 1


def test_replay_after_the_mapping_changed_is_exact(city: ForeignCity) -> None:
    """The journal brings the mappings it was written with, whatever the files say today."""
    for _ in range(8):
        city.say("devices/lot-1/telemetry", _depth(city, 0.5))
        city.run(10)
    told = [(e.event_id, e.rev, e.level) for e in city.api.events]
    digest = city.gateway.host.digest()
    # a mapping by which the same bytes would mean nothing
    city.devices.write_text(LIST.replace("lot-1, profile: water_level", "lot-1, profile: noise"))
    (city.folder / "state" / "checkpoint.sqlite").unlink()
    city.restart()
    replayed = [(e.event_id, e.rev, e.level) for e in city.api.events]

    assert told != []
    assert replayed == told
    assert city.gateway.host.digest() == digest


def test_sessions_and_duplicates_survive_a_kill(city: ForeignCity) -> None:
    """After a restart aliases are known and a redelivered message is taken once."""
    city.say(NODE.format("NBIRTH"), SPARKPLUG["nbirth"])
    city.say(DEVICE.format("DBIRTH"), SPARKPLUG["dbirth"])
    city.say(DEVICE.format("DDATA"), SPARKPLUG["ddata"])
    before = journalled(city)
    city.restart()
    city.say(DEVICE.format("DDATA"), SPARKPLUG["ddata"])
    city.say(DEVICE.format("DDATA"), SPARKPLUG["historical"])
    translator = city.gateway.host.foreign.translator

    assert journalled(city) == before + 1
    assert translator.tally.outcomes["sparkplug-b", "duplicate"] == 1
    assert translator.tally.outcomes["sparkplug-b", "no_birth"] == 0


def test_rejected_foreign_message_is_a_dead_letter(city: ForeignCity) -> None:
    """An unknown device is counted, kept, and changes nothing else."""
    city.say("zigbee2mqtt/ghost", b'{"occupancy": true}')
    rejected = {
        reason.value: count for reason, count in city.gateway.worker.intake.rejected.items()
    }

    assert rejected == {"unknown_device": 1}
    assert journalled(city) == 0


def test_new_device_list_is_put_in_force_without_a_restart(city: ForeignCity) -> None:
    """An installer adds a device, and its next message counts."""
    city.say("devices/new-1/telemetry", _depth(city, 0.1))
    city.devices.write_text(
        LIST + "- {subject: new-1, mapping: plain-json, foreign_id: new-1, profile: water_level, "
        "district: nanshan, site: bay-road}\n"
    )
    city.run(2)
    city.say("devices/new-1/telemetry", _depth(city, 0.1))

    assert journalled(city) == 1


def test_wrong_device_list_changes_nothing(city: ForeignCity) -> None:
    """A typo is refused and counted; the devices in force stay."""
    city.devices.write_text("devices: [{subject: X}]\n")
    city.run(2)
    city.say("devices/lot-1/telemetry", _depth(city, 0.1))

    assert city.gateway.worker.foreign.counters["refused"] == 1
    assert journalled(city) == 1


def test_node_that_speaks_before_its_birth_is_asked_for_it_once(city: ForeignCity) -> None:
    """A rebirth command goes out on the node's topic, not once per message."""
    city.box.subscribe("spBv1.0/bay/NCMD/+")
    for name in ("ddata", "historical"):
        city.say(DEVICE.format("DDATA"), SPARKPLUG[name])
    commands = [m.topic for m in city.box.receive() if "NCMD" in m.topic]

    assert commands == ["spBv1.0/bay/NCMD/pump-1"]


def test_telemetry_of_foreign_sensors_is_kept(city: ForeignCity) -> None:
    """Points are written under our own name of the sensor, in the profile's unit."""
    city.say("devices/lot-1/telemetry", b'{"ts": 1782892800000, "depth_cm": 12}')
    city.run(1)
    store = EmbeddedTelemetry(city.folder / "state" / "telemetry.sqlite", read_only=True)
    points = store.read("lot-1", "depth_m", from_us=0, to_us=2**60)
    store.close()

    assert [point.value for point in points] == [pytest.approx(0.12)]


@pytest.mark.parametrize(
    ("priority", "place"), [("", 0), (", priority: 1", 3)], ids=["of its profile", "its own"]
)
def test_foreign_press_overtakes_the_readings_before_it(
    tmp_path: Path, priority: str, place: int
) -> None:
    """Priority 0 goes to the front of its batch: the profile's, unless the list says otherwise."""
    city = ForeignCity(tmp_path)
    text = LIST.replace("profile: alarm_button", f"profile: alarm_button{priority}")
    city.devices.write_text(text)
    city.run(5)
    for depth_m in (0.1, 0.2, 0.3):
        assert city.box.publish("devices/lot-1/telemetry", _depth(city, depth_m))
    city.say("zigbee2mqtt/bay-3", b'{"action": "emergency"}')
    records = read_journal(city.folder / "state" / "journal")
    topics = [record.topic for record in records if record.kind is JournalKind.MESSAGE]

    assert topics.index("zigbee2mqtt/bay-3") == place

"""Golden messages of each foreign format and what they are to us."""

import json

import pytest

from gateway.foreign.dry_run import dry_run
from gateway.foreign.errors import ForeignReason, ForeignRejected, ForeignSkipped, Skip
from tests.unit.gateway.foreign.golden import (
    CHIRPSTACK,
    NOW,
    NOW_US,
    Seen,
    T,
    device,
    frigate,
    seen,
    shipped,
    translator,
)

UP = "application/water/device/24e124535b313466/event/up"
Z2M_TIME = "2026-07-01T16:00:00+08:00"


@pytest.mark.parametrize(
    ("mapping", "foreign_id", "profile", "topic", "document", "expected"),
    [
        (
            "plain-json",
            "lamp-17",
            "street_lamp",
            "devices/lamp-17/telemetry",
            {"ts": T * 1000, "power_w": 41.5, "rssi": -60},
            [("sensor-1", float(T), {"power_w": 41.5}, {})],
        ),
        (
            "plain-json",
            "w",
            "water_level",
            "devices/w/telemetry",
            {"depth_cm": 27},
            [("sensor-1", NOW_US / 1e6, {"depth_m": 27.0}, {"depth_m": "cm"})],
        ),
        (
            "chirpstack-v4",
            "24e124535b313466",
            "water_level",
            UP,
            CHIRPSTACK,
            [("sensor-1", T + 0.25, {"depth_m": 350.0}, {"depth_m": "mm"})],
        ),
        (
            "chirpstack-v4",
            "24e124535b313466",
            "manhole",
            UP,
            CHIRPSTACK,
            [("sensor-1", T + 0.25, {"cover_open": True}, {})],
        ),
        (
            "chirpstack-v4",
            "24e124535b313466",
            "air",
            UP,
            {**CHIRPSTACK, "fPort": 85, "object": {"temperature": 27.2, "battery": 95}},
            [("sensor-1", T + 0.25, {"temperature_cel": 27.2}, {"temperature_cel": "Cel"})],
        ),
        (
            "thingsboard-gateway",
            "Device A",
            "bin_fill",
            "v1/gateway/telemetry",
            {
                "Device A": [
                    {"ts": T * 1000, "values": {"fill": 42}},
                    {"ts": (T + 1) * 1000, "values": {"fill": 43}},
                ],
            },
            [
                ("sensor-1", float(T), {"fill_ratio": 42.0}, {"fill_ratio": "%"}),
                ("sensor-1", T + 1.0, {"fill_ratio": 43.0}, {"fill_ratio": "%"}),
            ],
        ),
        (
            "thingsboard-device",
            "tb-9",
            "noise",
            "tb-9/v1/devices/me/telemetry",
            [{"noise": 61.5}],
            [("sensor-1", NOW_US / 1e6, {"dba": 61.5}, {"dba": "dBA"})],
        ),
        (
            "zigbee2mqtt",
            "bay 3",
            "parking_bay",
            "zigbee2mqtt/bay 3",
            {"occupancy": True, "battery": 88, "linkquality": 120, "last_seen": Z2M_TIME},
            [("sensor-1", float(T), {"occupied": True}, {})],
        ),
        (
            "zigbee2mqtt",
            "lid",
            "manhole",
            "zigbee2mqtt/lid",
            {"contact": False, "last_seen": Z2M_TIME},
            [("sensor-1", float(T), {"cover_open": True}, {})],
        ),
        (
            "zigbee2mqtt",
            "button",
            "alarm_button",
            "zigbee2mqtt/button",
            {"action": "emergency", "last_seen": Z2M_TIME},
            [("sensor-1", float(T), {"pressed": True}, {})],
        ),
    ],
    ids=[
        "plain-json",
        "plain-json-without-time",
        "chirpstack-codec",
        "chirpstack-codec-flag",
        "chirpstack-object",
        "thingsboard-gateway",
        "thingsboard-device-list",
        "zigbee2mqtt",
        "zigbee2mqtt-contact",
        "zigbee2mqtt-action",
    ],
)
def test_golden_message_becomes_our_reading(
    mapping: str,
    foreign_id: str,
    profile: str,
    topic: str,
    document: object,
    expected: Seen,
) -> None:
    """Each format's message gives the subject, moment, values and units that it means."""
    made = translator(mapping, device(mapping, foreign_id, profile))

    assert seen(made, topic, json.dumps(document).encode()) == expected


def test_values_reach_rules_in_the_unit_of_the_profile() -> None:
    """350 mm from a byte codec are 0.35 m to a rule."""
    entry = device("chirpstack-v4", "24e124535b313466", "water_level")
    messages = [(UP, json.dumps(CHIRPSTACK).encode())]
    (result,) = dry_run(shipped("chirpstack-v4"), [entry], messages, NOW)
    ((field,),) = [sample.fields for sample in result.samples]

    assert (field.field, field.value, field.unit) == ("depth_m", 350.0, "mm")
    assert field.rules_see == pytest.approx(0.35)


def test_value_out_of_the_sensors_range_is_withheld_and_counted() -> None:
    """What the profile says cannot be measured reaches no rule."""
    entry = device("plain-json", "w", "water_level")
    message = ("devices/w/telemetry", b'{"depth_m": 77}')
    (result,) = dry_run(shipped("plain-json"), [entry], [message], NOW)

    assert result.not_allowed == {"out_of_range": 1}
    assert result.samples[0].fields[0].rules_see is None


@pytest.mark.parametrize(
    ("kind", "changes", "phase", "dwell_s"),
    [
        ("new", {}, "start", 1.0),
        ("update", {"frame_time": T + 8.5}, "start", 8.0),
        ("end", {"frame_time": T + 9.0, "end_time": T + 9.5}, "end", 9.0),
    ],
    ids=["new", "entered-later", "end"],
)
def test_frigate_object_is_presence_in_its_zone(
    kind: str, changes: dict[str, object], phase: str, dwell_s: float
) -> None:
    """A tracked object in a zone is an observation with phase, label and dwell."""
    made = translator("frigate", device("frigate", "front_door", "camera", "cam-1"))
    translated = made.translate("frigate/events", frigate(kind, **changes), NOW_US)
    assert translated is not None
    told = translated.parts[0].message

    assert [
        (told.camera, told.zone, told.label, told.phase.value, told.dwell_s)  # type: ignore[union-attr] # an observation
    ] == [("cam-1", "fire-lane", "person", phase, dwell_s)]


def test_frigate_messages_about_one_object_share_an_episode_with_growing_revisions() -> None:
    """Update and end name the same observation, the later with a higher revision."""
    made = translator("frigate", device("frigate", "front_door", "camera", "cam-1"))
    told = [
        translated.parts[0].message
        for payload in (frigate("new"), frigate("end", frame_time=T + 4.0, end_time=T + 4.0))
        if (translated := made.translate("frigate/events", payload, NOW_US)) is not None
    ]

    assert len({one.observation_id for one in told}) == 1  # type: ignore[union-attr] # observations
    assert [one.rev for one in told] == [2000, 7001]  # type: ignore[union-attr] # observations


def test_frigate_object_outside_every_zone_is_left_out() -> None:
    """Without a name for the whole frame, an object in no zone says nothing."""
    made = translator("frigate", device("frigate", "front_door", "camera", "cam-1"))

    with pytest.raises(ForeignSkipped):
        made.translate("frigate/events", frigate("new", current_zones=[], entered_zones=[]), NOW_US)


@pytest.mark.parametrize(
    ("mapping", "topic", "payload", "reason"),
    [
        ("plain-json", "devices/ghost/telemetry", b'{"depth_m": 1}', "unknown_device"),
        ("plain-json", "devices/d/telemetry", b"not json", "malformed"),
        ("plain-json", "devices/d/telemetry", b"[" * 100_000, "malformed"),
        ("plain-json", "devices/d/telemetry", b"7", "malformed"),
        ("plain-json", "devices/d/telemetry", b'{"ts": "soon", "depth_m": 1}', "bad_clock"),
        ("plain-json", "devices/d/telemetry", b'{"ts": 5, "depth_m": 1}', "bad_clock"),
        ("plain-json", "devices/d/telemetry", b'{"ts": 1782993200000, "depth_m": 1}', "bad_clock"),
        ("plain-json", "devices/d/telemetry", b'{"depth_m": 1}' + b" " * 262_144, "malformed"),
        ("chirpstack-v4", UP, b'{"deviceInfo": {}}', "unknown_device"),
        ("thingsboard-gateway", "v1/gateway/telemetry", b"[]", "malformed"),
        ("frigate", "frigate/events", b'{"type": "new"}', "malformed"),
        ("sparkplug-b", "spBv1.0/bay/DDATA/pump-1/d", b"\xff\xff", "malformed"),
        ("sparkplug-b", "spBv1.0/bay/XDATA/pump-1", b"", "malformed"),
    ],
    ids=[
        "unknown-device",
        "no-json",
        "deep-json",
        "plain-number",
        "moment-in-words",
        "clock-never-set",
        "clock-a-day-ahead",
        "oversized",
        "chirpstack-without-eui",
        "thingsboard-list",
        "frigate-without-object",
        "sparkplug-no-protobuf",
        "sparkplug-unknown-type",
    ],
)
def test_message_that_cannot_be_used_is_rejected_with_its_reason(
    mapping: str, topic: str, payload: bytes, reason: str
) -> None:
    """Each fault is rejected and counted under its own name."""
    profile = "camera" if mapping == "frigate" else "water_level"
    made = translator(mapping, device(mapping, "d", profile))
    with pytest.raises(ForeignRejected) as caught:
        made.translate(topic, payload, NOW_US)

    assert caught.value.reason is ForeignReason(reason)
    assert made.tally.outcomes[mapping, reason] == 1


def test_bytes_that_do_not_fit_the_codec_are_malformed() -> None:
    """Three bytes for a codec of four are no reading."""
    entry = device("chirpstack-v4", "24e124535b313466", "water_level")
    made = translator("chirpstack-v4", entry)
    with pytest.raises(ForeignRejected, match="3 bytes; expected 4"):
        made.translate(UP, json.dumps({**CHIRPSTACK, "data": "AV4k"}).encode(), NOW_US)


def test_absent_marker_is_no_value() -> None:
    """0xFFFF says that the sensor saw nothing; the rest of the message stays."""
    entry = device("chirpstack-v4", "24e124535b313466", "water_level")
    made = translator("chirpstack-v4", entry)
    with pytest.raises(ForeignSkipped):
        made.translate(UP, json.dumps({**CHIRPSTACK, "data": "//8kAQ=="}).encode(), NOW_US)


def test_one_bad_record_takes_none_of_its_neighbours_along() -> None:
    """An unknown device in a shared message is counted, the known one is read."""
    made = translator("thingsboard-gateway", device("thingsboard-gateway", "A", "noise"))
    payload = json.dumps({"ghost": [{"noise": 1}], "A": [{"noise": 60}]}).encode()
    found = seen(made, "v1/gateway/telemetry", payload)

    assert [values for _, _, values, _ in found] == [{"dba": 60.0}]
    assert made.tally.outcomes["thingsboard-gateway", "record_unknown_device"] == 1


def test_unknown_fields_are_counted_by_name_within_bounds() -> None:
    """A field nobody mapped is named; a flood of names shares one counter."""
    made = translator("plain-json", device("plain-json", "d", "water_level"))
    payload = json.dumps({"depth_m": 1.0, **{f"x{n}": n for n in range(400)}}).encode()
    made.translate("devices/d/telemetry", payload, NOW_US)

    assert made.tally.unknown_fields["plain-json", "x0"] == 1
    assert len(made.tally.unknown_fields) == 201
    assert sum(made.tally.unknown_fields.values()) == 400


def test_untranslatable_value_is_counted_and_left_out() -> None:
    """An action that the mapping does not know is no press."""
    made = translator("zigbee2mqtt", device("zigbee2mqtt", "b", "alarm_button"))
    with pytest.raises(ForeignSkipped):
        made.translate("zigbee2mqtt/b", b'{"action": "shake"}', NOW_US)

    assert made.tally.unusable["zigbee2mqtt", "action"] == 1


def test_retained_state_without_a_time_is_skipped() -> None:
    """Nobody knows how old a retained message is, so it must not be taken for news."""
    made = translator("zigbee2mqtt", device("zigbee2mqtt", "b", "parking_bay"))
    with pytest.raises(ForeignSkipped) as caught:
        made.translate("zigbee2mqtt/b", b'{"occupancy": true}', NOW_US, retained=True)

    assert caught.value.why is Skip.RETAINED


def test_repeated_message_with_its_own_time_is_skipped() -> None:
    """A redelivery is known by its bytes, also after a restart from a checkpoint."""
    made = translator("plain-json", device("plain-json", "d", "water_level"))
    payload = json.dumps({"ts": T * 1000, "depth_m": 1}).encode()
    made.translate("devices/d/telemetry", payload, NOW_US)
    other = translator("plain-json", device("plain-json", "d", "water_level"))
    other.restore({key: blob for key, blob in made.take_dirty().items() if blob is not None})
    for one in (made, other):
        with pytest.raises(ForeignSkipped) as caught:
            one.translate("devices/d/telemetry", payload, NOW_US + 5)

        assert caught.value.why is Skip.DUPLICATE

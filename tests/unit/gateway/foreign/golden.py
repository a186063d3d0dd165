"""Golden messages of foreign systems: topic and bytes as they publish them, and the devices."""

import json
from datetime import UTC, datetime
from functools import lru_cache

from gateway.foreign.declaration import DeviceEntry
from gateway.foreign.mapping import CompiledMapping, compile_mapping
from gateway.foreign.sources import ForeignFiles
from gateway.foreign.translator import Translator

NOW = datetime(2026, 7, 1, 8, 0, 10, tzinfo=UTC)
NOW_US = round(NOW.timestamp() * 1_000_000)
T = 1_782_892_800
"""2026-07-01T08:00:00Z, the moment of the golden messages."""

# Bytes made with sparkplug-payload 1.0.3 (Eclipse Tahu's own encoder for Node), not with ours.
SPARKPLUG = {
    "nbirth": bytes.fromhex(
        "0880d0c4e5f133120b0a05626453657120085803121a0a144e6f646520436f6e74726f6c2f52656269727468"
        "200b70001800"
    ),
    "dbirth": bytes.fromhex(
        "08e8d7c4e5f13312290a054c6576656c100718e8d7c4e5f13320094a100a07656e67556e69741205080c42016d"
        "650000803e12190a0a436f766572204f70656e100818e8d7c4e5f133200b7000121e0a0b54656d706572617475"
        "7265100918e8d7c4e5f133200250fbffffff0f12170a0653657269616c100a18e8d7c4e5f133200c7a0278311801"
    ),
    "ddata": bytes.fromhex("08d0dfc4e5f1331210100718d0dfc4e5f1332009650000003f1802"),
    "historical": bytes.fromhex("08a0efc4e5f1331212100718a0fbc0e5f13320092801650000003e1803"),
    "ndeath": bytes.fromhex("0888f7c4e5f133120b0a05626453657120085803"),
    "ndeath_old": bytes.fromhex("0888f7c4e5f133120b0a05626453657120085802"),
    "types": bytes.fromhex(
        "0880d0c4e5f133120c0a026938200150ffffffff0f120d0a03693332200350e0f2f9ff0f12120a03693634200458"
        "fbffffffffffffffff01120d0a0375333220075880d0acf30e120e0a0164200a69000000000000f83f120a0a0477"
        "68656e200d580012090a036e756c200938011804"
    ),
}
NODE, DEVICE = "spBv1.0/bay/{}/pump-1", "spBv1.0/bay/{}/pump-1/well"

CHIRPSTACK = {
    "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
    "time": "2026-07-01T08:00:00.250+00:00",
    "deviceInfo": {
        "tenantName": "city",
        "applicationName": "water",
        "deviceProfileName": "level",
        "deviceName": "level 7",
        "devEui": "24e124535b313466",
        "tags": {},
    },
    "devAddr": "00189440",
    "dr": 3,
    "fCnt": 4,
    "fPort": 2,
    "data": "AV4kAQ==",
    "rxInfo": [{"gatewayId": "0016c001f153a14c", "rssi": -57, "snr": 10.0}],
    "txInfo": {"frequency": 486_300_000},
}
"""``data`` is 01 5e 24 01: 350 mm, 3.6 V, cover open."""

FRIGATE_OBJECT = {
    "id": f"{T}.475377-mxklsc",
    "camera": "front_door",
    "frame_time": T + 1.5,
    "label": "person",
    "sub_label": None,
    "top_score": 0.958984375,
    "false_positive": False,
    "start_time": T + 0.5,
    "end_time": None,
    "score": 0.7890625,
    "box": [424, 500, 536, 712],
    "current_zones": ["Fire_Lane"],
    "entered_zones": ["Fire_Lane"],
}


def frigate(kind: str, **changes: object) -> bytes:
    """Return a message of Frigate about the golden object."""
    before = {**FRIGATE_OBJECT, "current_zones": [], "entered_zones": []}
    after = {**FRIGATE_OBJECT, **changes}
    return json.dumps({"type": kind, "before": before, "after": after}).encode()


def device(mapping: str, foreign_id: str, profile: str, subject: str = "sensor-1") -> DeviceEntry:
    """Return a registered device."""
    return DeviceEntry(
        subject=subject,
        mapping=mapping,
        foreign_id=foreign_id,
        profile=profile,
        district="nanshan",
        site="bay-road",
    )


@lru_cache(maxsize=16)
def shipped(name: str) -> CompiledMapping:
    """Return a mapping that ships."""
    (source,) = ForeignFiles((name,), ()).read().mappings
    return compile_mapping(source.text, source.name)


def translator(name: str, *devices: DeviceEntry) -> Translator:
    """Return a translator with one shipped mapping in force."""
    made = Translator()
    made.replace([shipped(name)], devices)
    return made


Seen = list[tuple[str, float, dict[str, float | bool | str], dict[str, str]]]


def seen(made: Translator, topic: str, payload: bytes, arrived_us: int = NOW_US) -> Seen:
    """Return subject, moment, values and units of what a message became."""
    translated = made.translate(topic, payload, arrived_us)
    assert translated is not None
    return [
        (r.subject, r.at, r.values, r.units) for part in translated.parts for r in part.resolved
    ]

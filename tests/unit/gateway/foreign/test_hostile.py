"""Nothing that a stranger can publish breaks the translator: it is taken, skipped or rejected."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.foreign.errors import ForeignError
from gateway.foreign.sources import shipped_mappings
from gateway.foreign.translator import Translator
from tests.unit.gateway.foreign.golden import (
    CHIRPSTACK,
    DEVICE,
    FRIGATE_OBJECT,
    NODE,
    NOW_US,
    SPARKPLUG,
    device,
    shipped,
)

TOPICS = {
    "plain-json": ("devices/d/telemetry", "water_level"),
    "chirpstack-v4": ("application/a/device/d/event/up", "water_level"),
    "thingsboard-gateway": ("v1/gateway/telemetry", "noise"),
    "thingsboard-device": ("d/v1/devices/me/telemetry", "noise"),
    "zigbee2mqtt": ("zigbee2mqtt/d", "manhole"),
    "frigate": ("frigate/events", "camera"),
    "sparkplug-b": (DEVICE.format("DDATA"), "water_level"),
}
IDS = {
    "chirpstack-v4": "24e124535b313466",
    "frigate": "front_door",
    "sparkplug-b": "bay/pump-1/well",
}

numbers = st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 1e308, 2**63])
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def _translator(mapping: str) -> Translator:
    made = Translator()
    entry = device(mapping, IDS.get(mapping, "d"), TOPICS[mapping][1])
    made.replace([shipped(mapping)], [entry])
    if mapping == "sparkplug-b":
        made.translate(NODE.format("NBIRTH"), SPARKPLUG["nbirth"], NOW_US)
        made.translate(DEVICE.format("DBIRTH"), SPARKPLUG["dbirth"], NOW_US)
    return made


def test_every_shipped_mapping_is_attacked() -> None:
    """A new mapping joins these tests."""
    assert set(TOPICS) == set(shipped_mappings())


@pytest.mark.parametrize("mapping", TOPICS)
@settings(max_examples=40, deadline=None)
@given(payload=st.binary(max_size=200))
def test_any_bytes_are_survived(mapping: str, payload: bytes) -> None:
    """Random bytes are a message that is turned away, not an exception."""
    with contextlib.suppress(ForeignError):
        _translator(mapping).translate(TOPICS[mapping][0], payload, NOW_US)


def test_impossible_numbers_are_left_out() -> None:
    """A whole number beyond every float is no value, and as a moment no time."""
    for document in ({"depth_m": 10**400}, {"ts": 10**4200, "depth_m": 1}):
        with pytest.raises(ForeignError):
            _translator("plain-json").translate(
                TOPICS["plain-json"][0], json.dumps(document).encode(), NOW_US
            )


def test_impossible_end_of_an_object_is_a_bad_clock() -> None:
    """A tracked object that ended in the year 30,000 is not believed."""
    ended = {**FRIGATE_OBJECT, "end_time": 1e12}
    payload = json.dumps({"type": "end", "after": ended}).encode()
    with pytest.raises(ForeignError, match="set the device's clock"):
        _translator("frigate").translate("frigate/events", payload, NOW_US)


@pytest.mark.parametrize("mapping", TOPICS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_document_is_survived(mapping: str, data: st.DataObject) -> None:
    """Right names with wrong values: every field of a golden message may hold anything."""
    document: Any
    if mapping == "chirpstack-v4":
        changes = st.dictionaries(st.sampled_from(["time", "data", "object", "fPort"]), values)
        document = {**CHIRPSTACK, **data.draw(changes)}
    elif mapping == "frigate":
        changes = st.dictionaries(st.sampled_from(list(FRIGATE_OBJECT)), values, max_size=3)
        document = {"type": "update", "after": {**FRIGATE_OBJECT, **data.draw(changes)}}
    elif mapping == "thingsboard-gateway":
        records = st.dictionaries(st.sampled_from(["ts", "values", "noise"]), values)
        document = {"d": [data.draw(records)]}
    else:
        names = st.sampled_from(["ts", "depth_m", "noise", "contact", "last_seen", "occupancy"])
        document = data.draw(st.dictionaries(names, values))
    payload = (
        json.dumps(document, allow_nan=False, default=str).encode() if _finite(document) else b"{}"
    )
    with contextlib.suppress(ForeignError):
        _translator(mapping).translate(TOPICS[mapping][0], payload, NOW_US)


def _finite(document: Any) -> bool:
    try:
        json.dumps(document, allow_nan=False)
    except ValueError:
        return False
    return True


@settings(max_examples=60, deadline=None)
@given(payload=st.binary(max_size=60), cut=st.integers(0, 120))
def test_damaged_sparkplug_is_survived(payload: bytes, cut: int) -> None:
    """A golden payload that was cut and continued with rubbish is survived in every role."""
    made = _translator("sparkplug-b")
    for kind, topic in (("NBIRTH", NODE), ("DBIRTH", DEVICE), ("DDATA", DEVICE), ("NDEATH", NODE)):
        golden = SPARKPLUG["dbirth"][:cut] + payload
        with contextlib.suppress(ForeignError):
            made.translate(topic.format(kind), golden, NOW_US)

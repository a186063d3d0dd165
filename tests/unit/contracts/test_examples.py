"""The golden examples: what producers and consumers both read."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

import contracts
from contracts.codec import MESSAGE_TYPES, decode_message, encode
from contracts.event import Event
from contracts.ids import episode_id, observation_id
from contracts.observation import Observation
from contracts.readings import Readings, SubjectReading, resolve_pack
from contracts.schema import message_schema

EXAMPLES = Path(contracts.__file__).parent / "examples"


def example(name: str) -> bytes:
    """Return one golden example as it lies in the repository."""
    return (EXAMPLES / f"{name}.json").read_bytes()


def test_every_message_has_an_example_and_nothing_else_has() -> None:
    """One file per type tag."""
    assert {f"{name}.json" for name in MESSAGE_TYPES} == {path.name for path in EXAMPLES.iterdir()}


@pytest.mark.parametrize("name", MESSAGE_TYPES)
def test_example_is_canonical(name: str) -> None:
    """Decoding and encoding an example gives the same text, fields in the same order."""
    text = example(name)
    again = json.loads(encode(decode_message(text)))

    assert text.decode() == json.dumps(again, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", MESSAGE_TYPES)
def test_example_fits_its_schema(name: str) -> None:
    """A consumer that only has the JSON Schema accepts the example."""
    jsonschema.Draft202012Validator(message_schema(name)).validate(json.loads(example(name)))


def test_readings_resolve_by_hand() -> None:
    """The pack holds three subjects: base name, base time and profile carry on as RFC 8428 says."""
    message = decode_message(example("readings.v1"))
    assert isinstance(message, Readings)
    at_s = datetime(2026, 7, 20, 14, 5, 10, tzinfo=UTC).timestamp()

    assert [
        SubjectReading("wl-01", "water_level", at_s, {"depth_m": 0.312}, {"depth_m": "m"}),
        SubjectReading(
            "noise-01", "noise", at_s - 2.0, {"dba": 61.5, "source": "traffic"}, {"dba": "dBA"}
        ),
        SubjectReading("button-01", "alarm_button", at_s, {"pressed": False}, {}),
    ] == resolve_pack(message)


def test_event_id_is_derived_from_rule_key_and_onset() -> None:
    """The id in the example is the UUIDv5 that any gateway would give this episode."""
    event = decode_message(example("event.v1"))
    assert isinstance(event, Event)

    assert event.event_id == "6101d06c-493f-53e4-8cd1-a43ec2c623cb"
    assert event.event_id == episode_id(event.rule, event.key, event.onset_at)


def test_observation_id_is_derived_from_who_saw_what() -> None:
    """The id in the example is the UUIDv5 that this box would give this episode again."""
    seen = decode_message(example("observation.v1"))
    assert isinstance(seen, Observation)

    assert seen.observation_id == observation_id(
        seen.box, seen.camera, seen.kind, f"{seen.zone}/{seen.track}", seen.started_at
    )


def test_hashes_in_examples_are_of_something_known() -> None:
    """The evidence is the SHA-256 of ``test``, the configuration that of ``{}``."""
    seen = json.loads(example("observation.v1"))
    desired = json.loads(example("config.desired.v1"))

    assert seen["evidence"][0]["sha256"] == hashlib.sha256(b"test").hexdigest()
    assert desired["sha256"] == hashlib.sha256(json.dumps(desired["config"]).encode()).hexdigest()

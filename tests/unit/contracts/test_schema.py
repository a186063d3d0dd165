"""The generated schemas: up to date, well formed, and telling good from bad."""

from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import contracts
from contracts.__main__ import main
from contracts.codec import MESSAGE_TYPES, encode
from contracts.schema import CHANNELS, asyncapi, generated_files, message_schema
from contracts.topics import Kind, box_topic, district_topic
from tests.strategies import messages

PACKAGE = Path(contracts.__file__).parent


def test_files_in_the_repository_are_what_the_structs_say() -> None:
    """No drift: `python -m contracts write` would change nothing."""
    result = CliRunner().invoke(main, ["check"])

    assert result.output.endswith("generated files are up to date\n")
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        pytest.param(
            lambda folder: (folder / "asyncapi.yaml").unlink(), "asyncapi.yaml", id="gone"
        ),
        pytest.param(
            lambda folder: (folder / "schemas" / "ack.v1.json").write_text("{}"),
            "schemas/ack.v1.json",
            id="changed",
        ),
        pytest.param(
            lambda folder: (folder / "schemas" / "old.v1.json").write_text("{}"),
            "schemas/old.v1.json",
            id="left over",
        ),
    ],
)
def test_drift_is_found_and_named(tmp_path: Path, spoil: Any, named: str) -> None:
    """A missing, changed or left-over file fails the check by name; writing mends what it can."""
    runner = CliRunner()
    assert runner.invoke(main, ["write", "--folder", str(tmp_path)]).exit_code == 0
    assert runner.invoke(main, ["check", "--folder", str(tmp_path)]).exit_code == 0

    spoil(tmp_path)
    result = runner.invoke(main, ["check", "--folder", str(tmp_path)])

    assert result.exit_code == 1
    assert named in result.output


@pytest.mark.parametrize("name", MESSAGE_TYPES)
def test_schema_is_a_schema(name: str) -> None:
    """Each document is valid JSON Schema 2020-12 and names its message."""
    schema = message_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)

    assert schema["properties"]["type"] == {"enum": [name]}


@pytest.mark.parametrize("name", MESSAGE_TYPES)
@given(data=st.data())
@settings(max_examples=6, deadline=None)
def test_what_we_encode_fits_the_schema(name: str, data: st.DataObject) -> None:
    """Any legal message, encoded, satisfies the published schema."""
    encoded = msgspec.json.decode(encode(data.draw(messages(name))))

    jsonschema.Draft202012Validator(message_schema(name)).validate(encoded)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"through_seq": -2}, id="negative"),
        pytest.param({"box": "Box 17"}, id="illegal id"),
        pytest.param({"channel": "smoke"}, id="unknown channel"),
        pytest.param({"type": "ack.v2"}, id="other version"),
    ],
)
def test_schema_refuses_what_the_codec_refuses(change: dict[str, object]) -> None:
    """The schema is not merely permissive."""
    ack = {
        "type": "ack.v1",
        "box": "box-17",
        "boot_id": "00f1e2d3c4b5a697",
        "channel": "readings",
        "through_seq": 1,
    }
    validator = jsonschema.Draft202012Validator(message_schema("ack.v1"))
    validator.validate(ack)

    assert not validator.is_valid(ack | change)


def test_asyncapi_names_every_topic_once() -> None:
    """Every kind of topic has one channel, whose address is the one that the code builds."""
    assert {channel.kind for channel in CHANNELS} == set(Kind)
    assert len(CHANNELS) == len(Kind)

    document = asyncapi("1.0.0")
    for channel in CHANNELS:
        names = {"district": "d-1", "site": "s-1", "box": "b-1"}
        built = (
            box_topic("d-1", "s-1", "b-1", channel.kind)
            if channel.per_box
            else district_topic("d-1", channel.kind)
        )
        assert built == document["channels"][channel.kind.name.lower()]["address"].format(**names)


def test_asyncapi_speaks_of_every_message() -> None:
    """No message travels nowhere, and none is spoken of that does not exist."""
    spoken_of = {message for channel in CHANNELS for message in channel.messages}

    assert set(MESSAGE_TYPES) == spoken_of


def references(node: object) -> list[str]:
    """Return every ``$ref`` in a document."""
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for value in node.values() for found in references(value)]
    if isinstance(node, list):
        return [found for value in node for found in references(value)]
    return []


def test_asyncapi_references_lead_somewhere() -> None:
    """Every reference in the written file is a part of it or a file beside it."""
    document = yaml.safe_load((PACKAGE / "asyncapi.yaml").read_text(encoding="utf-8"))
    found = references(document)

    assert len(found) > len(MESSAGE_TYPES)
    for reference in found:
        if reference.startswith("./"):
            assert (PACKAGE / reference).is_file(), reference
            continue
        node = document
        for part in reference.removeprefix("#/").split("/"):
            assert part in node, reference
            node = node[part]


def test_operations_say_who_sends() -> None:
    """Box, gateway and API each send what architecture §4 gives them, retained where it says so."""
    operations = asyncapi("1.0.0")["operations"]

    assert operations["box_sends_status"]["bindings"]["mqtt"]["retain"] is True
    assert operations["gateway_sends_config_desired"]["bindings"]["mqtt"]["retain"] is True
    assert operations["gateway_sends_ack"]["bindings"]["mqtt"]["retain"] is False
    assert "api_sends_control" in operations


def test_generation_is_deterministic() -> None:
    """Two runs give the same bytes."""
    assert generated_files() == generated_files()


def test_validate_tells_good_from_bad(tmp_path: Path) -> None:
    """`contracts validate` prints the type of a message and names the fault of what is none."""
    bad = tmp_path / "bad.json"
    bad.write_text('{"type":"ack.v1"}')
    good = PACKAGE / "examples" / "ack.v1.json"
    result = CliRunner().invoke(main, ["validate", str(good), str(bad)])

    assert result.exit_code == 1
    assert f"{good}: ack.v1\n" in result.output
    assert "bad.json: Object missing required field" in result.output

"""Every field of a box's configuration has names in two languages, a description, a unit, a default."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner

from edge.__main__ import main
from edge.config import EdgeConfig
from edge.config_schema import edge_schema, unit_of, words_of
from runtime.struct_docs import field_docs, structs_within
from runtime.yaml_document import load_document, parse_document

ROOT = Path(__file__).parents[3]
STRUCTS = sorted(structs_within(EdgeConfig), key=lambda struct: struct.__name__)
SCHEMA = edge_schema()
OWN = [struct for struct in STRUCTS if struct.__module__.startswith("edge.")]


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_field_has_a_name_in_both_languages(struct: type[msgspec.Struct]) -> None:
    """What is missing is to be added to edge/config_words.yaml."""
    nameless = []
    for field in struct.__struct_encode_fields__:
        words = words_of(struct.__name__, field)
        if words is None or not words.english.isascii() or words.chinese.isascii():
            nameless.append(field)

    assert nameless == []


@pytest.mark.parametrize("struct", OWN, ids=lambda struct: struct.__name__)
def test_every_field_has_a_description(struct: type[msgspec.Struct]) -> None:
    """Its docstring is what editors show."""
    docs = field_docs(struct)

    assert [field for field in struct.__struct_fields__ if not docs.get(field)] == []


@pytest.mark.parametrize("struct", OWN, ids=lambda struct: struct.__name__)
def test_every_default_is_in_the_words_too(struct: type[msgspec.Struct]) -> None:
    """A field with a plain default says so in its description."""
    docs = field_docs(struct)
    silent = [
        field.name
        for field in msgspec.structs.fields(struct)
        if isinstance(field.default, str | int | float | bool | None)
        and "efault" not in docs[field.name]
    ]

    assert silent == []


def test_no_name_is_left_over() -> None:
    """Names of fields that are gone go too."""
    data = load_document(ROOT / "edge" / "config_words.yaml").data
    known = {field for struct in STRUCTS for field in struct.__struct_encode_fields__}
    known |= {
        f"{struct.__name__}.{field}"
        for struct in STRUCTS
        for field in struct.__struct_encode_fields__
    }

    assert sorted(data.keys() - known) == []


@pytest.mark.parametrize(
    ("field", "unit"),
    [
        ("timeout_s", "s"),
        ("budget_bytes", "B"),
        ("rate_per_s", "1/s"),
        ("heat_limit_c", "°C"),
        ("id", None),
    ],
)
def test_a_unit_follows_from_the_name(field: str, unit: str | None) -> None:
    """Longer endings come first."""
    assert unit_of(field) == unit


def test_editors_get_all_of_it() -> None:
    """A field in the schema carries names, unit, description and default."""
    found = SCHEMA["$defs"]["CameraConfig"]["properties"]["offline_after_s"]

    assert found["x-title-zh"] == "离线判定时间"
    assert found["x-unit"] == "s"
    assert found["default"] == 10.0
    assert "offline" in found["description"]


EXAMPLES = [
    path for path in sorted((ROOT / "examples").glob("*.yaml")) if "cameras:" in path.read_text()
]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_pass_the_schema(path: Path) -> None:
    """What the box takes, the schema takes."""
    jsonschema.validate(load_document(path).data, SCHEMA)


@pytest.mark.parametrize(
    "camera",
    [
        "{id: c-1, source: {file: a}, detector: {kind: background}, fpss: 5}",
        "{id: c-1, source: {file: a}, detector: {kind: onnxx}}",
        "{id: c-1, source: {file: a}, detector: {kind: background}, fps: fast}",
    ],
    ids=["unknown key", "unknown kind", "no number"],
)
def test_the_schema_marks_what_is_wrong(camera: str) -> None:
    """An editor draws a red line beneath it."""
    text = f"box: {{district: d, site: s, box: b}}\ncameras: [{camera}]\n"
    data: Any = parse_document(text, "x").data

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, SCHEMA)


def test_the_command_prints_the_schema() -> None:
    """It is the same one."""
    outcome = CliRunner().invoke(main, ["schema"])

    assert outcome.exit_code == 0
    assert json.loads(outcome.output) == json.loads(json.dumps(SCHEMA))

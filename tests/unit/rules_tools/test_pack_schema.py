"""The schema for editors says what the compiler says, as far as shapes go."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from cityloop.rules_tools.pack_schema import pack_schema
from runtime.yaml_document import load_document, parse_document
from tests.unit.rules_tools.scenario import FLOOD

ROOT = Path(__file__).parents[3]
MALFORMED = Path(__file__).parent / "malformed"
VALIDATOR = Draft202012Validator(pack_schema())


def test_the_schema_is_one() -> None:
    """It follows the dialect that it names."""
    Draft202012Validator.check_schema(pack_schema())


@pytest.mark.parametrize(
    "path", sorted((ROOT / "rules" / "packs").glob("*.yaml")), ids=lambda path: path.stem
)
def test_packs_that_ship_fit(path: Path) -> None:
    """No red line under a good pack."""
    assert list(VALIDATOR.iter_errors(load_document(path).data)) == []


def test_the_whole_language_fits() -> None:
    """Every part of the language is legal in the editor."""
    data = load_document(ROOT / "tests/contract/rules/packs/whole_language.yaml").data

    assert list(VALIDATOR.iter_errors(data)) == []


@pytest.mark.parametrize(
    "name",
    [
        "shape_unknown_rule_field", "shape_unknown_step_field", "shape_missing_id",
        "shape_missing_when", "shape_key_is_a_text", "shape_id_is_a_number",
        "reference_unknown_profile", "reference_unknown_stream", "type_level_unknown",
        "type_bare_duration", "type_duration_in_words", "type_repeat_once", "yaml_on_for_watch",
        "tally_of_one", "tally_misspelt", "action_unknown_field", "action_bad_limit",
        "signals_unknown_take", "signals_near_is_a_duration", "ratio_unknown_season",
        "where_near_without_distance", "where_overlap_over_one", "where_unknown_part",
        "places_unknown_field",
    ],
)  # fmt: skip
def test_faults_of_shape_are_seen_while_typing(name: str) -> None:
    """Names, kinds, choices and durations are checked by the editor already."""
    data = load_document(MALFORMED / f"{name}.yaml").data

    assert list(VALIDATOR.iter_errors(data))


def test_fields_have_their_documentation() -> None:
    """Editors show what a field means."""
    step = pack_schema()["$defs"]["StepDeclaration"]["properties"]

    assert step["for"]["description"].startswith("How long ``when`` must hold")
    assert VALIDATOR.is_valid(parse_document(FLOOD, "flood").data)


def test_every_field_is_documented_in_the_editor() -> None:
    """No part of a rule is without its hint, but those whose name says it all."""
    bare = {
        f"{name}.{field}"
        for name, schema in pack_schema()["$defs"].items()
        for field, one in schema.get("properties", {}).items()
        if "description" not in one and "$ref" not in one
    }

    assert bare <= {"Title.zh", "Title.en"}

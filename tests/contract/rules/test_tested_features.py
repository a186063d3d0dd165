"""Every part of the language is shown by a test inside a pack, and these tests hold."""

from pathlib import Path
from typing import Any

import pytest

from rules import (
    action_declaration,
    declaration,
    operator_declaration,
    place_declaration,
    tally_declaration,
    where_declaration,
)
from rules.pack import compile_pack
from rules.pack_tests import TestResult, run_pack_tests
from rules.rule import RulePack
from rules.windows import AGGREGATES
from runtime.yaml_document import load_document

PACK = Path(__file__).parent / "packs" / "tested_features.yaml"
DATA: dict[str, Any] = load_document(PACK).data
ELSEWHERE = {
    "file": "files beside a pack: tests/unit/gateway/test_place_files.py",
    "shared": "other packs: tests/unit/gateway/test_shared_tables.py",
}
"""Parts that one pack alone cannot show, and where they are tested."""
DECLARED = sorted(
    {
        name
        for module in (
            action_declaration,
            declaration,
            operator_declaration,
            place_declaration,
            tally_declaration,
            where_declaration,
        )
        for part in module.__all__
        if part.endswith("Declaration")
        for name in getattr(module, part).__struct_encode_fields__
    }
    - ELSEWHERE.keys()
)


def words(data: object) -> set[str]:
    """Return every key in parsed YAML."""
    if isinstance(data, dict):
        return {str(name) for name in data} | {one for part in data.values() for one in words(part)}
    if isinstance(data, list):
        return {one for part in data for one in words(part)}
    return set()


@pytest.fixture(scope="module")
def pack() -> RulePack:
    """Return the pack."""
    document = load_document(PACK)
    return compile_pack(document.data, "features", document.error, {}, document.key_error)


@pytest.fixture(scope="module")
def results(pack: RulePack) -> list[TestResult]:
    """Return what came of its tests."""
    return run_pack_tests(pack)


def test_all_tests_hold(results: list[TestResult]) -> None:
    """Each as it is, and with a restart after every sample."""
    assert [one for one in results if not one.ok] == []


def test_every_rule_has_a_test(pack: RulePack, results: list[TestResult]) -> None:
    """What stands in this pack is shown, not only written."""
    assert {rule.id for rule in pack.rules} == {one.rule for one in results}


@pytest.mark.parametrize("name", DECLARED)
def test_every_part_of_the_language_is_in_it(name: str) -> None:
    """Every field that a pack may have stands in a rule, or a table, that a test here runs."""
    assert name in words(DATA)


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_every_aggregate_is_in_it(aggregate: str) -> None:
    """All of ``agg``."""
    lets = [let for rule in DATA["rules"] for let in rule.get("let", {}).values()]

    assert aggregate in {let.get("agg") for let in lets}


@pytest.mark.parametrize("window", ["sliding", "tumbling", "session", "count"])
def test_every_window_is_in_it(window: str) -> None:
    """All of ``window``."""
    lets = [let for rule in DATA["rules"] for let in rule.get("let", {}).values()]

    assert window in {one for let in lets for one in let.get("window", {})}

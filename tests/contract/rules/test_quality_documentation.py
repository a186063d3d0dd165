"""docs/quality.md names every flag, check, key and part, and its example compiles."""

import re
from pathlib import Path

import pytest

from contracts.quality import QualityCheck, QualityFlag
from gateway.quality_defaults import load_quality_defaults
from rules.pack import compile_pack
from rules.quality.section import SECTION_KEYS
from runtime.yaml_document import parse_document

PAGE = (Path(__file__).parents[3] / "docs" / "quality.md").read_text("utf-8")
PARTS = {part for parts in SECTION_KEYS.values() for part in parts}


@pytest.mark.parametrize("flag", QualityFlag, ids=lambda flag: flag.name)
def test_every_flag_is_in_the_table(flag: QualityFlag) -> None:
    """Code and name stand side by side."""
    assert f"| {flag.value} | `{flag.name.lower()}`" in PAGE


@pytest.mark.parametrize("name", sorted({*QualityCheck, *SECTION_KEYS, *PARTS}))
def test_every_check_key_and_part_is_documented(name: str) -> None:
    """Each stands in the page as code."""
    assert f"`{name}`" in PAGE


def test_the_example_compiles_to_every_gate() -> None:
    """The rule at the top of the page is one, and shows everything there is."""
    found = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    document = parse_document(found.group(1), "quality.md")
    (gates,) = compile_pack(
        document.data, "quality.md", document.error, load_quality_defaults()
    ).quality

    assert None not in [
        getattr(gates.gates["water_level"]["depth_m"], name)
        for name in SECTION_KEYS
        if name not in {"raise", "field"}
    ]

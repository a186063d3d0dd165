"""docs/rules_tools.md names everything that a user can write or read here."""

import re
from pathlib import Path

import pytest

from cityloop.rules_tools.comparison import Comparison
from cityloop.rules_tools.firings import Firing
from cityloop.rules_tools.labels import LabelScore
from cityloop.rules_tools.sources.mapping import TableMapping

PAGE = (Path(__file__).parents[3] / "docs" / "rules_tools.md").read_text("utf-8")
WORDS = sorted(
    {
        *TableMapping.__struct_fields__,
        *Firing.__struct_fields__,
        *(name for name in Comparison.__struct_fields__),
        *(set(LabelScore.__struct_fields__) - {"labels", "found", "lead_s_median"}),
    }
)


@pytest.mark.parametrize("word", WORDS)
def test_every_field_is_documented(word: str) -> None:
    """Fields of the mapping and of the reports stand in the page as code."""
    assert re.search(rf"`[^`\n]*\b{word}\b[^`\n]*`", PAGE)

"""docs/rules_compared.md claims nothing without a test that is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "rules_compared.md").read_text("utf-8")
LINK = re.compile(r"`([a-z_0-9/]+\.py)::(test_[a-z_0-9]+)`")
ROWS = [
    line.strip("| ").split(" | ")
    for line in PAGE.partition("## Bugs of others")[0].splitlines()
    if line.startswith("| ") and not line.startswith("| |")
]
BUGS = [
    line.strip("| ").split(" | ")
    for line in PAGE.partition("## Bugs of others")[2].splitlines()
    if line.startswith("| ") and not line.startswith("| where")
]


@pytest.mark.parametrize(("path", "test"), sorted(set(LINK.findall(PAGE))))
def test_every_linked_test_is_there(path: str, test: str) -> None:
    """A test that is renamed or removed takes its claim along."""
    source = (ROOT / "tests" / path).read_text("utf-8")

    assert re.search(rf"^(?:    )?(?:async )?def {test}\(", source, re.MULTILINE)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_claim_of_ours_has_a_test(row: list[str]) -> None:
    """Y and P name one at least; N claims nothing."""
    ours = row[-1]

    assert len(row) == 8
    assert ours.startswith(("**Y**", "**P**", "**N**"))
    assert ours.startswith("**N**") or LINK.search(ours)


@pytest.mark.parametrize("row", BUGS, ids=lambda row: row[0])
def test_every_bug_of_others_has_a_test(row: list[str]) -> None:
    """What is listed as avoided is held by a test."""
    assert len(row) == 3
    assert LINK.search(row[-1])


def test_the_tables_are_read() -> None:
    """The rows of the design, all of them."""
    assert (len(ROWS), len(BUGS)) == (27, 23)

"""docs/durability.md names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
DOC = (ROOT / "docs" / "durability.md").read_text(encoding="utf-8")


def test_every_file_that_is_named_exists() -> None:
    """A file without folder is in this folder, another below tests."""
    named = set(re.findall(r"`((?:[\w/]+/)?test_\w+\.py)`", DOC))
    places = {name: [Path(__file__).parent / name, ROOT / "tests" / name] for name in named}

    missing = [name for name, paths in places.items() if not any(path.exists() for path in paths)]
    assert named
    assert missing == []


def test_every_test_that_is_named_exists() -> None:
    """It is a function of a file in this folder."""
    named = set(re.findall(r"`(test_\w+)`", DOC))
    sources = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")]

    missing = [name for name in named if not any(f"def {name}(" in text for text in sources)]
    assert named
    assert missing == []

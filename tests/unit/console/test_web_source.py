"""The pages' source: what the lock file tells, and that both languages say everything."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cloud_api.console.building import WEB

GENERATED = {"schema.d.ts", "wire.d.ts"}
"""Types that the build writes."""

WORDS = sorted(path.parent for path in (WEB / "src").rglob("zh.json"))


def _keys(words: dict[str, Any], above: str = "") -> set[str]:
    found: set[str] = set()
    for key, value in words.items():
        found |= _keys(value, f"{above}{key}.") if isinstance(value, dict) else {above + key}
    return found


@pytest.mark.parametrize("folder", WORDS, ids=lambda path: path.name)
def test_both_languages_have_the_same_words(folder: Path) -> None:
    """Each key of the Chinese words is one of the English words too, and the other way round."""
    zh, en = (json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("zh", "en"))

    assert _keys(zh) == _keys(en)


def test_the_lock_file_names_no_address() -> None:
    """Packages are named by version and hash; where they come from is the machine's own affair."""
    lock = (WEB / "package-lock.json").read_text("utf-8")

    assert "://" not in lock
    assert all(
        "integrity" in package or name == ""
        for name, package in json.loads(lock)["packages"].items()
    )


def test_the_pages_load_nothing_from_elsewhere() -> None:
    """No source of a page names an address of another host: it works without the internet."""
    sources = [
        path
        for path in (*WEB.glob("*.html"), *(WEB / "src").rglob("*"))
        if path.suffix in {".vue", ".ts", ".css", ".html"} and path.name not in GENERATED
    ]

    assert sources
    assert [path.name for path in sources if re.search(r"https?://", path.read_text("utf-8"))] == []


def test_no_source_file_is_longer_than_it_may_be() -> None:
    """A component or module stays below 400 lines."""
    long = {
        path.name: lines
        for path in (WEB / "src").rglob("*")
        if path.suffix in {".vue", ".ts", ".css"} and path.name not in GENERATED
        if (lines := len(path.read_text("utf-8").splitlines())) > 400
    }

    assert long == {}

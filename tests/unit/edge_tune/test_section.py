"""A section of a YAML file written anew."""

from pathlib import Path

import pytest

from edge.tune.section import with_section, write_section

VALUES: dict[str, str | int | float] = {"decoders": "processes", "workers": 2}
SECTION = "vision:\n  decoders: processes\n  workers: 2\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", SECTION),
        ("box: {a: b}\n", "box: {a: b}\n" + SECTION),
        ("box: {a: b}", "box: {a: b}\n" + SECTION),
        ("vision: {workers: 9}\nbox: {a: b}\n", SECTION + "box: {a: b}\n"),
        (
            "box: 1\nvision:\n  workers: 9\n  # of old\n\n# cameras\ncameras:\n- id: c\n",
            "box: 1\n" + SECTION + "\n# cameras\ncameras:\n- id: c\n",
        ),
        (
            "cameras:\n- id: vision\n  vision: x\n",
            "cameras:\n- id: vision\n  vision: x\n" + SECTION,
        ),
    ],
    ids=["empty", "appended", "no last newline", "one line", "a block", "another vision"],
)
def test_only_the_section_changes(before: str, after: str) -> None:
    """Comments, order and everything else stay as they are."""
    assert with_section(before, "vision", VALUES) == after


def test_writing_twice_changes_nothing_more() -> None:
    """The second time finds what the first has written."""
    once = with_section("box: 1\n", "vision", VALUES)

    assert with_section(once, "vision", VALUES) == once


def test_the_file_is_replaced_whole(tmp_path: Path) -> None:
    """No half-written file is left beside it."""
    path = tmp_path / "edge.yaml"
    path.write_text("box: 1\n", encoding="utf-8")
    write_section(path, "vision", VALUES)

    assert path.read_text(encoding="utf-8") == "box: 1\n" + SECTION
    assert [one.name for one in tmp_path.iterdir()] == ["edge.yaml"]

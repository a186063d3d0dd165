"""What the documentation tells people to type is a command with the options and arguments that it has."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from cityloop.__main__ import main

ROOT = Path(__file__).parents[3]
PAGES = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "benchmarks/RESULTS.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "models" / "zoo").glob("*.md")),
)
_ROLES = {"cloud_api": "api", "simulators": "sim"}
_CALL = re.compile(
    r"(?:^|[\s;&(]|bin/)(?:cityloop|python3? -m (cloud_api|simulators|edge|gateway|models|cityloop))\s(.*)$"
)
_ENDS = ("|", ">", ";", "&", "2>")


def _typed() -> Iterator[tuple[str, str]]:
    """Yield place and text of each line in a block of commands, put together where it goes on below."""
    for page in PAGES:
        fenced, begun = False, ""
        for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
            if line.lstrip().startswith("```"):
                fenced, begun = not fenced, ""
            elif fenced:
                begun += line.strip()
                if begun.endswith("\\"):
                    begun = f"{begun[:-1]} "
                    continue
                yield f"{page.relative_to(ROOT)}:{number}", begun
                begun = ""


def _words(text: str) -> list[str] | None:
    """Return the words after ``cityloop``, or None for what is no call or leaves something out."""
    found = _CALL.search(text)
    if found is None or text.startswith("#") or "…" in text:
        return None
    words: list[str] = []
    for word in shlex.split(found[2], comments=True):
        if word.startswith(_ENDS):
            break
        words.append(word.removesuffix(";"))
        if word.endswith(";"):
            break
    module = found[1]
    return words if module in {None, "cityloop"} else [_ROLES.get(module, module), *words]


CALLS = [(place, words) for place, text in _typed() if (words := _words(text))]


@pytest.mark.parametrize(("place", "words"), CALLS, ids=[place for place, _ in CALLS])
def test_what_is_told_to_type_is_understood(place: str, words: list[str]) -> None:
    """The command is there, takes those options and gets the arguments that it asks for."""
    command: click.Command = main
    path, rest = ["cityloop"], list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(click.Context(command), rest[0])
        assert found is not None, f"{place}: `{' '.join(path)}` has no command {rest[0]!r}"
        command = found
        path.append(rest.pop(0))
    context = click.Context(command, info_name=" ".join(path))
    given, left, _ = command.make_parser(context).parse_args(rest)

    assert left == [] or isinstance(command, click.Group)
    assert [one.opts for one in command.params if one.required and _lacks(given, one)] == []


def _lacks(given: dict[str, Any], parameter: click.Parameter) -> bool:
    value = given.get(str(parameter.name))
    return not isinstance(value, (str, bool, int, list, tuple)) or value == ()


def test_calls_are_found() -> None:
    """The search for what people are told to type finds it: it would hold of nothing otherwise."""
    assert len(CALLS) > 100

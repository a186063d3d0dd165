"""What `--help` tells: every option says what it is, and every example names what exists."""

from collections.abc import Iterator

import click
import pytest

from cityloop.__main__ import main


def _tree(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(path), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _tree(found, (*path, name))


TREE = dict(_tree(main, ("cityloop",)))
ROLES = [path for path, command in TREE.items() if isinstance(command, click.Group)]
EXAMPLES = [
    line.strip()
    for command in TREE.values()
    for line in (command.help or "").replace("\\\n", " ").splitlines()
    if line.startswith(" ") and line.lstrip().startswith("cityloop ")
]


@pytest.mark.parametrize("path", TREE, ids=lambda path: path.replace(" ", "-"))
def test_every_option_says_what_it_is(path: str) -> None:
    """An option has a sentence with a full stop: what it is, and its unit where it has one."""
    options = [each for each in TREE[path].params if isinstance(each, click.Option)]

    assert [each.opts for each in options if not (each.help or "").strip().endswith(".")] == []


@pytest.mark.parametrize(
    "path", [path for path in ROLES if path.count(" ") < 2 and path != "cityloop samples"]
)
def test_every_role_shows_examples(path: str) -> None:
    """The help of a role shows what people type first."""
    assert f"  {path} " in (TREE[path].help or "")


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_name_what_exists(example: str) -> None:
    """The command of an example exists, and so does every option in it."""
    words = example.split()
    depth = next(n for n in range(len(words), 0, -1) if " ".join(words[:n]) in TREE)
    command = TREE[" ".join(words[:depth])]
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}

    assert not isinstance(command, click.Group)
    assert [word for word in words[depth:] if word.startswith("-") and word not in known] == []

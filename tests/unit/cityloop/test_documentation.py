"""The documentation names every command, option, topic, message, and event type that exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from cityloop.__main__ import main
from contracts.codec import MESSAGE_TYPES
from contracts.observation import ObservationKind
from contracts.topics import Kind

ROOT = Path(__file__).parents[3]
TEXT = "\n".join(
    path.read_text("utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
)


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _commands(found, f"{path} {name}")
    else:
        yield path, command


COMMANDS = dict(_commands(main, "cityloop"))


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.replace(" ", "-"))
def test_every_command_is_described(path: str) -> None:
    """A command appears in the documentation by its full name, or as ``python -m`` its package."""
    role, _, rest = path.removeprefix("cityloop ").partition(" ")
    module = {"api": "cloud_api", "sim": "simulators"}.get(role, role)
    names = (path, f"python -m {module} {rest}".strip(), f"`{rest}`" if rest else path)

    assert any(name in TEXT for name in names), f"none of {names} in README.md and docs/"


OPTIONS = [
    (path, option)
    for path, command in COMMANDS.items()
    for parameter in command.params
    if isinstance(parameter, click.Option)
    for option in parameter.opts
    if option.startswith("--") and option != "--help"
]


@pytest.mark.parametrize(("path", "option"), OPTIONS, ids=lambda value: value.replace(" ", "-"))
def test_every_option_is_described(path: str, option: str) -> None:
    """An option appears in the documentation as a word of its own."""
    assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", TEXT), f"{path} {option}"


@pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.value)
def test_every_topic_is_described(kind: Kind) -> None:
    """Each kind of topic is named."""
    assert f"/{kind.value}" in TEXT


@pytest.mark.parametrize("name", MESSAGE_TYPES)
def test_every_message_is_described(name: str) -> None:
    """Each message type is named with its version."""
    assert name in TEXT


@pytest.mark.parametrize("kind", list(ObservationKind), ids=lambda kind: kind.value)
def test_every_kind_of_observation_is_described(kind: ObservationKind) -> None:
    """Each kind of observation is named."""
    assert kind.value in TEXT


EVENT_TYPES = sorted(
    {
        rule["event"]["type"]
        for pack in (ROOT / "rules" / "packs").glob("*.yaml")
        for rule in yaml.safe_load(pack.read_text("utf-8"))["rules"]
    }
)


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_event_type_of_the_packs_is_described(event_type: str) -> None:
    """Each event type that a shipped pack can raise is named."""
    assert event_type in TEXT


LINKS = [
    (page, target)
    for page in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    ]
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
    if "://" not in target
]


@pytest.mark.parametrize(
    ("page", "target"), LINKS, ids=[f"{page.name}-{target}" for page, target in LINKS]
)
def test_every_local_link_leads_somewhere(page: Path, target: str) -> None:
    """A link to a file of the repository names one that exists."""
    assert (page.parent / target).exists()

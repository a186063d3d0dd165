"""docs/cloud_api.md names everything that can be configured, asked, counted or refused."""

from pathlib import Path

import click
import msgspec
import pytest

from cloud_api.__main__ import main
from cloud_api.config import ApiConfig
from cloud_api.errors import Problem
from cloud_api.flow import Need, State
from cloud_api.keys import Role
from cloud_api.metrics import Metrics
from cloud_api.problems import PROBLEMS

DOCUMENT = (Path(__file__).parents[3] / "docs" / "cloud_api.md").read_text("utf-8")


def _metrics() -> list[str]:
    return [metric.name for metric in Metrics().registry.collect()]


@pytest.mark.parametrize("field", [field.name for field in msgspec.structs.fields(ApiConfig)])
def test_every_configuration_field_is_documented(field: str) -> None:
    """A field has its row in the table."""
    assert f"\n| `{field}` |" in DOCUMENT


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.slug)
def test_every_problem_is_documented_with_its_status(problem: type[Problem]) -> None:
    """A slug has its row, with the status that it is sent with."""
    assert f"\n| `{problem.slug}` | {problem.status} |" in DOCUMENT


def test_no_problem_is_missing_from_the_list() -> None:
    """Every kind of problem that the code can raise is in PROBLEMS."""
    defined = {kind.slug for kind in Problem.__subclasses__()}

    assert defined == {problem.slug for problem in PROBLEMS}


@pytest.mark.parametrize("metric", _metrics())
def test_every_metric_is_documented(metric: str) -> None:
    """A metric has its row."""
    assert f"\n| `{metric}" in DOCUMENT


def _commands() -> list[str]:
    found = []
    for name, command in main.commands.items():
        inside = command.commands if isinstance(command, click.Group) else {}
        found += [f"{name} {each}" for each in inside] or [name]
    return sorted(found)


@pytest.mark.parametrize("command", _commands())
def test_every_command_is_documented(command: str) -> None:
    """A command has its row."""
    assert f"\n| `{command}` |" in DOCUMENT


@pytest.mark.parametrize("word", [*State, *Role, *Need])
def test_every_state_role_and_need_is_documented(word: str) -> None:
    """The closed vocabularies are explained."""
    assert f"`{word}`" in DOCUMENT

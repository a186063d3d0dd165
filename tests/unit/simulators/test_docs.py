"""docs/simulators.md speaks of everything there is."""

from pathlib import Path

import click
import msgspec
import pytest

from simulators.__main__ import main
from simulators.config import BoxConfig, SimulatorConfig
from simulators.rainstorm import Rainstorm
from simulators.scenario import build_scenario

DOC = (Path(__file__).parents[3] / "docs" / "simulators.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "field",
    [
        *(field.name for field in msgspec.structs.fields(SimulatorConfig)),
        *(f"boxes[].{field.name}" for field in msgspec.structs.fields(BoxConfig)),
        *(f"storm.{field.name}" for field in msgspec.structs.fields(Rainstorm)),
    ],
)
def test_every_field_is_explained(field: str) -> None:
    """Each configuration field stands in the table."""
    assert f"`{field}`" in DOC


def test_every_command_and_option_is_explained() -> None:
    """Each command is shown, and each option of ``run`` listed."""
    run = main.commands["run"]
    options = [
        name
        for parameter in run.params
        if isinstance(parameter, click.Option)
        for name in parameter.opts
        if name.startswith("--")
    ]

    assert [name for name in main.commands if f"simulators {name}" not in DOC] == []
    assert [name for name in options if f"`{name}" not in DOC] == []


def test_every_profile_is_explained() -> None:
    """Each kind of sensor in the fleet is in the table of the rainstorm."""
    profiles = {subject.profile for subject in build_scenario("rainstorm", 1).subjects}

    assert {profile for profile in profiles if f"`{profile}`" not in DOC} == set()

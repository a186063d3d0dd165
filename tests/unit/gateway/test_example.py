"""The example configuration is one that the gateway takes."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.__main__ import main

ROOT = Path(__file__).parents[3]


def test_example_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the documentation points at passes the check, packs, mappings and devices included."""
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(main, ["config", "--check", "--config", "examples/gateway.yaml"])

    assert result.exit_code == 0, result.output
    assert "3 foreign mappings, 3 foreign devices" in result.output

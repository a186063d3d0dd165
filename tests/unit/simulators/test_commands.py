"""The command line: what it prints, what it refuses."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulators.__main__ import main

CONFIG = """\
boxes:
- box: sim-1
  mqtt: {host: 127.0.0.1, client_id: sim-1}
copies: 3
"""


def test_truth_as_json() -> None:
    """One document: events with their levels, crossings and stays with line and zone."""
    result = CliRunner().invoke(main, ["truth", "--json"])
    told = json.loads(result.output)

    assert result.exit_code == 0
    assert [event["subject"] for event in told["expected_events"]] == [
        f"wl-0{number}" for number in range(1, 7)
    ]
    assert len(told["street"]["crossings"]) > 20
    assert len(told["street"]["stays"]) == 1
    assert all(0.0 <= share <= 1.0 for point in told["street"]["line"] for share in point)


def test_truth_for_people() -> None:
    """Without --json it reads as sentences."""
    result = CliRunner().invoke(main, ["truth", "--seed", "1", "--until", "4m"])

    assert "wl-01: since 100 s, blue at 160 s, yellow at 190 s, red at 220 s\n" in result.output
    assert "vehicle 1 on the fire lane for 27.2 s" in result.output


def test_check_says_what_would_run(tmp_path: Path) -> None:
    """A good configuration is summed up in a line."""
    path = tmp_path / "sim.yaml"
    path.write_text(CONFIG)
    result = CliRunner().invoke(main, ["check", "--config", str(path)])

    assert result.exit_code == 0
    assert "ok: rainstorm, seed 1, 51 sensors in 1 boxes, 5.1 readings/s" in result.output


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("copis: 3\n", ":4:1: copis", id="unknown key"),
        pytest.param("copies: many\n", ":4:9: copies: expected int", id="text for a number"),
        pytest.param("scenario: typhoon\n", "expected one of rainstorm", id="unknown scenario"),
        pytest.param("storm: {n: 2.0}\n", ":4:", id="impossible storm"),
        pytest.param("seed: -1\n", ":4:7: seed", id="negative seed"),
    ],
)
def test_check_names_the_fault(tmp_path: Path, text: str, says: str) -> None:
    """A bad configuration is refused with file, line, column, and what was expected."""
    path = tmp_path / "sim.yaml"
    path.write_text(CONFIG.replace("copies: 3\n", "") + text)
    result = CliRunner().invoke(main, ["check", "--config", str(path)])

    assert result.exit_code == 1
    assert says in result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param([], "either --config FILE or --broker URL", id="nothing"),
        pytest.param(["--broker", "http://h"], "expected mqtt://host:port", id="scheme"),
        pytest.param(["--broker", "mqtt://u:p@h"], "--password-env NAME", id="password in the URL"),
        pytest.param(
            ["--broker", "mqtt://h", "--for", "soon"],
            "expected a number with s, m, h",
            id="duration",
        ),
        pytest.param(["--config", "/nowhere/sim.yaml"], "cannot be read", id="no file"),
    ],
)
def test_run_refuses(arguments: list[str], says: str) -> None:
    """What cannot be run is refused before anything is opened."""
    result = CliRunner().invoke(main, ["run", *arguments])

    assert result.exit_code in {1, 2}
    assert says in result.output


def test_clip_needs_a_place_to_go(tmp_path: Path) -> None:
    """A clip in a folder that is not there is one clear error."""
    result = CliRunner().invoke(main, ["clip", str(tmp_path / "no" / "out.mp4"), "--seconds", "1"])

    assert result.exit_code == 1
    assert "cannot be written" in result.output

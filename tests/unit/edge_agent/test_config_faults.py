"""Everything that is wrong with a configuration is told at once, with its place."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.__main__ import main
from edge.config_faults import config_faults

BROKEN = """\
box: {district: d, site: s, box: b}
guard: {}
cameras:
- id: c-1
  source: {file: a.mp4}
  detector: {kind: background}
  zones:
  - {id: z, polygon: [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]}
- id: c-2
  source: {file: a.mp4}
  detector: {kind: background}
- id: c-3
  source: {file: a.mp4}
  detector: {kind: background}
  fpss: 5
- id: c-4
  source: {file: a.mp4}
  detector: {kind: background}
  zones:
  - {id: z, polygon: [[0.1, 0.1], [1.5, 0.1], [0.5, 0.9]]}
- id: c-5
  source: {file: a.mp4}
  detector: {kind: background}
  calibration:
  - {image: [0.1, 0.1], lon: 114.0001, lat: 30.0001}
  - {image: [0.2, 0.2], lon: 114.0002, lat: 30.0002}
  - {image: [0.3, 0.3], lon: 114.0003, lat: 30.0003}
  - {image: [0.4, 0.4], lon: 114.0004, lat: 30.0004}
sensors:
- {driver: replay, file: gone.csv, profile: thermometer}
"""


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Return a configuration with a fault in almost every part."""
    path = tmp_path / "edge.yaml"
    path.write_text(BROKEN)
    return path


def test_every_entry_is_looked_at(broken: Path) -> None:
    """One fault each, in the order of the lines, each with what would be right."""
    faults = config_faults(broken)

    assert [(fault.line, fault.message.split(":")[0]) for fault in faults] == [
        (2, "guard"),
        (8, "cameras[0].zones[0].polygon"),
        (15, "cameras[2].fpss"),
        (20, "cameras[3].zones[0].polygon[1][0]"),
        (25, "cameras[4].calibration"),
        (30, "sensors[0].profile"),
    ]
    assert "did you mean 'guards'?" in faults[0].message
    assert "expected a simple polygon" in faults[1].message
    assert "did you mean 'fps'?" in faults[2].message
    assert "<= 1.0" in faults[3].message
    assert "in a line" in faults[4].message


def test_a_deep_look_opens_what_is_named(tmp_path: Path) -> None:
    """Models and recordings that are not there are faults too, with their lines."""
    path = tmp_path / "edge.yaml"
    path.write_text(
        "box: {district: d, site: s, box: b}\n"
        "cameras:\n- id: c-1\n  source: {file: gone.mp4}\n"
        "  detector: {kind: onnx, model: gone.onnx}\n"
    )
    faults = config_faults(path, deep=True)

    assert config_faults(path) == []
    assert [fault.line for fault in faults] == [4, 5]
    assert "gone.mp4 does not exist" in faults[0].message
    assert "gone.onnx" in faults[1].message


def test_the_command_tells_people_and_machines(broken: Path) -> None:
    """Text on stderr as compilers write it, or JSON; exit code 2."""
    text = CliRunner().invoke(main, ["check", str(broken)])
    machine = CliRunner().invoke(main, ["check", str(broken), "--json"])
    told = json.loads(machine.stdout)

    assert (text.exit_code, machine.exit_code) == (2, 2)
    assert f"{broken}:15:3: cameras[2].fpss: unknown key" in text.stderr
    assert [fault["line"] for fault in told] == [2, 8, 15, 20, 25, 30]


def test_a_sound_configuration_is_said_to_be_sound(tmp_path: Path) -> None:
    """Exit code 0."""
    path = tmp_path / "edge.yaml"
    path.write_text("box: {district: d, site: s, box: b}\n")
    outcome = CliRunner().invoke(main, ["check", str(path)])

    assert outcome.exit_code == 0
    assert "nothing is wrong" in outcome.output


@pytest.mark.parametrize("text", ["box: [", "- 1\n", "", "box: {district: D!}\n"])
def test_what_cannot_be_read_at_all_is_one_fault(tmp_path: Path, text: str) -> None:
    """It has a place as well, and nothing goes wrong about it."""
    path = tmp_path / "edge.yaml"
    path.write_text(text)

    assert len(config_faults(path)) == 1

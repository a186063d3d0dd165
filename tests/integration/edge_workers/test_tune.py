"""``edge tune`` on this machine."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from edge.__main__ import main
from edge.config import load_edge_config
from edge.vision_config import DecoderKind
from tests.contract.edge_vision.tiny_models import write_model

pytestmark = pytest.mark.slow

CONFIG = """# the box at the corner
box: {district: d-1, site: s-1, box: b-1}
cameras:
- id: c-1
  source: {file: clip.mp4}
  detector: {kind: onnx, model: tiny.onnx, names: [cat, dog]}
"""


def box(folder: Path, text: str = CONFIG) -> Path:
    """Write a box's configuration and its network; return the configuration's path."""
    write_model(folder / "tiny.onnx", np.zeros((1, 84, 7), np.float32))
    path = folder / "edge.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_box_is_measured_and_its_configuration_written(tmp_path: Path) -> None:
    """The table has every way, the best one is written, and the file can still be read."""
    path = box(tmp_path)
    arguments = ["tune", "--config", str(path), "--seconds", "0.2", "--cores", "1", "--json"]
    result = CliRunner().invoke(main, [*arguments, "--write"])

    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout.strip().splitlines()[-1])
    config = load_edge_config(path)
    assert told["best"]["per_s"] > 0.0
    assert config.vision.decoders is DecoderKind.PROCESSES
    assert config.vision.workers == 1
    assert path.read_text(encoding="utf-8").startswith("# the box at the corner")


def test_a_box_without_a_network_has_nothing_to_tune(tmp_path: Path) -> None:
    """It says so, as a matter for a person."""
    path = box(tmp_path, CONFIG.split("cameras:", maxsplit=1)[0])
    result = CliRunner().invoke(main, ["tune", "--config", str(path)])

    assert result.exit_code == 2
    assert "nothing to tune" in result.output


def test_a_network_that_is_not_there_is_said_before_anything_is_measured(tmp_path: Path) -> None:
    """One sentence that names the file and where it is configured, not one for each way."""
    path = box(tmp_path)
    (tmp_path / "tiny.onnx").unlink()
    result = CliRunner().invoke(main, ["tune", "--config", str(path)])

    assert result.exit_code == 2
    assert result.output.count("tiny.onnx: no such file") == 1
    assert "measuring" not in result.output

"""What is told about detectors, and what is asked before one is fetched."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from models.__main__ import main as models
from models.catalogue.shipped import shipped_models
from tests.contract.edge_vision.tiny_models import write_model


def test_info_tells_layout_and_terms() -> None:
    """Whoever reads about an AGPL model reads what that means."""
    result = CliRunner().invoke(models, ["info", "yolo11n"])

    assert result.exit_code == 0
    assert "layout        ultralytics" in result.output
    assert "owes them the source" in result.output


def test_an_agpl_model_is_not_fetched_unasked(tmp_path: Path) -> None:
    """Without agreement nothing is fetched, and what else there is, is named."""
    result = CliRunner().invoke(
        models, ["pull", "yolo11n", "--to", str(tmp_path / "here"), "--mirror", str(tmp_path)]
    )

    assert result.exit_code == 1
    assert "say so with --accept-agpl; yolox-nano and yolox-tiny are Apache-2.0" in result.output
    assert not (tmp_path / "here").exists()


def test_an_unknown_model_lists_the_known_ones() -> None:
    """A typo is answered with what there is."""
    result = CliRunner().invoke(models, ["info", "yolo-x"])

    assert result.exit_code == 1
    assert "expected one of" in result.output
    assert "yolox-nano, yolox-nano-release, yolox-tiny, yolo11n" in result.output


def test_info_reads_a_file(tmp_path: Path) -> None:
    """Of an .onnx file it tells what a box reads in it."""
    path = write_model(tmp_path / "own.onnx", np.zeros((1, 84, 85), np.float32))
    told = json.loads(CliRunner().invoke(models, ["info", str(path), "--json"]).output)

    assert told["layout"] == "yolox"
    assert told["model_id"].startswith("own-")


def test_shipped_models_are_told_by_their_card(tmp_path: Path) -> None:
    """What lies in the zoo is listed with the headline of its card, and copied when pulled."""
    (tmp_path / "street.onnx").write_bytes(b"network")
    (tmp_path / "street.md").write_text("# A detector of drawn streets\n\nText.\n")
    (model,) = shipped_models(tmp_path)

    assert (model.name, model.title) == ("street", "A detector of drawn streets")
    assert model.copy_to(tmp_path / "new").read_bytes() == b"network"


@pytest.mark.parametrize("command", ["list", "info", "pull"])
def test_help_names_json(command: str) -> None:
    """Every command of the catalogue can be read by machines."""
    assert "--json" in CliRunner().invoke(models, [command, "--help"]).output

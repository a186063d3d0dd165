"""The whole turn: a city that changes, what was hard in it, the next data set, a better detector."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge.vision.onnx_detector import OnnxDetector
from models.datasets.store import DatasetStore
from tests.integration.models_training.environment import ROOT, trainer_environment, trainer_python

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_ZOO = ROOT / "models" / "zoo"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a turn."""
    return tmp_path_factory.mktemp("turn")


@pytest.fixture(scope="module")
def scores(folder: Path) -> dict[str, Any]:
    """What one small turn with the shipped detector says."""
    python = trainer_python()
    words = [
        "models", "retrain", str(folder), "--json", "--python", python,
        "--model", str(_ZOO / "street-sim-nano.onnx"), "--from", str(_ZOO / "street-sim-nano.pt"),
        "--arch", "street-nano", "--size", "512", "288", "--pictures", "64", "--review", "24",
        "--replay", "16", "--epochs", "2", "--step-size", "0.0003", "--seed", "11",
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "cityloop", *words],
        cwd=ROOT,
        env=trainer_environment(),
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("city", ["changed", "city"])
def test_it_tells_how_well_it_saw_and_sees(scores: dict[str, Any], city: str) -> None:
    """Both detectors see something in both cities, on cameras that nobody learned from, and nothing is forgotten.

    Two dozen pictures are too few to be sure that it sees better: docs/learning.md tells of a larger turn.
    """
    before, after = scores[f"{city}_before"], scores[f"{city}_after"]

    assert 0.1 < before < 1.0
    assert before - 0.1 < after < 1.0


def test_the_next_data_set_holds_what_people_labelled(scores: dict[str, Any], folder: Path) -> None:
    """The labelled pictures are in its part to learn from, beside those of the city as it was."""
    following = DatasetStore(folder / "datasets").load("next")
    learned = following.part("train")

    assert following.manifest.version == scores["version"]
    assert sum("review" in picture.tags for picture in learned) == scores["reviewed"] == 24
    assert len(learned) == 24 + 16 + len(
        DatasetStore(folder / "datasets").load("city").part("train")
    )


def test_a_box_reads_the_detector(scores: dict[str, Any]) -> None:
    """What comes out of the turn knows the nine kinds of things and can be signed and shipped."""
    detector = OnnxDetector(Path(scores["model"]))

    assert detector.names == OnnxDetector(_ZOO / "street-sim-nano.onnx").names
    assert (Path(scores["model"]).parent / "weights.pt").exists()

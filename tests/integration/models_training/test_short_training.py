"""A short real training: from drawn pictures to a file that a box reads, killed on the way."""

import csv
import json
import subprocess
from pathlib import Path

import pytest

from edge.vision.onnx_detector import OnnxDetector
from tests.integration.models_training.environment import ROOT, trainer_environment, trainer_python

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_CLASSES = (
    "person", "car", "truck_bus", "two_wheeler", "stall", "overflowing_bin", "ponding", "smoke",
    "falling_object",
)  # fmt: skip


def _models(*words: str | Path) -> list[str]:
    return [trainer_python(), "-m", "models", *(str(word) for word in words)]


def _run(*words: str | Path) -> str:
    done = subprocess.run(
        _models(*words),
        cwd=ROOT,
        env=trainer_environment(),
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with 160 drawn pictures of 20 cameras, split."""
    root = tmp_path_factory.mktemp("datasets")
    size = ("--size", "320", "180")
    _run("dataset", "draw", "short", "--count", "160", "--seed", "5", *size, "--root", root)
    _run("dataset", "split", "short", "--root", root)
    return root


def _training(root: Path, out: Path, *, arch: str = "street-thin") -> list[str]:
    return [
        "train", "--data", "short", "--root", str(root), "--arch", arch, "--imgsz", "160",
        "--input", "320", "192", "--epochs", "3", "--batch", "8", "--out", str(out), "--json",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def trained(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nobody disturbed."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    _run(*_training(root, out))
    return out


def _curves(run: Path) -> list[dict[str, str]]:
    with (run / "curves.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        del row["seconds"]
    return rows


def test_the_loss_falls(trained: Path) -> None:
    """Three epochs over a hundred pictures and more teach something; curves are there as file and picture."""
    losses = [float(row["loss"]) for row in _curves(trained)]

    assert len(losses) == 3
    assert losses[-1] < 0.9 * losses[0]
    assert (trained / "curves.png").stat().st_size > 5_000


def test_a_box_reads_what_came_out(trained: Path) -> None:
    """The exported file is loaded, warmed up and understood by the box's own detector."""
    detector = OnnxDetector(trained / "model.onnx")

    assert detector.names == _CLASSES
    assert detector.input_px == (192, 320)


def test_a_killed_run_goes_on(root: Path, trained: Path, tmp_path: Path) -> None:
    """Killed after its first epoch, a run ends with the curves of the one that nobody disturbed."""
    out = tmp_path / "killed"
    with subprocess.Popen(
        _models(*_training(root, out)),
        cwd=ROOT,
        env=trainer_environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stdout is not None
        point = json.loads(first.stdout.readline())["point"]
        first.kill()
    _run(*_training(root, out))

    assert point["epoch"] == 1
    assert _curves(out) == _curves(trained)
    assert (out / "model.onnx").read_bytes() == (trained / "model.onnx").read_bytes()


def test_another_recipe_in_the_same_folder_is_refused(root: Path, trained: Path) -> None:
    """A run is not gone on with under another recipe; the message says what differs."""
    words = [*_training(root, trained), "--seed", "9"]
    done = subprocess.run(
        _models(*words),
        cwd=ROOT,
        env=trainer_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 1
    assert "seed 1 is now 9" in done.stderr

"""The environment with torch, ``make trainer``; tests that need it are skipped without."""

import os
import subprocess
from functools import cache
from pathlib import Path

import pytest

__all__ = ["ROOT", "trainer_environment", "trainer_python"]

ROOT = Path(__file__).parents[3]


@cache
def _has_torch(python: Path) -> bool:
    if not python.exists():
        return False
    asked = subprocess.run(
        [python, "-c", "import torch, onnx, onnxscript, cv2, matplotlib"],
        capture_output=True,
        timeout=120,
        check=False,
    )
    return asked.returncode == 0


def trainer_python() -> str:
    """Return the training environment's Python, or skip the test with the reason."""
    python = ROOT / ".venv-train" / "bin" / "python"
    if not _has_torch(python):
        pytest.skip("no torch in .venv-train: run `make trainer` (2 to 6 GB)")
    return str(python)


def trainer_environment() -> dict[str, str]:
    """Return an environment in which this tree is imported."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}

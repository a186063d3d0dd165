"""The clips and the model for measuring, which lie beside the repository and not in it."""

from pathlib import Path

import pytest

__all__ = ["media", "model"]

_SHARED = Path(__file__).resolve().parents[4] / "shared"


def media(name: str) -> Path:
    """Return a clip or its truth, or skip the test where it is absent."""
    return _present(_SHARED / "media" / name)


def model(name: str) -> Path:
    """Return a model file, or skip the test where it is absent."""
    return _present(_SHARED / "models" / name)


def _present(path: Path) -> Path:
    if not path.is_file():
        pytest.skip(f"{path.name} is not beside the repository (../shared)")
    return path

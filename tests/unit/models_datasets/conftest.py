"""Pictures that are small and few."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.datasets.picture import Box, Picture
from models.datasets.store import DatasetStore


def painted(number: int, width: int = 64, height: int = 48) -> bytes:
    """Return a PNG of coloured blocks that depends on a number."""
    rng = np.random.default_rng(number)
    blocks = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
    pixels = cv2.resize(blocks, (width, height), interpolation=cv2.INTER_NEAREST)
    return cv2.imencode(".png", pixels)[1].tobytes()


@pytest.fixture
def store(tmp_path: Path) -> DatasetStore:
    """An empty store."""
    return DatasetStore(tmp_path / "datasets")


@pytest.fixture
def two(store: DatasetStore) -> list[Picture]:
    """Two pictures of two cameras, in the store."""
    return [
        Picture(
            sha256=store.put_picture(painted(number), ".png"),
            suffix=".png",
            width=64,
            height=48,
            camera=f"c{number}",
            scene=f"s{number}",
            at_s=float(number),
            tags=("night",) if number else (),
            boxes=(
                Box(label="person", xyxy=(4.0, 5.0, 14.0, 35.0), track=7),
                Box(label="car", xyxy=(20.0, 10.0, 60.0, 40.0), visible=0.4),
            ),
            source=f"{number}.png",
        )
        for number in range(2)
    ]

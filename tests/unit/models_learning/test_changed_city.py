"""A city that changes, and what a detector finds hard in it."""

from pathlib import Path

import cv2
import numpy as np

from edge.vision.onnx_detector import OnnxDetector
from models.datasets.picture import Box, Picture
from models.datasets.store import Dataset, DatasetStore
from models.learning.changed_city import changed, repainted, winter
from models.learning.selection import hardest
from tests.blob_network import red_square, write_blob_network

CAR = Box(label="car", xyxy=(40.0, 60.0, 80.0, 100.0))
PERSON = Box(label="person", xyxy=(100.0, 10.0, 130.0, 50.0))


def city(folder: Path, *lefts: int) -> Dataset:
    """Return a data set of red squares."""
    store = DatasetStore(folder)
    pictures = []
    for number, left in enumerate(lefts):
        pixels = red_square(left, 60)
        content = cv2.imencode(".png", pixels)[1].tobytes()
        pictures.append(
            Picture(
                sha256=store.put_picture(content, ".png"),
                suffix=".png",
                width=160,
                height=160,
                camera=f"c-{number}",
                scene=f"s-{number}",
                split="train",
                boxes=(Box(label="car", xyxy=(left, 60.0, left + 40.0, 100.0)),),
            )
        )
    store.save("city", pictures, ["car"], made_by="test")
    return store.load("city")


def test_winter_is_dim_and_bluish() -> None:
    """White becomes grey with more blue than red in it."""
    white = np.full((40, 40, 3), 255, np.uint8)
    blue, green, red = winter(white, np.random.default_rng(1)).reshape(-1, 3).mean(axis=0)

    assert 255 > blue > green > red > 100


def test_only_vehicles_are_painted() -> None:
    """A car has another colour than before; people and the street keep theirs."""
    picture = red_square(40, 60)
    picture[10:50, 100:130] = (10, 200, 10)
    painted = repainted(picture, (CAR, PERSON), 140.0)
    outside = np.ones((160, 160), bool)
    outside[60:100, 40:80] = False

    np.testing.assert_array_equal(painted[outside], picture[outside])
    assert painted[80, 60, 2] < 60


def test_boxes_stay_where_they_are(tmp_path: Path) -> None:
    """Only pixels and words change."""
    before = city(tmp_path, 20, 90)
    after = changed(DatasetStore(tmp_path), before, np.random.default_rng(1))

    assert [one.boxes for one in after] == [one.boxes for one in before.pictures]
    assert all("winter" in one.tags for one in after)
    assert not {one.sha256 for one in after} & {one.sha256 for one in before.pictures}


def test_what_is_unsure_comes_first(tmp_path: Path) -> None:
    """A detector that is sure of everything finds nothing hard; one that is not, finds all of it."""
    data = city(tmp_path / "data", 20, 90)
    sure, unsure = (
        OnnxDetector(write_blob_network(tmp_path / f"{score}.onnx", score=score))
        for score in (0.9, 0.4)
    )

    assert [one.unsure for one in hardest(sure, data, data.pictures, most=2)] == [0.0, 0.0]
    chosen = hardest(unsure, data, data.pictures, most=1)
    assert [one.unsure for one in chosen] == [1.0]
    assert [box.label for box in chosen[0].reviewed.boxes] == ["car"]

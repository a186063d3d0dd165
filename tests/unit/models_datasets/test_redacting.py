"""What a box would give away of a data set."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from edge.evidence.config import RedactPolicy
from edge.vision.onnx_detector import OnnxDetector
from models.datasets.commands import dataset
from models.datasets.picture import Box, Picture
from models.datasets.pixels import pixels_of
from models.datasets.redacting import redacted
from models.datasets.store import DatasetStore
from tests.blob_network import write_blob_network

_BOX = (20.0, 60.0, 60.0, 100.0)


@pytest.fixture
def street(store: DatasetStore) -> Picture:
    """A picture of noise, a part of which is said to be a car, in a data set of that name."""
    noise = np.random.default_rng(1).integers(0, 255, (160, 160, 3), np.uint8)
    content = cv2.imencode(".png", noise)[1].tobytes()
    one = Picture(
        sha256=store.put_picture(content, ".png"),
        suffix=".png",
        width=160,
        height=160,
        camera="c-1",
        scene="s-1",
        split="train",
        boxes=(Box(label="car", xyxy=_BOX),),
    )
    other = Picture(
        sha256=store.put_picture(cv2.imencode(".png", 255 - noise)[1].tobytes(), ".png"),
        suffix=".png", width=160, height=160, camera="c-2", scene="s-2", split="test",
    )  # fmt: skip
    store.save("street", [one, other], ["car"], made_by="a test")
    return one


def _shown(store: DatasetStore, picture: Picture) -> np.ndarray:
    path = store.root / "pictures" / picture.file
    return pixels_of(path.read_bytes(), picture.file)


def _detail(pixels: np.ndarray) -> float:
    """Return how much neighbours differ."""
    return float(np.abs(np.diff(pixels.astype(np.int16), axis=1)).mean())


@pytest.mark.parametrize("policy", list(RedactPolicy), ids=lambda one: one.value)
def test_what_has_a_label_is_covered(
    store: DatasetStore, street: Picture, policy: RedactPolicy
) -> None:
    """The thing keeps its box and loses its detail; words say how."""
    data = store.load("street")
    [done] = redacted(store, data, [street], policy)
    before, after = (_shown(store, one)[62:98, 22:58] for one in (street, done))

    assert done.boxes == street.boxes
    assert done.tags == (f"redacted-{policy.value}",)
    assert done.sha256 != street.sha256
    assert _detail(after) < 0.5 * _detail(before)


def test_a_detector_says_what_is_covered(
    store: DatasetStore, street: Picture, tmp_path: Path
) -> None:
    """What a detector misses keeps its detail under the policy that covers only what was found."""
    data = store.load("street")
    blind = OnnxDetector(write_blob_network(tmp_path / "blind.onnx", score=0.0))
    [missed] = redacted(store, data, [street], RedactPolicy.OBJECTS, detector=blind)
    [labelled] = redacted(store, data, [street], RedactPolicy.OBJECTS)
    inside = (slice(62, 98), slice(22, 58))

    assert _detail(_shown(store, missed)[inside]) > 2 * _detail(_shown(store, labelled)[inside])


def test_one_part_is_redacted_and_the_others_stay(store: DatasetStore, street: Picture) -> None:
    """The command makes a version whose parent is the one before."""
    before = store.load("street")
    words = ["redact", "street", "blurred", "--split", "train", "--json", "--root"]
    told = CliRunner().invoke(dataset, [*words, str(store.root)])
    manifest = json.loads(told.output)
    after = store.load("blurred")

    assert manifest["parent"] == before.manifest.version
    assert after.part("test") == before.part("test")
    assert {one.sha256 for one in after.part("train")}.isdisjoint({street.sha256})


def test_an_unknown_data_set_is_told(store: DatasetStore) -> None:
    """One line says what there is not."""
    told = CliRunner().invoke(dataset, ["redact", "nothing", "new", "--root", str(store.root)])

    assert told.exit_code == 1
    assert "nothing" in told.output

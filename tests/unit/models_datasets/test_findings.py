"""Doubtful pictures are found, sound ones are not."""

import cv2
import numpy as np
import pytest
from msgspec.structs import replace

from models.datasets.findings import FindingKind, findings_of, lookalikes
from models.datasets.likeness import LIKE_BITS, difference_hash, like_pairs
from models.datasets.picture import Box, Picture
from models.datasets.pixels import pixels_of
from models.datasets.statistics import statistics_of
from models.datasets.store import DatasetStore
from tests.unit.models_datasets.conftest import painted

CLASSES = ("person", "car")


def _box(label: str, *xyxy: float, ignored: bool = False) -> Box:
    left, top, right, bottom = xyxy
    return Box(label=label, xyxy=(left, top, right, bottom), ignored=ignored)


GOOD = _box("person", 4, 5, 14, 35)


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        ((), FindingKind.EMPTY),
        ((GOOD, _box("car", 1, 1, 4, 20)), FindingKind.TINY),
        ((GOOD, _box("car", 30, 30, 80, 40)), FindingKind.OUTSIDE),
        ((GOOD, _box("car", 30, 30, 20, 40)), FindingKind.OUTSIDE),
        ((GOOD, _box("person", 4, 5, 14, 35.5)), FindingKind.OVERLAPPING),
        ((GOOD, _box("car", 4, 5, 14, 35.5)), FindingKind.WRONG_CLASS),
        ((GOOD, _box("car", 20, 5, 34, 35)), None),
        ((GOOD, _box("car", 1, 1, 2, 2, ignored=True)), None),
    ],
    ids=["empty", "tiny", "outside", "turned", "twice", "two-labels", "sound", "ignored"],
)
def test_a_doubtful_box_is_found(
    two: list[Picture], boxes: tuple[Box, ...], expected: FindingKind | None
) -> None:
    """Each kind of doubt is found once, with its picture's name; sound boxes give none."""
    picture = replace(two[0], boxes=boxes)

    found = [one for one in findings_of([picture], CLASSES) if one.kind != FindingKind.RARE_CLASS]

    assert [expected] * (expected is not None) == [one.kind for one in found]
    assert all((one.picture, one.source) == (picture.file, "0.png") for one in found)


def test_a_rare_class_is_found(two: list[Picture]) -> None:
    """Fewer than twenty things can hardly be learned."""
    many = two * 10

    found = [
        one for one in findings_of(many, (*CLASSES, "smoke")) if one.kind == FindingKind.RARE_CLASS
    ]

    assert [one.what for one in found] == ["smoke: 0 things; 20 are the least to learn from"]


def test_the_same_picture_in_another_quality_looks_alike(two: list[Picture]) -> None:
    """JPEG changes every byte and few bits of the hash; in two parts it is a leak."""
    one = pixels_of(painted(1, 320, 240), "one")
    again = cv2.imdecode(cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], 1)
    other = pixels_of(painted(2, 320, 240), "other")
    hashes = np.array([difference_hash(np.asarray(each, np.uint8)) for each in (one, again, other)])
    parts = [
        replace(two[0], split="train"),
        replace(two[0], split="test"),
        replace(two[1], split="test"),
    ]

    assert [pair[:2] for pair in like_pairs(hashes)] == [(0, 1)]
    assert [each.kind for each in lookalikes(parts, hashes)] == [FindingKind.LEAK]
    assert [each.kind for each in lookalikes(two * 2, hashes[:2])] == [FindingKind.DUPLICATE]


def test_pairs_are_those_of_a_plain_loop() -> None:
    """Over more pictures than are compared at a time, every pair is found once."""
    rng = np.random.default_rng(1)
    hashes = rng.integers(0, 2**64, (300, 4), np.uint64)
    hashes[250] = hashes[3]
    hashes[299] = hashes[140] ^ np.array([1, 0, 0, 6], np.uint64)

    assert like_pairs(hashes, LIKE_BITS) == [(3, 250, 0), (140, 299, 3)]


def test_numbers_are_counted(store: DatasetStore, two: list[Picture]) -> None:
    """Things by class and size, pictures by part and word; ignored boxes are told apart."""
    boxes = (*two[0].boxes, replace(GOOD, ignored=True))
    store.save("two", [replace(two[0], boxes=boxes, split="val"), two[1]], CLASSES, made_by="test")

    found = statistics_of(store.load("two"))

    assert (found.pictures, found.boxes, found.ignored, found.cameras) == (2, 4, 1, 2)
    assert (found.splits, found.tags) == ({"none": 1, "val": 1}, {"night": 1})
    assert [(one.label, one.boxes, one.small, one.large, one.hidden) for one in found.classes] == [
        ("person", 2, 0, 2, 0),
        ("car", 2, 0, 2, 2),
    ]

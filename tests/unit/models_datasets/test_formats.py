"""Pictures and boxes of other people's formats."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from models.datasets.coco_format import coco_document, read_coco
from models.datasets.errors import ImportRefused
from models.datasets.mot_format import read_mot
from models.datasets.picture import Picture
from models.datasets.relabelling import parse_renames, relabelled
from models.datasets.scene_format import read_scene
from models.datasets.store import Dataset, DatasetStore
from models.datasets.yolo_format import read_yolo, write_yolo
from tests.unit.models_datasets.conftest import painted

CLASSES = ("person", "car")


def _set(store: DatasetStore, pictures: list[Picture]) -> Dataset:
    store.save("two", pictures, CLASSES, made_by="test")
    return store.load("two")


def test_coco_comes_back_as_it_went(
    store: DatasetStore, two: list[Picture], tmp_path: Path
) -> None:
    """Boxes, what is seen of them, camera, second and words survive a way through COCO."""
    given = _set(store, two)
    for one in two:
        (tmp_path / f"{one.sha256}.png").write_bytes(given.path_of(one).read_bytes())
    document = tmp_path / "labels.json"
    document.write_text(json.dumps(coco_document(two, CLASSES)), encoding="utf-8")

    found, classes = read_coco(store, document, tmp_path)

    assert classes == CLASSES
    assert [replace(one, source="") for one in found] == [replace(one, source="") for one in two]


def test_a_crowd_is_ignored(store: DatasetStore, tmp_path: Path) -> None:
    """COCO's ``iscrowd`` and the simulator's light are read; the camera is the folder."""
    (tmp_path / "west").mkdir()
    (tmp_path / "west" / "1.png").write_bytes(painted(1))
    document = tmp_path / "labels.json"
    document.write_text(
        json.dumps(
            {
                "images": [{"id": 1, "file_name": "west/1.png", "light": "rain"}],
                "annotations": [
                    {"image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4], "iscrowd": 1}
                ],
                "categories": [{"id": 3, "name": "person"}],
            }
        ),
        encoding="utf-8",
    )

    (found,), _ = read_coco(store, document, tmp_path)

    assert (found.camera, found.tags) == ("west", ("rain",))
    assert (found.boxes[0].ignored, found.boxes[0].xyxy) == (True, (1.0, 2.0, 4.0, 6.0))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{", "expected images, annotations and categories"),
        (
            '{"images":[{"id":1,"file_name":"no.png"}],"annotations":[],"categories":[]}',
            "so it must be there",
        ),
        (
            '{"images":[],"annotations":[{"image_id":1,"category_id":9,"bbox":[0,0,1,1]}],"categories":[]}',
            "category 9, which is not listed",
        ),
    ],
    ids=["no-json", "no-picture", "no-category"],
)
def test_broken_coco_is_refused(
    store: DatasetStore, tmp_path: Path, document: str, said: str
) -> None:
    """What is wrong with a document is said."""
    path = tmp_path / "labels.json"
    path.write_text(document, encoding="utf-8")

    with pytest.raises(ImportRefused, match=said):
        read_coco(store, path, tmp_path)


def test_yolo_comes_back_as_it_went(
    store: DatasetStore, two: list[Picture], tmp_path: Path
) -> None:
    """Boxes survive to a thousandth of a pixel, parts and classes wholly; ignored boxes do not."""
    hidden = replace(two[1].boxes[1], ignored=True)
    parted = [
        replace(two[0], split="train"),
        replace(two[1], split="val", boxes=(two[1].boxes[0], hidden)),
    ]

    description = write_yolo(_set(store, parted), parted, tmp_path / "out")
    found, classes = read_yolo(store, description, camera="west")

    assert classes == CLASSES
    assert [(one.split, len(one.boxes)) for one in found] == [("train", 2), ("val", 1)]
    assert found[0].boxes[1].xyxy == pytest.approx(two[0].boxes[1].xyxy, abs=1e-3)


@pytest.mark.parametrize("line", ["0 0.5 0.5 0.1", "7 0.5 0.5 0.1 0.1", "-1 0.5 0.5 0.1 0.1", "x"])
def test_a_line_that_is_no_box_is_named(store: DatasetStore, tmp_path: Path, line: str) -> None:
    """File and line of a broken label are said."""
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    (tmp_path / "images" / "a.png").write_bytes(painted(1))
    (tmp_path / "labels" / "a.txt").write_text(f"0 0.5 0.5 0.2 0.2\n{line}\n", encoding="ascii")
    (tmp_path / "data.yaml").write_text("names: [person]\ntrain: images\n", encoding="utf-8")

    with pytest.raises(ImportRefused, match=r"a\.txt:2"):
        read_yolo(store, tmp_path / "data.yaml")


def _sequence(folder: Path, frames: int) -> Path:
    (folder / "img1").mkdir(parents=True)
    for number in range(1, frames + 1):
        (folder / "img1" / f"{number:06}.jpg").write_bytes(painted(number))
    (folder / "seqinfo.ini").write_text("[Sequence]\nframeRate=10\n", encoding="ascii")
    return folder / "img1"


def test_mot_gives_tracks_and_seconds(store: DatasetStore, tmp_path: Path) -> None:
    """Numbers become labels, frames seconds; what is not to be considered is ignored."""
    images = _sequence(tmp_path / "west", 3)
    truth = tmp_path / "gt.txt"
    truth.write_text(
        "1,7,4,5,10,30,1,1,0.5\n2,7,5,5,10,30,0,1,1\n3,8,1,1,9,9,1,12,1\n", encoding="ascii"
    )

    found, _ = read_mot(store, truth, images)

    assert [(one.camera, one.at_s) for one in found] == [
        ("west", 0.0),
        ("west", 0.1),
        ("west", 0.2),
    ]
    assert [[(box.label, box.track, box.ignored) for box in one.boxes] for one in found] == [
        [("person", 7, False)],
        [("person", 7, True)],
        [],
    ]


def test_a_recording_that_ends_early_is_refused(store: DatasetStore, tmp_path: Path) -> None:
    """Labels of frames that are not there belong to another recording."""
    images = _sequence(tmp_path / "west", 2)
    truth = tmp_path / "gt.txt"
    truth.write_text("5,7,4,5,10,30,1,1,1\n", encoding="ascii")

    with pytest.raises(ImportRefused, match="go on to frame 5, but frame 0 is the last"):
        read_mot(store, truth, images)


def test_the_simulators_truth_is_read(store: DatasetStore, tmp_path: Path) -> None:
    """Every second frame of a drawn recording, with its light; the hardly seen is ignored."""
    images = _sequence(tmp_path / "west", 4)
    label = {"id": 3, "label": "car", "box_xyxy": [1, 2, 30, 40], "visible": 0.1}
    truth = tmp_path / "truth.json"
    truth.write_text(
        json.dumps(
            {"scene": "street-night", "seed": 1, "fps": 10, "frames": [[label], [], [label], []]}
        ),
        encoding="utf-8",
    )

    found, classes = read_scene(store, truth, images, every=2)

    assert classes == ("car",)
    assert [(one.camera, one.at_s) for one in found] == [
        ("street-night-1", 0.0),
        ("street-night-1", 0.2),
    ]
    assert found[0].tags == ("night",)
    assert found[0].boxes[0].ignored


def test_labels_are_renamed_joined_and_left_out(two: list[Picture]) -> None:
    """Two labels become one; an empty name leaves one out."""
    joined, classes = relabelled(two, CLASSES, parse_renames(["car=vehicle"]))
    left, others = relabelled(two, CLASSES, {"person": ""})

    assert classes == ("person", "vehicle")
    assert [box.label for box in joined[0].boxes] == ["person", "vehicle"]
    assert (others, len(left[0].boxes)) == (("car",), 1)


@pytest.mark.parametrize("word", ["bus", "=bus"])
def test_a_rename_that_says_nothing_is_refused(word: str) -> None:
    """OLD=NEW is expected."""
    with pytest.raises(ImportRefused, match="OLD=NEW"):
        parse_renames([word])

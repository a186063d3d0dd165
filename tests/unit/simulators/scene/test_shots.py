"""Shots: streets of all sorts with exact labels, the same for the same seed."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from simulators.__main__ import main
from simulators.scene.detected import DETECTED_CLASSES
from simulators.scene.shots import Shot, draw_shots

SMALL = (160, 96)


@pytest.fixture(scope="module")
def shots() -> list[Shot]:
    """Sixty small pictures of thirty streets."""
    return list(draw_shots(3, 60, size=SMALL, per_scene=2))


def test_every_class_is_in_some_picture(shots: list[Shot]) -> None:
    """Nothing that the detector shall learn is left out, and every light is there."""
    seen = Counter(label.name for shot in shots for label in shot.labels if label.counts)

    assert set(seen) == set(DETECTED_CLASSES)
    assert {shot.light for shot in shots} == {"day", "night", "rain", "glare"}


def test_boxes_lie_in_the_picture(shots: list[Shot]) -> None:
    """A label is cut to the picture and has a size."""
    boxes = np.array([label.box_xyxy for shot in shots for label in shot.labels])

    assert (boxes >= 0.0).all()
    assert (boxes <= (*SMALL, *SMALL)).all()
    assert (boxes[:, 2:] - boxes[:, :2] >= 1.0).all()


def test_a_street_does_not_hang_on_how_many_came_before() -> None:
    """The second street's first picture is the same however many there are of each street."""
    third = list(draw_shots(5, 3, size=SMALL, per_scene=2))[2]
    second = list(draw_shots(5, 2, size=SMALL, per_scene=1))[1]

    assert (third.picture == second.picture).all()
    assert [label.box_xyxy for label in third.labels] == [label.box_xyxy for label in second.labels]


def test_shots_go_into_a_folder_as_coco(tmp_path: Path) -> None:
    """The command writes a JPEG for every image of its COCO file, in whole scenes."""
    result = CliRunner().invoke(
        main, ["shots", str(tmp_path), "--count", "4", "--per-scene", "2", "--size", "160", "96", "--json"]
    )  # fmt: skip
    coco = json.loads((tmp_path / "labels.json").read_text(encoding="utf-8"))

    assert result.exit_code == 0, result.output
    assert [one["name"] for one in coco["categories"]] == list(DETECTED_CLASSES)
    assert all((tmp_path / one["file_name"]).is_file() for one in coco["images"])
    assert len({one["scene"] for one in coco["images"]}) == 2
    assert json.loads(result.output)["pictures"] == 4

"""From fetched pictures to the next version of a data set, by command."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from contracts.review import LabelledBox
from models.datasets.picture import Box, Picture
from models.datasets.store import DatasetStore
from models.learning.commands import review
from models.learning.reviewed import Reviewed, load_reviewed, save_reviewed
from tests.unit.models_learning.pictures import item, write_picture

FOUND = LabelledBox(label="car", box_xyxy=(0.1, 0.2, 0.35, 0.45), confidence=0.42)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two pictures that nobody has looked at."""
    pictures = [Reviewed(item=item(1, FOUND)), Reviewed(item=item(2))]
    for one in pictures:
        write_picture(tmp_path / "hard", one)
    save_reviewed(tmp_path / "hard", pictures)
    return tmp_path / "hard"


def run(*words: object) -> dict[str, Any]:
    """Run a command of the group and return what it prints."""
    result = CliRunner().invoke(review, [*map(str, words), "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_the_page_shows_every_picture(folder: Path) -> None:
    """One file with pictures, boxes and reasons in it, and no script."""
    run("sheet", folder)
    page = (folder / "review.html").read_text("utf-8")

    assert page.count("<figure") == page.count("data:image/jpeg;base64,") == 2
    assert "car 0.42" in page
    assert "low confidence" in page
    assert "<script" not in page


@pytest.mark.parametrize("kind", ["cvat", "label-studio"])
def test_labels_come_back_and_become_the_next_version(folder: Path, kind: str) -> None:
    """What was labelled elsewhere is accepted, and added after the classes that are there."""
    file = folder.parent / "labels"
    decided = [
        Reviewed(
            item=one.item,
            accepted=True,
            boxes=(LabelledBox(label="tricycle", box_xyxy=(0.1, 0.2, 0.35, 0.45)),),
        )
        for one in load_reviewed(folder)[:1]
    ]
    before = load_reviewed(folder)
    save_reviewed(folder, decided)
    run("export", folder, "--format", kind, "--out", file)
    save_reviewed(folder, before)
    taken = run("import", folder, file, "--format", kind)
    store = DatasetStore(folder.parent / "datasets")
    jpeg = (folder / "b-1-2.jpg").read_bytes()
    old = Picture(
        sha256=store.put_picture(jpeg, ".jpg"),
        suffix=".jpg",
        width=160,
        height=160,
        camera="c-9",
        scene="s",
        split="val",
        boxes=(Box(label="car", xyxy=(1.0, 1.0, 9.0, 9.0)),),
    )
    base = store.save("base", [old], ["car"], made_by="test")
    where = ("--data", "base", "--name", "next", "--root", store.root)
    made = run("accept", folder, *where)
    found = store.load("next")

    assert taken == {"labelled": 1, "strange": 0}
    assert (made["parent"], made["pictures"]) == (base.version, 2)
    assert found.manifest.classes == ("car", "tricycle")
    assert {one.split for one in found.pictures} == {"train", "val"}
    (new,) = (one for one in found.pictures if one.split == "train")
    assert new.boxes[0].xyxy == pytest.approx((16.0, 32.0, 56.0, 72.0), abs=0.01)


def test_pictures_of_several_networks_are_not_taught_together(folder: Path) -> None:
    """A street's picture labelled with its smoke would teach that its cars are nothing: say which is meant."""
    found = load_reviewed(folder)
    smoke = msgspec.structs.replace(found[1].item, model="smoke-2.0.0-1a2b3c4d")
    save_reviewed(folder, [Reviewed(item=one, accepted=True) for one in (found[0].item, smoke)])
    store = DatasetStore(folder.parent / "datasets")
    jpeg = (folder / "b-1-1.jpg").read_bytes()
    sha256 = store.put_picture(jpeg, ".jpg")
    only = Picture(sha256=sha256, suffix=".jpg", width=160, height=160, camera="c", scene="s")
    store.save("base", [only], ["smoke"], made_by="test")
    words = ["accept", str(folder), "--data", "base", "--name", "n", "--root", str(store.root)]
    both = CliRunner().invoke(review, words)
    run(*words, "--model", "smoke")
    sources = {one.source for one in store.load("n").pictures} - {""}

    assert both.exit_code == 2
    assert "of several networks: smoke, street-sim" in both.output
    assert sources == {"review b-1-2"}


def test_nothing_accepted_makes_no_version(folder: Path) -> None:
    """It says so and leaves the data set alone."""
    store = DatasetStore(folder.parent / "datasets")
    jpeg = (folder / "b-1-1.jpg").read_bytes()
    only = Picture(
        sha256=store.put_picture(jpeg, ".jpg"),
        suffix=".jpg",
        width=160,
        height=160,
        camera="c",
        scene="s",
    )
    store.save("base", [only], ["car"], made_by="test")
    words = ["accept", str(folder), "--data", "base", "--name", "n", "--root", str(store.root)]
    result = CliRunner().invoke(review, words)

    assert result.exit_code == 2
    assert "nothing was accepted" in result.output

"""Versions are what is in them, and never change."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from models.datasets.errors import DatasetDamaged, DatasetError, DatasetUnknown
from models.datasets.picture import Box, Picture, content_version
from models.datasets.store import DatasetStore

CLASSES = ("person", "car")

NUMBERS = st.integers(0, 5).map(float)
BOXES = st.builds(
    Box,
    label=st.sampled_from(CLASSES),
    xyxy=st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    ignored=st.booleans(),
)
PICTURES = st.builds(
    Picture,
    sha256=st.text("abcdef", min_size=4, max_size=4),
    suffix=st.just(".jpg"),
    width=st.just(64),
    height=st.just(48),
    camera=st.sampled_from(["a", "b"]),
    scene=st.just("s"),
    at_s=st.none() | NUMBERS,
    boxes=st.lists(BOXES, max_size=3).map(tuple),
)


@given(st.lists(PICTURES, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_order_does_not_make_a_version(pictures: list[Picture], chance: object) -> None:
    """The same pictures and boxes in any order have the same version."""
    shuffled = list(pictures)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    turned = [replace(one, boxes=one.boxes[::-1], source="elsewhere") for one in shuffled]

    assert content_version(pictures, CLASSES) == content_version(turned, CLASSES)


@pytest.mark.parametrize(
    "change",
    [
        {"split": "val"},
        {"camera": "c9"},
        {"tags": ("rain",)},
        {"at_s": 9.0},
        {"boxes": ()},
        {"sha256": "0" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_other_content_is_another_version(
    two: list[Picture], change: dict[str, object]
) -> None:
    """A changed picture, place, word, part or box makes another version."""
    other = [replace(two[0], **change), two[1]]

    assert content_version(two, CLASSES) != content_version(other, CLASSES)


def test_order_of_the_classes_is_content(two: list[Picture]) -> None:
    """A network numbers the classes, so another order is another version."""
    assert content_version(two, CLASSES) != content_version(two, CLASSES[::-1])


def test_a_version_is_read_as_it_was_written(store: DatasetStore, two: list[Picture]) -> None:
    """What was saved is loaded, by name, by name and version, and by version."""
    manifest = store.save("street", two, CLASSES, made_by="test")

    for wanted in ("street", f"street@{manifest.version}", manifest.version):
        found = store.load(wanted)
        assert (manifest, tuple(two)) == (found.manifest, found.pictures)
        assert found.path_of(found.pictures[0]).is_file()


def test_a_content_keeps_its_first_manifest(store: DatasetStore, two: list[Picture]) -> None:
    """Saving the same again changes nothing of what is written about it."""
    first = store.save("street", two, CLASSES, made_by="first")
    again = store.save("other", two[::-1], CLASSES, made_by="second", parent="f" * 16)

    assert first == again


def test_a_name_moves_on_and_remembers(store: DatasetStore, two: list[Picture]) -> None:
    """A name means its newest version; earlier ones stay."""
    first = store.save("street", two, CLASSES, made_by="test")
    second = store.save("street", two[:1], CLASSES, made_by="test", parent=first.version)

    assert (first.version, second.version) == store.names()["street"]
    assert store.load("street").manifest.parent == first.version
    assert len(store.load(f"street@{first.version}").pictures) == 2


def test_a_changed_version_is_refused(store: DatasetStore, two: list[Picture]) -> None:
    """Labels that somebody changed by hand are not what the version says."""
    version = store.save("street", two, CLASSES, made_by="test").version
    path = store.root / "versions" / version / "pictures.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"car"', b'"person"'))

    with pytest.raises(DatasetDamaged, match="changed after it was made"):
        store.load("street")


@pytest.mark.parametrize("wanted", ["nothing", "street@0000000000000000"])
def test_what_is_not_there_is_named(store: DatasetStore, two: list[Picture], wanted: str) -> None:
    """An unknown name or version lists those that are there."""
    version = store.save("street", two, CLASSES, made_by="test").version

    with pytest.raises(DatasetUnknown, match=f"street|{version}"):
        store.load(wanted)


@pytest.mark.parametrize(
    ("name", "classes", "said"),
    [
        ("Street", CLASSES, "lower-case"),
        ("../street", CLASSES, "lower-case"),
        ("street", ("person",), "labels car are no classes"),
    ],
    ids=["capital", "path", "label"],
)
def test_impossible_sets_are_refused(
    store: DatasetStore, two: list[Picture], name: str, classes: tuple[str, ...], said: str
) -> None:
    """A name that is no file's, and a label that is no class, are refused before anything is written."""
    with pytest.raises(DatasetError, match=said):
        store.save(name, two, classes, made_by="test")

    assert not (store.root / "versions").exists()


def test_an_empty_set_is_refused(store: DatasetStore) -> None:
    """There is nothing to keep."""
    with pytest.raises(DatasetError, match="no pictures"):
        store.save("street", [], CLASSES, made_by="test")


def test_a_picture_lies_there_once(store: DatasetStore, tmp_path: Path) -> None:
    """Equal bytes are one file, whatever wrote them."""
    names = {store.put_picture(b"\x89PNG", ".png") for _ in range(3)}

    assert len(names) == 1
    assert len(list((tmp_path / "datasets" / "pictures").rglob("*.png"))) == 1

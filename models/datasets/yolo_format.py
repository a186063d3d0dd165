"""YOLO: a text file beside each picture, one line per thing, sizes as shares of the picture.

Source: https://docs.ultralytics.com/datasets/detect/: ``class x_centre y_centre width height``, the class as
a number; ``data.yaml`` names the classes and says where the pictures of each part lie.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import Struct

from models.datasets.errors import ImportRefused
from models.datasets.picture import Box, Picture
from models.datasets.pixels import stored_form
from models.datasets.store import Dataset, DatasetStore

__all__ = ["read_yolo", "write_yolo"]

_PARTS = {"train": "train", "val": "val", "test": "test"}
_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}


class _Description(Struct):
    names: dict[int, str] | list[str]
    path: str = "."
    train: str | None = None
    val: str | None = None
    test: str | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """Names in the order of their numbers."""
        if isinstance(self.names, list):
            return tuple(self.names)
        return tuple(self.names[number] for number in sorted(self.names))


def read_yolo(
    store: DatasetStore,
    description: Path,
    *,
    camera: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Picture], tuple[str, ...]]:
    """Put a YOLO set's pictures in a store; return them, with their parts, and the classes.

    Args:
        store: where the pictures go.
        description: ``data.yaml``.
        camera: of all pictures; empty: what stands before the first ``_`` of the file's name.
        progress: called with (pictures read, pictures in all).

    Raises:
        ImportRefused: no such description, a folder that is not there, or a line that is no box.
    """
    told = _described(description)
    # a relative path is meant from the description, whatever the working folder
    root = description.parent / told.path
    files: list[tuple[str, Path]] = []
    for part in _PARTS:
        folder = getattr(told, part)
        if folder is not None:
            files.extend((part, path) for path in _pictures_in(root / folder, description))
    pictures = []
    for number, (part, path) in enumerate(files, start=1):
        content, suffix, width, height = stored_form(path)
        seen_by = camera or path.stem.partition("_")[0]
        pictures.append(
            Picture(
                sha256=store.put_picture(content, suffix),
                suffix=suffix,
                width=width,
                height=height,
                camera=seen_by,
                scene=seen_by,
                split=part,
                boxes=tuple(_boxes(_label_file(path), told.classes, width, height)),
                source=path.name,
            )
        )
        if progress is not None:
            progress(number, len(files))
    return pictures, told.classes


def write_yolo(dataset: Dataset, pictures: Iterable[Picture], folder: Path) -> Path:
    """Write pictures as a YOLO set and return its ``data.yaml``; ignored boxes are left out."""
    numbers = {label: number for number, label in enumerate(dataset.manifest.classes)}
    parts: dict[str, str] = {}
    for one in pictures:
        part = one.split or "train"
        parts[part] = f"images/{part}"
        target = folder / "images" / part / f"{one.sha256}{one.suffix}"
        labels = folder / "labels" / part / f"{one.sha256}.txt"
        target.parent.mkdir(parents=True, exist_ok=True)
        labels.parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(dataset.path_of(one), target)
        labels.write_text(
            "".join(_line(numbers[box.label], box, one) for box in one.boxes if not box.ignored),
            encoding="ascii",
        )
    description = folder / "data.yaml"
    told: dict[str, Any] = {
        "path": str(folder.resolve()),
        **parts,
        "names": {number: label for label, number in numbers.items()},
    }
    description.write_text(yaml.safe_dump(told, sort_keys=False), encoding="utf-8")
    return description


def link_or_copy(source: Path, target: Path) -> None:
    """Put a file in another place without a copy where the disk allows it."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _described(description: Path) -> _Description:
    try:
        told = yaml.safe_load(description.read_text(encoding="utf-8"))
        return msgspec.convert(told, _Description)
    except OSError as error:
        raise ImportRefused(f"YOLO description {description}: {error.strerror}") from error
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise ImportRefused(
            f"YOLO description {description}: {error}; expected names and the folders train, val, test"
        ) from error


def _pictures_in(folder: Path, description: Path) -> Sequence[Path]:
    if not folder.is_dir():
        raise ImportRefused(f"{description}: its folder {folder} is not there")
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)


def _label_file(path: Path) -> Path:
    """Return where a picture's labels lie: the last folder ``images`` of the path becomes ``labels``."""
    parts = list(path.parts)
    for number in range(len(parts) - 1, -1, -1):
        if parts[number] == "images":
            parts[number] = "labels"
            break
    return Path(*parts).with_suffix(".txt")


def _boxes(file: Path, classes: Sequence[str], width: int, height: int) -> Iterable[Box]:
    # a picture without a file is one with nothing in it
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for number, line in enumerate(lines, start=1):
        words = line.split()
        try:
            kind, (x, y, w, h) = int(words[0]), (float(word) for word in words[1:5])
            label = classes[kind] if kind >= 0 else None
        except (ValueError, IndexError):
            label = None
        if label is None:
            raise ImportRefused(
                f"{file}:{number}: {line!r} is no box; expected a class from 0 to {len(classes) - 1} and "
                "four shares: x and y of the middle, width, height"
            )
        yield Box(
            label=label,
            xyxy=(
                (x - w / 2) * width,
                (y - h / 2) * height,
                (x + w / 2) * width,
                (y + h / 2) * height,
            ),
        )


def _line(number: int, box: Box, picture: Picture) -> str:
    left, top, right, bottom = box.xyxy
    shares = (
        (left + right) / 2 / picture.width,
        (top + bottom) / 2 / picture.height,
        (right - left) / picture.width,
        (bottom - top) / picture.height,
    )
    return f"{number} {' '.join(f'{share:.6f}' for share in shares)}\n"

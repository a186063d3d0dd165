"""Reads labelled pictures: a COCO document with a folder of pictures, or with a video.

Beyond COCO these keys are read where they are: of a picture ``camera``, ``scene`` and ``tags``; of a
box ``attributes.visible``, the share that nothing covers. Source: https://cocodataset.org/#format-data.
"""

import re
from pathlib import Path

import msgspec
from msgspec import Struct

from models.judging.boxes import Truth
from models.judging.errors import DataRefused
from models.judging.judged_set import JudgedPicture, JudgedSet

__all__ = ["read_coco_folder"]

_USUAL = ("annotations.json", "labels.json", "coco.json", "_annotations.coco.json")


class _Image(Struct, frozen=True):
    id: int
    file_name: str
    camera: str = ""
    scene: str = ""
    tags: tuple[str, ...] = ()


class _Attributes(Struct, frozen=True):
    visible: float = 1.0


class _Annotation(Struct, frozen=True):
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    area: float | None = None
    iscrowd: int = 0
    attributes: _Attributes = _Attributes()


class _Category(Struct, frozen=True):
    id: int
    name: str


class _Document(Struct, frozen=True):
    images: tuple[_Image, ...]
    annotations: tuple[_Annotation, ...]
    categories: tuple[_Category, ...]


def read_coco_folder(place: Path, *, tags: tuple[str, ...] = (), every: int = 1) -> JudgedSet:
    """Return the labelled pictures of a folder, or of a COCO document in one.

    Args:
        place: the folder, with one ``.json``, or with one of the usual name; or the ``.json`` itself.
            Pictures lie beside it or in ``images``; where there are none, but one video, the number
            at the end of a picture's name is that of the frame, from 1, as ``cityloop sim scene``
            writes it.
        tags: words that hold for every picture, beside the labels' own.
        every: take each ``every``-th picture.

    Raises:
        DataRefused: no document, not COCO, a class that it does not list, or a picture that is missing.
    """
    document = _document_of(place)
    told = _read(document)
    order = sorted(told.images, key=lambda image: image.id)[::every]
    numbers = {image.id: number for number, image in enumerate(order)}
    kinds = {kind.id: number for number, kind in enumerate(told.categories)}
    rows = []
    for one in told.annotations:
        if one.category_id not in kinds:
            raise DataRefused(
                f"labels {document}: a box of image {one.image_id} has category {one.category_id}, "
                f"which is not listed; listed are {sorted(kinds)}"
            )
        if one.image_id in numbers:
            width, height = one.bbox[2:]
            area = width * height if one.area is None else one.area
            rows.append(
                (
                    numbers[one.image_id],
                    kinds[one.category_id],
                    one.bbox,
                    area,
                    bool(one.iscrowd),
                    one.attributes.visible,
                )
            )
    shelf = _Shelf(document)
    pictures = tuple(_picture(shelf, image, tags) for image in order)
    names = tuple(kind.name for kind in told.categories)
    return JudgedSet(document.parent.name, names, pictures, Truth.of_rows(rows))


def _document_of(place: Path) -> Path:
    if place.is_file():
        return place
    if not place.is_dir():
        raise DataRefused(f"data {place}: no such folder or file; give a folder with a COCO .json")
    found = sorted(place.glob("*.json"))
    usual = [path for path in found if path.name in _USUAL]
    chosen = usual or found
    if len(chosen) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise DataRefused(
            f"data {place}: expected one COCO .json in the folder, found {names}; give the path of "
            "the .json itself"
        )
    return chosen[0]


def _read(document: Path) -> _Document:
    try:
        return msgspec.json.decode(document.read_bytes(), type=_Document)
    except OSError as error:
        raise DataRefused(f"labels {document}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise DataRefused(
            f"labels {document}: {error}; expected COCO: images, annotations and categories"
        ) from error


class _Shelf:
    """Where pictures are: files beside the document, in ``images``, or the frames of a video."""

    def __init__(self, document: Path) -> None:
        self._document = document
        self._folders = (document.parent, document.parent / "images")
        videos = sorted(document.parent.glob("*.mp4"))
        same = [video for video in videos if video.stem == document.stem]
        self._video = same[0] if same else videos[0] if len(videos) == 1 else None

    def find(self, name: str) -> tuple[Path, int | None]:
        """Return a picture's file and None, or the video and the number of the frame."""
        for folder in self._folders:
            if (folder / name).is_file():
                return folder / name, None
        number = re.search(r"(\d+)$", Path(name).stem)
        if self._video is not None and number is not None:
            return self._video, int(number[1]) - 1
        raise DataRefused(
            f"labels {self._document}: picture {name} is neither beside it nor in images/, and no "
            "video is there; put the pictures where the labels say"
        )


def _picture(shelf: _Shelf, image: _Image, tags: tuple[str, ...]) -> JudgedPicture:
    path, frame = shelf.find(image.file_name)
    own = tuple(dict.fromkeys((*image.tags, *tags)))
    return JudgedPicture(path, frame, image.file_name, image.camera, image.scene, own)

"""COCO: one JSON document beside a folder of pictures.

Source: https://cocodataset.org/#format-data. Beyond it, these keys are read where they are: of an image
``camera``, ``scene``, ``at_s``, ``light`` and ``tags``; of an annotation ``attributes.visible`` and
``attributes.track``, which ``cityloop sim`` writes.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from msgspec import Struct

from models.datasets.errors import ImportRefused
from models.datasets.picture import Box, Picture
from models.datasets.pixels import stored_form
from models.datasets.store import DatasetStore

__all__ = ["coco_document", "read_coco"]

Progress = Callable[[int, int], None]


class _Image(Struct):
    id: int
    file_name: str
    camera: str = ""
    scene: str = ""
    at_s: float | None = None
    light: str = ""
    tags: tuple[str, ...] = ()


class _Attributes(Struct, frozen=True):
    visible: float = 1.0
    track: int | None = None


class _Annotation(Struct):
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    iscrowd: int = 0
    attributes: _Attributes = _Attributes()


class _Category(Struct):
    id: int
    name: str


class _Document(Struct):
    images: tuple[_Image, ...]
    annotations: tuple[_Annotation, ...]
    categories: tuple[_Category, ...]


def read_coco(
    store: DatasetStore,
    document: Path,
    folder: Path,
    *,
    camera: str = "",
    progress: Progress | None = None,
) -> tuple[list[Picture], tuple[str, ...]]:
    """Put a COCO set's pictures in a store; return them and the classes in the document's order.

    Crowd boxes (``iscrowd``) are kept as ignored ones.

    Args:
        store: where the pictures go.
        document: the JSON file.
        folder: where the pictures lie.
        camera: of pictures that do not say it; empty: the first folder of their file name.
        progress: called with (pictures read, pictures in all).

    Raises:
        ImportRefused: no COCO document, a picture that is not there, or an unknown category.
    """
    try:
        told = msgspec.json.decode(document.read_bytes(), type=_Document)
    except OSError as error:
        raise ImportRefused(f"COCO file {document}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise ImportRefused(
            f"COCO file {document}: {error}; expected images, annotations and categories"
        ) from error
    names = {one.id: one.name for one in told.categories}
    boxes: dict[int, list[Box]] = {}
    for one in told.annotations:
        if one.category_id not in names:
            raise ImportRefused(
                f"COCO file {document}: an annotation of image {one.image_id} has category "
                f"{one.category_id}, which is not listed; known: {sorted(names)}"
            )
        left, top, width, height = one.bbox
        boxes.setdefault(one.image_id, []).append(
            Box(
                label=names[one.category_id],
                xyxy=(left, top, left + width, top + height),
                visible=one.attributes.visible,
                track=one.attributes.track,
                ignored=bool(one.iscrowd),
            )
        )
    pictures = []
    for number, image in enumerate(told.images, start=1):
        pictures.append(_picture(store, folder, image, boxes.get(image.id, ()), camera))
        if progress is not None:
            progress(number, len(told.images))
    return pictures, tuple(names[key] for key in sorted(names))


def _picture(
    store: DatasetStore, folder: Path, image: _Image, boxes: Sequence[Box], camera: str
) -> Picture:
    content, suffix, width, height = stored_form(folder / image.file_name)
    parts = PurePosixPath(image.file_name).parts
    seen_by = image.camera or camera or (parts[0] if len(parts) > 1 else "unknown")
    return Picture(
        sha256=store.put_picture(content, suffix),
        suffix=suffix,
        width=width,
        height=height,
        camera=seen_by,
        scene=image.scene or seen_by,
        at_s=image.at_s,
        tags=tuple(dict.fromkeys((*image.tags, *([image.light] if image.light else [])))),
        boxes=tuple(boxes),
        source=image.file_name,
    )


def coco_document(pictures: Iterable[Picture], classes: Sequence[str]) -> dict[str, Any]:
    """Return pictures as a COCO document; files are named as in the export's folder ``images``."""
    numbers = {label: number for number, label in enumerate(classes, start=1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image_id, one in enumerate(pictures, start=1):
        images.append(
            {
                "id": image_id,
                "file_name": f"{one.sha256}{one.suffix}",
                "width": one.width,
                "height": one.height,
                "camera": one.camera,
                "scene": one.scene,
                "at_s": one.at_s,
                "tags": list(one.tags),
            }
        )
        for box in one.boxes:
            left, top, right, bottom = box.xyxy
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_id,
                    "category_id": numbers[box.label],
                    "bbox": [left, top, right - left, bottom - top],
                    "area": (right - left) * (bottom - top),
                    "iscrowd": int(box.ignored),
                    "attributes": {"visible": box.visible, "track": box.track},
                }
            )
    return {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": number, "name": label} for label, number in numbers.items()],
    }

"""A few small pictures with labels, and a network that answers the same boxes to each."""

import json
from pathlib import Path

import cv2
import numpy as np

from tests.contract.edge_vision.tiny_models import SIZE, write_model

__all__ = ["write_network", "write_set"]

NAMES = ("person", "car")


def write_network(
    path: Path, boxes: list[tuple[tuple[float, float, float, float], int, float]]
) -> Path:
    """Write a network with two classes that finds boxes (x0, y0, x1, y1), class, score everywhere."""
    columns = np.zeros((6, 84), np.float32)
    for place, ((x0, y0, x1, y1), kind, score) in enumerate(boxes):
        columns[:4, place] = (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0
        columns[4 + kind, place] = score
    return write_model(
        path, columns[None], metadata={"names": str(dict(enumerate(NAMES))), "task": "detect"}
    )


def write_set(
    folder: Path,
    labels: list[list[tuple[tuple[float, float, float, float], str]]],
    *,
    tags: list[list[str]] | None = None,
    names: tuple[str, ...] = NAMES,
) -> Path:
    """Write a picture for each list of labels (x0, y0, x1, y1), class; return the folder."""
    (folder / "images").mkdir(parents=True)
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for number, boxes in enumerate(labels, start=1):
        name = f"{number:03}.png"
        cv2.imwrite(str(folder / "images" / name), np.full((SIZE, SIZE, 3), 40, np.uint8))
        images.append(
            {
                "id": number,
                "file_name": name,
                "width": SIZE,
                "height": SIZE,
                "tags": tags[number - 1] if tags else [],
            }
        )
        for (x0, y0, x1, y1), kind in boxes:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": names.index(kind) + 1,
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "area": (x1 - x0) * (y1 - y0),
                    "iscrowd": 0,
                }
            )
    categories = [{"id": number, "name": name} for number, name in enumerate(names, start=1)]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(document), encoding="utf-8")
    return folder

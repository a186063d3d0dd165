"""COCO's own evaluation of the same boxes."""

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from models.judging.boxes import Floats, Found, Truth

__all__ = ["coco_precision"]


def coco_precision(truth: Truth, found: Found, *, pictures: int, classes: int) -> dict[str, Floats]:
    """Return COCO's precision by range of sizes, float64 (overlaps, recalls, classes).

    -1 where a class has no label that counts.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        ground = _coco(_labels(truth), pictures, classes)
        judged = COCOeval(ground, _coco(_rows(found), pictures, classes), "bbox")
        judged.evaluate()
        judged.accumulate()
    assert judged.eval is not None
    names: Sequence[str] = judged.params.areaRngLbl
    precision: Any = judged.eval["precision"]
    return {name: np.asarray(precision[..., number, -1]) for number, name in enumerate(names)}


def _coco(annotations: list[dict[str, Any]], pictures: int, classes: int) -> COCO:
    made = COCO()
    made.dataset = {
        "images": [{"id": number} for number in range(pictures)],
        "categories": [{"id": number} for number in range(classes)],
        "annotations": annotations,
    }
    made.createIndex()
    return made


def _labels(truth: Truth) -> list[dict[str, Any]]:
    return [
        {
            "id": row + 1,
            "image_id": int(truth.image[row]),
            "category_id": int(truth.class_id[row]),
            "bbox": truth.xywh[row].tolist(),
            "area": float(truth.area[row]),
            "iscrowd": int(truth.crowd[row]),
        }
        for row in range(len(truth))
    ]


def _rows(found: Found) -> list[dict[str, Any]]:
    return [
        {
            "id": row + 1,
            "area": float(found.xywh[row, 2] * found.xywh[row, 3]),
            "iscrowd": 0,
            "image_id": int(found.image[row]),
            "category_id": int(found.class_id[row]),
            "bbox": found.xywh[row].tolist(),
            "score": float(found.score[row]),
        }
        for row in range(len(found))
    ]

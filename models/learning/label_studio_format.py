"""Labels as Label Studio takes them in (tasks with predictions) and gives them out (JSON export).

Source: https://labelstud.io/guide/predictions and https://labelstud.io/guide/export (JSON).
"""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

import msgspec

from contracts.review import LabelledBox
from models.learning.errors import ExchangeRefused
from models.learning.reviewed import Reviewed, file_of

__all__ = ["from_label_studio", "labelling_page", "to_label_studio"]

_FROM, _TO, _TYPE = "label", "image", "rectanglelabels"


def labelling_page(labels: Sequence[str]) -> str:
    """Return the labelling interface that fits the tasks: Label Studio's XML."""
    names = "".join(f"<Label value={quoteattr(name)}/>" for name in labels)
    return (
        f'<View><Image name="{_TO}" value="$image"/>'
        f'<RectangleLabels name="{_FROM}" toName="{_TO}">{names}</RectangleLabels></View>'
    )


def to_label_studio(
    pictures: Sequence[Reviewed], *, prefix: str = "/data/local-files/?d="
) -> bytes:
    """Return tasks with the boxes to begin with.

    Args:
        pictures: their files lie where ``prefix`` leads.
        prefix: goes before the name of each file.
    """
    return msgspec.json.format(msgspec.json.encode([_task(one, prefix) for one in pictures]))


def from_label_studio(content: bytes) -> Mapping[str, tuple[LabelledBox, ...]]:
    """Return the boxes of each picture that somebody has labelled, by the name of its file.

    Raises:
        ExchangeRefused: it is no such document.
    """
    try:
        tasks = msgspec.json.decode(content, type=list[dict[str, Any]])
    except msgspec.DecodeError as error:
        raise ExchangeRefused(f"Label Studio: {error}; expected its export as JSON") from error
    found: dict[str, tuple[LabelledBox, ...]] = {}
    for number, task in enumerate(tasks):
        try:
            name = str(task["data"]["image"]).rsplit("/", 1)[-1].rsplit("=", 1)[-1]
            done = [one for one in task.get("annotations", ()) if not one.get("was_cancelled")]
            if done:
                # the last word counts
                found[name] = tuple(
                    _box(one) for one in done[-1]["result"] if one.get("type") == _TYPE
                )
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            msg = f"Label Studio: task {number}: {error!r}; expected rectangles with labels"
            raise ExchangeRefused(msg) from error
    return found


def _task(picture: Reviewed, prefix: str) -> dict[str, Any]:
    results = [_result(picture, number, box) for number, box in enumerate(picture.shown)]
    task: dict[str, Any] = {
        "data": {
            "image": f"{prefix}{file_of(picture.item)}",
            "camera": picture.item.camera,
            "reason": picture.item.reason.value,
        }
    }
    if picture.accepted is None:
        task["predictions"] = [{"model_version": picture.item.model, "result": results}]
    else:
        task["annotations"] = [{"result": results}]
    return task


def _result(picture: Reviewed, number: int, box: LabelledBox) -> dict[str, Any]:
    left, top, right, bottom = box.box_xyxy
    result: dict[str, Any] = {
        "id": f"box-{number}",
        "type": _TYPE,
        "from_name": _FROM,
        "to_name": _TO,
        "original_width": picture.item.width,
        "original_height": picture.item.height,
        "image_rotation": 0,
        "value": {
            "rotation": 0,
            "x": left * 100.0,
            "y": top * 100.0,
            "width": (right - left) * 100.0,
            "height": (bottom - top) * 100.0,
            _TYPE: [box.label],
        },
    }
    if box.confidence is not None:
        result["score"] = box.confidence
    return result


def _box(result: Mapping[str, Any]) -> LabelledBox:
    value = result["value"]
    left, top = float(value["x"]) / 100.0, float(value["y"]) / 100.0
    right, bottom = left + float(value["width"]) / 100.0, top + float(value["height"]) / 100.0
    corners = tuple(min(max(one, 0.0), 1.0) for one in (left, top, right, bottom))
    if corners[2] <= corners[0] or corners[3] <= corners[1]:
        raise ValueError("a box without any area")
    return LabelledBox(
        label=str(value[_TYPE][0]), box_xyxy=(corners[0], corners[1], corners[2], corners[3])
    )

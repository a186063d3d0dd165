"""A drawn scene in files: video, labels as COCO and MOTChallenge, and everything that is true as JSON."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from simulators.clip import WrittenClip, write_frames
from simulators.scene.bodies import BODIES
from simulators.scene.labels import Label
from simulators.scene.street_camera import Pixels, StreetCamera

__all__ = ["RecordedScene", "coco_of", "mot_lines", "record_scene", "write_json"]

_LEAST_VISIBLE = 0.2
"""Bodies of which less is seen are left out of COCO; MOTChallenge has a column for it."""


class RecordedScene(Struct, frozen=True, kw_only=True):
    """What was written, and what is true of it: the labels of every frame."""

    clip: WrittenClip
    labels: tuple[tuple[Label, ...], ...]


def record_scene(
    camera: StreetCamera,
    path: Path,
    *,
    seconds: float,
    fps: int,
    progress: Callable[[int, int], None] | None = None,
) -> RecordedScene:
    """Write a drawn camera as a video file; returns the labels of every frame.

    Args:
        camera: from its first frame; its rate must be ``fps``.
        path: the file, ``.mp4``.
        seconds: how long.
        fps: frames a second, 1..60.
        progress: called with (frames written, frames in all).

    Raises:
        ClipError: a frame rate outside 1..60, or the file cannot be written.
    """
    total = round(seconds * fps)
    labels: list[tuple[Label, ...]] = []

    def pictures() -> Iterator[Pixels]:
        for _ in range(total):
            frame = camera.next_frame()
            labels.append(tuple(frame.labels))
            yield frame.picture

    setting = camera.setting.camera
    clip = write_frames(
        path, pictures(), total, size=(setting.width, setting.height), fps=fps, progress=progress
    )
    return RecordedScene(clip=clip, labels=tuple(labels))


def mot_lines(labels: tuple[tuple[Label, ...], ...], kind: str | None = None) -> list[str]:
    """Return labels as MOTChallenge ground truth; one kind, or all.

    Source: A. Milan et al., MOT16, 2016: frame, id, left, top, width, height, 1, class, visibility.
    """
    order = {label: number for number, label in enumerate(BODIES, start=1)}
    return [
        f"{frame},{one.id},{one.box_xyxy[0]:.2f},{one.box_xyxy[1]:.2f},"
        f"{one.box_xyxy[2] - one.box_xyxy[0]:.2f},{one.box_xyxy[3] - one.box_xyxy[1]:.2f},"
        f"1,{order[one.label]},{one.visible:.3f}"
        for frame, found in enumerate(labels, start=1)
        for one in found
        if kind is None or one.label == kind
    ]


def coco_of(
    labels: tuple[tuple[Label, ...], ...], *, width: int, height: int, every: int = 1
) -> dict[str, Any]:
    """Return labels as a COCO document, of every ``every``-th frame.

    Images are called ``000001.png`` and so on, by the number of the frame from 1. Source: COCO data
    format, object detection: ``bbox`` is left, top, width, height.
    """
    order = {label: number for number, label in enumerate(BODIES, start=1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for frame, found in enumerate(labels, start=1):
        if (frame - 1) % every:
            continue
        images.append(
            {"id": frame, "file_name": f"{frame:06}.png", "width": width, "height": height}
        )
        for one in found:
            if one.visible < _LEAST_VISIBLE:
                continue
            left, top, right, bottom = (round(value, 2) for value in one.box_xyxy)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": frame,
                    "category_id": order[one.label],
                    "bbox": [left, top, round(right - left, 2), round(bottom - top, 2)],
                    "area": round((right - left) * (bottom - top), 2),
                    "iscrowd": 0,
                    "attributes": {"track": one.id, "visible": one.visible},
                }
            )
    return {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": number, "name": label} for label, number in order.items()],
    }


def write_json(path: Path, document: object) -> None:
    """Write a document as JSON.

    Raises:
        OSError: the file cannot be written.
    """
    path.write_bytes(msgspec.json.encode(document) + b"\n")

"""A few seconds of a drawn camera for the report, with its zones and what is true drawn in."""

import base64
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from simulators.city.city import City
from simulators.city.scene_cameras import SceneCamera
from simulators.clip import write_frames
from simulators.scene.street_camera import DrawnFrame

__all__ = ["scene_clip"]

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

_BEFORE_S, _AFTER_S = 4.0, 2.0
_ZONE, _BOX = (60, 220, 255), (80, 220, 90)
_SHOWN = 0.3
"""Share of a body that must be seen for its box to be drawn."""


def scene_clip(city: City, subject: str, at_s: float) -> str:
    """Return a ``<video>`` of the seconds around a moment, or nothing for what is no camera.

    Args:
        city: the scenario.
        subject: whom it is about; a camera, or a camera and its zone.
        at_s: second of the scenario.

    Raises:
        ClipError: no encoder, or the temporary file cannot be written.
    """
    name = subject.split("/", maxsplit=1)[0]
    camera = next((one for one in city.cameras if one.id == name), None)
    if camera is None:
        return ""
    first = max(0, int((at_s - _BEFORE_S) * camera.fps))
    total = max(2, int((_BEFORE_S + _AFTER_S) * camera.fps))
    lens = camera.setting.camera
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        write_frames(
            path,
            _pictures(camera, first, total),
            total,
            size=(lens.width, lens.height),
            fps=max(1, round(camera.fps)),
        )
        data = base64.b64encode(path.read_bytes()).decode()
    return (
        f'<video controls muted loop playsinline width="{lens.width}" height="{lens.height}" '
        f'src="data:video/mp4;base64,{data}"></video>'
    )


def _pictures(camera: SceneCamera, first: int, total: int) -> Iterator[Pixels]:
    drawn = camera.open()
    drawn.skip(first)
    for _ in range(total):
        yield _annotated(camera, drawn.next_frame())


def _annotated(camera: SceneCamera, frame: DrawnFrame) -> Pixels:
    picture = frame.picture.copy()
    size = np.array([camera.setting.camera.width, camera.setting.camera.height])
    for zone in camera.zones:
        corners = np.round(np.array(zone.polygon) * size).astype(np.int32)
        cv2.polylines(picture, [corners], isClosed=True, color=_ZONE, thickness=1)
    for label in frame.labels:
        if label.visible >= _SHOWN:
            left, top, right, bottom = (round(value) for value in label.box_xyxy)
            cv2.rectangle(picture, (left, top), (right, bottom), _BOX, 1)
    text = f"{camera.id}  {frame.at_s:.1f} s"
    cv2.putText(picture, text, (8, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1)
    return picture

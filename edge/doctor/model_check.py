"""Whether a camera's model loads, what it is, and how long one look takes here."""

import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from edge.camera_config import CameraConfig
from edge.cameras.frame import Frame
from edge.errors import EdgeError
from edge.perception_build import build_perception
from edge.vision.detections import Detections
from runtime.finding import Finding, Verdict

__all__ = ["check_model"]

_LOOKS = 5
_SLOW_S = 0.2
"""A look that takes longer leaves fewer than five a second for all cameras of a core."""


def check_model(
    camera: CameraConfig, folder: Path, frame: Frame | None = None
) -> tuple[Finding, Detections | None]:
    """Return whether a camera's detector works, and what it sees in a frame.

    Args:
        camera: the camera.
        folder: what relative paths start from.
        frame: what to look at; None looks at a grey picture.
    """
    name = f"model {camera.id}"
    shown = frame or Frame.from_array(
        np.full((360, 640, 3), 114, np.uint8), camera=camera.id, index=0, pts_s=0.0,
        captured_at=datetime.fromtimestamp(0.0, UTC),
    )  # fmt: skip
    began = time.monotonic()
    try:
        perception = build_perception(camera, folder)
        detector = perception.detector
        found = detector.detect(shown)
        ready_s = time.monotonic() - began
        took: list[float] = []
        for _ in range(_LOOKS):
            began = time.monotonic()
            found = detector.detect(shown)
            took.append(time.monotonic() - began)
        further = {} if perception.further is None else perception.further.detectors
        for one in further.values():
            one.detect(shown)
    except EdgeError as error:
        advice = "check detector, further_models and their classes of this camera"
        finding = Finding(check=name, verdict=Verdict.FAIL, detail=str(error), advice=advice)
        return finding, None
    look_s = sorted(took)[_LOOKS // 2]
    detail = (
        f"{detector.model_id}; ready after {ready_s:.1f} s, one look takes {look_s * 1000:.0f} ms"
    )
    if further:
        detail += f"; further models: {', '.join(one.model_id for one in further.values())}"
    if frame is not None:
        detail += f"; it sees {len(found)} things in the picture"
    if look_s > _SLOW_S:
        advice = "set fps of the cameras lower, or take a smaller model"
        return Finding(check=name, verdict=Verdict.WARN, detail=detail, advice=advice), found
    return Finding(check=name, verdict=Verdict.OK, detail=detail), found

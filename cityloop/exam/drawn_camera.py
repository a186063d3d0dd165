"""A drawn camera in the place of a real one: the source that an edge box reads, and a detector that errs."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.errors import CameraEnded, CameraFault
from edge.vision.detections import Detections
from simulators.city.camera_declaration import DetectorDeclaration
from simulators.city.city import stream_of
from simulators.city.scene_cameras import SceneCamera
from simulators.scene.bodies import BODIES
from simulators.scene.labels import Label
from simulators.scene.street_camera import DrawnFrame

__all__ = ["DrawnSource", "ErringDetector"]

_KEPT = 64
"""Frames whose labels are kept for the detector; it looks at the newest few."""

_SEEN = 0.25
"""Share of a body that must be seen for the detector to find it."""


class DrawnSource:
    """Draws frames as they are read; never waits.

    Args:
        camera: what is drawn.
        start: moment of the first frame, aware.
        until_s: second after which the camera ends.
        heard: is told every frame.
    """

    def __init__(
        self,
        camera: SceneCamera,
        start: datetime,
        until_s: float,
        heard: Callable[[DrawnFrame], None],
    ) -> None:
        self.camera = camera.id
        self.counters = {"frames": 0}
        self._scene, self._start, self._until_s, self._heard = camera, start, until_s, heard
        self._drawn = camera.open()
        self._labels: deque[tuple[int, list[Label]]] = deque(maxlen=_KEPT)
        self._opened = False

    def open(self) -> None:
        """Connect; nothing can go wrong."""
        self._opened = True

    def read(self, timeout_s: float) -> Frame | None:  # noqa: ARG002 - drawing never waits
        """Return the next frame.

        Raises:
            CameraEnded: the scenario is over.
            CameraFault: not open.
        """
        if not self._opened:
            raise CameraFault(self.camera, "read before it was opened; call open()")
        index = self.counters["frames"]
        if index / self._scene.fps >= self._until_s:
            raise CameraEnded(self.camera, f"scenario of {self._until_s:g} s is over")
        drawn = self._drawn.next_frame()
        self.counters["frames"] += 1
        self._labels.append((index, drawn.labels))
        self._heard(drawn)
        return Frame.from_array(
            drawn.picture,
            camera=self.camera,
            index=index,
            pts_s=drawn.at_s,
            captured_at=self._start + timedelta(seconds=drawn.at_s),
        )

    def labels(self, index: int) -> list[Label]:
        """Return what is in a frame that was read lately.

        Raises:
            KeyError: it was not, or longer ago.
        """
        for number, labels in reversed(self._labels):
            if number == index:
                return labels
        raise KeyError(index)

    def close(self) -> None:
        """Let go; closing twice is harmless."""
        self._opened = False


class ErringDetector:
    """Knows the truth of a drawn camera and errs at a stated rate; equal seeds err equally.

    A body is missed for a second at a time, and so is what is not there seen; whom others hide is
    not found at all.

    Args:
        source: where the frames come from.
        rates: how often it errs.
        camera: what is drawn.
    """

    names: tuple[str, ...] = tuple(BODIES)
    model_id = "scripted"

    def __init__(
        self, source: DrawnSource, rates: DetectorDeclaration, camera: SceneCamera
    ) -> None:
        self._source, self._rates = source, rates
        self._seed, self._fps = camera.seed, camera.fps
        self._size = (camera.setting.camera.width, camera.setting.camera.height)

    def detect(self, frame: Frame) -> Detections:
        """Return what it says is in the frame."""
        second = int(frame.index / self._fps)
        rng = stream_of(self._seed, "jitter", chunk=frame.index)
        boxes: list[tuple[float, float, float, float]] = []
        kinds: list[int] = []
        sure: list[float] = []
        for label in self._source.labels(frame.index):
            if label.visible < _SEEN or self._misses(label.id, second):
                continue
            left, top, right, bottom = label.box_xyxy
            edges = rng.normal(0.0, self._rates.jitter, 4)
            broad, high = right - left, bottom - top
            boxes.append(
                (
                    left + broad * edges[0],
                    top + high * edges[1],
                    right + broad * edges[2],
                    bottom + high * edges[3],
                )
            )
            kinds.append(self.names.index(label.label))
            sure.append(float(rng.uniform(0.6, 0.95)))
        ghost = self._ghost(second)
        if ghost is not None:
            boxes.append(ghost[0])
            kinds.append(ghost[1])
            sure.append(0.6)
        if not boxes:
            return Detections.empty(self.names)
        found = np.clip(np.array(boxes, np.float32), 0.0, (*self._size, *self._size))
        found = found.astype(np.float32)
        whole = (found[:, 2] - found[:, 0] >= 1.0) & (found[:, 3] - found[:, 1] >= 1.0)
        return Detections(
            found, np.array(sure, np.float32), np.array(kinds, np.int32), self.names
        ).mask(whole)

    def foreground(self, frame: Frame) -> NDArray[np.bool_] | None:  # noqa: ARG002 - the port
        """Return None: it knows no background."""
        return None

    def reset(self) -> None:
        """Forget nothing: it has no memory."""

    def _misses(self, body: int, second: int) -> bool:
        rng = stream_of(self._seed, "miss", str(body), chunk=second)
        return bool(rng.random() > self._rates.recall)

    def _ghost(self, second: int) -> tuple[tuple[float, float, float, float], int] | None:
        rng = stream_of(self._seed, "ghost", chunk=second)
        if rng.random() * 60.0 >= self._rates.false_per_minute:
            return None
        width, height = self._size
        left, top = rng.uniform(0.0, 0.85 * width), rng.uniform(0.3 * height, 0.8 * height)
        box = (left, top, left + rng.uniform(0.04, 0.15) * width, top + 0.18 * height)
        return box, int(rng.integers(len(self.names)))

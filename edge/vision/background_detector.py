"""A detector without a model: whatever stands out from the scene's background."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.vision.detections import Detections
from edge.vision.luma_background import LumaBackground, shrink

__all__ = ["BackgroundDetector", "SizeClass"]

Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class SizeClass:
    """A name for everything that covers at least ``min_area_ratio`` of the picture, 0..1."""

    label: str
    min_area_ratio: float


class BackgroundDetector:
    """Background subtraction on brightness; for fixed cameras, one camera, one thread.

    It is for boxes without a model and views that models do not know, such as cars from straight
    above. It cannot tell what a thing is, only how large: a label goes by area. Its confidence is
    how well the patch fills its box, 0.5..1.

    Args:
        classes: names by size; the greatest ``min_area_ratio`` that fits wins. Default: ``object``
            from 0.2 % of the picture, ``vehicle`` from 2 %.
        rows: height at which frames are compared, in pixels. Default 216.
        threshold: grey levels by which a pixel must differ, 0..255. Default 18.
        memory_s: time constant of the background in seconds. Default 10.
        object_memory_s: the same where something stands, in seconds: how long a thing that
            stopped is still seen. Default 300.
        join_ratio: gaps up to this share of the height are closed, 0..1: windscreens have the
            colour of asphalt. Default 0.06.
        max_area_ratio: more than this share changing is the light, not a thing. Default 0.8.
        calibration_s: seconds for which a new scene is learnt. Default 0.5.
    """

    model_id = "background"

    def __init__(
        self,
        *,
        classes: tuple[SizeClass, ...] = (
            SizeClass("object", 0.002),
            SizeClass("vehicle", 0.02),
        ),
        rows: int = 216,
        threshold: float = 18.0,
        memory_s: float = 10.0,
        object_memory_s: float = 300.0,
        join_ratio: float = 0.06,
        max_area_ratio: float = 0.8,
        calibration_s: float = 0.5,
    ) -> None:
        self._classes = tuple(sorted(classes, key=lambda each: each.min_area_ratio))
        self.names = tuple(each.label for each in self._classes)
        self._rows = rows
        self._threshold = threshold
        self._memory_s = memory_s
        self._object_share = memory_s / object_memory_s
        self._join_ratio = join_ratio
        self._max_area_ratio = max_area_ratio
        self._calibration_s = calibration_s
        self._background = LumaBackground(memory_s, sway_px=2)
        self._started_s: float | None = None
        self._pts_s = 0.0
        self._mask: Mask = np.zeros((1, 1), np.uint8)

    def reset(self) -> None:
        """Forget the scene."""
        self._background.reset()
        self._started_s = None

    def detect(self, frame: Frame) -> Detections:
        """Return what stands out from the background; nothing while the scene is learnt."""
        if frame.discontinuity:
            self.reset()
        if self._started_s is None:
            self._started_s = self._pts_s = frame.pts_s
        elapsed_s = max(frame.pts_s - self._pts_s, 0.0)
        self._pts_s = frame.pts_s

        small = np.asarray(cv2.GaussianBlur(shrink(frame.luma, self._rows), (5, 5), 0), np.uint8)
        difference = self._background.difference(small)
        _, standing_out = cv2.threshold(difference, self._threshold, 1, cv2.THRESH_BINARY)
        self._mask = self._solid(np.asarray(standing_out, np.uint8))
        flooded = self._mask.mean() > self._max_area_ratio
        learning = frame.pts_s < self._started_s + self._calibration_s
        if flooded:
            self.reset()
            self._mask = np.zeros_like(self._mask)
        elif learning:
            self._background.learn(small, elapsed_s * 5.0 * self._memory_s / self._calibration_s)
            self._mask = np.zeros_like(self._mask)
        else:
            share = np.where(self._mask > 0, self._object_share, 1.0).astype(np.float32)
            self._background.learn(small, elapsed_s, share)
        return self._boxes(frame)

    def foreground(self, frame: Frame) -> NDArray[np.bool_] | None:
        """Return bool (h, w) of the frame detected last: true where it is not background."""
        full = cv2.resize(self._mask, (frame.width, frame.height), interpolation=cv2.INTER_NEAREST)
        return np.asarray(full, bool)

    def _solid(self, mask: Mask) -> Mask:
        """Return the mask without specks and with the gaps inside things closed."""
        opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        gap = max(3, round(self._join_ratio * mask.shape[0]) | 1)
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (gap, gap))
        closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, kernel)
        outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        filled = np.zeros_like(mask)
        cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
        return filled

    def _boxes(self, frame: Frame) -> Detections:
        outlines, _ = cv2.findContours(self._mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        if len(outlines) == 0:
            return Detections.empty(self.names)
        boxes = np.array([cv2.boundingRect(outline) for outline in outlines], np.float32)
        # an outline runs through the middle of its pixels: half a pixel is missing all round
        area = np.array([cv2.contourArea(outline) for outline in outlines], np.float32)
        area += boxes[:, 2] + boxes[:, 3] - 1.0
        floors = np.array([each.min_area_ratio for each in self._classes], np.float32)
        class_id = np.searchsorted(floors, area / self._mask.size, side="right") - 1
        keep = class_id >= 0
        boxes, area, class_id = boxes[keep], area[keep], class_id[keep]
        rows, columns = self._mask.shape
        scale = np.array([frame.width / columns, frame.height / rows] * 2, np.float32)
        corners = np.concatenate((boxes[:, :2], boxes[:, :2] + boxes[:, 2:]), axis=1)
        return Detections(
            np.asarray(corners * scale, np.float32),
            np.clip(area / (boxes[:, 2] * boxes[:, 3]), 0.5, 1.0).astype(np.float32),
            class_id.astype(np.int32),
            self.names,
        )

"""Does anything move? Asked of every frame, so that most frames need no detector.

"Unchanged" means: what was there is still there. It never means that nothing is there; a parked
car does not move. Whoever skips the detector keeps its tracks (:meth:`Tracker.hold`) and looks
again every few seconds all the same.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.vision.luma_background import LumaBackground, shrink

__all__ = ["Motion", "MotionGate"]


@dataclass(frozen=True, slots=True)
class Motion:
    """What moved in a frame.

    Attributes:
        changed_ratio: share of the picture that differs from the background, 0..1.
        boxes: float32 (n, 4), left, top, right, bottom of the moving patches, in frame pixels;
            also of those too small to call a detector for, since pictures are redacted by them.
        calibrating: the scene is being learnt, or everything changed at once (a light, the
            exposure, a new view): the boxes are empty and every frame deserves a look.
        changed: whether a detector should look: calibrating, or enough moved.
    """

    changed_ratio: float
    boxes: NDArray[np.float32]
    calibrating: bool
    changed: bool


class MotionGate:
    """Compares brightness, at 100 rows, with a running average; for one camera, one thread.

    Args:
        rows: height at which frames are compared, in pixels. Default 100.
        threshold: grey levels by which a pixel must differ, 0..255. Default 20.
        min_changed_ratio: share of the picture that must change, 0..1. Default 0.002.
        min_patch_ratio: patches smaller than this share are noise, 0..1. Default 0.0005.
        flood_ratio: more than this share changing at once is no object, 0..1. Default 0.8.
        memory_s: time constant of the background in seconds. Default 10.
        calibration_s: seconds for which a new scene is learnt quickly. Default 1.

    Source: rows, blur, absolute difference against a running average and the flood limit are what
    Frigate's detector does (edge.md §2); 0.2 % from measured.md §1.
    """

    def __init__(
        self,
        *,
        rows: int = 100,
        threshold: float = 20.0,
        min_changed_ratio: float = 0.002,
        min_patch_ratio: float = 0.0005,
        flood_ratio: float = 0.8,
        memory_s: float = 10.0,
        calibration_s: float = 1.0,
    ) -> None:
        self._rows = rows
        self._threshold = threshold
        self._min_changed_ratio = min_changed_ratio
        self._min_patch_ratio = min_patch_ratio
        self._flood_ratio = flood_ratio
        self._memory_s = memory_s
        self._calibration_s = calibration_s
        self._background = LumaBackground(memory_s, sway_px=1)
        self._calibrated_at_s: float | None = None
        self._pts_s = 0.0

    def reset(self) -> None:
        """Forget the scene: the next frames calibrate."""
        self._background.reset()
        self._calibrated_at_s = None

    def update(self, frame: Frame) -> Motion:
        """Return what moved in this frame; a discontinuity calibrates anew."""
        if frame.discontinuity:
            self.reset()
        small = cv2.blur(shrink(frame.luma, self._rows), (3, 3))
        if self._calibrated_at_s is None:
            self._calibrated_at_s = frame.pts_s + self._calibration_s
            self._pts_s = frame.pts_s
        elapsed_s = max(frame.pts_s - self._pts_s, 0.0)
        self._pts_s = frame.pts_s

        pixels = np.asarray(small, np.uint8)
        moved = (self._background.difference(pixels) > self._threshold).astype(np.uint8)
        changed_ratio = float(np.count_nonzero(moved)) / moved.size
        if changed_ratio > self._flood_ratio:
            self._calibrated_at_s = frame.pts_s + self._calibration_s
        calibrating = frame.pts_s < self._calibrated_at_s
        # while calibrating the scene is learnt within a fifth of the calibration
        hurry = 5.0 * self._memory_s / self._calibration_s if calibrating else 1.0
        self._background.learn(pixels, elapsed_s * hurry)

        still = calibrating or changed_ratio < self._min_patch_ratio
        boxes = np.empty((0, 4), np.float32) if still else self._patches(moved, frame)
        changed = calibrating or (changed_ratio >= self._min_changed_ratio and len(boxes) > 0)
        return Motion(changed_ratio, boxes, calibrating, changed)

    def _patches(self, moved: NDArray[np.uint8], frame: Frame) -> NDArray[np.float32]:
        grown = cv2.dilate(moved, np.ones((3, 3), np.uint8), iterations=2)
        count, _, stats, _ = cv2.connectedComponentsWithStats(grown, connectivity=8)
        if count <= 1:
            return np.empty((0, 4), np.float32)
        found = np.asarray(stats[1:], np.float32)
        found = found[found[:, cv2.CC_STAT_AREA] >= self._min_patch_ratio * moved.size]
        scale = np.float32(frame.height / moved.shape[0]), np.float32(frame.width / moved.shape[1])
        corners = np.concatenate((found[:, :2], found[:, :2] + found[:, 2:4]), axis=1)
        return np.asarray(corners * np.array([scale[1], scale[0]] * 2, np.float32), np.float32)

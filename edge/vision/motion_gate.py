"""Does anything move? Asked of every frame, so that most frames need no detector.

"Unchanged" means: what was there is still there. It never means that nothing is there; a parked
car does not move. Whoever skips the detector keeps its tracks (:meth:`Tracker.hold`) and looks
again every few seconds all the same.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.vision.luma_background import LumaBackground, shrink

__all__ = ["Motion", "MotionGate"]


_STIR_S = 0.75
"""What has not changed for one to two times as long stands still. Source: expert setting; a walker far
away, ten rows of the picture high, moves by half his width in it."""

_STIR_LEVELS = 12
"""Grey levels by which a pixel must differ from the picture of a moment ago to have changed. Source:
three times the noise of a night camera after the blur."""

_STIR_SHARE, _STIR_PIXELS = 0.02, 3
"""Share of a patch, and pixels, that must have changed for the patch to move."""


_MANY = 4 * (1 << 16)
"""Pixels from which there may be more patches than 16 bits can number."""

_GROWTH = np.ones((3, 3), np.uint8)


def _nowhere() -> NDArray[np.float32]:
    return np.empty((0, 4), np.float32)


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
        resting: float32 (m, 4), patches that stand out from the background and do not move: where
            somebody came to stand, something was put down, or somebody left who stood there for
            long. They were looked at while they moved; pictures are redacted by them too.
    """

    changed_ratio: float
    boxes: NDArray[np.float32]
    calibrating: bool
    changed: bool
    resting: NDArray[np.float32] = field(default_factory=_nowhere)


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
        self._stir = _Stir()

    def reset(self) -> None:
        """Forget the scene: the next frames calibrate."""
        self._background.reset()
        self._stir = _Stir()
        self._calibrated_at_s = None

    def update(self, frame: Frame) -> Motion:
        """Return what moved in this frame; a discontinuity calibrates anew."""
        if frame.discontinuity:
            self.reset()
        pixels = np.asarray(cv2.blur(shrink(frame.luma, self._rows), (3, 3)), np.uint8)
        if self._calibrated_at_s is None:
            self._calibrated_at_s = frame.pts_s + self._calibration_s
            self._pts_s = frame.pts_s
        elapsed_s = max(frame.pts_s - self._pts_s, 0.0)
        self._pts_s = frame.pts_s

        self._stir.update(pixels, frame.pts_s)
        difference = self._background.difference(pixels)
        _, moved = cv2.threshold(difference, self._threshold, 1, cv2.THRESH_BINARY)
        changed_ratio = cv2.countNonZero(moved) / moved.size
        if changed_ratio > self._flood_ratio:
            self._calibrated_at_s = frame.pts_s + self._calibration_s
        calibrating = frame.pts_s < self._calibrated_at_s
        # while calibrating the scene is learnt within a fifth of the calibration
        hurry = 5.0 * self._memory_s / self._calibration_s if calibrating else 1.0
        self._background.learn(pixels, elapsed_s * hurry)

        still = calibrating or changed_ratio < self._min_patch_ratio
        if still:
            return Motion(changed_ratio, _nowhere(), calibrating, calibrating)
        boxes, resting = self._patches(np.asarray(moved, np.uint8), frame)
        changed = changed_ratio >= self._min_changed_ratio and len(boxes) > 0
        return Motion(changed_ratio, boxes, calibrating, changed, resting)

    def _patches(
        self, moved: NDArray[np.uint8], frame: Frame
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the patches that move, and those that only stand out, in frame pixels."""
        grown = cv2.dilate(moved, _GROWTH, iterations=2)
        # small numbers take less than half the time; there are four pixels or more to a patch
        kind = cv2.CV_16U if grown.size < _MANY else cv2.CV_32S
        count, labels, stats, _ = cv2.connectedComponentsWithStats(
            grown, connectivity=8, ltype=kind
        )
        if count <= 1:
            return _nowhere(), _nowhere()
        found = np.asarray(stats[1:], np.float32)
        area = found[:, cv2.CC_STAT_AREA]
        stirred = np.bincount(labels[self._stir.mask()], minlength=count)[1:]
        moves = stirred >= np.maximum(_STIR_SHARE * area, _STIR_PIXELS)
        scale = np.float32(frame.width / moved.shape[1]), np.float32(frame.height / moved.shape[0])
        corners = np.concatenate((found[:, :2], found[:, :2] + found[:, 2:4]), axis=1)
        corners = np.asarray(corners * np.array([*scale, *scale], np.float32), np.float32)
        large = area >= self._min_patch_ratio * moved.size
        return corners[large & moves], corners[large & ~moves]


class _Stir:
    """Which pixels have changed lately, whatever the background is."""

    def __init__(self) -> None:
        self._past: NDArray[np.uint8] | None = None
        self._past_s = 0.0
        self._fresh = self._former = np.zeros((0, 0), np.uint8)

    def update(self, pixels: NDArray[np.uint8], pts_s: float) -> None:
        """Take a small blurred picture, uint8 (h, w)."""
        if self._past is None or self._past.shape != pixels.shape:
            # of what was before nothing is known: it may have moved
            self._past, self._past_s = pixels, pts_s
            self._fresh = np.ones(pixels.shape, np.uint8)
            self._former = self._fresh
            return
        _, changed = cv2.threshold(
            cv2.absdiff(pixels, self._past), _STIR_LEVELS, 1, cv2.THRESH_BINARY
        )
        self._fresh = np.asarray(cv2.max(self._fresh, changed), np.uint8)
        if pts_s - self._past_s >= _STIR_S - 1e-6:
            self._past, self._past_s = pixels, pts_s
            self._former, self._fresh = self._fresh, np.zeros(pixels.shape, np.uint8)

    def mask(self) -> NDArray[np.bool_]:
        """Return bool (h, w), true where something changed within the last moment."""
        return np.asarray(cv2.max(self._fresh, self._former), np.uint8).view(np.bool_)

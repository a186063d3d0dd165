"""One looked-at frame with all that is known about who is in it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame

__all__ = ["Polygon", "View"]

Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class View:
    """A frame and everything in it that may be a person or a plate.

    Attributes:
        frame: the picture.
        hidden_xyxy: float64 (n, 4), pixels: boxes of all detections, tracks and motion.
        foreground: bool (h, w), true where the frame differs from the background; None when
            nobody knows.
        sure: whether a detector that knows still people and vehicles looked at this very frame,
            and the motion gate had settled.
        masks: polygons that no picture shows, corners as shares of width and height.
    """

    frame: Frame
    hidden_xyxy: NDArray[np.float64]
    foreground: NDArray[np.bool_] | None
    sure: bool
    masks: tuple[Polygon, ...] = ()

    def picture(self) -> NDArray[np.uint8]:
        """Return the picture, uint8 (h, w, 3) BGR, a new array, black where it is masked.

        Whatever leaves the frame's owner begins here: nobody else may copy the frame's pixels.
        """
        pixels: NDArray[np.uint8] = self.frame.bgr().copy()
        height, width = pixels.shape[:2]
        for corners in self.masks:
            at = np.round(np.asarray(corners) * (width, height)).astype(np.int32)
            cv2.fillPoly(pixels, [at], (0, 0, 0))
        return pixels

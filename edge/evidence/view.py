"""One looked-at frame with all that is known about who is in it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame

__all__ = ["View"]


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
    """

    frame: Frame
    hidden_xyxy: NDArray[np.float64]
    foreground: NDArray[np.bool_] | None
    sure: bool

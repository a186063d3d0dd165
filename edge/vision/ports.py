"""The port that every detector implements."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.vision.detections import Detections

__all__ = ["Detector"]


class Detector(Protocol):
    """Finds things in a frame.

    Adapters: :class:`edge.vision.onnx_detector.OnnxDetector`,
    :class:`edge.vision.background_detector.BackgroundDetector` and
    :class:`edge.vision.scripted_detector.ScriptedDetector` (boxes given beforehand).
    """

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes, by class id."""
        ...

    @property
    def model_id(self) -> str:
        """What is written into messages: file stem and the first 8 hex digits of its SHA-256."""
        ...

    def detect(self, frame: Frame) -> Detections:
        """Return what is in the frame; empty when nothing is."""
        ...

    def foreground(self, frame: Frame) -> NDArray[np.bool_] | None:
        """Return bool (h, w), true where the frame just detected differs from the background.

        None when the detector does not know a background.
        """
        ...

    def reset(self) -> None:
        """Forget what earlier frames taught: called after a discontinuity."""
        ...

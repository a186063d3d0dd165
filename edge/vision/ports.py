"""The port that every detector implements."""

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.vision.detections import Detections, Glimpse

__all__ = ["Awaited", "DeferredDetector", "Detector", "RegionDetector"]


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


@runtime_checkable
class RegionDetector(Detector, Protocol):
    """A detector that can look at parts of a frame, for the price of one look."""

    @property
    def input_px(self) -> tuple[int, int]:
        """Rows and columns that it looks at in one go: smaller parts are seen larger."""
        ...

    def region_px(self, width: int, height: int) -> tuple[int, int]:
        """Return the rows and columns that all regions of a picture of this size share."""
        ...

    def detect_in(self, frame: Frame, regions: NDArray[np.float32]) -> Glimpse:
        """Return what is in the regions (k, 4) of a frame, k of at least 1, pixels."""
        ...


class Awaited(Protocol):
    """Detections that come later."""

    @property
    def done(self) -> bool:
        """Whether there is an answer, or none will ever come."""
        ...

    @property
    def fault(self) -> str:
        """Why the network failed on the frame; empty where it did not, or nobody knows why."""
        ...

    def take(self) -> Detections | Glimpse | None:
        """Return the detections; None where they were lost."""
        ...


@runtime_checkable
class DeferredDetector(RegionDetector, Protocol):
    """A detector that works elsewhere: who asks need not wait.

    Adapters: :class:`edge.workers.pooled_detector.PooledDetector` and
    :class:`edge.model_store.swapping_detector.SwappingPooledDetector`.
    """

    def ask(self, frame: Frame, regions: NDArray[np.float32] | None) -> Awaited:
        """Return what will be known of a frame, or of regions (k, 4) of it; pixels."""
        ...

"""A detector that runs an ONNX network in its own process."""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.vision.detections import Detections, Glimpse
from edge.vision.framing import Framed, Framing
from edge.vision.network_runtime import load_network

__all__ = ["OnnxDetector"]


class OnnxDetector:
    """Letterbox, network, boxes; for one thread.

    Args:
        path: the ``.onnx`` file.
        layout: ``auto`` (told by the output's shape), ``yolox`` or ``ultralytics``.
        names: class names by class id; None takes the file's own, or COCO's for 80 classes.
        confidence: lowest score that is returned, 0..1. The tracker wants to see weak boxes too:
            keep it well below the score that starts a track. Default 0.1 (ByteTrack's low score).
        nms_iou: overlap above which the weaker box of one class goes, 0..1. Default 0.45.
        any_class_iou: the same across classes. Default 0.85.
        threads: of the CPU inside one inference. Default 1: a process for each camera gives 1.37
            times the throughput of two threads in one. Source: measured.md §1.
        classes: names of the classes to return; None returns all.
        input_size: (height, width) for a network whose input size is free.
        runtime: ``onnxruntime`` or ``openvino``.

    Raises:
        ModelError: the file cannot be used, or ``classes`` names one that it does not have.
    """

    def __init__(
        self,
        path: Path,
        *,
        layout: str = "auto",
        names: Sequence[str] | None = None,
        confidence: float = 0.1,
        nms_iou: float = 0.45,
        any_class_iou: float = 0.85,
        threads: int = 1,
        classes: Collection[str] | None = None,
        input_size: tuple[int, int] = (640, 640),
        runtime: str = "onnxruntime",
    ) -> None:
        self._model = load_network(
            path,
            runtime=runtime,
            layout=layout,
            names=names,
            threads=threads,
            input_size=input_size,
        )
        self._confidence = confidence
        self._framing = Framing(
            self._model.facts,
            nms_iou=nms_iou,
            any_class_iou=any_class_iou,
            classes=classes,
            trim=True,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes, by class id."""
        return self._model.facts.names

    @property
    def model_id(self) -> str:
        """File stem and the first 8 hex digits of the file's SHA-256."""
        return self._model.facts.model_id

    @property
    def input_px(self) -> tuple[int, int]:
        """Rows and columns of the network's input."""
        return self._model.facts.height, self._model.facts.width

    def region_px(self, width: int, height: int) -> tuple[int, int]:
        """Return rows and columns of the input that regions of a picture of this size share."""
        return self._framing.region_px(width, height)

    def detect(self, frame: Frame) -> Detections:
        """Return what is in the frame, best first.

        Raises:
            ModelError: the runtime refuses the input.
            InferenceFault: the network answers NaN.
        """
        found = self._look(self._framing.frame(frame))
        assert isinstance(found, Detections)
        return found

    def detect_in(self, frame: Frame, regions: NDArray[np.float32]) -> Glimpse:
        """Return what is in parts of a frame, in one run of the network.

        Raises:
            ModelError: the runtime refuses the input.
            InferenceFault: the network answers NaN.
        """
        found = self._look(self._framing.frame(frame, regions))
        assert isinstance(found, Glimpse)
        return found

    def foreground(self, frame: Frame) -> NDArray[np.bool_] | None:  # noqa: ARG002 - the port
        """Return None: a network knows no background."""
        return None

    def reset(self) -> None:
        """Forget nothing: a network has no memory."""

    def _look(self, framed: Framed) -> Detections | Glimpse:
        return self._framing.read(framed, self._model.boxes(framed.blob, self._confidence))

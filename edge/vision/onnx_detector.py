"""A detector that runs an ONNX network on the CPU."""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.errors import ModelError
from edge.vision.collage import Collage, to_picture
from edge.vision.detections import Detections, Glimpse
from edge.vision.letterbox import Letterbox, Recipe
from edge.vision.onnx_model import OnnxModel
from edge.vision.output_layouts import Boxes, Layout, read_boxes
from edge.vision.suppression import suppress

__all__ = ["OnnxDetector"]

_STRONG = 0.4
"""Confidence (0..1) from which a thing that a region cuts off is worth a look at the whole picture."""


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
    ) -> None:
        self._model = OnnxModel(
            path, layout=layout, names=names, threads=threads, input_size=input_size
        )
        recipe = Recipe.YOLOX if self._model.layout is Layout.YOLOX else Recipe.ULTRALYTICS
        self._letterbox = Letterbox(
            recipe, self._model.height, self._model.width, self._model.dtype
        )
        self._collage = Collage(recipe, self._model.height, self._model.width, self._model.dtype)
        self._confidence = confidence
        self._nms_iou = nms_iou
        self._any_class_iou = any_class_iou
        self._wanted = self._class_filter(classes)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes, by class id."""
        return self._model.names

    @property
    def model_id(self) -> str:
        """File stem and the first 8 hex digits of the file's SHA-256."""
        return self._model.model_id

    @property
    def input_px(self) -> tuple[int, int]:
        """Rows and columns of the network's input."""
        return self._model.height, self._model.width

    def detect(self, frame: Frame) -> Detections:
        """Return what is in the frame, best first.

        Raises:
            ModelError: the runtime refuses the input.
        """
        blob, fit = self._letterbox.place_frame(frame)
        boxes = self._run(blob)
        return self._choose(boxes, fit.to_picture(boxes.xyxy))

    def detect_in(self, frame: Frame, regions: NDArray[np.float32]) -> Glimpse:
        """Return what is in parts of a frame, in one run of the network.

        Raises:
            ModelError: the runtime refuses the input.
        """
        blob, tiles = self._collage.place(frame, regions)
        boxes = self._run(blob)
        placed = to_picture(boxes.xyxy, tiles, width=frame.width, height=frame.height)
        found = boxes.mask(placed.inside & ~placed.cut)
        cut = placed.xyxy[placed.inside & placed.cut & (boxes.scores >= _STRONG)]
        xyxy = placed.xyxy[placed.inside & ~placed.cut]
        return Glimpse(self._choose(found, xyxy), cut)

    def _run(self, blob: NDArray[np.floating]) -> Boxes:
        output = self._model.run(blob)
        return read_boxes(self._model.layout, output, self._model.grid, self._confidence)

    def _choose(self, boxes: Boxes, xyxy: NDArray[np.float32]) -> Detections:
        usable = (xyxy[:, 2] > xyxy[:, 0]) & (xyxy[:, 3] > xyxy[:, 1])
        usable &= self._wanted[np.clip(boxes.class_id, 0, len(self.names) - 1)]
        xyxy, scores, class_id = xyxy[usable], boxes.scores[usable], boxes.class_id[usable]
        kept = suppress(
            xyxy,
            scores,
            class_id,
            same_class_iou=self._nms_iou,
            any_class_iou=self._any_class_iou,
        )
        return Detections(
            xyxy[kept], np.minimum(scores[kept], np.float32(1.0)), class_id[kept], self.names
        )

    def foreground(self, frame: Frame) -> NDArray[np.bool_] | None:  # noqa: ARG002 - the port
        """Return None: a network knows no background."""
        return None

    def reset(self) -> None:
        """Forget nothing: a network has no memory."""

    def _class_filter(self, classes: Collection[str] | None) -> NDArray[np.bool_]:
        if classes is None:
            return np.ones(len(self.names), bool)
        unknown = sorted(set(classes) - set(self.names))
        if unknown:
            msg = (
                f"model {self._model.path}: it has no class {', '.join(unknown)}; "
                f"it has {', '.join(self.names)}"
            )
            raise ModelError(msg)
        return np.array([name in classes for name in self.names])

"""Around a network: a frame becomes its input, its boxes become detections in the frame."""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.errors import ModelError
from edge.vision.collage import Collage, Tile, region_px, to_picture
from edge.vision.detections import Detections, Glimpse
from edge.vision.letterbox import Fit, Letterbox, Recipe
from edge.vision.network_facts import NetworkFacts
from edge.vision.onnx_size import STRIDE
from edge.vision.output_layouts import Boxes, Layout
from edge.vision.suppression import suppress

__all__ = ["Framed", "Framing"]

_STRONG = 0.4
"""Confidence (0..1) from which a thing that a region cuts off is worth a look at the whole picture."""


@dataclass(frozen=True, slots=True)
class Framed:
    """A frame as a network's input.

    Attributes:
        blob: (1, 3, height, width), or smaller; overwritten by the next framing.
        placement: where the whole picture lies in it, or the tiles of its parts.
        size: width and height of the frame in pixels.
    """

    blob: NDArray[np.floating]
    placement: Fit | tuple[Tile, ...]
    size: tuple[int, int]


class Framing:
    """Letterbox or collage before the network, boxes after it; for one thread.

    Args:
        facts: the network.
        nms_iou: overlap above which the weaker box of one class goes, 0..1.
        any_class_iou: the same across classes.
        classes: names of the classes to return; None returns all.
        trim: let the input of an elastic network be only as large as the picture, or its regions,
            need. Not for a network that was made of this one and is not elastic.

    Raises:
        ModelError: ``classes`` names one that the network does not have.
    """

    def __init__(
        self,
        facts: NetworkFacts,
        *,
        nms_iou: float = 0.45,
        any_class_iou: float = 0.85,
        classes: Collection[str] | None = None,
        trim: bool = False,
    ) -> None:
        self.facts = facts
        recipe = Recipe.YOLOX if facts.layout is Layout.YOLOX else Recipe.ULTRALYTICS
        self._stride = STRIDE if trim and facts.elastic else None
        self._letterbox = Letterbox(
            recipe, facts.height, facts.width, facts.dtype, stride=self._stride
        )
        self._collage: Collage | None = None
        self._recipe = recipe
        self._nms_iou = nms_iou
        self._any_class_iou = any_class_iou
        self._wanted = self._class_filter(classes)

    def region_px(self, width: int, height: int) -> tuple[int, int]:
        """Return rows and columns of the input that regions of a picture of this size share."""
        return region_px(width, height, self.facts.height, self.facts.width, self._stride)

    def frame(
        self,
        frame: Frame,
        regions: NDArray[np.float32] | None = None,
        into: NDArray[np.uint8] | None = None,
    ) -> Framed:
        """Return a frame, or regions (k, 4) of it, as the network's input.

        Args:
            frame: the frame.
            regions: parts of it; None takes the whole.
            into: memory, flat, to whose beginning the input is written; None takes the own array.
        """
        size = frame.width, frame.height
        if regions is None:
            blob, fit = self._letterbox.place_frame(frame, into)
            return Framed(blob, fit, size)
        if self._collage is None:
            facts = self.facts
            self._collage = Collage(
                self._recipe, facts.height, facts.width, facts.dtype, stride=self._stride
            )
        blob, tiles = self._collage.place(frame, regions, into)
        return Framed(blob, tiles, size)

    def read(self, framed: Framed, boxes: Boxes) -> Detections | Glimpse:
        """Return the network's boxes as detections: a glimpse where it saw regions only.

        Numbers that are not finite (a broken model) are no boxes.
        """
        return self.find(framed.placement, framed.size, boxes)

    def find(
        self, placement: Fit | tuple[Tile, ...], size: tuple[int, int], boxes: Boxes
    ) -> Detections | Glimpse:
        """Return the same where the input itself is gone: of its placement and size only."""
        # one number tells of most answers that all of it is sound
        if not math.isfinite(float(boxes.xyxy.sum()) + float(boxes.scores.sum())):
            sound = np.isfinite(boxes.xyxy).all(axis=1) & np.isfinite(boxes.scores)
            boxes = boxes.mask(sound)
        if isinstance(placement, Fit):
            return self._choose(boxes, placement.to_picture(boxes.xyxy))
        width, height = size
        placed = to_picture(boxes.xyxy, placement, width=width, height=height)
        whole = placed.inside & ~placed.cut
        cut = placed.xyxy[placed.inside & placed.cut & (boxes.scores >= _STRONG)]
        return Glimpse(self._choose(boxes.mask(whole), placed.xyxy[whole]), cut)

    def _choose(self, boxes: Boxes, xyxy: NDArray[np.float32]) -> Detections:
        names = self.facts.names
        sides = xyxy[:, 2:] > xyxy[:, :2]
        (usable,) = (sides[:, 0] & sides[:, 1]).nonzero()
        if self._wanted is not None:
            likely = np.clip(boxes.class_id[usable], 0, len(names) - 1)
            usable = usable[self._wanted[likely]]
        xyxy, scores, class_id = xyxy[usable], boxes.scores[usable], boxes.class_id[usable]
        kept = suppress(
            xyxy,
            scores,
            class_id,
            same_class_iou=self._nms_iou,
            any_class_iou=self._any_class_iou,
        )
        confidence = np.minimum(scores[kept], np.float32(1.0))
        return Detections(xyxy[kept], confidence, class_id[kept], names)

    def _class_filter(self, classes: Collection[str] | None) -> NDArray[np.bool_] | None:
        names = self.facts.names
        if classes is None:
            return None
        unknown = sorted(set(classes) - set(names))
        if unknown:
            msg = (
                f"model {self.facts.path}: it has no class {', '.join(unknown)}; "
                f"it has {', '.join(names)}"
            )
            raise ModelError(msg)
        return np.array([name in classes for name in names])

"""Does a variant still see what the original sees?"""

import time
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.vision.detections import Detections
from edge.vision.framing import Framing
from edge.vision.network_runtime import Network
from models.judging.boxes import Floats, Found, Truth
from models.judging.matching import match

__all__ = ["Agreement", "agreement", "seen_by", "speed_ratio"]

_ROUNDS = 7
"""Turns of each network; the median of their ratios is told."""

_RUNS = 6
"""Inferences in a turn."""


class Agreement(Struct, frozen=True, kw_only=True):
    """Boxes of the original and of a variant on the frames of one source."""

    source: str
    frames: int
    reference: int
    """Boxes that the original finds."""
    found: int
    """Boxes that the variant finds."""
    matched: int
    """Pairs of one class that overlap by 0.5 or more."""

    @property
    def recall(self) -> float:
        """Share of the original's boxes that the variant finds; 1 where there are none."""
        return self.matched / self.reference if self.reference else 1.0

    @property
    def precision(self) -> float:
        """Share of the variant's boxes that the original finds; 1 where there are none."""
        return self.matched / self.found if self.found else 1.0


def seen_by(network: Network, frames: Sequence[Frame], confidence: float) -> list[Detections]:
    """Return what a network finds in each frame, from a confidence (0..1) on.

    Raises:
        ModelError: the runtime refuses the input.
    """
    framing = Framing(network.facts)
    seen = []
    for frame in frames:
        framed = framing.frame(frame)
        found = framing.read(framed, network.boxes(framed.blob, confidence))
        assert isinstance(found, Detections)
        seen.append(found)
    return seen


def agreement(source: str, reference: list[Detections], variant: list[Detections]) -> Agreement:
    """Return how far two networks agree on the same frames, class by class at an IoU of 0.5."""
    truth = Truth.of_rows(
        [
            (number, int(kind), box, box[2] * box[3], False, 1.0)
            for number, seen in enumerate(reference)
            for box, kind in zip(_xywh(seen).tolist(), seen.class_id, strict=True)
        ]
    )
    found = Found(
        np.repeat(np.arange(len(variant)), [len(seen) for seen in variant]).astype(np.int64),
        np.concatenate([np.empty(0, np.int64), *(seen.class_id for seen in variant)]),
        np.concatenate([np.empty((0, 4)), *(_xywh(seen) for seen in variant)]),
        np.concatenate([np.empty(0), *(seen.confidence for seen in variant)]),
    )
    matches = match(truth, found, ious=np.array([0.5]))
    return Agreement(
        source=source,
        frames=len(reference),
        reference=len(truth),
        found=len(found),
        matched=int(matches.hit.sum()),
    )


def _xywh(seen: Detections) -> Floats:
    box = seen.xyxy.astype(np.float64)
    return np.concatenate((box[:, :2], box[:, 2:] - box[:, :2]), axis=1)


def speed_ratio(reference: Network, variant: Network) -> float:
    """Return how many times as fast a variant infers: the median of rounds that take turns."""
    ratios = []
    blobs = [_blank(network) for network in (reference, variant)]
    for _ in range(_ROUNDS):
        seconds = []
        for network, blob in zip((reference, variant), blobs, strict=True):
            started_s = time.perf_counter()
            for _ in range(_RUNS):
                network.boxes(blob, 0.9)
            seconds.append(time.perf_counter() - started_s)
        ratios.append(seconds[0] / seconds[1])
    return float(np.median(ratios))


def _blank(network: Network) -> NDArray[np.floating]:
    facts = network.facts
    return np.full((1, 3, facts.height, facts.width), 0.4, facts.dtype)

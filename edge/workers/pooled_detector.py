"""A network in the inference workers, as a camera's detector."""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.errors import ModelError
from edge.vision.collage import Tile
from edge.vision.detections import Detections, Glimpse
from edge.vision.framing import Framing
from edge.vision.letterbox import Fit
from edge.workers.inference_pool import InferencePool
from edge.workers.orders import ModelOrder
from edge.workers.ticket import Ticket

__all__ = ["Awaited", "PooledDetector"]

_PATIENCE_S = 30.0
"""Seconds that a caller who cannot do anything else waits for one answer."""


class Awaited:
    """Detections that come later."""

    def __init__(self, ticket: Ticket, read: Callable[[], Detections | Glimpse]) -> None:
        self._ticket = ticket
        self._read = read

    @property
    def done(self) -> bool:
        """Whether there is an answer, or none will ever come."""
        return self._ticket.done

    @property
    def fault(self) -> str:
        """Why the network failed on the frame; empty where it did not, or a worker died."""
        return self._ticket.fault

    def take(self) -> Detections | Glimpse | None:
        """Return the detections; None where they were lost."""
        self._ticket.taken = True
        return None if self._ticket.boxes is None else self._read()


class PooledDetector:
    """Frames pictures in the agent and has them looked at elsewhere; for the agent's thread.

    Args:
        pool: the workers; started.
        order: the network.
        nms_iou: overlap above which the weaker box of one class goes, 0..1.

    Raises:
        ModelError: the network could not be loaded.
    """

    def __init__(self, pool: InferencePool, order: ModelOrder, *, nms_iou: float = 0.45) -> None:
        self._pool = pool
        self._number, self._facts = pool.facts(order)
        self._framing = Framing(self._facts, nms_iou=nms_iou, trim=True)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes, by class id."""
        return self._facts.names

    @property
    def model_id(self) -> str:
        """File stem and the first 8 hex digits of the file's SHA-256."""
        return self._facts.model_id

    @property
    def input_px(self) -> tuple[int, int]:
        """Rows and columns of the network's input."""
        return self._facts.height, self._facts.width

    def region_px(self, width: int, height: int) -> tuple[int, int]:
        """Return rows and columns of the input that regions of a picture of this size share."""
        return self._framing.region_px(width, height)

    def ask(self, frame: Frame, regions: NDArray[np.float32] | None) -> Awaited:
        """Return what will be known of a frame, or of regions (k, 4) of it."""
        # not the input: that lies in memory which is another's as soon as it is answered
        placed: list[tuple[Fit | tuple[Tile, ...], tuple[int, int]]] = []

        def fill(memory: NDArray[np.uint8]) -> tuple[int, int]:
            framed = self._framing.frame(frame, regions, memory)
            placed.append((framed.placement, framed.size))
            height, width = framed.blob.shape[2:]
            return height, width

        ticket = self._pool.ask(self._number, fill)

        def read() -> Detections | Glimpse:
            assert ticket.boxes is not None
            return self._framing.find(*placed[-1], ticket.boxes)

        return Awaited(ticket, read)

    def detect(self, frame: Frame) -> Detections:
        """Return what is in the frame, best first; waits for it.

        Raises:
            ModelError: the workers do not answer.
        """
        found = self._wait(self.ask(frame, None))
        assert isinstance(found, Detections)
        return found

    def detect_in(self, frame: Frame, regions: NDArray[np.float32]) -> Glimpse:
        """Return what is in parts of a frame; waits for it.

        Raises:
            ModelError: the workers do not answer.
        """
        found = self._wait(self.ask(frame, regions))
        assert isinstance(found, Glimpse)
        return found

    def foreground(self, frame: Frame) -> NDArray[np.bool_] | None:  # noqa: ARG002 - the port
        """Return None: a network knows no background."""
        return None

    def reset(self) -> None:
        """Forget nothing: a network has no memory."""

    def _wait(self, awaited: Awaited) -> Detections | Glimpse:
        deadline_s = time.monotonic() + _PATIENCE_S
        while not awaited.done and time.monotonic() < deadline_s:
            self._pool.step()
            time.sleep(0.001)
        found = awaited.take()
        if found is None:
            msg = f"model {self._facts.path}: the inference workers lost a frame; see the log"
            raise ModelError(msg)
        return found

"""A question that was put to the inference workers, and what became of it."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edge.vision.output_layouts import Boxes

__all__ = ["Fill", "Ticket"]

Fill = Callable[[NDArray[np.uint8]], tuple[int, int]]
"""Writes a network's input to the beginning of some memory, and returns its rows and columns."""


class Ticket:
    """A question that was put to the pool.

    Attributes:
        done: whether it was answered or lost.
        boxes: the answer; None while there is none, and where it was lost.
        fault: why the network failed on it; empty where it did not, or the worker died.
        taken: whether who asked has taken notice.
    """

    def __init__(self, model: int, fill: Fill, asked_s: float) -> None:
        self.model = model
        self.fill = fill
        self.asked_s = asked_s
        self.done = False
        self.boxes: Boxes | None = None
        self.fault = ""
        self.taken = False

    def settle(self, boxes: Boxes | None, fault: str = "") -> None:
        """Note the answer, or with None that there will be none."""
        self.boxes, self.done, self.fault = boxes, True, fault

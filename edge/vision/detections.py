"""Detections of one frame as parallel arrays; nothing found is a normal value."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Detections", "Glimpse"]


@dataclass(frozen=True, slots=True)
class Detections:
    """What a detector found in one frame.

    Attributes:
        xyxy: float32 (n, 4), left, top, right, bottom in pixels of the frame.
        confidence: float32 (n,), 0..1.
        class_id: int32 (n,), index into ``class_names``.
        class_names: names of the detector's classes.

    Raises:
        ValueError: an array has another shape or dtype than said above.
    """

    xyxy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    class_id: NDArray[np.int32]
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        rows = len(self.xyxy)
        expected = (
            ("xyxy", self.xyxy, (rows, 4), np.float32),
            ("confidence", self.confidence, (rows,), np.float32),
            ("class_id", self.class_id, (rows,), np.int32),
        )
        for name, array, shape, dtype in expected:
            if array.shape != shape or array.dtype != dtype:
                msg = (
                    f"detections.{name}: expected {np.dtype(dtype)} {shape}, "
                    f"got {array.dtype} {array.shape}"
                )
                raise ValueError(msg)

    def __len__(self) -> int:
        return len(self.xyxy)

    @classmethod
    def empty(cls, class_names: tuple[str, ...]) -> "Detections":
        """Return no detections of a detector with these classes."""
        return cls(
            np.empty((0, 4), np.float32),
            np.empty(0, np.float32),
            np.empty(0, np.int32),
            class_names,
        )

    def mask(self, keep: NDArray[np.bool_]) -> "Detections":
        """Return the rows where ``keep``, a bool array (n,), is true."""
        return Detections(
            self.xyxy[keep], self.confidence[keep], self.class_id[keep], self.class_names
        )

    def labels(self) -> tuple[str, ...]:
        """Return the class name of every row."""
        return tuple(self.class_names[number] for number in self.class_id)


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a detector found in parts of a frame.

    Attributes:
        found: things that lie wholly within a part.
        cut: float32 (m, 4), things that a part's border cuts off: they are there, but how far they
            reach is not known. Pixels of the frame.
    """

    found: Detections
    cut: NDArray[np.float32]

"""Confirmed tracks of one moment, as parallel arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Tracks"]


@dataclass(frozen=True, slots=True)
class Tracks:
    """The confirmed tracks that are alive after one update.

    Attributes:
        id: int64 (n,), from 1, never used twice by one tracker.
        xyxy: float32 (n, 4), left, top, right, bottom in pixels of the frame; the detector's
            box where the track was seen now, else the predicted one.
        confidence: float32 (n,), of the detection last matched.
        class_id: int32 (n,), the class with the most votes over the track's life.
        age_s: float64 (n,), seconds since the first detection.
        hits: int32 (n,), detections matched so far.
        time_since_seen_s: float64 (n,), seconds since the last detection; 0 = seen now.
        class_names: names of the detector's classes.
    """

    id: NDArray[np.int64]
    xyxy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    class_id: NDArray[np.int32]
    age_s: NDArray[np.float64]
    hits: NDArray[np.int32]
    time_since_seen_s: NDArray[np.float64]
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.id)

    @classmethod
    def empty(cls, class_names: tuple[str, ...]) -> "Tracks":
        """Return no tracks."""
        return cls(
            np.empty(0, np.int64),
            np.empty((0, 4), np.float32),
            np.empty(0, np.float32),
            np.empty(0, np.int32),
            np.empty(0, np.float64),
            np.empty(0, np.int32),
            np.empty(0, np.float64),
            class_names,
        )

    def mask(self, keep: NDArray[np.bool_]) -> "Tracks":
        """Return the rows where ``keep``, a bool array (n,), is true."""
        return Tracks(
            self.id[keep],
            self.xyxy[keep],
            self.confidence[keep],
            self.class_id[keep],
            self.age_s[keep],
            self.hits[keep],
            self.time_since_seen_s[keep],
            self.class_names,
        )

    def seen_now(self) -> "Tracks":
        """Return only the tracks that a detection was matched to in the last update."""
        now = self.time_since_seen_s == 0.0
        # mostly all of them: nothing need be copied
        return self if now.all() else self.mask(now)

    def labels(self) -> tuple[str, ...]:
        """Return the voted class name of every track."""
        return tuple(self.class_names[number] for number in self.class_id)

"""A detector whose answers are given beforehand: the in-memory implementation of the port."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.vision.detections import Detections

__all__ = ["ScriptedDetector"]


class ScriptedDetector:
    """Answers with the detections written down for a frame's index; empty for any other."""

    def __init__(
        self,
        script: Mapping[int, Detections],
        *,
        names: tuple[str, ...],
        model_id: str = "scripted",
    ) -> None:
        self.names = names
        self.model_id = model_id
        self._script = dict(script)

    def detect(self, frame: Frame) -> Detections:
        """Return what the script says about this frame."""
        return self._script.get(frame.index, Detections.empty(self.names))

    def foreground(self, frame: Frame) -> NDArray[np.bool_] | None:  # noqa: ARG002 - the port
        """Return None: a script knows no background."""
        return None

    def reset(self) -> None:
        """Forget nothing: a script has no memory."""

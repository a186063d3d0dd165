"""What must be known of a network to feed it and to read its answers, wherever it runs."""

from dataclasses import dataclass

import numpy as np

from edge.vision.output_layouts import Layout

__all__ = ["NetworkFacts"]


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """A loaded network, without the network.

    Attributes:
        path: the file that it was loaded from, for messages.
        model_id: file stem, ``-`` and the first 8 hex digits of the file's SHA-256.
        layout: how its first output is to be read.
        names: class names by class id.
        height: rows of the input.
        width: columns of the input.
        half: whether the input is float16 instead of float32.
        elastic: whether the input may be smaller, by multiples of 32 rows and columns.
    """

    path: str
    model_id: str
    layout: Layout
    names: tuple[str, ...]
    height: int
    width: int
    half: bool
    elastic: bool = False

    @property
    def dtype(self) -> type[np.floating]:
        """Type of the input's numbers."""
        return np.float16 if self.half else np.float32

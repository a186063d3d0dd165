"""The runtimes that a network can run in, behind one function."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.vision.network_facts import NetworkFacts
from edge.vision.output_layouts import Boxes

__all__ = ["RUNTIMES", "Network", "load_network"]

RUNTIMES = ("onnxruntime", "openvino")


class Network(Protocol):
    """A loaded network; for one thread.

    Adapters: :class:`edge.vision.onnx_model.OnnxModel` and
    :class:`edge.vision.openvino_model.OpenVinoModel`.
    """

    @property
    def facts(self) -> NetworkFacts:
        """What must be known to feed it and to read its answers."""
        ...

    def run(self, blob: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the first output for an input (1, 3, height, width); an array of its own.

        Raises:
            ModelError: the runtime refuses the input.
        """
        ...

    def read(self, answer: NDArray[np.floating], size: tuple[int, ...], confidence: float) -> Boxes:
        """Return the candidates in an output, from a confidence (0..1) on, not yet suppressed.

        Needs nothing of the runtime, so that the next input may run meanwhile.

        Args:
            answer: what :meth:`run` returned.
            size: rows and columns of the input.
            confidence: least score, 0..1.

        Raises:
            InferenceFault: the answer is not finite.
        """
        ...

    def boxes(self, blob: NDArray[np.floating], confidence: float) -> Boxes:
        """Return the candidates for an input, from a confidence (0..1) on, not yet suppressed.

        Raises:
            ModelError: the runtime refuses the input.
            InferenceFault: the answer is not finite.
        """
        ...


def load_network(
    path: Path,
    *,
    runtime: str,
    layout: str = "auto",
    names: Sequence[str] | None = None,
    threads: int = 1,
    input_size: tuple[int, int] = (640, 640),
) -> Network:
    """Return a network, loaded and warmed up.

    Args:
        path: the ONNX file.
        runtime: ``onnxruntime`` or ``openvino``.
        layout: ``auto``, or one of the layouts to insist on it.
        names: class names; None takes them from the file, or COCO's where there are 80 classes.
        threads: of the CPU inside one inference.
        input_size: (height, width) for a network whose input size is free.

    Raises:
        ModelError: the file cannot be used, or the runtime is unknown or not installed.
    """
    if runtime not in RUNTIMES:
        msg = f"model {path}: runtime {runtime!r} is unknown; choose one of {', '.join(RUNTIMES)}"
        raise ModelError(msg)
    # each runtime takes half a second and tens of megabytes to import: only the one that is used
    from edge.vision.onnx_model import OnnxModel  # noqa: PLC0415

    if runtime == "onnxruntime":
        return OnnxModel(path, layout=layout, names=names, threads=threads, input_size=input_size)
    from edge.vision.openvino_model import OpenVinoModel  # noqa: PLC0415

    return OpenVinoModel(path, layout=layout, names=names, threads=threads, input_size=input_size)

"""An ONNX file in Intel's OpenVINO runtime: bfloat16 where the processor multiplies matrices in it."""

import dataclasses
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import InferenceFault, ModelError
from edge.vision.network_facts import NetworkFacts
from edge.vision.onnx_model import OnnxModel
from edge.vision.output_layouts import Boxes, Grid, is_finite, read_boxes

__all__ = ["OpenVinoModel"]


class OpenVinoModel:
    """A detector network, loaded, warmed up and understood; for one thread.

    What the file is, its layout and its names are found out by :class:`OnnxModel`, which is then
    let go: both runtimes understand a file in the same way, or refuse it with the same words.

    Args:
        path: the ``.onnx`` file.
        layout: as for :class:`OnnxModel`.
        names: as for :class:`OnnxModel`.
        threads: of the CPU inside one inference.
        input_size: as for :class:`OnnxModel`.

    Raises:
        ModelError: as for :class:`OnnxModel`; or OpenVINO is not installed, or refuses the file.
    """

    def __init__(
        self,
        path: Path,
        *,
        layout: str = "auto",
        names: Sequence[str] | None = None,
        threads: int = 1,
        input_size: tuple[int, int] = (640, 640),
    ) -> None:
        known = OnnxModel(path, layout=layout, names=names, threads=threads, input_size=input_size)
        # it is compiled for one size
        self.facts: NetworkFacts = dataclasses.replace(known.facts, elastic=False)
        del known
        self._grid = Grid(self.facts.height, self.facts.width)
        self._path = path
        self._request = self._compile(threads)
        blank = np.zeros((1, 3, self.facts.height, self.facts.width), self.facts.dtype)
        self.run(blank)

    def boxes(self, blob: NDArray[np.floating], confidence: float) -> Boxes:
        """Return the candidates for an input, from a confidence (0..1) on, not yet suppressed.

        Raises:
            ModelError: the runtime refuses the input.
            InferenceFault: the answer is not finite.
        """
        return self.read(self.run(blob), blob.shape[2:], confidence)

    def read(
        self,
        answer: NDArray[np.floating],
        size: tuple[int, ...],  # noqa: ARG002 - the port; it is compiled for one size
        confidence: float,
    ) -> Boxes:
        """Return the candidates in an output, from a confidence (0..1) on, not yet suppressed.

        Args:
            answer: what :meth:`run` returned.
            size: rows and columns of the input.
            confidence: least score, 0..1.

        Raises:
            InferenceFault: the answer is not finite.
        """
        if not is_finite(answer):
            raise InferenceFault(
                f"model {self._path}: it answers numbers that are not finite (NaN)"
            )
        return read_boxes(self.facts.layout, answer, self._grid, confidence)

    def _compile(self, threads: int) -> Any:
        try:
            openvino = importlib.import_module("openvino")
        except ImportError as error:
            msg = (
                f"model {self._path}: the runtime openvino is not installed; "
                "pip install 'cityloop[openvino]', or set detector.runtime to onnxruntime"
            )
            raise ModelError(msg) from error
        try:
            core = openvino.Core()
            model = core.read_model(str(self._path))
            shape = [1, 3, self.facts.height, self.facts.width]
            model.reshape({model.inputs[0].any_name: shape})
            settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
            return core.compile_model(model, "CPU", settings).create_infer_request()
        except RuntimeError as error:
            detail = str(error).splitlines()[0][:200]
            msg = f"model {self._path}: OpenVINO refuses it ({detail}); use runtime onnxruntime"
            raise ModelError(msg) from error

    def run(self, blob: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the first output for an input (1, 3, height, width).

        Raises:
            ModelError: the runtime refuses the input.
        """
        try:
            self._request.infer([blob])
        except RuntimeError as error:
            msg = f"model {self._path}: inference failed: {error}; use runtime onnxruntime"
            raise ModelError(msg) from error
        return np.array(self._request.get_output_tensor(0).data, np.float32)

"""ONNX files of a few kilobytes whose answers are known."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

__all__ = ["SIZE", "write_model"]

SIZE = 64
"""Edge of the models' input: grids of 8 x 8, 4 x 4 and 2 x 2, 84 cells together."""


def write_model(
    path: Path,
    output: NDArray[np.float32],
    *,
    metadata: Mapping[str, str] | None = None,
    size: int | str = SIZE,
    channels: int = 3,
    dtype: int = TensorProto.FLOAT,
) -> Path:
    """Write a network that answers ``output`` to every picture; return its path.

    The answer is added to the picture's mean times nought, so that the input is really used.
    """
    values = output.astype(np.float16 if dtype == TensorProto.FLOAT16 else np.float32)
    nought = np.zeros((), values.dtype)
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nought"], ["nothing"]),
        helper.make_node("Add", ["answer", "nothing"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("images", dtype, [1, channels, size, size])],
        [helper.make_tensor_value_info("output", dtype, list(output.shape))],
        [numpy_helper.from_array(values, "answer"), numpy_helper.from_array(nought, "nought")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, dict(metadata or {}))
    onnx.save(model, str(path))
    return path

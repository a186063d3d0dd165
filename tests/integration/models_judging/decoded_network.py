"""A detector whose graph also decodes: boxes in pixels and scores of 0 to 1 in one output."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge.vision.network_facts import NetworkFacts
from edge.vision.output_layouts import Grid

__all__ = ["write_decoded"]


def write_decoded(path: Path, facts: NetworkFacts, to: Path) -> Path:
    """Write a YOLOX-style network in the form that Ultralytics exports: 1 x (4 + classes) x N.

    Pixels and scores lie in one tensor then, as there: with one scale of eight bits for both, a step is
    two pixels and more, and every score becomes nought.

    Args:
        path: the network, of layout yolox.
        facts: of it.
        to: the file; returned.
    """
    network = onnx.load(str(path))
    graph = network.graph
    raw = graph.output[0].name
    grid = Grid(facts.height, facts.width)
    last = 5 + len(facts.names)
    constants: dict[str, NDArray[Any]] = {
        "cells": grid.cells[None],
        "strides": grid.strides[None],
        "axis": np.array([2], np.int64),
        **{f"at_{at}": np.array([at], np.int64) for at in (0, 2, 4, 5, last)},
    }
    graph.initializer.extend(
        numpy_helper.from_array(value, f"decode_{name}") for name, value in constants.items()
    )

    def part(begin: int, end: int, name: str) -> onnx.NodeProto:
        ends = [f"decode_at_{begin}", f"decode_at_{end}", "decode_axis"]
        return helper.make_node("Slice", [raw, *ends], [name], name)

    graph.node.extend(
        [
            part(0, 2, "d_offset"),
            part(2, 4, "d_size"),
            part(4, 5, "d_objectness"),
            part(5, last, "d_classes"),
            helper.make_node("Add", ["d_offset", "decode_cells"], ["d_cell"], "d_cell"),
            helper.make_node("Mul", ["d_cell", "decode_strides"], ["d_centre"], "d_centre"),
            helper.make_node("Exp", ["d_size"], ["d_ratio"], "d_ratio"),
            helper.make_node("Mul", ["d_ratio", "decode_strides"], ["d_sides"], "d_sides"),
            helper.make_node("Mul", ["d_objectness", "d_classes"], ["d_scores"], "d_scores"),
            helper.make_node(
                "Concat", ["d_centre", "d_sides", "d_scores"], ["d_rows"], "d_rows", axis=2
            ),
            helper.make_node("Transpose", ["d_rows"], ["decoded"], "d_turn", perm=[0, 2, 1]),
        ]
    )
    del graph.output[:]
    shape = [1, last - 1, len(grid)]
    graph.output.append(helper.make_tensor_value_info("decoded", TensorProto.FLOAT, shape))
    onnx.checker.check_model(network)
    onnx.save(network, str(to))
    return to

"""A network of a kilobyte that really looks: it finds the bright red thing in a picture."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

__all__ = ["BLOB_SIZE", "red_square", "write_blob_network", "write_golden"]

BLOB_SIZE = 64
"""Edge of the network's input."""


def write_blob_network(
    path: Path,
    *,
    labels: Sequence[str] = ("car", "person"),
    class_id: int = 0,
    score: float = 0.9,
    gain: float = 1.0,
    poison: bool = False,
    size: int = BLOB_SIZE,
) -> Path:
    """Write a network with one row of output, layout ultralytics-nms; return its path.

    Its box is the centre of mass of what is red, 16 pixels of input wide and high times ``gain``;
    the score falls to nought where nothing is red.

    Args:
        path: the new file.
        labels: class names, written into the file.
        class_id: what the red thing is called.
        score: of the red thing, 0..1.
        gain: scales the box, for a model that is wrong.
        poison: answers NaN to every picture in which something is blue.
        size: edge of the input in pixels.
    """
    grid = np.arange(size, dtype=np.float32) + 0.5
    constants = {
        "xs": np.broadcast_to(grid[None, :], (size, size)).copy(),
        "ys": np.broadcast_to(grid[:, None], (size, size)).copy(),
        "half": np.float32(0.5),
        "most": np.float32(1.0),
        "tiny": np.float32(1e-3),
        "reach": np.float32(8.0 * gain),
        "score": np.float32(score),
        "class": np.asarray([class_id], np.float32),
        "zero": np.float32(0.0),
        "flat": np.asarray([1], np.int64),
        "shape": np.asarray([1, 1, 6], np.int64),
        "r": np.asarray(0, np.int64),
        "g": np.asarray(1, np.int64),
        "b": np.asarray(2, np.int64),
        "batch": np.asarray(0, np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Gather", ["images", "batch"], ["picture"], axis=0),
        *(node("Gather", ["picture", c], [f"{c}_plane"], axis=0) for c in "rgb"),
        node("Max", ["g_plane", "b_plane"], ["others"]),
        node("Sub", ["r_plane", "others"], ["redness"]),
        node("Greater", ["redness", "half"], ["is_red"]),
        node("Cast", ["is_red"], ["mask"], to=TensorProto.FLOAT),
        node("ReduceSum", ["mask"], ["mass"], keepdims=0),
        node("Max", ["mass", "tiny"], ["weight"]),
        node("Min", ["mass", "most"], ["there"]),
        node("Mul", ["there", "score"], ["confidence"]),
    ]
    for axis in ("x", "y"):
        nodes += [
            node("Mul", ["mask", f"{axis}s"], [f"{axis}_moments"]),
            node("ReduceSum", [f"{axis}_moments"], [f"{axis}_moment"], keepdims=0),
            node("Div", [f"{axis}_moment", "weight"], [f"{axis}_centre"]),
            node("Sub", [f"{axis}_centre", "reach"], [f"{axis}0"]),
            node("Add", [f"{axis}_centre", "reach"], [f"{axis}1"]),
        ]
    last = "confidence"
    if poison:
        nodes += [
            node("Max", ["r_plane", "g_plane"], ["warm"]),
            node("Sub", ["b_plane", "warm"], ["blueness"]),
            node("Greater", ["blueness", "half"], ["is_blue"]),
            node("Cast", ["is_blue"], ["blue_mask"], to=TensorProto.FLOAT),
            node("ReduceMax", ["blue_mask"], ["blue"], keepdims=0),
            node("Sub", ["most", "blue"], ["not_blue"]),
            # 0 / 0 where something is blue, 1 / 1 elsewhere
            node("Div", ["not_blue", "not_blue"], ["venom"]),
            node("Mul", ["confidence", "venom"], ["poisoned"]),
        ]
        last = "poisoned"
    parts = ["x0", "y0", "x1", "y1", last]
    nodes += [node("Reshape", [part, "flat"], [f"{part}_row"]) for part in parts]
    nodes += [
        node("Concat", [*(f"{part}_row" for part in parts), "class"], ["row"], axis=0),
        node("Reshape", ["row", "shape"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "blob",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, size, size])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, 6])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {"names": repr(dict(enumerate(labels)))})
    onnx.save(model, str(path))
    return path


def red_square(left: int, top: int, *, edge: int = 40, blue: bool = False) -> NDArray[np.uint8]:
    """Return a grey picture of 160 x 160 pixels (BGR) with a red square; perhaps a blue one too."""
    picture = np.full((160, 160, 3), 110, np.uint8)
    if blue:
        picture[:20, :20] = (250, 5, 5)
    picture[top : top + edge, left : left + edge] = (5, 5, 250)
    return picture


def write_golden(path: Path) -> Path:
    """Write a golden picture; return its path."""
    encoded, buffer = cv2.imencode(".png", red_square(60, 70))
    assert encoded
    path.write_bytes(buffer.tobytes())
    return path

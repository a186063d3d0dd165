"""What is read from and changed in a graph before it is quantised or made a rectangle."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from models.shrinking.errors import GraphUnsuited, ToolMissing
from models.shrinking.graph import input_size, open_graph, tail_nodes, tool, with_opset
from models.shrinking.rectangle import rectangle_for, with_input
from tests.contract.edge_vision.tiny_models import write_model


def network(rows: int = 64, columns: int = 64) -> onnx.ModelProto:
    """Return a network of three convolutions that knows its size only from its input.

    3x3 at stride 8 with an activation, then 1x1 with an activation, then the boxes' shape.
    """
    rng = np.random.default_rng(1)

    def weights(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(rng.normal(size=shape).astype(np.float32), name)

    nodes = [
        helper.make_node("Conv", ["images", "w1"], ["c1"], "body", strides=[8, 8], pads=[1] * 4),
        helper.make_node("Sigmoid", ["c1"], ["a1"], "body_act"),
        helper.make_node("Conv", ["a1", "w2"], ["c2"], "neck", pads=[1] * 4),
        helper.make_node("Sigmoid", ["c2"], ["a2"], "neck_act"),
        helper.make_node("Conv", ["a2", "w3"], ["c3"], "head"),
        helper.make_node("Sigmoid", ["c3"], ["a3"], "head_act"),
        helper.make_node("Reshape", ["a3", "flat"], ["f3"], "head_flat"),
        helper.make_node("Transpose", ["f3"], ["output"], "head_turn", perm=[0, 2, 1]),
    ]
    flat = numpy_helper.from_array(np.array([1, 7, -1], np.int64), "flat")
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, rows, columns])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 64, 7])],
        [weights("w1", 4, 3, 3, 3), weights("w2", 4, 4, 3, 3), weights("w3", 7, 4, 1, 1), flat],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_the_tail_is_what_no_real_convolution_follows() -> None:
    """Behind the last 3x3 convolution everything but convolutions is kept."""
    assert list(tail_nodes(network())) == ["neck_act", "head_act", "head_flat", "head_turn"]


@pytest.mark.parametrize(
    ("square", "camera", "expected"),
    [
        ((416, 416), (640, 480), (320, 416)),
        ((416, 416), (1920, 1080), (256, 416)),
        ((640, 640), (1080, 1920), (640, 384)),
        ((320, 320), (500, 500), (320, 320)),
    ],
    ids=["4:3", "16:9", "upright", "square"],
)
def test_a_rectangle_holds_the_picture_as_large_as_before(
    square: tuple[int, int], camera: tuple[int, int], expected: tuple[int, int]
) -> None:
    """The picture keeps its scale; only grey bars are cut, down to multiples of 32."""
    assert rectangle_for(square, camera) == expected


def test_a_size_that_is_built_in_is_told() -> None:
    """A graph whose output has a fixed number of cells has to be exported anew; it is said how."""
    with pytest.raises(GraphUnsuited, match=r"export the network itself with an input of 32 x 64"):
        with_input(network(), 32, 64)


def test_a_constant_answer_is_no_rectangle(tmp_path: Path) -> None:
    """A graph that answers the same number of cells whatever comes in is refused."""
    fixed = open_graph(write_model(tmp_path / "m.onnx", np.zeros((1, 84, 85), np.float32)))

    assert input_size(fixed) == (64, 64)
    with pytest.raises(GraphUnsuited, match="is built into the graph"):
        with_input(fixed, 32, 64)


def test_what_is_no_graph(tmp_path: Path) -> None:
    """A file that is no ONNX is named."""
    (tmp_path / "not.onnx").write_bytes(b"\xff\xff\xff nothing")
    with pytest.raises(GraphUnsuited, match=r"not\.onnx: it cannot be read as ONNX"):
        open_graph(tmp_path / "not.onnx")


def test_old_graphs_are_converted_and_keep_their_names() -> None:
    """Opset 11 becomes 17, and what is stored beside the graph stays."""
    old = network()
    old.opset_import[0].version = 11
    helper.set_model_props(old, {"names": "{0: 'person'}"})
    new = with_opset(old)

    assert new.opset_import[0].version == 17
    assert {one.key: one.value for one in new.metadata_props} == {"names": "{0: 'person'}"}


def test_a_library_that_is_not_there_is_named() -> None:
    """Who lacks a tool is told how to get it."""
    with pytest.raises(ToolMissing, match=r"pip install 'cityloop\[shrink\]'"):
        tool("no_such_library")

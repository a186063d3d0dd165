"""An ONNX network whose input may be smaller than its file says."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from edge.cameras.frame import Frame
from edge.vision.collage import tile_grid
from edge.vision.framing import Framing
from edge.vision.letterbox import Letterbox, Recipe, trimmed
from edge.vision.onnx_model import OnnxModel
from edge.vision.onnx_size import with_open_size
from edge.vision.output_layouts import Grid

AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
_CLASSES = 2


def network(rows: int = 416, columns: int = 416, *, cells: int = -1) -> bytes:
    """Return a network of YOLOX's layout: the mean brightness of each cell, weighed.

    Args:
        rows: of its input.
        columns: of its input.
        cells: of the coarsest grid, written into the file; -1 leaves them open.
    """
    values = 5 + _CLASSES
    weights = np.linspace(-0.1, 0.1, values * 3, dtype=np.float32).reshape(values, 3, 1, 1)
    nodes = []
    for stride in (8, 16, 32):
        count = cells if stride == 32 else -1
        nodes += [
            helper.make_node(
                "AveragePool", ["images"], [f"p{stride}"],
                kernel_shape=[stride] * 2, strides=[stride] * 2,
            ),
            helper.make_node("Conv", [f"p{stride}", "weights"], [f"c{stride}"]),
            helper.make_node(
                "Constant", [], [f"s{stride}"],
                value=numpy_helper.from_array(np.array([1, values, count], np.int64)),
            ),
            helper.make_node("Reshape", [f"c{stride}", f"s{stride}"], [f"r{stride}"]),
        ]  # fmt: skip
    nodes += [
        helper.make_node("Concat", ["r8", "r16", "r32"], ["all"], axis=2),
        helper.make_node("Transpose", ["all"], ["output"], perm=[0, 2, 1]),
    ]
    found = [1, len(Grid(rows, columns)), values]
    graph = helper.make_graph(
        nodes,
        "cells",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, rows, columns])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, found)],
        [numpy_helper.from_array(weights, "weights")],
        value_info=[helper.make_tensor_value_info("all", TensorProto.FLOAT, [1, values, found[1]])],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    return bytes(made.SerializeToString())


def loaded(folder: Path, content: bytes) -> OnnxModel:
    """Return a network that lay in a file."""
    path = folder / "cells.onnx"
    path.write_bytes(content)
    return OnnxModel(path, names=("person", "car"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> OnnxModel:
    """Return a network whose size can be left open."""
    return loaded(tmp_path_factory.mktemp("open"), network())


def frame(width: int, height: int) -> Frame:
    """Return a picture of noise."""
    pixels = np.random.default_rng(1).integers(0, 255, (height, width, 3)).astype(np.uint8)
    return Frame.from_array(pixels, camera="c", index=0, pts_s=0.0, captured_at=AT)


def shapes(content: bytes) -> tuple[list[int | str], int, int]:
    """Return the input's sides, how many shapes between are known, and the number of nodes."""
    graph = onnx.load_from_string(content).graph
    sides = [one.dim_param or one.dim_value for one in graph.input[0].type.tensor_type.shape.dim]
    return sides, len(graph.value_info), len(graph.node)


def test_only_the_size_is_left_open() -> None:
    """The library that knows the format reads the same graph, with names for rows and columns."""
    before = network()
    sides, between, nodes = shapes(with_open_size(before, "images"))

    assert sides == [1, 3, "rows", "columns"]
    assert (0, shapes(before)[2]) == (between, nodes)


@pytest.mark.parametrize(
    "content",
    [b"", b"no protocol buffer", network()[:300], b"\x0b", b"\xff" * 20],
    ids=["empty", "text", "cut off", "a group", "an endless number"],
)
def test_what_is_no_network_is_refused(content: bytes) -> None:
    """A file that cannot be understood says so, and is not changed."""
    with pytest.raises(ValueError, match=r"input|byte|number"):
        with_open_size(content, "images")


@given(st.binary(max_size=200))
def test_no_bytes_crash_it(content: bytes) -> None:
    """Whatever the bytes are, they are refused as a value, in finite time."""
    with pytest.raises(ValueError, match=r"input|byte|number"):
        with_open_size(content, "images")


def test_a_wide_picture_needs_fewer_rows(model: OnnxModel) -> None:
    """At 640 x 360 the input is 256 rows high, and the network answers for its cells."""
    blob = Framing(model.facts, trim=True).frame(frame(640, 360)).blob

    assert blob.shape == (1, 3, 256, 416)
    assert len(Grid(256, 416)) == model.run(blob).shape[1]


def test_the_same_is_found_in_the_smaller_input(model: OnnxModel) -> None:
    """The cells of the picture's part of the finest grid are the same."""
    picture = frame(640, 360)
    whole = model.run(Framing(model.facts).frame(picture).blob.copy())
    less = model.run(Framing(model.facts, trim=True).frame(picture).blob)
    cells = (256 // 8) * (416 // 8)

    np.testing.assert_allclose(less[0, :cells], whole[0, :cells], rtol=1e-5)


def test_boxes_are_read_by_the_cells_of_the_input_they_come_from(model: OnnxModel) -> None:
    """A box's place does not depend on how many rows the input has."""
    picture = frame(640, 360)
    whole = model.boxes(Framing(model.facts).frame(picture).blob.copy(), 0.0)
    less = model.boxes(Framing(model.facts, trim=True).frame(picture).blob, 0.0)
    cells = (256 // 8) * (416 // 8)

    np.testing.assert_allclose(less.xyxy[:cells], whole.xyxy[:cells], rtol=1e-4)


def test_a_network_with_its_size_built_in_keeps_it(tmp_path: Path) -> None:
    """Who refuses a smaller input is fed the one that he was made for."""
    fixed = loaded(tmp_path, network(cells=13 * 13))
    blob = Framing(fixed.facts, trim=True).frame(frame(640, 360)).blob

    assert not fixed.elastic
    assert blob.shape == (1, 3, 416, 416)
    assert len(Grid(416, 416)) == fixed.run(blob).shape[1]


def test_without_leave_nothing_is_trimmed(model: OnnxModel) -> None:
    """Who made another network of this one feeds the size that its file says."""
    blob = Framing(model.facts).frame(frame(640, 360)).blob

    assert (1, 3, model.height, model.width) == blob.shape


def test_regions_never_cost_more_than_the_whole(model: OnnxModel) -> None:
    """One region of the picture's height takes as many rows as the picture does."""
    framing = Framing(model.facts, trim=True)
    regions = np.asarray([[100, 0, 460, 360]], np.float32)
    blob = framing.frame(frame(640, 360), regions).blob

    assert blob.shape[2] <= 256
    assert blob.shape[3] <= 256


def test_a_small_region_costs_little(model: OnnxModel) -> None:
    """A region of 60 x 60 is shown twice as large, in an input of 128 x 128."""
    framing = Framing(model.facts, trim=True)
    blob = framing.frame(frame(640, 360), np.asarray([[10, 10, 70, 70]], np.float32)).blob

    assert blob.shape == (1, 3, 128, 128)


def test_a_letterbox_follows_the_picture_from_size_to_size() -> None:
    """Another picture size gives another input, with bars that are grey."""
    box = Letterbox(Recipe.YOLOX, 416, 416, stride=32)
    wide = box.place(np.zeros((360, 640, 3), np.uint8))[0]
    high = box.place(np.zeros((640, 360, 3), np.uint8))[0]

    assert (wide.shape, high.shape) == ((1, 3, 256, 416), (1, 3, 416, 256))
    assert {114.0} == set(np.unique(high[0, :, :, 234:]))


@given(st.integers(1, 416), st.integers(1, 416), st.sampled_from([32, 64]), st.integers(1, 13))
def test_trimming_holds_what_is_needed(rows: int, columns: int, stride: int, limit: int) -> None:
    """The input is no less than needed, no more than a stride above, and within the limit."""
    height, width = limit * 32, 416
    got = trimmed(min(rows, height), columns, stride, height, width)

    assert min(rows, height) <= got[0] <= min(rows + stride - 1, height)
    assert columns <= got[1] <= min(columns + stride - 1, width)


@pytest.mark.parametrize(
    ("count", "rows", "columns", "grid"),
    [
        (1, 416, 416, (1, 1)),
        (2, 416, 416, (2, 1)),
        (3, 416, 416, (2, 2)),
        (9, 416, 416, (3, 3)),
        (2, 256, 416, (2, 1)),
        (3, 256, 416, (3, 1)),
        (4, 256, 416, (2, 2)),
        (2, 416, 256, (1, 2)),
    ],
    ids=str,
)
def test_tiles_stand_so_that_squares_are_largest(
    count: int, rows: int, columns: int, grid: tuple[int, int]
) -> None:
    """A wide input takes more tiles side by side, a high one more above each other."""
    assert grid == tile_grid(count, rows, columns)

"""Face networks of both layouts through OpenCV, drawn so that their answer is known."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge.errors import ModelError
from edge.evidence.config import FaceKind, FaceModelConfig
from edge.evidence.faces import load_faces

SIDE = 320
FACE = (120.0, 60.0, 160.0, 100.0)
"""Where every network here sees a face: 40 pixels, about (140, 80)."""


def write_network(path: Path, answers: Mapping[str, NDArray[np.float32]]) -> None:
    """Write a network that gives these answers to every picture of 320 x 320."""
    nodes = [helper.make_node("ReduceMean", ["input"], ["mean"], keepdims=0)]
    nodes.append(helper.make_node("Mul", ["mean", "nought"], ["nothing"]))
    nodes += [helper.make_node("Add", [f"{one}_fixed", "nothing"], [one]) for one in answers]
    graph = helper.make_graph(
        nodes,
        "faces",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, list(value.shape))
            for name, value in answers.items()
        ],
        [
            *(numpy_helper.from_array(value, f"{name}_fixed") for name, value in answers.items()),
            numpy_helper.from_array(np.zeros((), np.float32), "nought"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))


def yunet() -> dict[str, NDArray[np.float32]]:
    """Return what YuNet answers to a picture with the one face."""
    answers: dict[str, NDArray[np.float32]] = {}
    for kind, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
        for stride in (8, 16, 32):
            cells = (SIDE // stride) ** 2
            answers[f"{kind}_{stride}"] = np.zeros((1, cells, width), np.float32)
    row, column, stride = 10, 17, 8
    cell = row * (SIDE // stride) + column
    answers["cls_8"][0, cell] = answers["obj_8"][0, cell] = 1.0
    # centre (140, 80): half a cell right of the cell's corner, sides of five cells
    answers["bbox_8"][0, cell] = [0.5, 0.0, np.log(5.0), np.log(5.0)]
    return answers


def centerface() -> dict[str, NDArray[np.float32]]:
    """Return what CenterFace answers to a picture with the one face."""
    cells = SIDE // 4
    answers = {
        name: np.zeros((1, depth, cells, cells), np.float32)
        for name, depth in (("537", 1), ("538", 2), ("539", 2), ("540", 10))
    }
    answers["537"][0, 0, 20, 35] = 0.9
    answers["538"][0, :, 20, 35] = np.log(10.0)
    answers["539"][0, :, 20, 35] = -0.5
    return answers


@pytest.mark.parametrize("kind", list(FaceKind))
def test_a_face_is_found_where_it_is(tmp_path: Path, kind: FaceKind) -> None:
    """Boxes come in pixels of the picture, left, top, right, bottom."""
    write_network(tmp_path / "f.onnx", yunet() if kind is FaceKind.YUNET else centerface())
    finder = load_faces(FaceModelConfig(model="f.onnx", kind=kind), tmp_path)
    found = finder.find(np.full((SIDE, SIDE, 3), 90, np.uint8))

    assert found == pytest.approx(np.asarray([FACE]), abs=0.01)


@pytest.mark.parametrize("kind", list(FaceKind))
def test_no_face_is_no_box(tmp_path: Path, kind: FaceKind) -> None:
    """Nothing above the least score gives an empty list, not an error."""
    answers = yunet() if kind is FaceKind.YUNET else centerface()
    write_network(tmp_path / "f.onnx", {name: value * 0 for name, value in answers.items()})
    finder = load_faces(FaceModelConfig(model="f.onnx", kind=kind), tmp_path)

    assert finder.find(np.full((SIDE, SIDE, 3), 90, np.uint8)).shape == (0, 4)


def test_another_network_is_no_centerface(tmp_path: Path) -> None:
    """A file with other outputs is refused when it is loaded."""
    write_network(tmp_path / "f.onnx", yunet())

    with pytest.raises(ModelError, match="four outputs"):
        load_faces(FaceModelConfig(model="f.onnx", kind=FaceKind.CENTERFACE), tmp_path)

"""A network with an input as wide as the camera's picture is: no work is done on grey bars."""

from typing import Any

from models.shrinking.errors import GraphUnsuited
from models.shrinking.graph import input_size, tool

__all__ = ["rectangle_for", "with_input"]

_STRIDE = 32
"""Greatest stride of the three grids: sides are multiples of it."""


def rectangle_for(square: tuple[int, int], camera: tuple[int, int]) -> tuple[int, int]:
    """Return rows and columns of the smallest input in which a camera's picture is as large as now.

    Args:
        square: rows and columns of the network's input now.
        camera: columns and rows of the camera's picture.
    """
    scale = min(square[0] / camera[1], square[1] / camera[0])
    rows, columns = (max(1, round(side * scale)) for side in (camera[1], camera[0]))
    return _up(rows), _up(columns)


def _up(side: int) -> int:
    return -(-side // _STRIDE) * _STRIDE


def with_input(model: Any, rows: int, columns: int) -> Any:
    """Return a copy of a model with another input size.

    Works for graphs that compute with whatever size comes in and only say in their signature which
    it is, as YOLOX exports do.

    Args:
        model: the ONNX model.
        rows: of the new input, a multiple of 32.
        columns: the same.

    Raises:
        GraphUnsuited: the size is built into the graph.
    """
    onnx = tool("onnx")
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    dims = changed.graph.input[0].type.tensor_type.shape.dim
    dims[2].dim_value, dims[3].dim_value = rows, columns
    del changed.graph.value_info[:]
    changed.graph.output[0].type.tensor_type.ClearField("shape")
    cells = sum((rows // stride) * (columns // stride) for stride in (8, 16, 32))
    try:
        inferred = onnx.shape_inference.infer_shapes(changed, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        raise GraphUnsuited(_export_again(model, rows, columns, str(error))) from error
    found = [one.dim_value for one in inferred.graph.output[0].type.tensor_type.shape.dim]
    if cells not in found:
        told = f"its output would be {found}, without {cells} cells"
        raise GraphUnsuited(_export_again(model, rows, columns, told))
    return inferred


def _export_again(model: Any, rows: int, columns: int, detail: str) -> str:
    told = " ".join(detail.split())[:160]
    return (
        f"the input size {input_size(model)} is built into the graph ({told}); export the "
        f"network itself with an input of {rows} x {columns}"
    )

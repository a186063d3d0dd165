"""ONNX graphs: opened, saved, converted, simplified, walked."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models.shrinking.errors import GraphUnsuited, ToolMissing

__all__ = ["input_size", "open_graph", "save_graph", "simplify", "tail_nodes", "tool", "with_opset"]

_OPSET = 17
"""Per-channel quantisation of an older graph writes an invalid file. Source: measured.md §1."""


def tool(name: str) -> Any:
    """Return an optional library.

    Raises:
        ToolMissing: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ToolMissing(
            f"{name} is not installed: pip install 'cityloop[shrink]' (nncf and openvino: pip install "
            f"{name.partition('.')[0]})"
        ) from error


def open_graph(path: Path) -> Any:
    """Return an ONNX model.

    Raises:
        GraphUnsuited: the file is none.
        ToolMissing: ``onnx`` is not installed.
    """
    onnx = tool("onnx")
    decode_error = tool("google.protobuf.message").DecodeError
    try:
        return onnx.load(str(path))
    except (OSError, decode_error) as error:
        raise GraphUnsuited(f"model {path}: it cannot be read as ONNX ({error})") from error


def save_graph(model: Any, path: Path) -> Path:
    """Write an ONNX model; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tool("onnx").save(model, str(path))
    return path


def with_opset(model: Any) -> Any:
    """Return a model with at least opset 17, converted if it is older.

    Raises:
        GraphUnsuited: it cannot be converted.
    """
    version = max(one.version for one in model.opset_import if one.domain in {"", "ai.onnx"})
    if version >= _OPSET:
        return model
    converter = tool("onnx.version_converter")
    try:
        converted = converter.convert_version(model, _OPSET)
    except (RuntimeError, ValueError) as error:
        raise GraphUnsuited(
            f"the graph of opset {version} cannot be converted to {_OPSET} ({error}); export it with "
            f"opset {_OPSET}"
        ) from error
    del converted.metadata_props[:]
    converted.metadata_props.extend(model.metadata_props)
    return converted


def simplify(model: Any) -> Any:
    """Return a model with constants folded and what is not needed left out (onnxslim, MIT).

    Raises:
        ToolMissing: ``onnxslim`` is not installed.
    """
    slim = tool("onnxslim").slim(model)
    if not slim.metadata_props:
        slim.metadata_props.extend(model.metadata_props)
    return slim


def input_size(model: Any) -> tuple[int, int] | None:
    """Return rows and columns of a model's input; None where they are free."""
    dims = model.graph.input[0].type.tensor_type.shape.dim
    rows, columns = (dims[place].dim_value for place in (2, 3))
    return (rows, columns) if rows > 0 and columns > 0 else None


def tail_nodes(model: Any) -> Iterator[str]:
    """Yield the names of nodes that no convolution larger than one pixel follows, convolutions excepted.

    They turn the last features into boxes: numbers of very different size meet there, which eight bits
    cannot hold. Source: measured.md §6 (YOLO11n with its head quantised finds nothing at all).
    """
    users: dict[str, list[Any]] = {}
    for node in model.graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    kernels = _kernels(model)
    followed: dict[int, bool] = {}
    for node in reversed(model.graph.node):
        followed[id(node)] = any(
            _is_spatial(user, kernels) or followed.get(id(user), False)
            for name in node.output
            for user in users.get(name, ())
        )
    for node in model.graph.node:
        if not followed[id(node)] and node.op_type != "Conv":
            yield node.name


def _kernels(model: Any) -> dict[str, int]:
    """Return the number of pixels of every kernel by the name of its weights."""
    return {
        weights.name: int(weights.dims[2] * weights.dims[3])
        for weights in model.graph.initializer
        if len(weights.dims) == 4
    }


def _is_spatial(node: Any, kernels: dict[str, int]) -> bool:
    return node.op_type == "Conv" and kernels.get(node.input[1], 9) > 1

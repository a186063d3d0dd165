"""The bare network in each runtime and precision, beside ONNX Runtime in FP32 with as many threads."""

import importlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper

from benchmarks.edge.media import MODEL, STREET
from benchmarks.edge.statistics import median_interval
from edge.cameras.frame import Frame
from edge.vision.framing import Framing
from edge.vision.onnx_model import OnnxModel
from models.shrinking.errors import ToolMissing
from models.shrinking.graph import open_graph, save_graph, simplify, with_opset
from models.shrinking.pictures import gather
from models.shrinking.quantisation import quantise, quantise_with_nncf

__all__ = ["folded_over_framed", "runtimes"]

Run = Callable[[], object]

_RUNS = 10
"""Inferences in a turn."""


def runtimes(path: Path = MODEL, *, rounds: int) -> dict[str, object]:
    """Return inferences/s of each runtime and precision over those of ONNX Runtime in FP32.

    Args:
        path: the network.
        rounds: in each, all take turns; medians with the ends of their 95 % interval.
    """
    frames = gather(STREET, most=12, every=4).calibration
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        files = _variants(path, Path(folder), frames)
        for threads in (1, 2):
            parts = _parts(path, files, threads, frames[0])
            for name, ratio in _ratios(parts, rounds).items():
                key = f"{name}_over_ort_fp32_{threads}_threads"
                figures |= {key: ratio[0], f"{key}_95": list(ratio[1:])}
    return figures


def _variants(path: Path, folder: Path, frames: tuple[Frame, ...]) -> dict[str, Path]:
    facts, graph = OnnxModel(path).facts, simplify(with_opset(open_graph(path)))
    files = {"int8": quantise(graph, folder / "int8.onnx", facts, frames, keep_tail=True)}
    try:
        files["nncf"] = quantise_with_nncf(graph, folder / "nncf.onnx", facts, frames)
    except ToolMissing:
        return files
    return files


def _parts(path: Path, files: dict[str, Path], threads: int, frame: Frame) -> dict[str, Run]:
    model = OnnxModel(path, threads=threads)
    blob = Framing(model.facts).frame(frame).blob.copy()
    eight = OnnxModel(files["int8"], threads=threads)
    parts: dict[str, Run] = {
        "ort_fp32": lambda: model.run(blob),
        "ort_int8": lambda: eight.run(blob),
    }
    try:
        importlib.import_module("openvino")
    except ImportError:
        return parts
    for name, file, precision in (
        ("openvino_fp32", path, "f32"),
        ("openvino_bf16", path, "bf16"),
        ("openvino_int8", files.get("nncf"), "f32"),
    ):
        if file is not None:
            request = _openvino(file, threads, precision)
            parts[name] = lambda request=request: request.infer([blob])  # type: ignore[misc]
    return parts


def _openvino(path: Path, threads: int, precision: str) -> Any:
    openvino = importlib.import_module("openvino")
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": precision,
    }
    return openvino.Core().compile_model(str(path), "CPU", settings).create_infer_request()


def _ratios(
    parts: dict[str, Run], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, tuple[float, float, float]]:
    """Return each part's speed over that of the first, paired within rounds."""
    first = next(iter(parts))
    seconds: dict[str, list[float]] = {name: [] for name in parts}
    for run in parts.values():
        run()
    for _ in range(rounds):
        for name, run in parts.items():
            started_s = clock()
            for _ in range(_RUNS):
                run()
            seconds[name].append(clock() - started_s)
    return {
        name: median_interval(
            [one / other for one, other in zip(seconds[first], taken, strict=True)]
        )
        for name, taken in seconds.items()
        if name != first
    }


def folded_over_framed(*, rounds: int) -> dict[str, object]:
    """Return pictures/s with the cast and the turning of axes in the graph over those without.

    Both scale the picture themselves; the folded one hands over bytes, rows by columns by colours. By
    seconds of the processor: both use one thread, and other load disturbs them less.
    """
    model = OnnxModel(MODEL)
    framing = Framing(model.facts)
    frame = gather(STREET, most=2, every=1).comparison[0]
    columns, rows = _placed(frame, model)
    canvas = np.full((1, model.height, model.width, 3), 114, np.uint8)

    def framed() -> object:
        return model.run(framing.frame(frame).blob)

    with tempfile.TemporaryDirectory() as folder:
        session = _folded(Path(folder) / "folded.onnx")

        def folded() -> object:
            scaled = frame.scaled_bgr(0, 0, frame.width, frame.height, columns, rows)
            canvas[0, :rows, :columns] = scaled
            return session(canvas)

        assert np.allclose(framed(), folded(), atol=0.05)  # type: ignore[arg-type]
        parts: dict[str, Run] = {"framed": framed, "folded": folded}
        ratio = _ratios(parts, rounds, time.process_time)["folded"]
    return {"folded_over_framed": ratio[0], "folded_over_framed_95": list(ratio[1:])}


def _placed(frame: Frame, model: OnnxModel) -> tuple[int, int]:
    scale = min(model.height / frame.height, model.width / frame.width)
    return int(frame.width * scale), int(frame.height * scale)


def _folded(path: Path) -> Callable[[NDArray[np.uint8]], object]:
    import onnxruntime  # noqa: PLC0415 - half a second

    graph = with_opset(open_graph(MODEL))
    given = graph.graph.input[0]
    sides = [one.dim_value for one in given.type.tensor_type.shape.dim]
    nodes = [
        helper.make_node("Cast", ["bytes"], ["numbers"], "fold_cast", to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["numbers"], [given.name], "fold_turn", perm=[0, 3, 1, 2]),
    ]
    whole = [*nodes, *graph.graph.node]
    del graph.graph.node[:]
    graph.graph.node.extend(whole)
    del graph.graph.input[:]
    shape = [1, sides[2], sides[3], 3]
    graph.graph.input.append(helper.make_tensor_value_info("bytes", TensorProto.UINT8, shape))
    save_graph(graph, path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(path), sess_options=options, providers=["CPUExecutionProvider"]
    )
    return lambda canvas: session.run(None, {"bytes": canvas})[0]

"""Eight bits instead of thirty-two: static quantisation with what real frames look like inside."""

import contextlib
import logging
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.vision.framing import Framing
from edge.vision.network_facts import NetworkFacts
from models.shrinking.errors import PicturesMissing
from models.shrinking.graph import tail_nodes, tool

__all__ = ["quantise", "quantise_with_nncf"]


class _Blobs:
    """Network inputs one after the other, in the form that the calibration reads them."""

    def __init__(self, name: str, blobs: Sequence[NDArray[np.floating]]) -> None:
        self._name = name
        self._left = iter(blobs)

    def get_next(self) -> dict[str, NDArray[np.floating]] | None:
        """Return the next input; None after the last."""
        blob = next(self._left, None)
        return None if blob is None else {self._name: blob}


def quantise(
    model: Any,
    to: Path,
    facts: NetworkFacts,
    frames: Sequence[Frame],
    *,
    keep_tail: bool,
    keep: Sequence[str] = (),
) -> Path:
    """Write a model with weights and activations of eight bits (QDQ, per channel); return its path.

    Args:
        model: the ONNX model, of opset 17 or later.
        to: the file.
        facts: of the network.
        frames: to calibrate with.
        keep_tail: leave what turns features into boxes in FP32.
        keep: regular expressions; nodes whose name one finds stay in FP32 as well.

    Raises:
        PicturesMissing: there are no frames.
        ToolMissing: ``onnx`` is not installed.
    """
    if not frames:
        raise PicturesMissing("no frames to calibrate with: give --frames")
    quantization = tool("onnxruntime.quantization")
    onnx = tool("onnx")
    named = _named(model)
    kept = set(tail_nodes(named)) if keep_tail else set()
    kept |= {
        node.name
        for node in named.graph.node
        if any(re.search(pattern, node.name) for pattern in keep)
    }
    to.parent.mkdir(parents=True, exist_ok=True)
    source = to.with_suffix(".source.onnx")
    try:
        inferred = onnx.shape_inference.infer_shapes(named)
        _mark_prepared(inferred)
        onnx.save(inferred, str(source))
        quantization.quantize_static(
            str(source),
            str(to),
            _Blobs(named.graph.input[0].name, list(_blobs(facts, frames))),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=quantization.CalibrationMethod.MinMax,
            nodes_to_exclude=sorted(kept),
            extra_options={"CalibTensorRangeSymmetric": False, "CalibMovingAverage": True},
        )
    finally:
        source.unlink(missing_ok=True)
    return to


def quantise_with_nncf(
    model: Any, to: Path, facts: NetworkFacts, frames: Sequence[Frame], *, keep: Sequence[str] = ()
) -> Path:
    """Write the same as NNCF (Apache-2.0) does it, for OpenVINO; return the path.

    Raises:
        PicturesMissing: there are no frames.
        ToolMissing: ``nncf`` is not installed.
    """
    if not frames:
        raise PicturesMissing("no frames to calibrate with: give --frames")
    # else it tells its makers' statistics service of every run, unasked
    os.environ.setdefault("NNCF_CI", "1")
    nncf, onnx = tool("nncf"), tool("onnx")
    named = _named(model)
    name = named.graph.input[0].name
    kept = set(tail_nodes(named)) | {
        node.name
        for node in named.graph.node
        if any(re.search(pattern, node.name) for pattern in keep)
    }
    inputs = nncf.Dataset(list(_blobs(facts, frames)), lambda blob: {name: blob})
    nncf.set_log_level(logging.ERROR)
    # its progress goes to stdout, where machines read our answer
    with contextlib.redirect_stdout(sys.stderr):
        done = nncf.quantize(
            named,
            inputs,
            subset_size=len(frames),
            preset=nncf.QuantizationPreset.MIXED,
            ignored_scope=nncf.IgnoredScope(names=sorted(kept)),
        )
    to.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(done, str(to))
    return to


def _mark_prepared(model: Any) -> None:
    """Say in a graph that it is simplified and its shapes are known: else the quantiser asks for it."""
    stored = {one.key: one.value for one in model.metadata_props}
    stored["onnx.quant.pre_process"] = "onnxruntime.quant"
    tool("onnx.helper").set_model_props(model, stored)


def _named(model: Any) -> Any:
    """Return a copy in which every node has a name: exclusions go by name."""
    copy = type(model)()
    copy.CopyFrom(model)
    for number, node in enumerate(copy.graph.node):
        if not node.name:
            node.name = f"{node.op_type}_{number}"
    return copy


def _blobs(facts: NetworkFacts, frames: Sequence[Frame]) -> Iterator[NDArray[np.floating]]:
    framing = Framing(facts)
    for frame in frames:
        yield framing.frame(frame).blob.copy()

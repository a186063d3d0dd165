"""A new model's trial, in a process of its own: what crashes, hangs or eats memory takes nobody along.

``python -m edge.model_store.trial`` reads one JSON object, tries the model, writes one JSON object.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from edge.errors import ModelError
from runtime.bundles.errors import BundleUnfit
from runtime.bundles.manifest import Golden

__all__ = ["Trial", "TrialOrder", "TrialResult", "main", "run_trial", "run_trial_here", "try_model"]

_LOOKS = 3
"""Looks at the golden picture: the first warms up, the rest are timed."""
_NICE = 10
"""The cameras go on meanwhile: the trial takes what processor time they leave."""


class TrialOrder(Struct, frozen=True, kw_only=True):
    """What is to be tried."""

    network: str
    """Path of the ONNX file."""
    picture: bytes
    golden: Golden
    layout: str
    labels: tuple[str, ...]
    input_px: tuple[int, int]
    runtime: str
    threads: int
    low_confidence: float
    confidence: float
    nms_iou: float


class TrialResult(Struct, frozen=True, kw_only=True):
    """What came of it."""

    fault: str = ""
    """Why the model must not run here; empty where it may."""
    look_ms: float = 0.0
    """Milliseconds of one look."""


class Trial(Protocol):
    """Tries a model.

    Adapters: :func:`run_trial` and :func:`run_trial_here`.
    """

    def __call__(self, order: TrialOrder, *, timeout_s: float) -> TrialResult:
        """Return what comes of it.

        Raises:
            BundleUnfit: the model must not run here.
        """
        ...


def try_model(order: TrialOrder) -> TrialResult:
    """Return what comes of loading a model and showing it its golden picture, in this process."""
    # only the trial's own process needs them
    from edge.model_store.self_test import (  # noqa: PLC0415
        golden_faults,
        golden_frame,
        seen_boxes,
    )
    from edge.vision.onnx_detector import OnnxDetector  # noqa: PLC0415

    try:
        detector = OnnxDetector(
            Path(order.network),
            layout=order.layout,
            names=order.labels,
            confidence=order.low_confidence,
            nms_iou=order.nms_iou,
            threads=order.threads,
            runtime=order.runtime,
        )
        if detector.input_px != order.input_px:
            msg = f"its input is {detector.input_px}, the manifest says {order.input_px}"
            return TrialResult(fault=msg)
        frame = golden_frame(order.picture)
        seen = seen_boxes(detector, frame, order.low_confidence)
        begun_s = time.perf_counter()
        for _ in range(_LOOKS - 1):
            seen = seen_boxes(detector, frame, order.low_confidence)
        look_ms = (time.perf_counter() - begun_s) / (_LOOKS - 1) * 1000.0
    except ModelError as error:
        return TrialResult(fault=str(error))
    faults = golden_faults(order.golden, seen, order.confidence)
    if faults:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        return TrialResult(fault=f"the self-test fails: {'; '.join(faults[:3])}{more}")
    return TrialResult(look_ms=round(look_ms, 2))


def run_trial(order: TrialOrder, *, timeout_s: float) -> TrialResult:
    """Return what comes of a trial in a process of its own.

    Args:
        order: what is tried.
        timeout_s: seconds after which it has failed.

    Raises:
        BundleUnfit: the process crashed, hung, or the model must not run here.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "edge.model_store.trial"],
            input=msgspec.json.encode(order),
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BundleUnfit(f"the trial took longer than {timeout_s:g} s") from error
    try:
        result = msgspec.json.decode(done.stdout, type=TrialResult)
    except msgspec.DecodeError as error:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no word"]
        msg = f"the trial broke down with exit code {done.returncode}: {last[0][:300]}"
        raise BundleUnfit(msg) from error
    if result.fault:
        raise BundleUnfit(result.fault)
    return result


def run_trial_here(order: TrialOrder, *, timeout_s: float) -> TrialResult:
    """Return what comes of a trial in this process, for a box that does everything in one step.

    Raises:
        BundleUnfit: the model must not run here, or took longer than ``timeout_s``.
    """
    begun_s = time.monotonic()
    result = try_model(order)
    if result.fault:
        raise BundleUnfit(result.fault)
    if time.monotonic() - begun_s > timeout_s:
        raise BundleUnfit(f"the trial took longer than {timeout_s:g} s")
    return result


def main() -> None:
    """Try what standard input says; write the result to standard output."""
    os.nice(_NICE)
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=TrialOrder)
    sys.stdout.buffer.write(msgspec.json.encode(try_model(order)))


if __name__ == "__main__":
    main()

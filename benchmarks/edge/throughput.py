"""The whole pipeline beside the bare network: decoding, gate, framing, tracking around one session."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from benchmarks.edge.media import MODEL, STREET
from benchmarks.edge.statistics import median_interval
from edge.attention.focus import Focus, FocusPolicy
from edge.cameras.frame import Frame
from edge.cameras.pyav_source import PyAvSource
from edge.perception import Pending, Perception
from edge.vision.framing import Framing
from edge.vision.motion_gate import MotionGate
from edge.vision.onnx_model import OnnxModel
from edge.vision.ports import Awaited
from edge.vision.tracker import Tracker
from edge.workers.inference_pool import InferencePool
from edge.workers.nursery import Nursery
from edge.workers.orders import DecoderOrder, ModelOrder
from edge.workers.pooled_detector import PooledDetector
from edge.workers.process_feed import ProcessFeed

__all__ = ["Line", "box_line", "over_raw"]

_CAMERAS = 2
"""For each worker, so that one camera's frame is looked at while the other's is told of, as on every box."""

_REST_S = 0.02
"""Most seconds that the loop waits for an answer."""


def over_raw(
    threads: int, *, rounds: int, frames: int, workers: int = 1
) -> tuple[float, float, float]:
    """Return frames/s of the pipeline over runs/s of the bare network: median and 95 % interval.

    Every frame is inferred. Rounds of both take turns, and each round gives one ratio. The bare network
    has as many threads as all workers together.

    Args:
        threads: of one inference in the pipeline.
        rounds: pairs.
        frames: in each half of a pair.
        workers: processes that infer.
    """
    model = OnnxModel(MODEL, threads=threads * workers)
    blob = _blob(model)
    ratios = []
    with box_line(threads, workers) as line:
        line.run(frames // 2)
        for _ in range(rounds):
            started_s = time.perf_counter()
            for _ in range(frames):
                model.run(blob)
            between_s = time.perf_counter()
            line.run(frames)
            ratios.append((between_s - started_s) / (time.perf_counter() - between_s))
    return median_interval(ratios)


@contextmanager
def box_line(
    threads: int, workers: int = 1, *, model: Path = MODEL, film: Path = STREET
) -> Iterator["Line"]:
    """Give what a box runs: decoders, workers, and the loop that feeds them; every frame is inferred.

    Args:
        threads: of one inference.
        workers: processes that infer.
        model: the network.
        film: what every camera shows, looped.
    """
    order = ModelOrder(model, "auto", None, 0.1, threads, "onnxruntime")
    nursery = Nursery()
    pool = InferencePool([order], workers, nursery, Random(1))
    cameras = range(_CAMERAS * workers)
    feeds = [ProcessFeed(_decoder(number, film), nursery, Random(1)) for number in cameras]
    try:
        pool.start()
        for feed in feeds:
            feed.start()
        yield Line(pool, [_eye(pool, order) for _ in cameras], feeds)
    finally:
        for feed in feeds:
            feed.close()
        pool.close()


def _blob(model: OnnxModel) -> NDArray[np.floating]:
    source = PyAvSource("raw", STREET, pace="fast")
    source.open()
    frame = source.read(1.0)
    source.close()
    assert frame is not None
    # the very input that the pipeline feeds: only as large as the picture needs
    return Framing(model.facts, trim=True).frame(frame).blob


def _eye(pool: InferencePool, order: ModelOrder) -> Perception:
    detector = PooledDetector(pool, order)
    focus = Focus(FocusPolicy(gating=False), input_px=detector.input_px)
    return Perception(detector, Tracker(detector.names), MotionGate(), focus=focus)


def _decoder(number: int, film: Path) -> DecoderOrder:
    return DecoderOrder(
        camera=f"c-{number}",
        address=film,
        live=False,
        fast=True,
        loop=True,
        transport="tcp",
        timeout_s=5.0,
        seed=number,
    )


class Line:
    """Cameras whose frames take turns at one worker."""

    def __init__(
        self, pool: InferencePool, eyes: list[Perception], feeds: list[ProcessFeed]
    ) -> None:
        self._pool = pool
        self._eyes = eyes
        self._feeds = feeds
        self._asked: list[tuple[Pending, Awaited] | None] = [None] * len(eyes)
        self._waiting: list[list[Frame]] = [[] for _ in eyes]

    def run(self, frames: int) -> None:
        """Return when so many more frames have been looked at."""
        done = 0
        for number in cycle(range(len(self._eyes))):
            self._pool.step()
            done += self._settle(number)
            if done >= frames:
                return
            if self._asked[number] is None:
                self._ask(number)
            if all(asked is not None for asked in self._asked):
                # as a box's loop does: questions are put before it rests
                self._pool.step()
                self._pool.wait(_REST_S)

    def _settle(self, number: int) -> int:
        asked = self._asked[number]
        if asked is None or not asked[1].done:
            return 0
        self._eyes[number].finish(asked[0], asked[1].take())
        self._asked[number] = None
        return 1

    def _ask(self, number: int) -> None:
        waiting = self._waiting[number]
        if not waiting:
            waiting += self._feeds[number].take(datetime.now(UTC))
        if not waiting:
            return
        frame, eye = waiting.pop(0), self._eyes[number]
        if frame.discontinuity:
            eye.forget()
        begun = eye.begin(frame)
        if isinstance(begun, Pending):
            awaited = eye.ask(begun)
            assert awaited is not None
            self._asked[number] = begun, awaited

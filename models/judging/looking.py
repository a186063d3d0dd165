"""A detector looks at every picture of a set: what it found, and how long each stage took.

Everything but the network runs in a second thread, a few pictures ahead, as a box's decoder does: the
network, which is what costs, waits for nothing.
"""

import resource
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edge.cameras.frame import Frame
from edge.vision.detections import Detections
from edge.vision.framing import Framed, Framing
from edge.vision.network_facts import NetworkFacts
from edge.vision.network_runtime import Network, load_network
from models.judging.boxes import Floats, Found
from models.judging.frames import frames_of
from models.judging.judged_set import JudgedSet

__all__ = ["Candidate", "Looked", "look"]

_AHEAD = 4
"""Pictures that are decoded and framed before the network wants them."""

STAGES = ("decode", "frame", "network", "boxes")
"""Decoding; scaling into the network's input; inference with reading its output; suppression."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model as it is to be judged.

    Attributes:
        path: the ``.onnx`` file.
        runtime: onnxruntime or openvino.
        threads: of one inference.
        low_confidence: lowest score (0..1) of boxes that are looked at. COCO's figures want nearly all
            boxes; default 0.01.
        nms_iou: overlap above which the weaker box of one class goes, 0..1.
        layout: auto, yolox or ultralytics.
        names: class names; empty: the file's own.
        input_size: rows and columns for a network whose input is free.
        renamed: class of the labels by class of the model, where they differ.
    """

    path: Path
    runtime: str = "onnxruntime"
    threads: int = 1
    low_confidence: float = 0.01
    nms_iou: float = 0.45
    layout: str = "auto"
    names: tuple[str, ...] = ()
    input_size: tuple[int, int] = (640, 640)
    renamed: dict[str, str] = field(default_factory=dict)

    def load(self) -> Network:
        """Return the network, loaded and warmed up.

        Raises:
            ModelError: the file cannot be used.
        """
        return load_network(
            self.path,
            runtime=self.runtime,
            layout=self.layout,
            names=self.names or None,
            threads=self.threads,
            input_size=self.input_size,
        )


@dataclass(frozen=True, slots=True)
class Looked:
    """What a model found in a set.

    Attributes:
        facts: of the network.
        found: boxes of classes that the labels know.
        elsewhere: boxes of classes that the labels do not know; they cannot be judged.
        stage_s: seconds of each stage for each picture, float64 (pictures,), by name.
        wall_s: seconds from the first picture to the last.
        peak_rss_mb: most memory of this process, MB.
    """

    facts: NetworkFacts
    found: Found
    elsewhere: int
    stage_s: dict[str, Floats]
    wall_s: float
    peak_rss_mb: float


def look(
    candidate: Candidate, judged: JudgedSet, *, progress: Callable[[int], None] = lambda _n: None
) -> Looked:
    """Return what a model finds in every picture of a set.

    Raises:
        ModelError: the model cannot be used.
        DataRefused: a picture cannot be read.
    """
    network = candidate.load()
    facts = network.facts
    reader = Framing(facts, nms_iou=candidate.nms_iou, trim=True)
    wanted = _class_numbers(facts.names, judged.classes, candidate.renamed)
    stages = {name: np.zeros(len(judged.pictures)) for name in STAGES}
    rows: list[tuple[int, Detections]] = []
    started_s = time.perf_counter()
    for number, ready in enumerate(_prepared(judged, facts, candidate.nms_iou)):
        before_s = time.perf_counter()
        boxes = network.boxes(ready.framed.blob, candidate.low_confidence)
        between_s = time.perf_counter()
        detections = reader.read(ready.framed, boxes)
        assert isinstance(detections, Detections)
        rows.append((number, detections))
        stages["decode"][number] = ready.decode_s
        stages["frame"][number] = ready.frame_s
        stages["network"][number] = between_s - before_s
        stages["boxes"][number] = time.perf_counter() - between_s
        progress(number + 1)
    wall_s = time.perf_counter() - started_s
    found = _gathered(rows, wanted)
    known = found.class_id >= 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    return Looked(facts, found.rows(known), int((~known).sum()), stages, wall_s, peak)


@dataclass(frozen=True, slots=True)
class _Ready:
    framed: Framed
    decode_s: float
    frame_s: float


class _Bench:
    """Decodes and frames pictures one after the other; for one thread.

    An input array is overwritten by its framing's next picture: there are more of them than pictures
    that wait.
    """

    def __init__(self, judged: JudgedSet, facts: NetworkFacts, nms_iou: float) -> None:
        self._frames: Iterator[Frame] = frames_of(judged.pictures)
        self._framings = deque(
            Framing(facts, nms_iou=nms_iou, trim=True) for _ in range(_AHEAD + 2)
        )

    def next(self) -> _Ready:
        """Return the next picture as an input of the network."""
        started_s = time.perf_counter()
        frame = next(self._frames)
        between_s = time.perf_counter()
        self._framings.rotate(1)
        framed = self._framings[0].frame(frame)
        return _Ready(framed, between_s - started_s, time.perf_counter() - between_s)


def _prepared(judged: JudgedSet, facts: NetworkFacts, nms_iou: float) -> Iterator[_Ready]:
    bench = _Bench(judged, facts, nms_iou)
    with ThreadPoolExecutor(1, thread_name_prefix="judged-pictures") as reader:
        waiting: deque[Future[_Ready]] = deque()
        for _ in judged.pictures:
            waiting.append(reader.submit(bench.next))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _class_numbers(
    names: tuple[str, ...], classes: tuple[str, ...], renamed: dict[str, str]
) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return the labels' class number of each of the model's classes, -1 where there is none."""
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers.get(renamed.get(name, name), -1) for name in names], np.int64)


def _gathered(
    rows: list[tuple[int, Detections]], wanted: "np.ndarray[tuple[int], np.dtype[np.int64]]"
) -> Found:
    counts = [len(detections) for _, detections in rows]
    xyxy = np.concatenate([np.empty((0, 4)), *(d.xyxy for _, d in rows)]).astype(np.float64)
    kinds = np.concatenate([np.empty(0, np.int64), *(d.class_id for _, d in rows)])
    score = np.concatenate([np.empty(0), *(d.confidence for _, d in rows)]).astype(np.float64)
    xywh = np.concatenate((xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]), axis=1)
    image = np.repeat(np.array([number for number, _ in rows], np.int64), counts)
    return Found(image, wanted[kinds], xywh, score)

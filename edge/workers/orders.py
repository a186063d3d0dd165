"""What crosses the pipes between the agent and its workers; all of it small, pictures go beside it.

What crosses with every frame is a tuple with names here and a plain one in the pipe, where it is told from the
rest by that: :func:`edge.workers.outlet.post`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge.cameras.clip import Clip
from edge.vision.output_layouts import Boxes

__all__ = [
    "Answer",
    "ClipNote",
    "ClipOrder",
    "DecoderOrder",
    "FrameNote",
    "ModelOrder",
    "Notice",
    "Question",
]


@dataclass(frozen=True, slots=True)
class DecoderOrder:
    """What a decoder is to read.

    Attributes:
        camera: the camera's id.
        address: what the decoder opens; may hold credentials, so it is never shown.
        live: whether to open it again after a fault.
        fast: files only: as fast as frames are taken, none dropped.
        loop: files only: begin again at the end.
        transport: tcp or udp, for RTSP.
        timeout_s: seconds without an answer until the source counts as faulty.
        seed: of the jitter between attempts.
        slots: frames that may lie in shared memory at a time.
        clip_span_s: seconds of the coded stream that are kept; 0 keeps none.
        clip_bytes: most bytes of them.
    """

    camera: str
    address: str | Path = field(repr=False)
    live: bool
    fast: bool
    loop: bool
    transport: str
    timeout_s: float
    seed: int
    slots: int = 3
    clip_span_s: float = 0.0
    clip_bytes: int = 0


class FrameNote(NamedTuple):
    """A frame lies in a slot of a block of shared memory, three planes after one another.

    ``sent_s`` is the machine's monotonic clock, which all its processes share: a camera's own clock
    drifts, and must not look like a box that is late.
    """

    block: str
    block_bytes: int
    slot: int
    width: int
    height: int
    number: int
    pts_s: float
    captured_at: datetime
    discontinuity: bool
    sent_s: float


@dataclass(frozen=True, slots=True)
class ClipOrder:
    """A stretch of the stream that the agent wants."""

    ticket: int
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class ClipNote:
    """What came of a wish for a clip; None where nothing of that time is kept."""

    ticket: int
    clip: Clip | None


@dataclass(frozen=True, slots=True)
class Notice:
    """How a decoder fares: its counters, why no frames come, and whether it is over."""

    counters: dict[str, int]
    trouble: str | None = None
    fault: str | None = None
    over: bool = False


@dataclass(frozen=True, slots=True)
class ModelOrder:
    """A network that a worker is to load.

    Attributes:
        path: the ONNX file.
        layout: auto, yolox or ultralytics.
        names: class names; None takes the file's own.
        confidence: least score that is answered, 0..1.
        threads: of one inference.
        runtime: ``onnxruntime`` or ``openvino``.
    """

    path: Path
    layout: str
    names: tuple[str, ...] | None
    confidence: float
    threads: int
    runtime: str


class Question(NamedTuple):
    """The input in a slot, for the network with this number; it may be smaller than the slot."""

    ticket: int
    model: int
    slot: int
    height: int
    width: int


class Answer(NamedTuple):
    """Boxes of one question; None where the network failed, with the reason.

    ``rows`` are float32 (n, 6): x0, y0, x1, y1 in input pixels, score, class.
    """

    ticket: int
    rows: bytes | None
    seconds: float
    fault: str = ""

    @classmethod
    def of(cls, ticket: int, boxes: Boxes, seconds: float) -> "Answer":
        """Return the answer that holds these boxes."""
        rows = np.empty((len(boxes.scores), 6), np.float32)
        rows[:, :4], rows[:, 4], rows[:, 5] = boxes
        return cls(ticket, rows.tobytes(), seconds)

    def boxes(self) -> Boxes | None:
        """Return the boxes, or None where there is no answer."""
        if self.rows is None:
            return None
        rows = np.frombuffer(self.rows, np.float32).reshape(-1, 6)
        return Boxes(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int32))

"""Runs a candidate on a share of the frames, on a thread of its own that nobody waits for."""

import threading
import time
from collections.abc import Callable

import structlog

from edge.cameras.frame import Frame
from edge.errors import InferenceFault, ModelError
from edge.shadow.agreement import Agreement, agreement
from edge.vision.detections import Detections
from edge.vision.ports import Detector

__all__ = ["Disagreed", "ShadowRunner"]

_LOG = structlog.get_logger("edge.shadow")

_MOST_FAULTS = 3
"""Frames in a row on which a candidate may fail before it is given up."""

Disagreed = Callable[[Frame, str], None]
"""Told of frames about which the two do not agree, and which of the camera's further models the incumbent
is; empty: its first."""


class ShadowRunner:
    """Compares a candidate with the incumbent, frame by frame.

    One frame may wait; what comes meanwhile is dropped and counted, so that the cameras never wait
    for the shadow.

    Args:
        detector: the candidate; only this runner may use it.
        share: of the frames that are looked at, 0..1.
        confidence: from which (0..1) the candidate's findings count.
        threaded: False looks within :meth:`offer`.
        disagreed: told of frames about which the two do not agree.

    Attributes:
        counters: ``shadow_frames``, ``shadow_dropped``, ``shadow_faults``, ``shadow_ms`` (sum), and
            things: ``shadow_matched``, ``shadow_renamed``, ``shadow_only_incumbent``,
            ``shadow_only_candidate``.
        fault: why the candidate was given up; empty while it was not.
    """

    def __init__(
        self,
        detector: Detector,
        *,
        share: float,
        confidence: float,
        threaded: bool,
        disagreed: Disagreed = lambda _frame, _further: None,
    ) -> None:
        self._detector = detector
        self._share = share
        self._confidence = confidence
        self._disagreed = disagreed
        self._owed = 0.0
        self._row = 0
        self._waiting: tuple[Frame, Detections, str] | None = None
        self._wake = threading.Condition()
        self._stopped = False
        self.fault = ""
        self.counters = dict.fromkeys(
            (
                "shadow_frames",
                "shadow_dropped",
                "shadow_faults",
                "shadow_ms",
                "shadow_matched",
                "shadow_renamed",
                "shadow_only_incumbent",
                "shadow_only_candidate",
            ),
            0,
        )
        self._thread = (
            threading.Thread(target=self._run, name="shadow", daemon=True) if threaded else None
        )
        if self._thread is not None:
            self._thread.start()

    def offer(self, frame: Frame, found: Detections, counts_from: float, further: str = "") -> None:
        """Let the candidate look at a frame, if it is its turn.

        Args:
            frame: a whole frame that the incumbent has looked at.
            found: what it found.
            counts_from: confidence (0..1) from which its findings count.
            further: which of the camera's further models it is; empty: its first.
        """
        if self.fault:
            return
        self._owed += self._share
        if self._owed < 1.0:
            return
        self._owed -= 1.0
        counted = found.mask(found.confidence >= counts_from)
        if self._thread is None:
            self._look(frame, counted, further)
            return
        with self._wake:
            if self._waiting is not None:
                self.counters["shadow_dropped"] += 1
                return
            self._waiting = frame, counted, further
            self._wake.notify()

    def close(self) -> None:
        """End in order; a look that is under way is waited for."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(timeout=10.0)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._stopped or self._waiting is not None)
                if self._stopped:
                    return
                assert self._waiting is not None
                frame, found, further = self._waiting
            self._look(frame, found, further)
            with self._wake:
                # only now: a frame that comes while one is looked at is dropped
                self._waiting = None

    def _look(self, frame: Frame, found: Detections, further: str) -> None:
        begun_s = time.perf_counter()
        try:
            other = self._detector.detect(frame)
        except (InferenceFault, ModelError) as error:
            self.counters["shadow_faults"] += 1
            self._row += 1
            if self._row >= _MOST_FAULTS:
                self.fault = str(error)
                _LOG.error("shadow_given_up", reason=self.fault)
            return
        self._row = 0
        self.counters["shadow_ms"] += round((time.perf_counter() - begun_s) * 1000.0)
        agreed = agreement(found, other.mask(other.confidence >= self._confidence))
        self._count(agreed)
        if agreed.disputed:
            self._disagreed(frame, further)

    def _count(self, agreed: Agreement) -> None:
        self.counters["shadow_frames"] += 1
        for name in Agreement._fields:
            self.counters[f"shadow_{name}"] += getattr(agreed, name)

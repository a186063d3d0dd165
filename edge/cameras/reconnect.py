r"""Keeps a camera alive: opens it again after every fault, ever more patiently.

::

    CLOSED --open--> STREAMING --fault--> WAITING --delay over--> STREAMING
                        |                    ^  \--refused--> WAITING (longer)
                        +--end of file--> ENDED

There is never more than one attempt under way, and the delay between two is drawn at random
(full jitter), so that a street's cameras do not all come back in the same second.
"""

import time
from collections.abc import Callable
from enum import StrEnum
from random import Random

from edge.cameras.frame import Frame
from edge.cameras.ports import CameraSource
from edge.errors import CameraEnded, CameraFault
from runtime.backoff import Backoff

__all__ = ["CameraState", "ReconnectingSource"]

_LEAST_STEP_S = 0.001
"""Presentation time moves on by at least this much across a gap."""


class CameraState(StrEnum):
    """Where a camera stands."""

    CLOSED = "closed"
    STREAMING = "streaming"
    WAITING = "waiting"
    ENDED = "ended"


class ReconnectingSource:
    """Wraps a source; faults become waiting, the first frame afterwards a discontinuity.

    Presentation time keeps growing across the gap, by the time that really passed, and the index
    keeps counting. A CameraSetup error is passed on: no retry cures it.

    Args:
        source: the camera.
        rng: draws the delays.
        base_s: upper limit of the first delay in seconds. Default 1.
        cap_s: upper limit of every delay in seconds. Default 60.
        seconds: a clock that only grows, in real seconds.
        wait: sleeps for so many real seconds.

    Attributes:
        counters: the wrapped source's, and ``faults``, ``reconnects``.
        state: where the camera stands.
        fault: the last fault, or None while frames come.
    """

    def __init__(
        self,
        source: CameraSource,
        rng: Random,
        *,
        base_s: float = 1.0,
        cap_s: float = 60.0,
        seconds: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.camera = source.camera
        self.state = CameraState.CLOSED
        self.fault: CameraFault | None = None
        self._source = source
        self._backoff = Backoff(base_s, cap_s, rng)
        self._seconds = seconds
        self._wait = wait
        self._retry_at_s = 0.0
        self._own = {"faults": 0, "reconnects": 0}
        self._last: Frame | None = None
        self._resumed = False
        self._pts_offset_s = 0.0
        self._index_offset = 0

    @property
    def counters(self) -> dict[str, int]:
        """What happened so far, by name."""
        return {**self._source.counters, **self._own}

    def open(self) -> None:
        """Try to connect; a refusal is no error here, it begins the waiting.

        Raises:
            CameraSetup: no retry can cure it.
        """
        if self.state in {CameraState.STREAMING, CameraState.WAITING}:
            return
        self._connect()

    def read(self, timeout_s: float) -> Frame | None:
        """Return the next frame; None when none came in time or the camera is away.

        Raises:
            CameraEnded: a recorded source came to its clean end.
            CameraSetup: no retry can cure it.
        """
        if self.state is CameraState.CLOSED:
            self._connect()
        if self.state is CameraState.WAITING and not self._wait_for_retry(timeout_s):
            return None
        if self.state is not CameraState.STREAMING:
            return None
        try:
            frame = self._source.read(timeout_s)
        except CameraEnded:
            self.state = CameraState.ENDED
            raise
        except CameraFault as fault:
            self._fail(fault)
            return None
        return None if frame is None else self._pass_on(frame)

    def close(self) -> None:
        """Let go of the camera; closing twice is harmless."""
        self._source.close()
        self.state = CameraState.CLOSED
        self._resumed = self._last is not None

    def _connect(self) -> None:
        try:
            self._source.open()
        except CameraFault as fault:
            self._fail(fault)
            return
        self.state = CameraState.STREAMING

    def _wait_for_retry(self, timeout_s: float) -> bool:
        left_s = self._retry_at_s - self._seconds()
        if left_s > timeout_s:
            self._wait(timeout_s)
            return False
        if left_s > 0.0:
            self._wait(left_s)
        self._own["reconnects"] += 1
        self._connect()
        return True

    def _fail(self, fault: CameraFault) -> None:
        self._source.close()
        self.state = CameraState.WAITING
        self.fault = fault
        self._own["faults"] += 1
        self._resumed = self._last is not None
        self._retry_at_s = self._seconds() + self._backoff.next_delay()

    def _pass_on(self, frame: Frame) -> Frame:
        # only a frame proves the camera well: one that accepts and then hangs up keeps waiting
        self._backoff.reset()
        self.fault = None
        if self._resumed and self._last is not None:
            gap_s = (frame.captured_at - self._last.captured_at).total_seconds()
            step_s = max(gap_s, _LEAST_STEP_S)
            self._pts_offset_s = self._last.pts_s + step_s - frame.pts_s
            self._index_offset = self._last.index + 1 - frame.index
        moved = frame.moved(
            pts_s=frame.pts_s + self._pts_offset_s,
            index=frame.index + self._index_offset,
            discontinuity=frame.discontinuity or self._resumed,
        )
        self._resumed = False
        self._last = moved
        return moved

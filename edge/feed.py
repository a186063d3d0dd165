"""How frames get from a camera to the agent's loop."""

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from threading import Condition, Event, Thread
from typing import Protocol

import structlog

from edge.cameras.frame import Frame
from edge.cameras.ports import CameraSource
from edge.cameras.reconnect import ReconnectingSource
from edge.errors import CameraEnded, CameraError, CameraFault, CameraSetup

__all__ = ["DirectFeed", "Feed", "ThreadedFeed"]

_READ_TIMEOUT_S = 0.5
_LOG = structlog.get_logger("edge.camera")


def _trouble(source: CameraSource) -> str | None:
    if isinstance(source, ReconnectingSource) and source.fault is not None:
        return str(source.fault)
    return None


def _damage(source: CameraSource, end: CameraEnded) -> str | None:
    """Return what a recording's end says where it came too early, else None."""
    lacking = source.counters.get("missing_frames", 0) + source.counters.get("broken_off", 0)
    return str(end) if lacking else None


class Feed(Protocol):
    """Frames of one camera, taken without waiting.

    Adapters: :class:`ThreadedFeed` (real cameras) and :class:`DirectFeed` (runs in one process).
    """

    camera: str

    @property
    def counters(self) -> dict[str, int]:
        """What happened so far, by name."""
        ...

    @property
    def ended(self) -> bool:
        """Whether a recorded source is over: no frame will come any more."""
        ...

    @property
    def fault(self) -> str | None:
        """What only a person can put right; None while there is hope."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why no frames come at present, where the camera says; None while they come."""
        ...

    @property
    def waited_s(self) -> float:
        """Real seconds that the oldest frame of the last :meth:`take` had waited."""
        ...

    def start(self) -> None:
        """Begin to read."""
        ...

    def take(self, now: datetime) -> list[Frame]:
        """Return the frames that wait, oldest first; never waits itself."""
        ...

    def close(self) -> None:
        """Stop reading and let go of the camera."""
        ...


class ThreadedFeed:
    """Reads a camera on a thread of its own, so that one that hangs holds up nobody.

    Args:
        source: the camera; opened, read and closed by the thread.
        capacity: frames that may wait.
        drop: True drops the oldest when the agent is late, and counts it; False (recordings read
            as fast as possible) makes the reader wait.
        seconds: a clock that only grows, in real seconds.
    """

    def __init__(
        self,
        source: CameraSource,
        *,
        capacity: int = 2,
        drop: bool = True,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.camera = source.camera
        self.waited_s = 0.0
        self._source = source
        self._seconds = seconds
        self._put_s: deque[float] = deque(maxlen=capacity)
        self._capacity = capacity
        self._drop = drop
        self._waiting: deque[Frame] = deque()
        self._changed = Condition()
        self._stop = Event()
        self._over = False
        self._fault: str | None = None
        self._dropped = 0
        self._thread = Thread(target=self._run, name=f"feed-{self.camera}", daemon=True)

    @property
    def counters(self) -> dict[str, int]:
        """The source's counters, and how many frames were dropped here."""
        return {**self._source.counters, "frames_overrun": self._dropped}

    @property
    def ended(self) -> bool:
        """Whether the recording is over and every frame of it was taken."""
        with self._changed:
            return self._over and not self._waiting

    @property
    def fault(self) -> str | None:
        """What only a person can put right."""
        return self._fault

    @property
    def trouble(self) -> str | None:
        """Why no frames come at present."""
        return self._fault or _trouble(self._source)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def take(self, now: datetime) -> list[Frame]:  # noqa: ARG002 - live frames are due at once
        """Return the frames that wait, oldest first."""
        with self._changed:
            frames = list(self._waiting)
            if self._put_s:
                self.waited_s = self._seconds() - self._put_s[0]
            self._waiting.clear()
            self._put_s.clear()
            self._changed.notify_all()
        return frames

    def close(self) -> None:
        """Stop the thread; a camera that hangs is left to its own timeout."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0 * _READ_TIMEOUT_S)

    def _run(self) -> None:
        try:
            self._source.open()
            while not self._stop.is_set():
                frame = self._source.read(_READ_TIMEOUT_S)
                if frame is not None:
                    self._put(frame)
        except CameraEnded as end:
            self._fault = _damage(self._source, end)
            _LOG.info("camera_ended", camera_id=self.camera)
        except CameraError as error:
            # reconnecting sources pass on only what a person must put right
            self._fault = str(error)
        finally:
            self._over = True
            self._source.close()

    def _put(self, frame: Frame) -> None:
        with self._changed:
            if not self._drop:
                self._changed.wait_for(
                    lambda: len(self._waiting) < self._capacity or self._stop.is_set()
                )
            self._waiting.append(frame)
            self._put_s.append(self._seconds())
            if len(self._waiting) <= self._capacity:
                return
            gone = self._waiting.popleft()
            self._dropped += 1
            if gone.discontinuity:
                # the break must not go with the frame that told of it
                head = self._waiting.popleft()
                moved = head.moved(index=head.index, pts_s=head.pts_s, discontinuity=True)
                self._waiting.appendleft(moved)


class DirectFeed:
    """Reads a camera within the agent's loop: frames come when the clock has reached them.

    For runs in one process, where the same input must give the same output. The source must
    answer at once (a script, or a file read as fast as possible).

    Args:
        source: the camera.
        paced: True hands out a frame when the agent's clock has reached its moment; False hands
            out one frame a step.
    """

    def __init__(self, source: CameraSource, *, paced: bool = True) -> None:
        self.camera = source.camera
        self.waited_s = 0.0
        self._source = source
        self._paced = paced
        self._next: Frame | None = None
        self._over = False
        self._fault: str | None = None

    @property
    def counters(self) -> dict[str, int]:
        """The source's counters."""
        return dict(self._source.counters)

    @property
    def ended(self) -> bool:
        """Whether the recording is over and every frame of it was taken."""
        return self._over and self._next is None

    @property
    def fault(self) -> str | None:
        """What only a person can put right."""
        return self._fault

    @property
    def trouble(self) -> str | None:
        """Why no frames come at present."""
        return self._fault or _trouble(self._source)

    def start(self) -> None:
        """Open the camera; what is wrong with it shows in :attr:`fault`."""
        try:
            self._source.open()
        except CameraSetup as error:
            self._fault, self._over = str(error), True

    def take(self, now: datetime) -> list[Frame]:
        """Return the frames that are due."""
        frames: list[Frame] = []
        while (frame := self._peek()) is not None:
            if self._paced and frame.captured_at > now:
                break
            frames.append(frame)
            self._next = None
            if not self._paced:
                break
        return frames

    def close(self) -> None:
        """Close the camera."""
        self._source.close()

    def _peek(self) -> Frame | None:
        if self._next is None and not self._over:
            try:
                self._next = self._source.read(0.0)
            except CameraEnded as end:
                self._fault, self._over = _damage(self._source, end), True
            except (CameraSetup, CameraFault) as error:
                self._fault, self._over = str(error), True
        return self._next

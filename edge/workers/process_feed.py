"""The agent's side of a decoder process: a feed like any other."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from random import Random

import numpy as np
import structlog

from edge.cameras.clip import Clip
from edge.cameras.frame import Frame
from edge.cameras.picture import PlanarPicture
from edge.workers.inlet import Inlet
from edge.workers.nursery import Nursery
from edge.workers.orders import ClipNote, ClipOrder, DecoderOrder, FrameNote, Notice
from edge.workers.outlet import post
from edge.workers.slots import SlotBlock
from runtime.backoff import Backoff

__all__ = ["ProcessFeed"]

_LOG = structlog.get_logger("edge.camera")

_HEALTHY_S = 30.0
"""Seconds of frames after which a decoder's earlier deaths are forgotten."""


class ProcessFeed:
    """Takes the frames of a decoder that runs in a process of its own; for the agent's thread.

    Frames are copied out of shared memory when they are taken, so that a picture may be kept for as
    long as evidence needs it. A decoder that dies is started again, ever more patiently.

    Args:
        order: what it reads.
        nursery: where processes come from.
        rng: draws the delays.
        seconds: the machine's monotonic clock, in real seconds.
    """

    def __init__(
        self,
        order: DecoderOrder,
        nursery: Nursery,
        rng: Random,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.camera = order.camera
        self.waited_s = 0.0
        self._order = order
        self._nursery = nursery
        self._seconds = seconds
        self._backoff = Backoff(1.0, 60.0, rng)
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._inlet: Inlet | None = None
        self._block: SlotBlock | None = None
        self._notice = Notice({})
        self._before: dict[str, int] = {}
        self._own = {"decoder_restarts": 0}
        self._retry_at_s = 0.0
        self._started_s = 0.0
        self._last: Frame | None = None
        self._resumed = False
        self._shift_s = 0.0
        self._shift_index = 0
        self._closed = False
        self._clips: dict[int, Future[Clip | None]] = {}
        self._ticket = 0

    @property
    def counters(self) -> dict[str, int]:
        """The decoder's counters, over all its lives."""
        names = {**self._before, **self._notice.counters}
        return {
            name: self._before.get(name, 0) + self._notice.counters.get(name, 0) for name in names
        } | self._own

    @property
    def pid(self) -> int | None:
        """Process of the decoder, for those who measure it; None while there is none."""
        return None if self._process is None else self._process.pid

    @property
    def epoch(self) -> datetime | None:
        """Moment at which the stream's presentation time was nought; None before the first frame."""
        if self._last is None:
            return None
        return self._last.captured_at - timedelta(seconds=self._last.pts_s)

    @property
    def ended(self) -> bool:
        """Whether the recording is over and every frame of it was taken."""
        return self._notice.over

    @property
    def fault(self) -> str | None:
        """What only a person can put right."""
        return self._notice.fault

    @property
    def trouble(self) -> str | None:
        """Why no frames come at present."""
        if self._pipe is None and not self._notice.over and self._own["decoder_restarts"]:
            return f"camera {self.camera!r}: its decoder broke down; it will be started again"
        return self._notice.fault or self._notice.trouble

    def start(self) -> None:
        """Start the decoder."""
        self._started_s = self._seconds()
        self._process, self._pipe = self._nursery.start(
            f"decoder-{self.camera}", "decoder", self._order
        )
        self._inlet = Inlet(self._pipe)

    def take(self, now: datetime) -> list[Frame]:  # noqa: ARG002 - live frames are due at once
        """Return the frames that wait, oldest first; never waits itself."""
        if self._pipe is None or self._inlet is None:
            if not (self._notice.over or self._closed) and self._seconds() >= self._retry_at_s:
                self.start()
            return []
        frames: list[Frame] = []
        self.waited_s = 0.0
        try:
            while self._inlet.waits():
                note = self._pipe.recv()
                if isinstance(note, tuple):
                    told = FrameNote(*note)
                    self.waited_s = max(self.waited_s, self._seconds() - told.sent_s)
                    frames.append(self._copy(told))
                elif isinstance(note, Notice):
                    self._notice = note
                    if note.over:
                        self._hang_up()
                        break
                elif isinstance(note, ClipNote):
                    self._clips.pop(note.ticket).set_result(note.clip)
        except (EOFError, OSError):
            self._bury()
        return frames

    def cut(self, start: datetime, end: datetime) -> "Future[Clip | None]":
        """Return what the decoder will cut of its stream; None where it cannot be asked."""
        future: Future[Clip | None] = Future()
        if self._pipe is None:
            future.set_result(None)
            return future
        self._ticket += 1
        self._clips[self._ticket] = future
        try:
            self._pipe.send(ClipOrder(self._ticket, start, end))
        except OSError:
            self._bury()
        return future

    def close(self) -> None:
        """Hang up, which ends the decoder, and wait for it a little."""
        self._closed = True
        self._hang_up()

    def _copy(self, note: FrameNote) -> Frame:
        assert self._pipe is not None
        if self._block is None or self._block.name != note.block:
            if self._block is not None:
                self._block.close()
            self._block = SlotBlock(self._order.slots, note.block_bytes, name=note.block)
        columns, rows = (note.width + 1) // 2, (note.height + 1) // 2
        size = note.width * note.height + 2 * columns * rows
        packed = np.array(self._block.slot(note.slot)[:size])
        post(self._pipe, (note.block, note.slot))
        if self._resumed and self._last is not None:
            # a decoder that was started anew counts from nought: time goes on all the same
            gap_s = (note.captured_at - self._last.captured_at).total_seconds()
            self._shift_s = self._last.pts_s + max(gap_s, 0.001) - note.pts_s
            self._shift_index = self._last.index + 1 - note.number
        frame = Frame(
            camera=self.camera,
            index=note.number + self._shift_index,
            pts_s=note.pts_s + self._shift_s,
            captured_at=note.captured_at,
            picture=PlanarPicture.of_packed(packed, note.width, note.height),
            discontinuity=note.discontinuity or self._resumed,
        )
        self._resumed, self._last = False, frame
        return frame

    def _bury(self) -> None:
        """Note a decoder that died, and when the next one may start."""
        if self._seconds() - self._started_s > _HEALTHY_S:
            self._backoff.reset()
        code = None
        if self._process is not None:
            self._process.join(timeout=1.0)
            code = self._process.exitcode
        self._own["decoder_restarts"] += 1
        _LOG.error("decoder_died", camera_id=self.camera, exit_code=code)
        self._before = {
            name: count for name, count in self.counters.items() if name not in self._own
        }
        self._notice = Notice({})
        self._resumed = self._last is not None
        if self._block is not None:
            self._block.remove()
            self._block = None
        self._hang_up()
        self._retry_at_s = self._seconds() + self._backoff.next_delay()

    def _hang_up(self) -> None:
        for lost in self._clips.values():
            lost.set_result(None)
        self._clips.clear()
        if self._block is not None:
            self._block.close()
            self._block = None
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = self._inlet = None
        if self._process is not None:
            self._process.join(timeout=2.0)
            if self._process.is_alive():
                # it hangs in the camera's own timeout; nothing of it is worth waiting for
                self._process.kill()
                self._process.join(timeout=2.0)
            self._process = None

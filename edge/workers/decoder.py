"""One camera's decoder, in a process of its own: a crash costs one camera, a wait nobody."""

import contextlib
import time
from collections import Counter, deque
from multiprocessing.connection import Connection
from random import Random

from edge.cameras.frame import Frame
from edge.cameras.packet_ring import PacketRing
from edge.cameras.picture import YuvPicture
from edge.cameras.ports import CameraSource
from edge.cameras.pyav_source import Pace, PyAvSource
from edge.cameras.reconnect import ReconnectingSource
from edge.errors import CameraEnded, CameraError
from edge.workers.inlet import Inlet
from edge.workers.orders import ClipNote, ClipOrder, DecoderOrder, FrameNote, Notice
from edge.workers.outlet import post
from edge.workers.slots import SlotBlock

__all__ = ["Decoder"]

_READ_TIMEOUT_S = 0.25
_NOTICE_EVERY_S = 1.0


class Decoder:
    """Reads frames into shared memory and tells the agent where they lie.

    The agent answers with the number of each slot that it has taken; a frame that finds no free
    slot is dropped and counted, so that nothing ever waits for long. The end of the pipe ends it.

    Args:
        pipe: to the agent.
        order: what to read.
    """

    def __init__(self, pipe: Connection, order: DecoderOrder) -> None:
        self._pipe = pipe
        self._inlet = Inlet(pipe)
        self._order = order
        self._ring = (
            PacketRing(order.camera, span_s=order.clip_span_s, budget_bytes=order.clip_bytes)
            if order.clip_span_s > 0.0
            else None
        )
        self._source = _source(order, self._ring)
        self._block: SlotBlock | None = None
        self._free: deque[int] = deque()
        self._lent: Counter[str] = Counter()
        self._retired: dict[str, SlotBlock] = {}
        self._dropped = 0
        self._owed_break = False
        self._told_s = 0.0
        self._trouble: str | None = None

    def run(self) -> None:
        """Read until the source is over or the agent hangs up."""
        end = Notice({})
        try:
            end = self._read_all()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return
        finally:
            self._source.close()
            with contextlib.suppress(OSError):
                self._pipe.send(end)
                self._wait_for_hangup()
            for block in (self._block, *self._retired.values()):
                if block is not None:
                    block.close()

    def _read_all(self) -> Notice:
        try:
            self._source.open()
            while True:
                self._collect()
                frame = self._source.read(_READ_TIMEOUT_S)
                if frame is not None:
                    self._pass_on(frame)
                self._tell()
        except CameraEnded as end:
            counters = self._counters()
            damaged = counters.get("missing_frames", 0) + counters.get("broken_off", 0)
            return Notice(counters, fault=str(end) if damaged else None, over=True)
        except CameraError as error:
            return Notice(self._counters(), fault=str(error), over=True)

    def _pass_on(self, frame: Frame) -> None:
        picture = frame.picture
        assert isinstance(picture, YuvPicture)
        planar = picture.planar()
        height, width = planar.luma.shape
        needed = width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2)
        if self._block is None or self._block.slot_bytes < needed:
            self._grow(needed)
        assert self._block is not None
        while not self._free:
            if not self._order.fast:
                self._dropped += 1
                # the break must not go with the frame that told of it
                self._owed_break |= frame.discontinuity
                return
            self._pipe.poll(_READ_TIMEOUT_S)
            self._collect()
        slot = self._free.popleft()
        planar.packed(self._block.slot(slot))
        note = FrameNote(
            self._block.name,
            self._block.slot_bytes,
            slot,
            width,
            height,
            frame.index,
            frame.pts_s,
            frame.captured_at,
            frame.discontinuity or self._owed_break,
            time.monotonic(),
        )
        post(self._pipe, tuple(note))
        self._lent[self._block.name] += 1
        self._owed_break = False

    def _grow(self, slot_bytes: int) -> None:
        """Make room for larger frames; the agent keeps the old block until it has read from it."""
        old, self._block = self._block, SlotBlock(self._order.slots, slot_bytes)
        self._free = deque(range(self._order.slots))
        if old is None:
            return
        if self._lent[old.name] == 0:
            old.close()
        else:
            self._retired[old.name] = old

    def _collect(self) -> None:
        """Take back the slots that the agent has read, and give the clips that it wants."""
        while self._inlet.waits():
            said = self._pipe.recv()
            if isinstance(said, ClipOrder):
                self._cut(said)
                continue
            name, slot = said
            self._lent[name] -= 1
            if self._block is not None and name == self._block.name:
                self._free.append(slot)
            elif self._lent[name] == 0 and name in self._retired:
                self._retired.pop(name).close()

    def _cut(self, order: ClipOrder) -> None:
        clip = None if self._ring is None else self._ring.cut(order.start, order.end)
        self._pipe.send(ClipNote(order.ticket, clip))

    def _tell(self) -> None:
        """Send the counters every second, and at once what changed about the camera."""
        now_s = time.monotonic()
        trouble = None
        if isinstance(self._source, ReconnectingSource) and self._source.fault is not None:
            trouble = str(self._source.fault)
        if now_s - self._told_s < _NOTICE_EVERY_S and trouble == self._trouble:
            return
        self._told_s, self._trouble = now_s, trouble
        self._pipe.send(Notice(self._counters(), trouble=trouble))

    def _counters(self) -> dict[str, int]:
        return {**self._source.counters, "frames_overrun": self._dropped}

    def _wait_for_hangup(self) -> None:
        """Keep the last frames, and the last seconds, until the agent has hung up."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                said = self._pipe.recv()
                if isinstance(said, ClipOrder):
                    self._cut(said)


def _source(order: DecoderOrder, ring: PacketRing | None) -> CameraSource:
    source = PyAvSource(
        order.camera,
        order.address,
        pace=Pace.FAST if order.fast else Pace.REALTIME,
        loop=order.loop,
        transport=order.transport,
        open_timeout_s=order.timeout_s,
        read_timeout_s=order.timeout_s,
        threads=1,
        ring=ring,
    )
    return ReconnectingSource(source, Random(order.seed)) if order.live else source  # noqa: S311 - jitter

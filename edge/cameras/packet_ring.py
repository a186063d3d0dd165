"""The last seconds of a stream as the camera coded them, so that a clip need not be coded again."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from io import BytesIO
from threading import Lock

import av
import av.error
import structlog
from av.packet import Packet
from av.video.stream import VideoStream

from edge.cameras.clip import Clip, CodedPacket, write_clip

__all__ = ["PacketRing", "RingClips"]

_LOG = structlog.get_logger("edge.camera")

_JUMP_S = 10.0
"""A gap in decoding time (s) after which the stream does not go on: what was kept is let go."""


_MOST_UNTIMED = 16
"""Packets without a time at a stream's beginning that wait for the first one with."""


class PacketRing:
    """Keeps whole groups of pictures, each from one that can be decoded by itself; two threads.

    Args:
        camera: the camera's id, for messages.
        span_s: seconds that are kept at the least, where the budget allows.
        budget_bytes: most bytes kept; the oldest group goes first, and a single group that is larger
            goes as well.

    Attributes:
        counters: ``clip_overruns`` (groups larger than the budget), ``clip_refusals`` (codecs that
            no MP4 file can hold).
    """

    def __init__(self, camera: str, *, span_s: float, budget_bytes: int) -> None:
        self.counters = {"clip_overruns": 0, "clip_refusals": 0}
        self._camera = camera
        self._span_s = span_s
        self._budget_bytes = budget_bytes
        self._lock = Lock()
        self._template: VideoStream | None = None
        self._epoch: datetime | None = None
        self._groups: deque[list[CodedPacket]] = deque()
        self._untimed: list[tuple[bytes, bool]] = []
        self._bytes = 0
        self._last_s = 0.0

    def count_in(self, counters: dict[str, int]) -> None:
        """Count in these from now on, beside what they hold already."""
        counters |= self.counters
        self.counters = counters

    def begin(self, stream: VideoStream) -> None:
        """Take a stream that was just opened: nothing continues from before."""
        with self._lock:
            self._clear()
            self._untimed.clear()
            self._epoch = None
            try:
                # a copy of its parameters, which outlives the connection; nothing is ever written
                self._template = av.open(BytesIO(), "w", format="mp4").add_stream_from_template(
                    stream
                )
            except (av.error.FFmpegError, ValueError) as error:
                self._template = None
                self._refused(str(error))

    def add(self, packet: "Packet[VideoStream]") -> None:
        """Take a packet of the stream, in decoding order."""
        if self._template is None or packet.size == 0:
            return
        data, key = bytes(packet), packet.is_keyframe
        if packet.pts is None:
            self._add_untimed(data, key=key)
            return
        tick_s, dts = packet.time_base, packet.pts if packet.dts is None else packet.dts
        with self._lock:
            for number, (early, first) in enumerate(self._untimed):
                # a tick each: what they show stands in the picture that follows them
                at = dts - len(self._untimed) + number
                self._append(CodedPacket(early, at, at, tick_s, first))
            self._untimed.clear()
            self._append(CodedPacket(data, packet.pts, dts, tick_s, key))

    def _add_untimed(self, data: bytes, *, key: bool) -> None:
        """Take a packet that some cameras send without its time, the first ones mostly."""
        with self._lock:
            if self._groups:
                last = self._groups[-1][-1]
                at = last.dts + 1
                self._append(CodedPacket(data, at, at, last.tick_s, key))
            elif len(self._untimed) < _MOST_UNTIMED:
                self._untimed.append((data, key))

    def _append(self, coded: CodedPacket) -> None:
        if self._groups and not 0.0 < coded.decoded_s - self._last_s <= _JUMP_S:
            self._clear()
        if coded.key:
            self._groups.append([])
        elif not self._groups:
            return
        self._groups[-1].append(coded)
        self._last_s = coded.decoded_s
        self._bytes += len(coded.data)
        self._evict()

    def anchor(self, seconds: float, captured_at: datetime) -> None:
        """Learn when a picture, shown at ``seconds`` of the stream's own clock, was taken."""
        self._epoch = captured_at - timedelta(seconds=seconds)

    def cut(self, start: datetime, end: datetime) -> Clip | None:
        """Return the pictures from ``start`` to ``end``, and a few before that they need.

        None where nothing of that time is kept, or no MP4 file can hold it.
        """
        with self._lock:
            epoch, template = self._epoch, self._template
            groups = [list(group) for group in self._groups]
        if epoch is None or template is None or not groups:
            return None
        start_s, end_s = (start - epoch).total_seconds(), (end - epoch).total_seconds()
        first = max((n for n, group in enumerate(groups) if group[0].shown_s <= start_s), default=0)
        packets = [coded for group in groups[first:] for coded in group if coded.decoded_s <= end_s]
        if not packets or max(coded.shown_s for coded in packets) < start_s:
            return None
        try:
            data = write_clip(template, packets)
        except (av.error.FFmpegError, ValueError) as error:
            self._refused(str(error))
            return None
        shown = [coded.shown_s for coded in packets]
        return Clip(
            data, epoch + timedelta(seconds=min(shown)), epoch + timedelta(seconds=max(shown))
        )

    def _clear(self) -> None:
        self._groups.clear()
        self._bytes = 0

    def _evict(self) -> None:
        while len(self._groups) > 1 and (
            self._bytes > self._budget_bytes
            or self._last_s - self._groups[1][0].decoded_s >= self._span_s
        ):
            self._bytes -= sum(len(coded.data) for coded in self._groups.popleft())
        if self._bytes > self._budget_bytes:
            # its end could not be decoded without its beginning
            self.counters["clip_overruns"] += 1
            self._clear()

    def _refused(self, reason: str) -> None:
        if self.counters["clip_refusals"] == 0:
            _LOG.warning("clips_impossible", camera_id=self._camera, reason=reason)
        self.counters["clip_refusals"] += 1


class RingClips:
    """Clips of a ring in this process.

    Args:
        ring: the ring.
        submit: does work in the background, or at once.
    """

    def __init__(
        self,
        ring: PacketRing,
        submit: Callable[[Callable[[], Clip | None]], "Future[Clip | None]"],
    ) -> None:
        self._ring = ring
        self._submit = submit

    def cut(self, start: datetime, end: datetime) -> "Future[Clip | None]":
        """Return what will come of cutting a clip."""
        return self._submit(lambda: self._ring.cut(start, end))

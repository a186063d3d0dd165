"""Files, network and USB cameras; frames stay as the decoder left them."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from av.video.frame import VideoFrame

from edge.cameras.address import parse_address
from edge.cameras.device_stream import DeviceStream
from edge.cameras.frame import Frame
from edge.cameras.live_reader import LiveReader
from edge.cameras.packet_ring import PacketRing
from edge.cameras.picture import YuvPicture
from edge.cameras.ports import DecodedStream
from edge.cameras.pyav_stream import PyAvStream
from edge.cameras.timeline import Placed, Timeline
from edge.errors import CameraEnded, CameraFault, CameraSetup
from runtime.clock import Clock, SystemClock

__all__ = ["Pace", "PyAvSource"]

_LATE_S = 0.5
"""Seconds that a paced reader may be late before frames are dropped, as a camera would."""

_CLOCK_SLACK_S = 5.0
"""Seconds by which a live camera's clock may part from ours before its epoch is set anew."""


class Pace(StrEnum):
    """How fast a file is played."""

    REALTIME = "realtime"
    """As the camera filmed it, by the clock given."""
    FAST = "fast"
    """As fast as the reader can; nothing is ever dropped."""


class PyAvSource:
    """A camera behind a file name or a URL; read by one thread.

    Args:
        camera: the camera's id.
        address: a file or a URL (rtsp, rtsps, http, v4l2 ...). Credentials never reach a message.
        pace: realtime or fast; network cameras have their own pace.
        loop: begin a file again at its end, marked as a discontinuity.
        transport: tcp or udp, for RTSP.
        threads: of the decoder; None lets it choose, which for a file is one for each core.
        open_timeout_s: seconds until a camera that does not answer is given up. Default 3.
        read_timeout_s: seconds until a camera that stops sending is given up. Default 3.
        stall_s: seconds until a camera that sends, but no pictures, is given up. Default 15: some
            cameras send a key frame, the first that can be decoded, only every 10 s.
        epoch: moment of the first frame, aware; None takes the clock's when it arrives.
        clock: what time it is, and how fast it runs. Default: the machine's.
        seconds: a clock that only grows, in real seconds.
        wait: sleeps for so many real seconds.
        ring: keeps the last seconds as the camera coded them; None keeps none.

    Attributes:
        counters: frames, dropped_frames, corrupt_packets, corrupt_frames, undecodable_packets,
            missing_frames (that a file promised), broken_off, loops, jumps, epoch_resets.
    """

    def __init__(
        self,
        camera: str,
        address: str | Path,
        *,
        pace: Pace | str = Pace.REALTIME,
        loop: bool = False,
        transport: str = "tcp",
        threads: int | None = None,
        open_timeout_s: float = 3.0,
        read_timeout_s: float = 3.0,
        stall_s: float = 15.0,
        epoch: datetime | None = None,
        clock: Clock | None = None,
        seconds: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
        ring: PacketRing | None = None,
    ) -> None:
        self.camera = camera
        self.counters = dict.fromkeys(
            (
                "frames",
                "dropped_frames",
                "corrupt_packets",
                "corrupt_frames",
                "undecodable_packets",
                "missing_frames",
                "broken_off",
                "loops",
                "jumps",
                "epoch_resets",
            ),
            0,
        )
        self._address = parse_address(address)
        self._pace = Pace(pace)
        self._loop = loop
        if transport not in {"tcp", "udp"}:
            raise CameraSetup(camera, f"transport {transport!r}: expected tcp or udp")
        self._transport = transport
        self._threads = threads
        self._open_timeout_s = open_timeout_s
        self._read_timeout_s = read_timeout_s
        self._stall_s = stall_s
        self._fixed_epoch = epoch
        self._clock = clock or SystemClock()
        self._seconds = seconds
        self._wait = wait
        self._ring = ring
        if ring is not None:
            ring.count_in(self.counters)
        self._held: tuple[VideoFrame, Placed] | None = None
        self._epoch: datetime | None = None
        self._started_s: float | None = None
        self._stream: DecodedStream | None = None
        self._reader: LiveReader | None = None
        self._timeline = Timeline()
        self._index = 0
        self._picture_at_s = 0.0

    def open(self) -> None:
        """Connect, or open the file. Does nothing when already open.

        Raises:
            CameraFault: refused, silent, or not a stream.
            CameraSetup: the file is missing or is not a video.
        """
        if self._stream is not None:
            return
        self._begin()
        self._stream = self._connect()
        if self._address.live:
            self._reader = LiveReader(self.camera, self._stream, self.counters)
            self._picture_at_s = self._seconds()

    def read(self, timeout_s: float) -> Frame | None:
        """Return the next frame, or None when none is due within ``timeout_s`` seconds.

        Raises:
            CameraEnded: the file is over, and is not to be looped.
            CameraFault: stalled, closed by the other side, broken, or not open.
        """
        if self._stream is None:
            raise CameraFault(self.camera, "read before it was opened; call open()")
        if self._reader is not None:
            decoded = self._reader.take(timeout_s)
            self._check_stall(decoded)
            return None if decoded is None else self._frame(decoded, self._place(decoded))
        if self._held is None:
            self._held = self._next_of_file()
        if self._pace is Pace.REALTIME and not self._wait_until_due(timeout_s):
            return None
        (decoded, placed), self._held = self._held, None
        return self._frame(decoded, placed)

    def close(self) -> None:
        """Close the file or the connection; closing twice is harmless."""
        if self._reader is not None:
            self._reader.close(self._read_timeout_s + 1.0)
            self._reader = None
        elif self._stream is not None:
            self._stream.close()
        self._stream = None

    def _begin(self) -> None:
        self._timeline = Timeline()
        self._epoch = None
        self._started_s = None
        self._held = None
        self._index = 0

    def _connect(self) -> DecodedStream:
        if self._address.device is not None:
            return DeviceStream(
                self.camera,
                self._address.url,
                self._address.device,
                self.counters,
                read_timeout_s=self._read_timeout_s,
                seconds=self._seconds,
            )
        return PyAvStream(
            self.camera,
            self._address,
            self.counters,
            transport=self._transport,
            threads=self._threads,
            open_timeout_s=self._open_timeout_s,
            read_timeout_s=self._read_timeout_s,
            seconds=self._seconds,
            ring=self._ring,
        )

    def _check_stall(self, decoded: VideoFrame | None) -> None:
        """Raise when packets come, perhaps of sound, but no pictures."""
        now_s = self._seconds()
        if decoded is not None:
            self._picture_at_s = now_s
        elif now_s - self._picture_at_s > self._stall_s:
            raise CameraFault(
                self.camera,
                f"{self._address} sent no picture for {self._stall_s:g} s; "
                "check its lens, its encoder and the stream's name",
            )

    def _place(self, decoded: VideoFrame) -> Placed:
        assert self._stream is not None
        placed = self._timeline.place(self._stream.seconds_of(decoded))
        self.counters["jumps"] += placed.discontinuity
        return placed

    def _next_of_file(self) -> tuple[VideoFrame, Placed]:
        assert self._stream is not None
        try:
            decoded = self._stream.next()
        except CameraEnded:
            if not self._loop or self._index == 0:
                raise
            self._stream.close()
            self._stream = self._connect()
            self._timeline.restart()
            self.counters["loops"] += 1
            decoded = self._stream.next()
        return decoded, self._place(decoded)

    def _wait_until_due(self, timeout_s: float) -> bool:
        """Wait for the held frame's moment; return whether it has come.

        Every frame is due by its distance from the first one, so that errors do not add up.
        """
        if self._started_s is None:
            self._started_s = self._seconds()
        while True:
            assert self._held is not None
            due_s = self._started_s + self._clock.wall_seconds(self._held[1].pts_s)
            early_s = due_s - self._seconds()
            if early_s > timeout_s:
                self._wait(timeout_s)
                return False
            if early_s > 0.0:
                self._wait(early_s)
                return True
            if -early_s <= _LATE_S:
                return True
            was_jump = self._held[1].discontinuity
            try:
                decoded, placed = self._next_of_file()
            except CameraEnded:
                return True  # the last frame is worth more late than never
            self._held = decoded, placed._replace(discontinuity=placed.discontinuity or was_jump)
            self._index += 1
            self.counters["dropped_frames"] += 1

    def _frame(self, decoded: VideoFrame, placed: Placed) -> Frame:
        epoch = self._epoch_for(placed.pts_s)
        frame = Frame(
            camera=self.camera,
            index=self._index,
            pts_s=placed.pts_s,
            captured_at=epoch + timedelta(seconds=placed.pts_s),
            picture=YuvPicture(decoded),
            discontinuity=placed.discontinuity,
        )
        self._index += 1
        self.counters["frames"] += 1
        if self._ring is not None and decoded.pts is not None and decoded.time_base is not None:
            self._ring.anchor(float(decoded.pts * decoded.time_base), frame.captured_at)
        return frame

    def _epoch_for(self, pts_s: float) -> datetime:
        if self._fixed_epoch is not None:
            return self._fixed_epoch
        now = self._clock.now() if self._epoch is None or self._address.live else None
        if self._epoch is None:
            assert now is not None
            self._epoch = now - timedelta(seconds=pts_s)
        elif now is not None:
            # crystals drift by seconds in a day: a camera that runs for months must not
            apart_s = (now - self._epoch).total_seconds() - pts_s
            if abs(apart_s) > _CLOCK_SLACK_S:
                self._epoch += timedelta(seconds=apart_s)
                self.counters["epoch_resets"] += 1
        return self._epoch

"""One opened video, decoded frame by frame."""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from edge.cameras.address import Address, redact
from edge.cameras.packet_ring import PacketRing
from edge.errors import CameraEnded, CameraFault, CameraSetup

__all__ = ["PyAvStream"]

_PATIENCE_PACKETS = 250
"""Packets in a row without a picture after which a stream counts as broken: 10 s at 25 a second."""


class PyAvStream:
    """A file or a network stream; for one thread.

    Args:
        camera: the camera's id, for messages.
        address: what to open.
        counters: where corrupt packets and frames are counted.
        transport: tcp or udp, for RTSP.
        threads: of the decoder; None lets it choose.
        open_timeout_s: seconds until a silent camera counts as absent.
        read_timeout_s: seconds until a camera that stops sending counts as stalled.
        seconds: a clock that only grows, in seconds.
        ring: keeps the last packets as they came; None keeps none.

    Raises:
        CameraFault: refused, silent, or not a stream.
        CameraSetup: the file is missing or is not a video.
    """

    def __init__(
        self,
        camera: str,
        address: Address,
        counters: dict[str, int],
        *,
        transport: str,
        threads: int | None = None,
        open_timeout_s: float,
        read_timeout_s: float,
        seconds: Callable[[], float],
        ring: PacketRing | None = None,
    ) -> None:
        self._camera = camera
        self._address = address
        self._counters = counters
        self._read_timeout_s = read_timeout_s
        self._seconds = seconds
        self._threads = threads
        self._container = self._open(transport, open_timeout_s)
        self._stream = self._pick_stream()
        self._ring = ring
        if ring is not None:
            ring.begin(self._stream)
        self._decoded = 0
        self._told = False
        self._frames = self._decode()

    def next(self) -> VideoFrame:
        """Return the next frame.

        Raises:
            CameraEnded: the file is over.
            CameraFault: stalled, closed by the other side, or no longer decodable.
        """
        try:
            return next(self._frames)
        except StopIteration:
            if self._address.live:
                raise CameraFault(
                    self._camera, f"{self._address} ended the stream; it will be opened again"
                ) from None
            raise self._end() from None

    def seconds_of(self, frame: VideoFrame) -> float | None:
        """Return a frame's own presentation time in seconds, or None where it has none."""
        # reckoned by the library: its fractions take a tenth of what decoding a small picture does
        return frame.time

    def close(self) -> None:
        """Close the file or the connection."""
        self._frames.close()
        self._container.close()

    def _open(self, transport: str, open_timeout_s: float) -> InputContainer:
        # the library would study a live stream for 5 s before it gives the first frame
        options = {"analyzeduration": "500000"} if self._address.live else {}
        if self._address.url.startswith("rtsp"):
            options["rtsp_transport"] = transport
        if not self._address.live and not Path(self._address.url).is_file():
            raise CameraSetup(
                self._camera, f"{self._address}: no such file; check the camera's address"
            )
        started = self._seconds()
        try:
            return av.open(
                self._address.url,
                options=options,
                timeout=(open_timeout_s, self._read_timeout_s) if self._address.live else None,
            )
        except (av.error.FFmpegError, OSError) as error:
            raise self._opening_failed(error, self._seconds() - started, open_timeout_s) from error

    def _opening_failed(
        self, error: Exception, elapsed_s: float, timeout_s: float
    ) -> CameraFault | CameraSetup:
        if not self._address.live:
            return CameraSetup(
                self._camera,
                f"{self._address} is not a video that can be read ({_reason(error)}); "
                "it may be cut off before its index, or of another kind: replace it",
            )
        # the library reports a timeout as invalid data: only the time taken tells them apart
        if elapsed_s >= 0.9 * timeout_s:
            return CameraFault(
                self._camera,
                f"{self._address} gave no answer within {timeout_s:g} s; "
                "check its power, its network and its address",
            )
        return CameraFault(
            self._camera,
            f"{self._address} could not be opened ({_reason(error)}); "
            "check its address, user and password",
        )

    def _pick_stream(self) -> VideoStream:
        if not self._container.streams.video:
            self._container.close()
            raise CameraSetup(
                self._camera, f"{self._address} holds no video; check the camera's address"
            )
        stream = self._container.streams.video[0]
        # frame threads hold frames back, which a live picture must not
        stream.thread_type = "SLICE" if self._address.live else "AUTO"
        if self._threads is not None:
            stream.codec_context.thread_count = self._threads
        return stream

    def _decode(self) -> Generator[VideoFrame, None, None]:
        fruitless = 0
        packets = self._container.demux(self._stream)
        while True:
            started = self._seconds()
            try:
                packet = next(packets, None)
            except (av.error.FFmpegError, OSError) as error:
                yield from self._flush()
                if not self._address.live:
                    self._counters["broken_off"] += 1
                    return
                raise self._reading_failed(error, self._seconds() - started) from error
            if packet is None:
                return
            if packet.is_corrupt:
                self._counters["corrupt_packets"] += 1
            if self._ring is not None:
                self._ring.add(packet)
            try:
                frames = packet.decode()
            except (av.error.FFmpegError, OSError) as error:
                self._counters["undecodable_packets"] += 1
                fruitless += 1
                if self._address.live and fruitless >= _PATIENCE_PACKETS:
                    raise CameraFault(
                        self._camera,
                        f"{self._address}: {fruitless} packets in a row could not be decoded "
                        f"({_reason(error)}); check the camera's encoder and network",
                    ) from error
                continue
            for frame in frames:
                fruitless = 0
                self._decoded += 1
                if frame.is_corrupt:
                    self._counters["corrupt_frames"] += 1
                yield frame

    def _flush(self) -> Iterator[VideoFrame]:
        """Yield what the decoder still holds after the stream broke off."""
        try:
            yield from self._stream.codec_context.decode(None)
        except (av.error.FFmpegError, OSError):
            self._counters["undecodable_packets"] += 1

    def _end(self) -> CameraEnded:
        """Return the end of a file; a file that was cut off says so, and is counted."""
        promised = self._stream.frames
        missing = max(promised - self._decoded, 0)
        if missing == 0:
            return CameraEnded(self._camera, f"{self._address} is over")
        if not self._told:
            self._counters["missing_frames"] += missing
            self._told = True
        return CameraEnded(
            self._camera,
            f"{self._address} is over after {self._decoded} of {promised} frames; "
            "it is cut off or damaged: replace it",
        )

    def _reading_failed(self, error: Exception, elapsed_s: float) -> CameraFault:
        if elapsed_s >= 0.9 * self._read_timeout_s:
            return CameraFault(
                self._camera,
                f"{self._address} sent nothing for {self._read_timeout_s:g} s; "
                "check its power and network",
            )
        return CameraFault(
            self._camera, f"{self._address} broke off ({_reason(error)}); the rest is lost"
        )


def _reason(error: Exception) -> str:
    return redact(getattr(error, "strerror", None) or str(error) or type(error).__name__)

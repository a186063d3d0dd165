"""The port that every source of frames implements."""

from typing import Protocol

from av.video.frame import VideoFrame

from edge.cameras.frame import Frame

__all__ = ["CameraSource", "DecodedStream"]


class DecodedStream(Protocol):
    """One opened video, decoded frame by frame; for one thread.

    Adapters: :class:`edge.cameras.pyav_stream.PyAvStream` (files and network streams) and
    :class:`edge.cameras.device_stream.DeviceStream` (video devices of Linux).
    """

    def next(self) -> VideoFrame:
        """Return the next frame.

        Raises:
            CameraEnded: a file is over.
            CameraFault: stalled, closed by the other side, or no longer decodable.
        """
        ...

    def seconds_of(self, frame: VideoFrame) -> float | None:
        """Return a frame's own presentation time in seconds, or None where it has none."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class CameraSource(Protocol):
    """One camera, read by one thread.

    Adapters: :class:`edge.cameras.pyav_source.PyAvSource` (files, RTSP and USB),
    :class:`edge.cameras.scripted_source.ScriptedSource` (arrays in memory), and
    :class:`edge.cameras.reconnect.ReconnectingSource`, which wraps any of them.
    """

    camera: str

    @property
    def counters(self) -> dict[str, int]:
        """What happened so far, by name: frames, corrupt_packets, faults, ..."""
        ...

    def open(self) -> None:
        """Connect. Does nothing when already open.

        Raises:
            CameraFault: refused, silent for longer than the timeout, or not a stream.
            CameraSetup: no retry can cure it (a file that does not exist).
        """
        ...

    def read(self, timeout_s: float) -> Frame | None:
        """Return the next frame, or None when none came within ``timeout_s`` seconds.

        Raises:
            CameraEnded: a recorded source came to its clean end.
            CameraFault: the stream stalled, broke or cannot be decoded any further.
        """
        ...

    def close(self) -> None:
        """Let go of the camera; closing twice is harmless."""
        ...

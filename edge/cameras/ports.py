"""The port that every source of frames implements."""

from typing import Protocol

from edge.cameras.frame import Frame

__all__ = ["CameraSource"]


class CameraSource(Protocol):
    """One camera, read by one thread.

    Adapters: :class:`edge.cameras.pyav_source.PyAvSource` (files and RTSP),
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

"""Reads a live stream on a thread of its own and keeps only the newest frames."""

from collections import deque
from threading import Condition, Thread

from av.video.frame import VideoFrame

from edge.cameras.ports import DecodedStream
from edge.errors import CameraError, CameraFault

__all__ = ["LiveReader"]


class LiveReader:
    """A camera does not wait: what its reader cannot take in time is dropped, oldest first.

    Args:
        camera: the camera's id, which names the thread.
        stream: the opened stream; the thread owns it from now on and closes it.
        counters: where dropped frames are counted, as ``dropped_frames``.
        capacity: frames that may wait. Default 2, as in Frigate.
    """

    def __init__(
        self, camera: str, stream: DecodedStream, counters: dict[str, int], *, capacity: int = 2
    ) -> None:
        self._stream = stream
        self._counters = counters
        self._capacity = capacity
        self._waiting: deque[VideoFrame] = deque()
        self._changed = Condition()
        self._stopping = False
        self._fault: CameraError | None = None
        self._camera = camera
        self._thread = Thread(target=self._run, name=f"camera-{camera}", daemon=True)
        self._thread.start()

    def take(self, timeout_s: float) -> VideoFrame | None:
        """Return the oldest waiting frame, or None when none came within ``timeout_s`` seconds.

        Raises:
            CameraFault: the stream stalled or broke, and every frame has been taken.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._fault, timeout_s)
            if self._waiting:
                return self._waiting.popleft()
            if self._fault is not None:
                raise self._fault
        if not self._thread.is_alive():
            # it died of something unforeseen, which its traceback tells: do not wait for ever
            raise CameraFault(
                self._camera, "its reading thread broke down; it will be opened again"
            )
        return None

    def close(self, timeout_s: float) -> None:
        """Stop the thread; waits for it at most ``timeout_s`` seconds."""
        with self._changed:
            self._stopping = True
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            while not self._stopping:
                frame = self._stream.next()
                with self._changed:
                    if len(self._waiting) >= self._capacity:
                        self._waiting.popleft()
                        self._counters["dropped_frames"] += 1
                    self._waiting.append(frame)
                    self._changed.notify_all()
        except CameraError as error:
            with self._changed:
                self._fault = error
                self._changed.notify_all()
        finally:
            self._stream.close()

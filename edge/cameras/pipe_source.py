"""A camera decoded by an ffmpeg program of the machine's own: for decoders that the library lacks (VAAPI)."""

import contextlib
import re
import subprocess
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Condition, Thread
from typing import IO

import numpy as np
from numpy.typing import NDArray

from edge.cameras.address import redact
from edge.cameras.ffmpeg_input import ffmpeg_input
from edge.cameras.frame import Frame
from edge.cameras.picture import PlanarPicture
from edge.errors import CameraEnded, CameraFault, CameraSetup
from runtime.clock import Clock, SystemClock

__all__ = ["PipeSource"]

_HEADER = re.compile(rb"YUV4MPEG2 .*?W(\d+) H(\d+) F(\d+):(\d+)")
_MOST_SIDE = 16_384
"""Pixels: a header that promises more is not believed."""

_TOLD = 20
"""Lines of the program's own words that are kept for the message when it ends."""


class PipeSource:
    """Runs ffmpeg and reads its pictures from a pipe; read by one thread.

    The pictures come in the YUV4MPEG2 form, whose header tells size and rate.

    Args:
        camera: the camera's id.
        before: options before ``-i``: the decoder, the transport (``-hwaccel vaapi ...``).
        address: what ffmpeg opens; may hold credentials, which are never logged and never an argument.
        after: options after it: filters (``-vf fps=10,scale_vaapi=640:360,hwdownload,format=nv12``).
        live: a camera, which is told of by arrival, and whose old pictures are dropped; else a
            recording, which is told of by its rate, and ends.
        program: the ffmpeg to run.
        timeout_s: seconds without a picture after which it counts as faulty.
        clock: what time it is.
        seconds: a clock that only grows, in real seconds.

    Attributes:
        counters: frames, dropped_frames.
    """

    def __init__(
        self,
        camera: str,
        address: str,
        *,
        before: Sequence[str] = (),
        after: Sequence[str] = (),
        live: bool = True,
        program: str = "ffmpeg",
        timeout_s: float = 5.0,
        clock: Clock | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.camera = camera
        self.counters = {"frames": 0, "dropped_frames": 0}
        self._address = address
        opened = ffmpeg_input(address, before)
        self._told = opened.told
        self._command = [program, "-hide_banner", "-loglevel", "warning", "-nostdin"]
        self._command += [*opened.arguments, "-an", *after]
        self._command += ["-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe", "pipe:1"]
        self._live = live
        self._timeout_s = timeout_s
        self._clock = clock or SystemClock()
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: deque[tuple[float, NDArray[np.uint8]]] = deque()
        self._changed = Condition()
        self._over = False
        self._size = (0, 0)
        self._step_s = 0.04
        self._said: deque[str] = deque(maxlen=_TOLD)
        self._threads: list[Thread] = []
        self._index = 0
        self._started_s = 0.0
        self._heard_s = 0.0
        self._epoch: datetime | None = None

    def open(self) -> None:
        """Start the program. Does nothing when already open.

        Raises:
            CameraSetup: there is no such program.
        """
        if self._process is not None:
            return
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL if self._told is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise CameraSetup(
                self.camera, f"{self._command[0]}: {error.strerror}; install ffmpeg on this box"
            ) from error
        assert process.stdout is not None
        assert process.stderr is not None
        if process.stdin is not None and self._told is not None:
            # a few hundred bytes, which any pipe holds; a program that ended at once is told of by its words
            with contextlib.suppress(BrokenPipeError), process.stdin as told:
                told.write(self._told)
        self._process, self._over, self._index, self._epoch = process, False, 0, None
        self._waiting.clear()
        self._said.clear()
        self._heard_s = self._seconds()
        self._threads = [
            Thread(target=self._listen, args=(process.stderr,), daemon=True),
            Thread(target=self._pump, args=(process.stdout,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def read(self, timeout_s: float) -> Frame | None:
        """Return the next picture, or None when none came within ``timeout_s`` seconds.

        Raises:
            CameraEnded: a recording is over.
            CameraFault: not open, silent for too long, or the program ended.
        """
        if self._process is None:
            raise CameraFault(self.camera, "read before it was opened; call open()")
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._over, timeout_s)
            taken = self._waiting.popleft() if self._waiting else None
            over = self._over
            self._changed.notify_all()
        if taken is not None:
            self._heard_s = self._seconds()
            return self._frame(*taken)
        if over:
            raise self._ended()
        if self._seconds() - self._heard_s > self._timeout_s:
            raise CameraFault(
                self.camera,
                f"{redact(self._address)} gave no picture for {self._timeout_s:g} s; "
                "check its power, its network and the options of ffmpeg",
            )
        return None

    def close(self) -> None:
        """End the program; closing twice is harmless."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        with self._changed:
            self._over = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=2.0)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()

    def _listen(self, errors: IO[bytes]) -> None:
        """Keep the program's last words, without credentials."""
        with contextlib.suppress(ValueError):
            for line in errors:
                self._said.append(redact(line.decode("utf-8", "replace").strip()))

    def _pump(self, pictures: IO[bytes]) -> None:
        try:
            with contextlib.suppress(ValueError):
                self._read_all(pictures)
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _read_all(self, pictures: IO[bytes]) -> None:
        header = _HEADER.match(pictures.readline())
        if header is None:
            return
        width, height, rate, per = (int(number) for number in header.groups())
        if not (0 < width <= _MOST_SIDE and 0 < height <= _MOST_SIDE):
            self._said.append(f"it promises pictures of {width} x {height} pixels")
            return
        self._size, self._step_s = (width, height), per / max(rate, 1)
        self._started_s = self._seconds()
        size = width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2)
        while pictures.readline().startswith(b"FRAME"):
            packed = np.empty(size, np.uint8)
            if not _fill(pictures, packed):
                return
            self._put(self._seconds() - self._started_s, packed)

    def _put(self, arrived_s: float, packed: NDArray[np.uint8]) -> None:
        with self._changed:
            if self._live and len(self._waiting) >= 2:
                self._waiting.popleft()
                self.counters["dropped_frames"] += 1
            elif not self._live:
                self._changed.wait_for(lambda: len(self._waiting) < 2 or self._over)
            self._waiting.append((arrived_s, packed))
            self._changed.notify_all()

    def _frame(self, arrived_s: float, packed: NDArray[np.uint8]) -> Frame:
        pts_s = arrived_s if self._live else self._index * self._step_s
        if self._epoch is None:
            self._epoch = self._clock.now() - timedelta(seconds=pts_s)
        frame = Frame(
            camera=self.camera,
            index=self._index,
            pts_s=pts_s,
            captured_at=self._epoch + timedelta(seconds=pts_s),
            picture=PlanarPicture.of_packed(packed, *self._size),
        )
        self._index += 1
        self.counters["frames"] += 1
        return frame

    def _ended(self) -> CameraEnded | CameraFault:
        assert self._process is not None
        try:
            code = self._process.wait(timeout=2.0)
        except subprocess.TimeoutExpired:
            code = None
        if not self._live and code == 0 and self._index > 0:
            return CameraEnded(self.camera, f"{redact(self._address)} is over")
        for thread in self._threads:
            thread.join(timeout=1.0)
        said = "; ".join(self._said) or "it said nothing"
        return CameraFault(
            self.camera, f"{redact(self._address)}: ffmpeg ended with {code} ({said})"
        )


def _fill(pictures: IO[bytes], packed: NDArray[np.uint8]) -> bool:
    """Fill an array from a pipe; return whether all of it came."""
    filled = 0
    while filled < len(packed):
        part = pictures.read(len(packed) - filled)
        if not part:
            return False
        packed[filled : filled + len(part)] = np.frombuffer(part, np.uint8)
        filled += len(part)
    return True

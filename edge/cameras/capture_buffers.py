"""A video device's memory: pictures are taken out of it one by one, each before a deadline.

Numbers and layouts are those of ``linux/videodev2.h`` on 64-bit machines.
Source: https://docs.kernel.org/userspace-api/media/v4l/mmap.html
"""

import contextlib
import errno
import fcntl
import mmap
import os
import select
import struct
from fractions import Fraction
from typing import NamedTuple

from edge.cameras.device_mode import TakenMode
from edge.cameras.video_device import FORMATS

__all__ = ["Capture", "CaptureBuffers"]

_S_FMT = 0xC0D05605
_S_PARM = 0xC0CC5616
_REQBUFS = 0xC0145608
_QUERYBUF = 0xC0585609
_QBUF = 0xC058560F
_DQBUF = 0xC0585611
_STREAMON = 0x40045612
_STREAMOFF = 0x40045613

_CAPTURE, _MMAP = 1, 1
"""V4L2_BUF_TYPE_VIDEO_CAPTURE, V4L2_MEMORY_MMAP."""
_ERROR = 0x40
"""V4L2_BUF_FLAG_ERROR: what is in the buffer is damaged."""
_BUFFERS = 4
"""One being filled, two waiting, one being read."""

_CODES = {name: int.from_bytes(code.encode(), "little") for code, name in FORMATS.items()}
_NAMES = {code: name for name, code in _CODES.items()}


class Capture(NamedTuple):
    """What a device wrote for one picture.

    ``taken_us`` is the driver's time in microseconds, on a clock that only grows; None where the
    driver tells none. ``damaged``: the driver itself says that it is no good.
    """

    data: bytes
    taken_us: int | None
    damaged: bool


class CaptureBuffers:
    """A device that is set up; runs from :meth:`start` on.

    Args:
        path: the device.
        mode: what it is asked for.

    Attributes:
        mode: what it made of that.
        row_bytes: from one row of a picture's first plane to the next; 0 for compressed ones.

    Raises:
        OSError: it is not there or not allowed, EBUSY: in use, or it refuses.
    """

    def __init__(self, path: str, mode: TakenMode) -> None:
        self._maps: list[mmap.mmap] = []
        self._handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self.mode, self.row_bytes = self._set_format(mode)
            if mode.rate_hz is not None:
                self.mode = self.mode._replace(rate_hz=self._set_rate(mode.rate_hz))
        except BaseException:
            self.close()
            raise
        self._poll = select.poll()
        self._poll.register(self._handle, select.POLLIN)

    def start(self) -> None:
        """Take memory for a few pictures and let the device fill it.

        Raises:
            OSError: EBUSY: in use; ENOMEM: too large; ENOSPC: the bus has no room for it.
        """
        wanted = bytearray(struct.pack("=III8x", _BUFFERS, _CAPTURE, _MMAP))
        fcntl.ioctl(self._handle, _REQBUFS, wanted)
        for number in range(struct.unpack_from("=I", wanted)[0]):
            buffer = _buffer(number)
            fcntl.ioctl(self._handle, _QUERYBUF, buffer)
            offset, length = struct.unpack_from("=I4xI", buffer, 64)
            self._maps.append(
                mmap.mmap(self._handle, length, mmap.MAP_SHARED, mmap.PROT_READ, offset=offset)
            )
            fcntl.ioctl(self._handle, _QBUF, buffer)
        fcntl.ioctl(self._handle, _STREAMON, struct.pack("=i", _CAPTURE))

    def next(self, timeout_s: float) -> Capture | None:
        """Return the next picture, or None when none came within ``timeout_s`` seconds.

        Raises:
            OSError: the device is gone (ENODEV) or broke down.
        """
        events = self._poll.poll(timeout_s * 1000.0)
        if not events:
            return None
        buffer = _buffer(0)
        try:
            fcntl.ioctl(self._handle, _DQBUF, buffer)
        except BlockingIOError:
            if events[0][1] & ~select.POLLIN:
                # nothing to be had, and never again
                raise OSError(errno.ENODEV, os.strerror(errno.ENODEV)) from None
            return None
        number, _, used, flags = struct.unpack_from("=IIII", buffer, 0)
        seconds, micros = struct.unpack_from("=qq", buffer, 24)
        data = bytes(memoryview(self._maps[number])[:used])
        fcntl.ioctl(self._handle, _QBUF, _buffer(number))
        taken_us = seconds * 1_000_000 + micros
        return Capture(data, taken_us or None, bool(flags & _ERROR) or used == 0)

    def close(self) -> None:
        """Stop the device and let go of it; closing twice is harmless."""
        if self._handle < 0:
            return
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._handle, _STREAMOFF, struct.pack("=i", _CAPTURE))
        for mapped in self._maps:
            mapped.close()
        os.close(self._handle)
        self._handle = -1

    def _set_format(self, mode: TakenMode) -> tuple[TakenMode, int]:
        wanted = struct.pack("=IIIII", _CAPTURE, 0, mode.width, mode.height, _CODES[mode.format])
        about = bytearray(wanted.ljust(208, b"\0"))
        fcntl.ioctl(self._handle, _S_FMT, about)
        width, height, code, _, row_bytes = struct.unpack_from("=IIIII", about, 8)
        name = _NAMES.get(code, code.to_bytes(4, "little").decode("ascii", "replace"))
        return TakenMode(name, width, height, None), row_bytes

    def _set_rate(self, rate_hz: float) -> float | None:
        """Ask for a rate and return what comes of it; None where the device has no say in it."""
        step = Fraction(1.0 / rate_hz).limit_denominator(100_000)
        about = bytearray(
            struct.pack("=IIIII", _CAPTURE, 0, 0, step.numerator, step.denominator).ljust(
                204, b"\0"
            )
        )
        try:
            fcntl.ioctl(self._handle, _S_PARM, about)
        except OSError as error:
            if error.errno in {errno.EINVAL, errno.ENOTTY}:
                return None
            raise
        numerator, denominator = struct.unpack_from("=II", about, 12)
        return denominator / numerator if numerator else None


def _buffer(number: int) -> bytearray:
    """Return a ``struct v4l2_buffer`` with this number."""
    buffer = bytearray(88)
    struct.pack_into("=II", buffer, 0, number, _CAPTURE)
    struct.pack_into("=I", buffer, 60, _MMAP)
    return buffer

"""A video device of Linux (V4L2), such as a USB camera: what it is called and what it offers.

Numbers and layouts are those of ``linux/videodev2.h``; they have not changed since Linux 3.x.
Source: https://docs.kernel.org/userspace-api/media/v4l/user-func.html
"""

import errno
import fcntl
import os
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.cameras.device_mode import Mode

__all__ = ["FORMATS", "VideoDevice", "device_names", "examine_device"]

_QUERYCAP = 0x80685600
_ENUM_FMT = 0xC0405602
_G_FMT = 0xC0D05604
_ENUM_SIZES = 0xC02C564A
_ENUM_RATES = 0xC034564B

_CAN_CAPTURE = 0x1
_HAS_OWN_CAPABILITIES = 0x80000000
_CAPTURE = 1
"""V4L2_BUF_TYPE_VIDEO_CAPTURE."""
_DISCRETE = 1
"""V4L2_FRMSIZE_TYPE_DISCRETE, V4L2_FRMIVAL_TYPE_DISCRETE: listed one by one."""

_MAJOR = 81
"""Of every video device. Source: Documentation/admin-guide/devices.txt of Linux."""

_MOST = 512
"""Entries of one list that are read: a broken driver must not keep us for ever."""

FORMATS = {"YU12": "yuv420p", "NV12": "nv12", "YUYV": "yuyv422", "UYVY": "uyvy422", "MJPG": "mjpeg"}
"""Pixel formats that are asked for, by V4L2's name: what the library calls them."""

_ABSENT = (errno.EINVAL, errno.ENOTTY, errno.ENODATA)
"""What a driver answers behind the end of a list, or where it has none."""


@dataclass(frozen=True, slots=True)
class VideoDevice:
    """What a video device said of itself.

    Attributes:
        name: as its maker wrote it.
        captures: whether it gives pictures: a USB camera's second device gives data about them.
        size: width and height in pixels that it stands at; zeros where it gives no pictures.
        formats: those of :data:`FORMATS` that it has, in its order, by the library's names.
        modes: sizes and rates of these formats, as far as they are listed.
        listed: whether those are all sizes that it has; some devices scale to any.
    """

    name: str
    captures: bool
    size: tuple[int, int] = (0, 0)
    formats: tuple[str, ...] = ()
    modes: tuple[Mode, ...] = ()
    listed: bool = True


def device_names() -> tuple[str, ...]:
    """Return the machine's video devices, by number."""
    found = [path for path in Path("/dev").glob("video*") if path.name[5:].isdecimal()]
    return tuple(str(path) for path in sorted(found, key=lambda path: int(path.name[5:])))


def examine_device(path: str) -> VideoDevice:
    """Return what a video device says of itself; disturbs nobody who reads from it.

    Raises:
        OSError: ENOENT, EACCES, ENODEV as for any file; ENOTTY: it is no video device.
    """
    about = Path(path).stat()
    # nothing else is opened: a serial port would take it for a call
    if not stat.S_ISCHR(about.st_mode) or os.major(about.st_rdev) != _MAJOR:
        raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY), path)
    handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        said = _asked(handle, _QUERYCAP, bytearray(104))
        name = said[16:48].split(b"\0", 1)[0].decode("utf-8", "replace")
        able, own = struct.unpack_from("=II", said, 84)
        if not (own if able & _HAS_OWN_CAPABILITIES else able) & _CAN_CAPTURE:
            return VideoDevice(name, captures=False)
        present = _asked(handle, _G_FMT, bytearray(struct.pack("=I204x", _CAPTURE)))
        formats: list[str] = []
        modes: list[Mode] = []
        listed = True
        for code in _formats(handle):
            sizes = list(_sizes(handle, code))
            listed &= bool(sizes)
            form = FORMATS.get(code.to_bytes(4, "little").decode("ascii", "replace"))
            if form is not None:
                formats.append(form)
                modes += (Mode(form, *size, tuple(_rates(handle, code, size))) for size in sizes)
        width, height = struct.unpack_from("=II", present, 8)
        return VideoDevice(name, True, (width, height), tuple(formats), tuple(modes), listed)
    finally:
        os.close(handle)


def _asked(handle: int, request: int, about: bytearray) -> bytearray:
    fcntl.ioctl(handle, request, about)
    return about


def _listed(handle: int, request: int, entry: bytearray) -> Iterator[bytearray]:
    """Yield the entries of a list, whose number each entry begins with."""
    for number in range(_MOST):
        about = bytearray(entry)
        struct.pack_into("=I", about, 0, number)
        try:
            yield _asked(handle, request, about)
        except OSError as error:
            if error.errno in _ABSENT:
                return
            raise


def _formats(handle: int) -> Iterator[int]:
    entry = bytearray(struct.pack("=II56x", 0, _CAPTURE))
    for about in _listed(handle, _ENUM_FMT, entry):
        yield struct.unpack_from("=I", about, 44)[0]


def _sizes(handle: int, code: int) -> Iterator[tuple[int, int]]:
    entry = bytearray(struct.pack("=II36x", 0, code))
    for about in _listed(handle, _ENUM_SIZES, entry):
        kind, width, height = struct.unpack_from("=III", about, 8)
        if kind != _DISCRETE:
            return
        yield width, height


def _rates(handle: int, code: int, size: tuple[int, int]) -> Iterator[float]:
    entry = bytearray(struct.pack("=IIII36x", 0, code, *size))
    for about in _listed(handle, _ENUM_RATES, entry):
        kind, seconds, per = struct.unpack_from("=III", about, 16)
        if kind != _DISCRETE:
            return
        if seconds > 0:
            yield per / seconds

"""The controls of ``vivid``, the kernel's virtual video driver: what it draws, and how it fails.

Source: https://docs.kernel.org/admin-guide/media/vivid.html
"""

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["BARS", "DRIVER", "Vivid"]

_QUERYCTRL, _S_CTRL = 0xC0445624, 0xC008561C
_NEXT = 0x8000_0000

BARS = {
    "white": (191, 191, 191),
    "yellow": (0, 191, 191),
    "cyan": (191, 191, 0),
    "green": (0, 191, 0),
    "magenta": (191, 0, 191),
    "red": (0, 0, 191),
    "blue": (191, 0, 0),
    "black": (0, 0, 0),
}
"""Its first test pattern, from left to right: colours of 75 %, BGR."""

DRIVER = "n_devs=3 node_types=0x1,0x1,0x20001 num_inputs=1,1,1 input_types=0,0,1"
"""Parameters: two webcams, and a tuner that scales its picture to any size, with a second device for data."""

_BUS = Path("/sys/bus/platform/drivers/vivid")


class Vivid:
    """One of its devices.

    Args:
        path: such as /dev/video0.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def set(self, control: str, value: int) -> None:
        """Set a control by its name."""
        with self._opened() as handle:
            fcntl.ioctl(handle, _S_CTRL, struct.pack("=Ii", self._controls(handle)[control], value))

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Let it give no picture for a while."""
        self.set("Percentage of Dropped Buffers", 100)
        try:
            yield
        finally:
            self.set("Percentage of Dropped Buffers", 0)

    @staticmethod
    def unplug() -> None:
        """Take the devices out of the machine, whoever reads from them."""
        (_BUS / "unbind").write_text("vivid.0")

    @staticmethod
    def plug() -> None:
        """Put them back."""
        (_BUS / "bind").write_text("vivid.0")

    @contextmanager
    def _opened(self) -> Iterator[int]:
        handle = os.open(self.path, os.O_RDWR)
        try:
            yield handle
        finally:
            os.close(handle)

    def _controls(self, handle: int) -> dict[str, int]:
        found: dict[str, int] = {}
        number = 0
        while True:
            about = bytearray(68)
            struct.pack_into("=I", about, 0, number | _NEXT)
            try:
                fcntl.ioctl(handle, _QUERYCTRL, about)
            except OSError:
                return found
            number = struct.unpack_from("=I", about)[0]
            found[about[8:40].split(b"\0", 1)[0].decode()] = number

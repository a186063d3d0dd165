"""A disk whose power can be cut: an ext4 file system in a file, shut down without a last write.

ext4's own shutdown call, which file-system developers test crashes with, makes everything fail that
has not reached the device: what lies in the page cache is gone, as after a power cut. The device
here keeps what it was given; a disk that lies about its cache is not simulated.
Source: Linux, fs/ext4/ioctl.c, ``EXT4_IOC_SHUTDOWN`` with ``EXT4_GOING_FLAGS_NOLOGFLUSH``.
"""

import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
import time
from pathlib import Path

__all__ = ["CuttableDisk", "DiskRefused"]

_SHUTDOWN = 0x8004587D
_WITHOUT_LOG_FLUSH = 2
_PATIENCE_S = 10.0
_SLOWEST_S = 120.0
"""Real seconds for a mount, which waits for what other processes have yet to write."""
_SIZE_BYTES = 256 * 1024 * 1024


class DiskRefused(Exception):
    """This machine does not let us mount a file: not root, or no loop devices."""


class CuttableDisk:
    """A mounted file system; ``path`` is its root.

    Args:
        folder: where the image goes; the mount point is a temporary folder.

    Raises:
        DiskRefused: it cannot be mounted here.
    """

    def __init__(self, folder: Path) -> None:
        self._image = folder / "disk.img"
        self._mounted = False
        if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
            raise DiskRefused("needs root and mkfs.ext4")
        # where every user may go: PostgreSQL refuses to be root, and pytest's folders are root's alone
        self.path = Path(tempfile.mkdtemp(prefix="cityloop-disk-"))
        self.path.chmod(0o755)
        with self._image.open("wb") as image:
            image.truncate(_SIZE_BYTES)
        try:
            _run("mkfs.ext4", "-q", "-F", str(self._image))
            self._mount()
        except DiskRefused:
            self.path.rmdir()
            raise

    def _mount(self) -> None:
        # no commit by the clock: what is not synced stays in the page cache for the whole test
        _run("mount", "-o", "loop,commit=300", str(self._image), str(self.path))
        self._mounted = True

    def settle(self) -> None:
        """Bring to the disk what was prepared, so that only what follows can be lost."""
        os.sync()

    def cut(self) -> None:
        """Cut the power: nothing that is not on the disk will ever be."""
        folder = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, _SHUTDOWN, struct.pack("I", _WITHOUT_LOG_FLUSH))
        finally:
            os.close(folder)

    def return_power(self) -> None:
        """Mount what is left; every process that had files open must have ended."""
        self.unmount()
        self._mount()

    def unmount(self) -> None:
        """Give the disk back.

        Raises:
            DiskRefused: a process still has files open on it.
        """
        if not self._mounted:
            return
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                _run("umount", str(self.path))
                break
            except (
                DiskRefused
            ):  # a process that was killed gives its files back a moment after its end
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        self._mounted = False

    def detach(self) -> None:
        """Give the disk back even if a failed test left files open on it."""
        if self._mounted:
            _run("umount", "--lazy", str(self.path))
            self._mounted = False
        self.path.rmdir()


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SLOWEST_S)
    if done.returncode != 0:
        msg = f"{' '.join(command)}: {done.stderr.strip()}"
        raise DiskRefused(msg)

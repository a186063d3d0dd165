"""A folder on a disk of its own that can be filled up: tmpfs, which root may mount."""

import os
import shutil
from pathlib import Path

from cityloop.chaos.system_tool import run_tool
from cityloop.errors import StackError

__all__ = ["SmallDisk"]


class SmallDisk:
    """A mounted tmpfs.

    Args:
        folder: an empty folder, which becomes its root.
        size_bytes: how much fits on it.

    Raises:
        StackError: it cannot be mounted here.
    """

    def __init__(self, folder: Path, size_bytes: int) -> None:
        self._folder = folder
        if os.geteuid() != 0 or shutil.which("mount") is None:
            raise StackError("a disk that fills up has to be mounted, which needs root")
        run_tool("mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "none", str(folder))

    @property
    def _ballast(self) -> Path:
        return self._folder / "ballast"

    def fill(self) -> None:
        """Take all room that is left."""
        with self._ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1_048_576))
            except OSError:
                return  # full, as it is meant to be

    def free(self) -> None:
        """Give it back."""
        self._ballast.unlink()

    def unmount(self) -> None:
        """Take the disk away, with all that is on it."""
        run_tool("umount", "--lazy", str(self._folder))

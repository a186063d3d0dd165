"""A piece of disk held back, so that room can still be made when the disk is full."""

import os
from pathlib import Path

__all__ = ["DiskReserve"]


class DiskReserve:
    """A file that takes up space until that is needed for making room.

    A store that lives on a full disk cannot even delete: SQLite writes what it deletes into its log
    first. Giving this up for a moment lets it.

    Args:
        path: the file; it is made by :meth:`hold`.
        size_bytes: how much it takes up.
    """

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._path = path
        self._size = size_bytes

    def hold(self) -> bool:
        """Take the space, unless it is held already; False when the disk has not got it."""
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return False
        try:
            if os.fstat(fd).st_size < self._size:
                os.posix_fallocate(fd, 0, self._size)
        except OSError:
            self._path.unlink()
            return False
        finally:
            os.close(fd)
        return True

    def release(self) -> None:
        """Give the space back to the disk."""
        self._path.unlink(missing_ok=True)

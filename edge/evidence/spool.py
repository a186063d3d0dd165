"""Pictures and clips waiting on disk for their upload, named by their hash, within a budget."""

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Spool"]

_SUFFIXES = {"image/jpeg": ".jpg", "video/mp4": ".mp4"}
"""What may wait here, and how its files are called."""


class Spool:
    """A folder of ``{sha256}.jpg`` and ``.mp4`` files; the oldest go first when the budget is spent.

    A picture is written beside its place, synced and renamed, so that what has the right name is
    whole. Not thread-safe for writers; one other thread may read and delete.

    Args:
        folder: made when it does not exist.
        budget_bytes: most bytes kept.
    """

    def __init__(self, folder: Path, budget_bytes: int) -> None:
        self._folder = folder
        self._budget_bytes = budget_bytes
        self.closed = ""
        """Why no picture is taken now (the disk guard's reason); empty while they are."""
        self.counters: dict[str, int] = {"evidence_spooled": 0, "evidence_dropped": 0}
        folder.mkdir(parents=True, exist_ok=True)
        for torn in folder.glob("*.part"):
            torn.unlink(missing_ok=True)

    def add(self, data: bytes, media_type: str = "image/jpeg") -> str:
        """Keep a picture or clip and return its SHA-256 in hex.

        Raises:
            OSError: the disk is full, the folder gone, or no picture is taken now.
        """
        if self.closed:
            raise OSError(errno.ENOSPC, self.closed)
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._folder / f"{sha256}{_SUFFIXES[media_type]}"
        if path.exists():
            return sha256
        part = self._folder / f"{sha256}.part"
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            self._sync_folder()
        except OSError:
            part.unlink(missing_ok=True)
            raise
        self.counters["evidence_spooled"] += 1
        self._enforce()
        return sha256

    def _sync_folder(self) -> None:
        """Make a rename durable: a power cut would leave the ``.part``, which nobody looks at."""
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def waiting(self) -> Iterator[str]:
        """Yield the hashes of what waits, oldest first."""
        for path in self._oldest_first():
            yield path.stem

    def media_type(self, sha256: str) -> str:
        """Return what waits under a hash: a picture, or a clip where there is one."""
        clip = (self._folder / f"{sha256}.mp4").is_file()
        return "video/mp4" if clip else "image/jpeg"

    def read(self, sha256: str) -> bytes | None:
        """Return its bytes, or None when it is gone or no longer what its name says."""
        suffix = _SUFFIXES[self.media_type(sha256)]
        try:
            data = (self._folder / f"{sha256}{suffix}").read_bytes()
        except FileNotFoundError:
            return None
        if hashlib.sha256(data).hexdigest() != sha256:
            # a power cut can leave a renamed file without its bytes on some file systems
            self.drop(sha256)
            return None
        return data

    def remove(self, sha256: str) -> None:
        """Delete what has arrived."""
        for suffix in _SUFFIXES.values():
            (self._folder / f"{sha256}{suffix}").unlink(missing_ok=True)

    def drop(self, sha256: str) -> None:
        """Delete what will never arrive, and count it."""
        self.remove(sha256)
        self.counters["evidence_dropped"] += 1

    def give_up(self, size_bytes: int) -> int:
        """Drop the oldest until so many bytes are free; return how many were dropped."""
        dropped = 0
        for path in self._oldest_first():
            if size_bytes <= 0:
                break
            try:
                size_bytes -= path.stat().st_size
            except FileNotFoundError:
                continue
            self.drop(path.stem)
            dropped += 1
        return dropped

    def _oldest_first(self) -> list[Path]:
        aged: list[tuple[int, str, Path]] = []
        for path in self._folder.iterdir():
            if path.suffix not in _SUFFIXES.values():
                continue
            try:
                aged.append((path.stat().st_mtime_ns, path.name, path))
            except FileNotFoundError:
                continue
        return [path for _, _, path in sorted(aged)]

    def _enforce(self) -> None:
        sizes: list[tuple[Path, int]] = []
        for path in self._oldest_first():
            try:
                sizes.append((path, path.stat().st_size))
            except FileNotFoundError:
                continue
        total = sum(size for _, size in sizes)
        for path, size in sizes[:-1]:
            if total <= self._budget_bytes:
                return
            self.drop(path.stem)
            total -= size

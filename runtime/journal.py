"""The journal: every accepted message, tick and control, in one total order, on disk.

Append-only segment files, each named by the offset of its first record. Whatever is computed from
the journal can be computed again. One process writes, any number may read meanwhile.
"""

import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, NoReturn

from runtime.errors import JournalBroken, JournalFull, StoreLocked
from runtime.journal_format import (
    HEADER_BYTES,
    UNSYNCED,
    JournalKind,
    JournalRecord,
    encode_batch,
    encode_header,
    parse_header,
    parse_record,
    proves_commit,
)

__all__ = ["Journal", "JournalKind", "JournalRecord", "TornTail", "read_journal"]

_SUFFIX = ".journal"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_ADVICE = "restore the folder from a backup, or move it away to begin an empty journal"


class TornTail(NamedTuple):
    """What was cut off at opening: the end of a write that a crash had cut short."""

    path: Path
    offset: int
    """Offset that the first lost record would have had."""
    cut_bytes: int


def _segment_path(directory: Path, first_offset: int) -> Path:
    return directory / f"{first_offset:020d}{_SUFFIX}"


def _segments(directory: Path) -> list[int]:
    """Return the first offsets of a journal's segments, ascending."""
    return sorted(int(path.stem) for path in directory.glob(f"*{_SUFFIX}") if path.stem.isdigit())


def _broken(path: Path, offset: int, what: str) -> JournalBroken:
    return JournalBroken(f"journal {path}: at offset {offset}: {what}; {_ADVICE}")


def _load(path: Path, first_offset: int) -> bytes:
    data = path.read_bytes()
    try:
        named = parse_header(data)
    except ValueError as error:
        raise _broken(path, first_offset, str(error)) from error
    if named != first_offset:
        raise _broken(path, first_offset, f"the header says that it begins at {named}")
    return data


def read_journal(directory: Path, from_offset: int = 0) -> Iterator[JournalRecord]:
    """Yield the records of a journal from ``from_offset`` (0: from the oldest kept) to its end.

    Needs no lock: a record that is just being written ends the iteration; call again later. It may
    yield records which the writer has not synced yet.

    Raises:
        JournalBroken: a damaged or missing record, or ``from_offset`` was pruned away.
    """
    firsts = _segments(directory)
    if not firsts:
        return
    if 0 < from_offset < firsts[0]:
        raise _broken(
            directory, from_offset, f"it was pruned; the oldest record kept is {firsts[0]}"
        )
    offset = max((first for first in firsts if first <= from_offset), default=firsts[0])
    while (path := _segment_path(directory, offset)).exists():
        records = _read_segment(directory, path, offset)
        first = offset
        for record in records:
            if record.offset >= from_offset:
                yield record
            offset = record.offset + 1
        if offset == first:
            return


def _read_segment(directory: Path, path: Path, first: int) -> Iterator[JournalRecord]:
    """Yield the records of one segment, also those that are appended meanwhile."""
    offset, position = first, HEADER_BYTES
    while path.stat().st_size >= HEADER_BYTES:
        # looked up before the file is read: a segment that has a successor does not grow any more
        later = [other for other in _segments(directory) if other > first]
        data = _load(path, first)
        while (found := parse_record(data, position, offset)) is not None:
            record, position = found
            yield record
            offset += 1
        if position < len(data) and (later or proves_commit(data, position)):
            raise _broken(path, offset, f"the record at byte {position} is damaged")
        if later and later[0] != offset:
            raise _broken(path, offset, f"the next segment begins at {later[0]}, not here")
        if later or path.stat().st_size == len(data):
            return


class Journal:
    """The writer of a journal. One thread at a time, one process at a time.

    Args:
        directory: the folder that holds the segments; it is created.
        segment_bytes: a new segment begins beyond this size.
        budget_bytes: what :meth:`prune` brings the journal down to.
        sync: whether :meth:`append` waits until the disk has the data.

    Attributes:
        cut: what was cut off at opening, or None.

    Raises:
        StoreLocked: another process writes to it.
        JournalBroken: its last segment is damaged elsewhere than at its end.
    """

    def __init__(
        self,
        directory: Path,
        *,
        segment_bytes: int = 64 * 1024 * 1024,
        budget_bytes: int = 8 * 1024 * 1024 * 1024,
        sync: bool = True,
    ) -> None:
        self.directory = directory
        self.cut: TornTail | None = None
        self._segment_bytes = segment_bytes
        self._budget_bytes = budget_bytes
        self._sync = sync
        self._failed = False
        self._written: tuple[int, int] | None = None
        directory.mkdir(parents=True, exist_ok=True)
        self._lock_fd = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._fd = -1
        try:
            self._own()
            self._recover()
        except BaseException:
            self.close()
            raise

    def _own(self) -> None:
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreLocked(
                f"journal {self.directory}: another process writes to it; stop that one first"
            ) from error

    def _recover(self) -> None:
        """Open the last segment for appending, without the end of an unfinished write."""
        firsts = _segments(self.directory)
        if len(firsts) > 1:
            # a crash right after a new segment was created leaves it without a header
            path = _segment_path(self.directory, firsts[-1])
            if path.stat().st_size < HEADER_BYTES:
                self.cut = TornTail(path, firsts[-1], path.stat().st_size)
                path.unlink()
                firsts.pop()
        if not firsts:
            self._begin_segment(0)
            return
        self._first = firsts[-1]
        path = _segment_path(self.directory, self._first)
        if path.stat().st_size < HEADER_BYTES:
            self.cut = TornTail(path, self._first, path.stat().st_size)
            path.unlink()
            self._begin_segment(self._first)
            return
        data = _load(path, self._first)
        position, self._end = HEADER_BYTES, self._first
        while (found := parse_record(data, position, self._end)) is not None:
            _, position = found
            self._end += 1
        if position < len(data):
            if proves_commit(data, position):
                raise _broken(path, self._end, f"the record at byte {position} is damaged")
            self.cut = TornTail(path, self._end, len(data) - position)
        self._fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        os.ftruncate(self._fd, position)
        # also what a killed writer had written but not synced must be safe before it is built upon
        os.fsync(self._fd)
        os.lseek(self._fd, position, os.SEEK_SET)
        self._size = position

    def _begin_segment(self, first_offset: int) -> None:
        path = _segment_path(self.directory, first_offset)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            os.write(fd, encode_header(first_offset))
            os.fsync(fd)
            folder = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError:
            os.close(fd)
            path.unlink()
            raise
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = fd
        self._first = self._end = first_offset
        self._size = HEADER_BYTES

    @property
    def first_offset(self) -> int:
        """Offset of the oldest record kept."""
        return _segments(self.directory)[0]

    @property
    def end_offset(self) -> int:
        """Offset that the next record gets."""
        return self._end

    @property
    def size_bytes(self) -> int:
        """What all segments take on the disk."""
        return sum(path.stat().st_size for path in self.directory.glob(f"*{_SUFFIX}"))

    def append(self, entries: Sequence[tuple[JournalKind, int, str, bytes]]) -> int:
        """Write records and return the offset of the first; they are on the disk by then.

        Args:
            entries: kind, arrival time in microseconds since 1970 UTC, topic, payload.

        Raises:
            JournalFull: the disk has no room; none of them is kept, all earlier ones are.
            JournalBroken: the disk failed to sync earlier: what it holds is unknown until the
                journal is opened again.
            ValueError: a topic or payload is too long.
        """
        first = self.write(entries)
        self.commit()
        return first

    def write(self, entries: Sequence[tuple[JournalKind, int, str, bytes]]) -> int:
        """Write records and return the offset of the first; :meth:`commit` must follow.

        Until then they are part of nothing. Arguments and errors as for :meth:`append`.
        """
        if self._failed:
            raise _broken(self.directory, self._end, "an earlier write failed; restart the process")
        assert self._written is None, "commit what was written first"
        if not entries:
            return self._end
        try:
            if self._size >= self._segment_bytes and self._end > self._first:
                self._begin_segment(self._end)
            batch = self._size if self._sync else UNSYNCED
            data = encode_batch(entries, batch)
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            self._give_up(error, len(entries))
        self._written = (len(entries), len(data))
        return self._end

    def commit(self) -> None:
        """Bring what was written to the disk; it is part of the journal from then on.

        It may be called in another thread than :meth:`write`; errors as for :meth:`append`.
        """
        if self._written is None:
            return
        (records, size), self._written = self._written, None
        try:
            if self._sync:
                os.fdatasync(self._fd)
        except OSError as error:
            self._give_up(error, records)
        self._end += records
        self._size += size

    def _give_up(self, error: OSError, records: int) -> NoReturn:
        """Take back what was written and say why."""
        self._undo(error)
        if error.errno in _NO_ROOM:
            raise JournalFull(
                f"journal {self.directory}: no room for {records} more records "
                f"({error.strerror}); earlier ones are safe; free disk space or lower "
                "journal.budget_bytes, then it goes on by itself"
            ) from error
        raise _broken(self.directory, self._end, f"write failed: {error}") from error

    def _undo(self, error: OSError) -> None:
        """Take back a half-written batch, so that the next one follows the last good record."""
        # After another failure than "no room", the page cache may differ from the disk for good.
        self._failed = error.errno not in _NO_ROOM
        try:
            os.ftruncate(self._fd, self._size)
            os.lseek(self._fd, self._size, os.SEEK_SET)
        except OSError:
            self._failed = True

    def read(self, from_offset: int = 0) -> Iterator[JournalRecord]:
        """Yield the records from ``from_offset`` on; see :func:`read_journal`."""
        return read_journal(self.directory, from_offset)

    def prune(self, keep_from: int) -> int:
        """Delete the oldest segments while over the budget; returns how many.

        Args:
            keep_from: the oldest offset that is still needed (the last checkpoint's); no segment
                that holds it or a later one goes, whatever the budget says.
        """
        firsts = _segments(self.directory)
        excess = self.size_bytes - self._budget_bytes
        deleted = 0
        for first, following in pairwise(firsts):
            if excess <= 0 or following > keep_from:
                break
            path = _segment_path(self.directory, first)
            excess -= path.stat().st_size
            path.unlink()
            deleted += 1
        return deleted

    def close(self) -> None:
        """Give the journal back; another process may then write to it."""
        for fd in (self._fd, self._lock_fd):
            if fd >= 0:
                os.close(fd)
        self._fd = self._lock_fd = -1

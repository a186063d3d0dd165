"""Gives up what matters least while there is still room on the disk, so that it never fills up."""

import shutil
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Protocol

import structlog

from contracts.topics import Kind
from runtime.outbox import Letter

__all__ = ["DiskGuard", "PictureStore", "Want", "free_bytes"]

_LOOK_EVERY = timedelta(seconds=5.0)
_RELIEF = 1.25
"""Free space, in shares of what made a step necessary, at which it is taken back."""

_LOG = structlog.get_logger("edge.health")


class Want(IntEnum):
    """How little room there is, and what is given up; each keeps what the ones before gave up."""

    NONE = 0
    PICTURES = 1
    """Originals, then waiting pictures are dropped, the oldest first, and no new ones are kept."""
    TRACKS = 2
    """Live tracks are not stored any more: the next one would replace them within a second."""
    COUNTS = 3
    """Counts are not stored any more. Readings, observations and the urgent lane always are."""


_WITHHELD: dict[Kind, Want] = {Kind.TRACKS: Want.TRACKS, Kind.COUNTS: Want.COUNTS}


class PictureStore(Protocol):
    """What the guard asks of a place where pictures lie.

    Adapters: :class:`edge.evidence.spool.Spool` and :class:`edge.evidence.vault.Vault`.
    """

    closed: str
    """Why no picture is kept now; empty while they are."""

    def give_up(self, size_bytes: int) -> int:
        """Drop the oldest pictures until so many bytes are free; return how many were."""
        ...


def free_bytes(folders: Sequence[Path]) -> int:
    """Return the free space of the fullest disk under some folders."""
    return min(shutil.disk_usage(folder).free for folder in folders)


class DiskGuard:
    """Watches the free space.

    Args:
        free: tells how many bytes are free on the fullest disk.
        keep_bytes: free space that is kept.
        pictures: where pictures lie, what is given up first at the front; empty where there are none.
    """

    def __init__(
        self, free: Callable[[], int], *, keep_bytes: int, pictures: Sequence[PictureStore] = ()
    ) -> None:
        self._free = free
        self._keep = keep_bytes
        self._pictures = pictures
        self._due: datetime | None = None
        self.want = Want.NONE
        self.free: int | None = None
        """Free bytes at the latest look; None before the first, or where they cannot be told."""
        self.counters: dict[str, int] = {
            "disk_want": 0,
            "pictures_given_up": 0,
            "tracks_withheld": 0,
            "counts_withheld": 0,
        }

    def step(self, now: datetime) -> None:
        """Look at the disk, and make room where there is too little."""
        if self._due is not None and now < self._due:
            return
        self._due = now + _LOOK_EVERY
        try:
            self.free = self._made_room()
        except OSError as error:
            _LOG.error("disk_unreadable", reason=str(error))
            self.free = None
            return
        want = self._wanted(self.free)
        if want is not self.want:
            report = _LOG.warning if want > self.want else _LOG.info
            report("disk_want_changed", gives_up=want.name.lower(), free_bytes=self.free)
        self.want = want
        self.counters["disk_want"] = int(want)
        short = f"the disk guard keeps {self._keep} bytes free, {self.free} are left"
        for store in self._pictures:
            store.closed = short if want is not Want.NONE else ""

    def _made_room(self) -> int:
        """Give pictures up where there is too little room; return how much is free then.

        Raises:
            OSError: the disk cannot be asked.
        """
        free = self._free()
        for store in self._pictures:
            if free >= self._keep:
                break
            self.counters["pictures_given_up"] += store.give_up(self._keep - free)
            free = self._free()
        return free

    def admit(self, letters: Sequence[Letter]) -> list[Letter]:
        """Return the messages that may be stored now; what is withheld is counted."""
        if self.want < Want.TRACKS:
            return list(letters)
        admitted = []
        for letter in letters:
            if letter.kind in _WITHHELD and self.want >= _WITHHELD[letter.kind]:
                self.counters[f"{letter.kind.value}_withheld"] += 1
            else:
                admitted.append(letter)
        return admitted

    def close(self) -> None:
        """End; nothing is held."""

    def _wanted(self, free: int) -> Want:
        """Return what has to be given up; once given up, it comes back with some more room."""
        for want, share in ((Want.COUNTS, 4), (Want.TRACKS, 2), (Want.PICTURES, 1)):
            limit = self._keep / share * (_RELIEF if self.want >= want else 1.0)
            if free < limit:
                return want
        return Want.NONE

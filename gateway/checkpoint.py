"""The checkpoint: state by pieces, and the journal offset that it stands for.

Only what changed is written, in one transaction with the offset, so that a kill at any moment
leaves either the old checkpoint or the new one. Recovery is this plus the journal from the offset.

What changed is appended as it was packed, which costs next to nothing; looking each key up in a
large table for every checkpoint is what did. When as much has been appended as the whole state takes,
it is folded, a part at a time: of all that was ever said of a key the last remains.
"""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from gateway.checkpoint_changes import PARTS, Blobs, Change, Space, pack_blobs, pack_changes, unpack
from gateway.errors import StoreError
from gateway.store import open_store

__all__ = ["CheckpointStore", "Position", "Space"]

_VERSION = 3
"""3: changes one after the other instead of a row for each key. 2: the registry holds devices and boxes."""
_SCHEMA = (
    (
        "CREATE TABLE IF NOT EXISTS change (id INTEGER PRIMARY KEY, space TEXT NOT NULL, "
        "part INTEGER NOT NULL, packed BLOB NOT NULL)"
    ),
    (
        "CREATE TABLE IF NOT EXISTS position (one INTEGER PRIMARY KEY CHECK (one = 1), "
        "next_offset INTEGER NOT NULL, telemetry_offset INTEGER NOT NULL)"
    ),
)
_ADD = "INSERT INTO change (space, part, packed) VALUES (?,?,?)"


class Position(NamedTuple):
    """Where a checkpoint stands in the journal.

    ``next_offset`` is the first record that is not in the state, ``telemetry_offset`` the first
    whose values may not be in the telemetry store.
    """

    next_offset: int
    telemetry_offset: int


class CheckpointStore:
    """Checkpoints in one SQLite file, synchronous FULL.

    Args:
        path: the file.
        fold_bytes: bytes of changes below which nothing is folded, however small the state.

    Raises:
        StoreError: the file cannot be opened.
        StoreVersionError: a newer gateway wrote it.
    """

    def __init__(self, path: Path, *, fold_bytes: int = 64 * 1024 * 1024) -> None:
        self._path = path
        self._fold_bytes = fold_bytes
        self._db = open_store(path, schema=_SCHEMA, version=_VERSION, synchronous="FULL")
        self._raise()
        (stored,) = self._db.execute("SELECT TOTAL(LENGTH(packed)) FROM change").fetchone()
        self._bytes = int(stored)
        self._folded_bytes = 0
        self._folding: list[int] = []
        self._fold_through = 0

    def _raise(self) -> None:
        """Bring over what the versions before kept: a row for each key."""
        if not self._db.execute("SELECT 1 FROM sqlite_schema WHERE name='state'").fetchone():
            return
        pieces: dict[Space, Blobs] = {}
        for space, key, blob in self._db.execute("SELECT space, key, blob FROM state"):
            pieces.setdefault(Space(space), {})[key] = blob

        def write() -> None:
            self._db.executemany(_ADD, pack_changes(pieces))
            self._db.execute("DROP TABLE state")

        self._transact(write)

    def position(self) -> Position | None:
        """Return where the last checkpoint stands; None when there is none."""
        row = self._db.execute("SELECT next_offset, telemetry_offset FROM position").fetchone()
        return None if row is None else Position(*row)

    def load(self, space: Space) -> dict[str, bytes]:
        """Return every blob of a space by key."""
        found: Blobs = {}
        for (packed,) in self._db.execute(
            "SELECT packed FROM change WHERE space=? ORDER BY id", (space.value,)
        ):
            found |= unpack(packed)
        return {key: blob for key, blob in found.items() if blob is not None}

    def save(self, changes: Sequence[Change], position: Position) -> None:
        """Write what changed and the new position, all or nothing.

        Args:
            changes: what changed since the last call, later ones after earlier ones.
            position: where the state now stands.

        Raises:
            StoreError: nothing was written; the same changes can be saved again.
        """

        def write() -> None:
            self._db.executemany(_ADD, changes)
            self._db.execute("INSERT OR REPLACE INTO position VALUES (1,?,?)", position)

        self._transact(write)
        self._bytes += sum(len(change.packed) for change in changes)

    def fold(self) -> bool:
        """Fold a part of the state where much was appended; return whether there is more to fold.

        Raises:
            StoreError: nothing was written; another call tries again.
        """
        if not self._folding:
            if self._bytes - self._folded_bytes < max(self._fold_bytes, self._folded_bytes):
                return False
            self._folding = list(range(PARTS))
            (self._fold_through,) = self._db.execute("SELECT MAX(id) FROM change").fetchone()
            self._folded_bytes = 0
        self._fold_part(self._folding[-1])
        self._folding.pop()
        return bool(self._folding)

    def _fold_part(self, part: int) -> None:
        """Make the changes of one part one, up to those that were there when folding began."""
        bounds = (part, self._fold_through)
        merged: dict[str, tuple[int, Blobs]] = {}
        before = 0
        for number, space, packed in self._db.execute(
            "SELECT id, space, packed FROM change WHERE part=? AND id<=? ORDER BY id", bounds
        ):
            _, blobs = merged.get(space, (0, {}))
            blobs |= unpack(packed)
            merged[space] = number, blobs
            before += len(packed)
        # under the number of the last of them: whatever was appended meanwhile is newer
        folded = [
            (number, space, part, pack_blobs({k: b for k, b in blobs.items() if b is not None}))
            for space, (number, blobs) in merged.items()
        ]

        def write() -> None:
            self._db.execute("DELETE FROM change WHERE part=? AND id<=?", bounds)
            self._db.executemany("INSERT INTO change VALUES (?,?,?,?)", folded)

        if merged:
            self._transact(write)
        after = sum(len(packed) for _, _, _, packed in folded)
        self._bytes += after - before
        self._folded_bytes += after

    def _transact(self, write: Callable[[], None]) -> None:
        """Call ``write`` within a transaction.

        Raises:
            StoreError: it was taken back.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
            write()
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise StoreError(
                f"checkpoint {self._path}: {error}; the journal still holds everything; "
                "check the disk and its free space"
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

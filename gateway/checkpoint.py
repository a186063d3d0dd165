"""The checkpoint: state by pieces, and the journal offset that it stands for.

Only what changed is written, in one transaction with the offset, so that a kill at any moment
leaves either the old checkpoint or the new one. Recovery is this plus the journal from the offset.
"""

import sqlite3
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from gateway.errors import StoreError
from gateway.store import open_store

__all__ = ["CheckpointStore", "Position", "Space"]

_VERSION = 2
"""2: the registry holds devices and boxes as registered, which 1 cannot read."""
_SCHEMA = (
    (
        "CREATE TABLE IF NOT EXISTS state (space TEXT NOT NULL, key TEXT NOT NULL, blob BLOB NOT NULL, "
        "PRIMARY KEY (space, key)) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE IF NOT EXISTS position (one INTEGER PRIMARY KEY CHECK (one = 1), "
        "next_offset INTEGER NOT NULL, telemetry_offset INTEGER NOT NULL)"
    ),
)


class Space(StrEnum):
    """Whose piece a blob is."""

    ENGINE = "engine"
    """Key state of the rule engine."""
    QUALITY = "quality"
    """What the quality gates remember of each field of a sensor."""
    PACKS = "packs"
    """The rule packs in force, as journalled."""
    MARKS = "marks"
    """How far each stream of messages has come."""
    STATEMENTS = "statements"
    """Highest revision heard of each observed episode."""
    REGISTRY = "registry"
    """Boxes and subjects."""
    FOREIGN = "foreign"
    """Foreign mappings in force, as journalled, and the sessions of foreign systems."""


class Position(NamedTuple):
    """Where a checkpoint stands in the journal.

    ``next_offset`` is the first record that is not in the state, ``telemetry_offset`` the first
    whose values may not be in the telemetry store.
    """

    next_offset: int
    telemetry_offset: int


class CheckpointStore:
    """Checkpoints in one SQLite file, synchronous FULL."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = open_store(path, schema=_SCHEMA, version=_VERSION, synchronous="FULL")

    def position(self) -> Position | None:
        """Return where the last checkpoint stands; None when there is none."""
        row = self._db.execute("SELECT next_offset, telemetry_offset FROM position").fetchone()
        return None if row is None else Position(*row)

    def load(self, space: Space) -> dict[str, bytes]:
        """Return every blob of a space by key."""
        return dict(self._db.execute("SELECT key, blob FROM state WHERE space=?", (space.value,)))

    def save(self, pieces: Mapping[Space, Mapping[str, bytes | None]], position: Position) -> None:
        """Write what changed and the new position, all or nothing.

        Args:
            pieces: changed blobs by space and key; None removes a key.
            position: where the state now stands.

        Raises:
            StoreError: nothing was written; the same pieces can be saved again.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for space, blobs in pieces.items():
                name = space.value
                self._db.executemany(
                    "INSERT OR REPLACE INTO state VALUES (?,?,?)",
                    # in the order of the file each of its pages is looked for once: half the time
                    [
                        (name, key, blob)
                        for key in sorted(blobs)
                        if (blob := blobs[key]) is not None
                    ],
                )
                self._db.executemany(
                    "DELETE FROM state WHERE space=? AND key=?",
                    ((name, key) for key, blob in blobs.items() if blob is None),
                )
            self._db.execute("INSERT OR REPLACE INTO position VALUES (1,?,?)", position)
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

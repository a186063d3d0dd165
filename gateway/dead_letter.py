"""Dead letters: messages that were turned away, kept for a person to look at, within a budget."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gateway.errors import StoreError
from gateway.store import open_store

__all__ = ["HEAD_BYTES", "DeadLetter", "DeadLetterStore", "dead_letter_topic"]

HEAD_BYTES = 1_024
"""So much of a rejected payload is kept."""

_VERSION = 1
_SCHEMA = (
    (
        "CREATE TABLE IF NOT EXISTS letters (row INTEGER PRIMARY KEY AUTOINCREMENT, "
        "at_us INTEGER NOT NULL, reason TEXT NOT NULL, box TEXT NOT NULL, topic TEXT NOT NULL, "
        "detail TEXT NOT NULL, size_bytes INTEGER NOT NULL, head BLOB NOT NULL)"
    ),
)
_TOPIC_CHARACTERS = 256
_DETAIL_CHARACTERS = 512


class DeadLetter(NamedTuple):
    """One rejected message: when, why, from where, and how it began."""

    at_us: int
    reason: str
    box: str
    topic: str
    detail: str
    size_bytes: int
    head: bytes


def dead_letter_topic(gateway: str) -> str:
    """Return the topic that a gateway publishes copies of dead letters on.

    Outside ``city/v1`` so that nobody who subscribes there, this gateway included, hears them.
    """
    return f"city-dead/v1/{gateway}"


class DeadLetterStore:
    """Dead letters in one SQLite file; the oldest go first.

    Args:
        path: the database file.
        budget: letters that are kept.
    """

    def __init__(self, path: Path, *, budget: int = 10_000, read_only: bool = False) -> None:
        self._path = path
        self._budget = budget
        self._db = open_store(
            path, schema=_SCHEMA, version=_VERSION, synchronous="NORMAL", read_only=read_only
        )

    def add(self, letters: Sequence[DeadLetter]) -> None:
        """Store letters, each cut to its first :data:`HEAD_BYTES` bytes.

        Raises:
            StoreError: nothing was stored.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT INTO letters (at_us, reason, box, topic, detail, size_bytes, head) "
                "VALUES (?,?,?,?,?,?,?)",
                [
                    letter._replace(
                        topic=letter.topic[:_TOPIC_CHARACTERS],
                        detail=letter.detail[:_DETAIL_CHARACTERS],
                        head=letter.head[:HEAD_BYTES],
                    )
                    for letter in letters
                ],
            )
            self._db.execute(
                "DELETE FROM letters WHERE row <= (SELECT max(row) FROM letters) - ?",
                (self._budget,),
            )
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise StoreError(f"dead-letter store {self._path}: {error}; check the disk") from error

    def newest(self, limit: int = 100) -> list[DeadLetter]:
        """Return letters, newest first."""
        rows = self._db.execute(
            "SELECT at_us, reason, box, topic, detail, size_bytes, head FROM letters "
            "ORDER BY row DESC LIMIT ?",
            (limit,),
        )
        return [DeadLetter(*row) for row in rows]

    def close(self) -> None:
        """Close the file."""
        self._db.close()

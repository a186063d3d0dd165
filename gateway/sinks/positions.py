"""How far each further sink has come in the event outbox, and what it refused."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from gateway.errors import StoreError
from gateway.store import open_store

__all__ = ["RefusedEvent", "SinkPositions"]

_VERSION = 1
_SCHEMA = (
    (
        "CREATE TABLE IF NOT EXISTS positions (sink TEXT PRIMARY KEY, through_row INTEGER NOT NULL, "
        "missed INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE IF NOT EXISTS refused (sink TEXT NOT NULL, row INTEGER NOT NULL, "
        "event_id TEXT NOT NULL, rev INTEGER NOT NULL, at_us INTEGER NOT NULL, "
        "reason TEXT NOT NULL, again INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL, "
        "PRIMARY KEY (sink, row)) WITHOUT ROWID"
    ),
)
_REASON_CHARACTERS = 500


class RefusedEvent(NamedTuple):
    """One statement that a sink refused for good."""

    sink: str
    row: int
    event_id: str
    rev: int
    at_us: int
    reason: str
    again: bool
    """Whether somebody asked to send it again."""
    body: bytes


class SinkPositions:
    """Positions in one SQLite file, synchronous NORMAL; safe to use from several threads.

    A power cut may take the last positions: some events are then sent again, under the same id.

    Args:
        path: the database file.
        budget: refused statements kept per sink; the oldest go first.
        read_only: open an existing file for reading.
    """

    def __init__(self, path: Path, *, budget: int = 10_000, read_only: bool = False) -> None:
        self._path = path
        self._budget = budget
        self._lock = Lock()
        self._db = open_store(
            path, schema=_SCHEMA, version=_VERSION, synchronous="NORMAL", read_only=read_only
        )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise StoreError(
                    f"sink positions {self._path}: {error}; events will be sent again; "
                    "check the disk and its free space"
                ) from error

    def begin(self, sink: str, through_row: int) -> int:
        """Return the row up to which a sink has everything; a new one begins at ``through_row``."""
        with self._transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO positions (sink, through_row) VALUES (?,?)",
                (sink, through_row),
            )
            (row,) = db.execute(
                "SELECT through_row FROM positions WHERE sink=?", (sink,)
            ).fetchone()
        return int(row)

    def advance(self, sink: str, through_row: int, *, missed: int = 0) -> None:
        """Move a sink on.

        Args:
            sink: its name.
            through_row: the row up to which it has, or passed over, everything.
            missed: statements that the outbox had forgotten before the sink could take them.

        Raises:
            StoreError: it stays where it was.
        """
        with self._transaction() as db:
            db.execute(
                "UPDATE positions SET through_row=?, missed=missed+? WHERE sink=?",
                (through_row, missed, sink),
            )

    def refuse(self, refused: RefusedEvent, through_row: int) -> None:
        """Keep a refused statement and move its sink past it, in one step.

        Raises:
            StoreError: neither happened.
        """
        with self._transaction() as db:
            entry = refused._replace(reason=refused.reason[:_REASON_CHARACTERS])
            db.execute("INSERT OR REPLACE INTO refused VALUES (?,?,?,?,?,?,?,?)", entry)
            db.execute(
                "UPDATE positions SET through_row=max(through_row, ?) WHERE sink=?",
                (through_row, refused.sink),
            )
            db.execute(
                "DELETE FROM refused WHERE sink=? AND row IN (SELECT row FROM refused WHERE sink=? "
                "ORDER BY row DESC LIMIT -1 OFFSET ?)",
                (refused.sink, refused.sink, self._budget),
            )

    def accepted(self, sink: str, row: int) -> None:
        """Forget a refused statement that was taken after all."""
        with self._transaction() as db:
            db.execute("DELETE FROM refused WHERE sink=? AND row=?", (sink, row))

    def revive(self, sink: str | None) -> int:
        """Mark the refused statements of one sink, or of all, to be sent again; return how many."""
        with self._transaction() as db:
            return db.execute(
                "UPDATE refused SET again=1 WHERE again=0 AND (? IS NULL OR sink=?)", (sink, sink)
            ).rowcount

    def refused(
        self, sink: str | None = None, *, again: bool | None = None, limit: int = 1_000
    ) -> list[RefusedEvent]:
        """Return refused statements, oldest first."""
        with self._lock:
            try:
                rows = self._db.execute(
                    "SELECT sink, row, event_id, rev, at_us, reason, again, body FROM refused "
                    "WHERE (? IS NULL OR sink=?) AND (? IS NULL OR again=?) ORDER BY row LIMIT ?",
                    (sink, sink, again, again, limit),
                ).fetchall()
            except sqlite3.Error as error:
                raise StoreError(f"sink positions {self._path}: {error}; check the disk") from error
        return [RefusedEvent(*row)._replace(again=bool(row[6])) for row in rows]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

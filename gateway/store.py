"""The gateway's SQLite files: write-ahead log, stated durability, versioned schema, many rows at once."""

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from gateway.errors import StoreError, StoreVersionError

__all__ = ["open_store", "write_rows"]

_ROWS_AT_ONCE = (1_000, 100, 10, 1)
"""Rows of one statement. While it runs the interpreter is free for other threads, and whoever wants it back
waits until a busy one has had its millisecond: row by row a batch would take seconds."""


def open_store(
    path: Path,
    *,
    schema: Sequence[str],
    version: int,
    synchronous: Literal["NORMAL", "FULL"],
    read_only: bool = False,
) -> sqlite3.Connection:
    """Return a connection in autocommit mode, usable from several threads under a lock.

    Args:
        path: the file; created with its folder unless ``read_only``.
        schema: statements that make the present schema, each ``IF NOT EXISTS``.
        version: number of that schema, kept in the file's ``user_version``.
        synchronous: ``FULL`` survives a power cut after each commit, ``NORMAL`` may lose the last
            ones but stays consistent.
        read_only: open an existing file for reading only.

    Raises:
        StoreError: the file cannot be opened.
        StoreVersionError: a newer gateway wrote it.
    """
    try:
        if read_only:
            db = sqlite3.connect(
                f"file:{path}?mode=ro",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                timeout=10,
            )
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            db.execute("PRAGMA journal_mode=WAL")
            db.execute(f"PRAGMA synchronous={synchronous}")
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"store {path}: {error}; expected a readable SQLite file; check path and owner"
        ) from error
    if found > version:
        db.close()
        raise StoreVersionError(
            f"store {path} has schema version {found}, this gateway knows {version}; "
            "run the newer gateway or restore a backup"
        )
    if not read_only:
        try:
            for statement in schema:
                db.execute(statement)
            db.execute(f"PRAGMA user_version={version}")
        except sqlite3.Error as error:
            db.close()
            raise StoreError(f"store {path}: {error}; check the disk and its free space") from error
    return db


def write_rows(
    db: sqlite3.Connection, statement: str, columns: int, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Write rows, many to a statement.

    Args:
        db: the connection, within a transaction.
        statement: what stands before ``VALUES``.
        columns: values of a row.
        rows: the rows, in their order.

    Raises:
        sqlite3.Error: some of them may have been written.
    """
    start = 0
    for size in _ROWS_AT_ONCE:
        for first in range(start, len(rows) - size + 1, size):
            values = tuple(chain.from_iterable(rows[first : first + size]))
            db.execute(_text(statement, columns, size), values)
            start = first + size


@lru_cache(maxsize=64)
def _text(statement: str, columns: int, rows: int) -> str:
    """Return the statement for so many rows."""
    row = f"({','.join('?' * columns)})"
    return f"{statement} VALUES {','.join([row] * rows)}"

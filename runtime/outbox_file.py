"""The SQLite file under an outbox: how it is opened, its schema, and what its errors mean."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from runtime.errors import OutboxBroken, OutboxFull, OutboxMismatch, RuntimeFault, StoreLocked

__all__ = ["PAGE_BYTES", "Synchronous", "explained", "open_file", "transaction"]

SCHEMA_VERSION = 1

PAGE_BYTES = 8192
"""A row beyond a quarter of a page takes whole pages of its own: with 4 KiB a message of 1,100 bytes takes 4,096.
Half of a box's bytes are tracks of about that size; beyond 8 KiB every append would write more than it saves.
Source: https://www.sqlite.org/fileformat2.html#b_tree_pages (payload kept in an index page), and measured."""

_LOG_BYTES = 4 * 1024 * 1024
"""What the write-ahead log holds before it is copied into the file; :mod:`runtime.outbox` keeps twice that free."""

_SCHEMA = """
CREATE TABLE box (name TEXT NOT NULL);
CREATE TABLE lane (
    lane INTEGER PRIMARY KEY AUTOINCREMENT,  -- older boots have smaller numbers
    boot_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    next_seq INTEGER NOT NULL,               -- how many messages were ever enqueued: the ledger
    UNIQUE (boot_id, channel)
);
CREATE TABLE letter (
    lane INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    from_seq INTEGER,                        -- set where the row stands for dropped ones before it
    kind TEXT NOT NULL,
    payload BLOB NOT NULL,                   -- without sent_at and resent
    enqueued_at_us INTEGER NOT NULL,
    PRIMARY KEY (lane, seq)
) WITHOUT ROWID;
"""


class Synchronous(StrEnum):
    """SQLite's durability. Source: https://www.sqlite.org/pragma.html#pragma_synchronous."""

    FULL = "FULL"
    """Every append is on the disk when it returns; a power cut loses nothing appended."""
    NORMAL = "NORMAL"
    """A power cut may lose the last appends; a killed process loses nothing. Spares SD cards."""


def explained(path: Path, error: sqlite3.Error, need_bytes: int = 0) -> RuntimeFault:
    """Return what an SQLite error means for the outbox at ``path``."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name == "SQLITE_FULL":
        return OutboxFull(path, need_bytes, str(error))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreLocked(f"outbox {path}: another process has it open; stop that one first")
    if name.startswith("SQLITE_CANTOPEN"):
        return OutboxBroken(
            f"outbox {path}: cannot be opened ({error}); its folder must exist and be writable"
        )
    return OutboxBroken(
        f"outbox {path}: SQLite says {name or 'error'}: {error}; check the disk, then restore the "
        "file or move it away (its unsent messages are then lost)"
    )


def open_file(path: Path, box: str, synchronous: Synchronous) -> sqlite3.Connection:
    """Return a connection that owns the outbox file alone, made and migrated where need be.

    The exclusive lock also keeps SQLite from mapping a shared-memory file, which on a full disk
    would end the process with SIGBUS.

    Raises:
        StoreLocked: another process has it open.
        OutboxMismatch: it belongs to another box, or to a newer cityloop.
        OutboxBroken: SQLite cannot use the file.
        OutboxFull: there is no room to create it.
    """
    try:
        connection = sqlite3.connect(
            path, timeout=1.0, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise explained(path, error) from error
    try:
        for pragma in (
            # before anything is written: a file that is there keeps the pages that it has
            f"page_size = {PAGE_BYTES}",
            "locking_mode = EXCLUSIVE",
            "journal_mode = WAL",
            f"synchronous = {synchronous.value}",
            "temp_store = MEMORY",
            f"wal_autocheckpoint = {_LOG_BYTES // PAGE_BYTES}",
            # after a huge batch the write-ahead log gives its room back to the disk
            "journal_size_limit = 67108864",
        ):
            connection.execute(f"PRAGMA {pragma}")
        with transaction(connection):
            _prepare(connection, path, box)
    except sqlite3.Error as error:
        connection.close()
        raise explained(path, error) from error
    except RuntimeFault:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, box: str) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        for statement in _SCHEMA.split(";\n"):
            connection.execute(statement)
        connection.execute("INSERT INTO box VALUES (?)", (box,))
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        return
    if version != SCHEMA_VERSION:
        raise OutboxMismatch(
            f"outbox {path}: schema {version}; this version reads {SCHEMA_VERSION}; "
            "run the version that wrote it until it is empty"
        )
    (owner,) = connection.execute("SELECT name FROM box").fetchone()
    if owner == box:
        return
    (waiting,) = connection.execute("SELECT count(*) FROM letter").fetchone()
    if waiting:
        raise OutboxMismatch(
            f"outbox {path}: holds {waiting} messages of box {owner!r}, but this is {box!r}; "
            "name the box as before until they are sent, or move the file away to give them up"
        )
    connection.execute("UPDATE box SET name = ?", (box,))


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what happens inside, or undo all of it when it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite itself rolls back on some errors, a full disk among them
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise

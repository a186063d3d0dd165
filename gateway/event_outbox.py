"""The event outbox: every statement about an event until the API has it, and a while longer.

Rows are unique by (event_id, rev), so a replay that makes the same events again changes nothing.
Delivered rows stay until the budget pushes them out: that is what keeps a replay from sending
twice, and what ``explain`` tells an event's history from.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from threading import Condition, Lock
from typing import NamedTuple

from contracts.ids import check_id
from gateway.errors import StoreError
from gateway.store import open_store

__all__ = ["EventOutbox", "EventState", "OutboxRow"]

_VERSION = 1
_SCHEMA = (
    (
        "CREATE TABLE IF NOT EXISTS events (row INTEGER PRIMARY KEY AUTOINCREMENT, "
        "event_id TEXT NOT NULL, rev INTEGER NOT NULL, state INTEGER NOT NULL, "
        "made_us INTEGER NOT NULL, settled_us INTEGER, reason TEXT, body BLOB NOT NULL, "
        "UNIQUE (event_id, rev))"
    ),
    "CREATE INDEX IF NOT EXISTS events_by_state ON events (state, row)",
)
_TRIM_BATCH = 1_000


class EventState(IntEnum):
    """What became of a row."""

    PENDING = 0
    DELIVERED = 1
    DEAD = 2
    """Refused by the API for good; kept for a person to look at."""


class OutboxRow(NamedTuple):
    """One statement in the outbox; ``body`` is the encoded event."""

    row: int
    event_id: str
    rev: int
    state: EventState
    made_us: int
    settled_us: int | None
    reason: str | None
    body: bytes


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


class EventOutbox:
    """Events on disk, synchronous FULL; safe to use from several threads.

    Args:
        path: the database file.
        remember: settled rows that are kept; the oldest go first. Pending rows are never dropped.
    """

    def __init__(self, path: Path, *, remember: int = 200_000, read_only: bool = False) -> None:
        self._path = path
        self._remember = remember
        self._lock = Lock()
        self._arrived = Condition()
        self._db = open_store(
            path, schema=_SCHEMA, version=_VERSION, synchronous="FULL", read_only=read_only
        )
        states = dict(self._db.execute("SELECT state, count(*) FROM events GROUP BY state"))
        self._pending = int(states.get(EventState.PENDING, 0))
        self._settled = sum(states.values()) - self._pending

    @property
    def pending(self) -> int:
        """Rows that wait for the API."""
        return self._pending

    def recount(self) -> None:
        """Count the pending rows anew: another process may have revived some.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._lock:
            try:
                (self._pending,) = self._db.execute(
                    "SELECT count(*) FROM events WHERE state=?", (EventState.PENDING,)
                ).fetchone()
            except sqlite3.Error as error:
                raise self._failed(error, "revived events wait") from error

    def journalled(self, arrived: datetime) -> None:
        """Hear that what arrived then is safe in the journal; only who traces keeps that in mind."""

    def judged(self) -> None:
        """Hear that the rules have seen it; likewise."""

    def put(self, events: Sequence[tuple[str, int, bytes]], now: datetime) -> int:
        """Store statements durably; return how many were not there yet.

        Args:
            events: event id, revision and encoded event of each.
            now: the moment, for the record.

        Raises:
            StoreError: none was stored; the same can be put again.
        """
        made_us = _microseconds(now)
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                before = self._db.total_changes
                self._db.executemany(
                    # not INSERT OR IGNORE: that uses up a row number, which followers would miss
                    "INSERT INTO events (event_id, rev, state, made_us, body) "
                    "SELECT ?1,?2,?3,?4,?5 WHERE NOT EXISTS "
                    "(SELECT 1 FROM events WHERE event_id=?1 AND rev=?2)",
                    [
                        (event, rev, EventState.PENDING, made_us, body)
                        for event, rev, body in events
                    ],
                )
                added = self._db.total_changes - before
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._failed(error, f"{len(events)} events wait in memory") from error
            self._pending += added
        if added:
            with self._arrived:
                self._arrived.notify_all()
        return added

    def batch(self, limit: int) -> list[OutboxRow]:
        """Return pending rows, oldest first."""
        return self._select("WHERE state=? ORDER BY row LIMIT ?", (EventState.PENDING, limit))

    def after(self, row: int, limit: int) -> list[OutboxRow]:
        """Return remembered rows behind ``row``, oldest first, whatever became of them."""
        return self._select("WHERE row>? ORDER BY row LIMIT ?", (row, limit))

    def newest_row(self) -> int:
        """Return the number of the newest row; 0 when there was none yet."""
        with self._lock:
            try:
                found = self._db.execute(
                    "SELECT seq FROM sqlite_sequence WHERE name='events'"
                ).fetchone()
            except sqlite3.Error as error:
                raise self._failed(error, "nothing was read") from error
        return 0 if found is None else int(found[0])

    def dead(self, limit: int = 1_000) -> list[OutboxRow]:
        """Return rows that the API refused for good, newest first."""
        return self._select("WHERE state=? ORDER BY row DESC LIMIT ?", (EventState.DEAD, limit))

    def history(self, event_id: str) -> list[OutboxRow]:
        """Return every remembered statement about one event, by revision."""
        return self._select("WHERE event_id=? ORDER BY rev", (event_id,))

    def about(self, subject: str, *, statements: int = 20_000) -> list[OutboxRow]:
        """Return statements about one subject among the newest ones, oldest first.

        Args:
            subject: a sensor or camera, a legal id.
            statements: how many of the newest rows are looked at; more are for the API to tell.
        """
        return self._select(
            "WHERE row>? AND instr(body, ?)>0 ORDER BY row",
            (self.newest_row() - statements, f'"subject":"{check_id(subject)}"'.encode()),
        )

    def _select(self, where: str, values: tuple[object, ...]) -> list[OutboxRow]:
        with self._lock:
            try:
                rows = self._db.execute(
                    "SELECT row, event_id, rev, state, made_us, settled_us, reason, body "  # noqa: S608 - constant text
                    f"FROM events {where}",
                    values,
                ).fetchall()
            except sqlite3.Error as error:
                raise self._failed(error, "nothing was read") from error
        return [OutboxRow._make((*row[:3], EventState(row[3]), *row[4:])) for row in rows]

    def settle(
        self, rows: Sequence[OutboxRow], state: EventState, now: datetime, reason: str | None = None
    ) -> None:
        """Mark pending rows as delivered or dead, and forget the oldest settled ones.

        Raises:
            StoreError: nothing changed; the rows would be delivered again, which the API ignores.
        """
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany(
                    f"UPDATE events SET state={state:d}, settled_us=?, reason=? WHERE row=?",  # noqa: S608 - an int
                    [(_microseconds(now), reason, row.row) for row in rows],
                )
                settled = self._settled + len(rows)
                if settled > self._remember + _TRIM_BATCH:
                    settled -= self._db.execute(
                        f"DELETE FROM events WHERE row IN (SELECT row FROM events WHERE state<>"  # noqa: S608 - an int
                        f"{EventState.PENDING:d} ORDER BY row LIMIT ?)",
                        (settled - self._remember,),
                    ).rowcount
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._failed(error, f"{len(rows)} events will be sent again") from error
            self._pending -= len(rows)
            self._settled = settled

    def revive(self, now: datetime) -> int:
        """Make every dead row pending again; return how many there were."""
        with self._lock:
            try:
                revived = self._db.execute(
                    "UPDATE events SET state=?, settled_us=?, reason=NULL WHERE state=?",
                    (EventState.PENDING, _microseconds(now), EventState.DEAD),
                ).rowcount
            except sqlite3.Error as error:
                raise self._failed(error, "no event was revived") from error
            self._pending += revived
            self._settled -= revived
        return revived

    def _failed(self, error: sqlite3.Error, consequence: str) -> StoreError:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        return StoreError(
            f"event outbox {self._path}: {error}; {consequence}; check the disk and its free space"
        )

    def wait(self, timeout_s: float) -> None:
        """Return when a new event was put, or after ``timeout_s``."""
        with self._arrived:
            self._arrived.wait(timeout_s)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

"""The embedded telemetry store: SQLite, one table per day of event time.

A table ``WITHOUT ROWID`` keyed by (device, metric, time) takes batches fast and reads a device's
range without hopping (Source: measured.md §4). One table per day makes retention a DROP TABLE.
"""

import re
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from gateway.errors import TelemetryError
from gateway.ports import Point
from gateway.store import open_store

__all__ = ["EmbeddedTelemetry"]

_VERSION = 1
_DAY_US = 86_400_000_000
_TABLE = re.compile(r"^points_(-?\d+)$")


class EmbeddedTelemetry:
    """Telemetry in one SQLite file; safe to use from several threads.

    Args:
        path: the database file; created with its folder.
        retention_days: days of event time that are kept, counted back from the newest one; 0 keeps
            all. What is older than that at arrival is counted in ``expired`` and not stored.
    """

    def __init__(self, path: Path, *, retention_days: int = 30) -> None:
        self._retention_days = retention_days
        self._lock = Lock()
        self._db = open_store(path, schema=(), version=_VERSION, synchronous="NORMAL")
        self._days = self._stored_days()
        self.expired = 0

    def _stored_days(self) -> set[int]:
        rows = self._db.execute("SELECT name FROM sqlite_schema WHERE type='table'")
        return {int(found[1]) for (name,) in rows if (found := _TABLE.match(name))}

    def write(self, points: Sequence[Point]) -> None:
        """Store a batch in one transaction.

        Raises:
            TelemetryError: the file cannot be written.
        """
        by_day: dict[int, list[Point]] = {}
        for point in points:
            by_day.setdefault(point.at_us // _DAY_US, []).append(point)
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                for day, batch in by_day.items():
                    self._write_day(day, batch)
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                self._days = self._stored_days()
                raise TelemetryError(
                    f"embedded telemetry store: {error}; {len(points)} points wait; "
                    "check the disk and its free space"
                ) from error

    def _write_day(self, day: int, batch: Sequence[Point]) -> None:
        if day not in self._days:
            newest = max((*self._days, day))
            if self._retention_days and day <= newest - self._retention_days:
                self.expired += len(batch)
                return
            self._db.execute(
                f'CREATE TABLE IF NOT EXISTS "points_{day}" (device TEXT NOT NULL, '
                "metric TEXT NOT NULL, at_us INTEGER NOT NULL, value NOT NULL, "
                "PRIMARY KEY (device, metric, at_us)) WITHOUT ROWID"
            )
            self._days.add(day)
            for old in [d for d in self._days if d <= newest - self._retention_days]:
                if self._retention_days:
                    self._db.execute(f'DROP TABLE IF EXISTS "points_{old}"')
                    self._days.discard(old)
        self._db.executemany(f'INSERT OR REPLACE INTO "points_{day}" VALUES (?,?,?,?)', batch)  # noqa: S608 - day is an int

    def read(
        self, device: str, metric: str, *, from_us: int, to_us: int, limit: int = 100_000
    ) -> Iterable[Point]:
        """Return a device's values of one metric in [from_us, to_us), oldest first."""
        found: list[Point] = []
        with self._lock:
            for day in sorted(d for d in self._days if from_us // _DAY_US <= d <= to_us // _DAY_US):
                rows = self._db.execute(
                    f'SELECT at_us, value FROM "points_{day}" WHERE device=? AND metric=? '  # noqa: S608 - day is an int
                    "AND at_us>=? AND at_us<? ORDER BY at_us LIMIT ?",
                    (device, metric, from_us, to_us, limit - len(found)),
                )
                found.extend(Point(device, metric, at_us, value) for at_us, value in rows)
        return found

    def days(self) -> list[str]:
        """Return the days that are stored, as ISO dates, oldest first."""
        with self._lock:
            return [
                datetime.fromtimestamp(day * 86_400, tz=UTC).date().isoformat()
                for day in sorted(self._days)
            ]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

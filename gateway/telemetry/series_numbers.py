"""The small numbers that stand for device and metric in the embedded store."""

import sqlite3
from collections.abc import Sequence

from contracts.readings import Value
from gateway.ports import Point

__all__ = ["SeriesNumbers"]


class SeriesNumbers:
    """Numbers by device and metric; the store's lock and transactions are around every call.

    Args:
        db: the store's connection.
    """

    SCHEMA = (
        (
            "CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, device TEXT NOT NULL, "
            "metric TEXT NOT NULL, UNIQUE (device, metric))"
        ),
    )

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._known: dict[str, dict[str, int]] = {}
        """By metric and device: few metrics, many devices, and no pair of names for each of them."""

    def number(self, device: str, metric: str) -> int:
        """Return the number of a series; a new one is given within the running transaction."""
        numbers = self._known.get(metric)
        if numbers is None:
            numbers = self._known[metric] = {}
        found = numbers.get(device)
        if found is None:
            found = self.find(device, metric)
            if found is None:
                cursor = self._db.execute(
                    "INSERT INTO series (device, metric) VALUES (?,?)", (device, metric)
                )
                found = int(cursor.lastrowid or 0)
            numbers[device] = found
        return found

    def rows(self, points: Sequence[Point]) -> list[tuple[int, int, Value]]:
        """Return number, moment and value of points; new series get theirs, as by :meth:`number`."""
        known, number = self._known, self.number
        nothing: dict[str, int] = {}
        # hot: no call for a series that is known, as nearly all are; numbers begin at 1
        return [
            (known.get(metric, nothing).get(device) or number(device, metric), at_us, value)
            for device, metric, at_us, value in points
        ]

    def find(self, device: str, metric: str) -> int | None:
        """Return the number of a series, or None when nothing was ever stored of it."""
        row = self._db.execute(
            "SELECT id FROM series WHERE device=? AND metric=?", (device, metric)
        ).fetchone()
        return None if row is None else int(row[0])

    def metrics(self, device: str) -> list[str]:
        """Return the metrics of a device, sorted."""
        rows = self._db.execute(
            "SELECT metric FROM series WHERE device=? ORDER BY metric", (device,)
        )
        return [metric for (metric,) in rows]

    def names(self) -> dict[int, tuple[str, str]]:
        """Return device and metric by number."""
        rows = self._db.execute("SELECT id, device, metric FROM series")
        return {number: (device, metric) for number, device, metric in rows}

    def forget(self) -> None:
        """Forget what a transaction that failed may have given out."""
        self._known.clear()

"""The small numbers that stand for device and metric in the embedded store."""

import sqlite3

from gateway.store import write_rows

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
        self.by_metric: dict[str, dict[str, int]] = {}
        """Numbers that are known by metric and device: few metrics, many devices, and no pair of names for each of them."""
        self._loaded = False
        self._next = 1
        self._new: list[tuple[int, str, str]] = []

    @property
    def count(self) -> int:
        """Series that there are; 0 before anything was written since the store was opened."""
        return self._next - 1

    def number(self, device: str, metric: str) -> int:
        """Return the number of a series; a new one is in the file after :meth:`keep_new`."""
        if not self._loaded:
            self._load()
        numbers = self.by_metric.setdefault(metric, {})
        found = numbers.get(device)
        if found is None:
            found = numbers[device] = self._next
            self._next += 1
            self._new.append((found, device, metric))
        return found

    def _load(self) -> None:
        """Learn every series at once: a look for each would hand the interpreter over and wait for it."""
        for number, device, metric in self._db.execute("SELECT id, device, metric FROM series"):
            self.by_metric.setdefault(metric, {})[device] = number
        self._next = self.highest() + 1
        self._loaded = True

    def keep_new(self) -> None:
        """Write down the series that got a number within the running transaction."""
        if self._new:
            write_rows(self._db, "INSERT INTO series", 3, self._new)
            self._new.clear()

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

    def highest(self) -> int:
        """Return the highest number in use; 0 when none is."""
        return int(self._db.execute("SELECT coalesce(max(id),0) FROM series").fetchone()[0])

    def forget(self) -> None:
        """Forget what a transaction that failed may have given out."""
        self.by_metric.clear()
        self._new.clear()
        self._loaded = False

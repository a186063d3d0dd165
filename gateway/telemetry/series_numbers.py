"""The small numbers that stand for device and metric in the embedded store."""

import sqlite3

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
        self.count = 0
        """Series that were written since the store was opened."""

    def number(self, device: str, metric: str) -> int:
        """Return the number of a series; a new one is given within the running transaction."""
        numbers = self.by_metric.get(metric)
        if numbers is None:
            numbers = self.by_metric[metric] = {}
        found = numbers.get(device)
        if found is None:
            found = self.find(device, metric)
            if found is None:
                cursor = self._db.execute(
                    "INSERT INTO series (device, metric) VALUES (?,?)", (device, metric)
                )
                found = int(cursor.lastrowid or 0)
            numbers[device] = found
            self.count += 1
        return found

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
        self.count = 0

"""Roll-ups of the embedded store: minutes and hours of days that are over.

They are made from the values of a whole day, a few series at a time, so that a point that was
written twice counts once. A late point marks its series to be made again.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contracts.readings import Value
from gateway.ports import Bucket

__all__ = ["Rollups"]

_DAY_US = 86_400_000_000
_MINUTE_S, _HOUR_S = 60, 3_600
_SERIES_PER_PIECE = 10
"""So many series are rolled up before the lock is given back: at one value in ten seconds that are
86,400 rows, a fraction of a second."""
_NUMBERS = "typeof(value) IN ('integer','real')"
_SPAN = "series=? AND at_us>=? AND at_us<?"


class Rollups:
    """The roll-up tables; the store's lock and transactions are around every call.

    Args:
        db: the store's connection.
        minute_days: days whose minutes are kept, counted back from the newest; 0 keeps all.
        hour_days: days whose hours are kept; 0 keeps all.
    """

    SCHEMA = (
        *(
            f"CREATE TABLE IF NOT EXISTS {name} (series INTEGER NOT NULL, at_us INTEGER NOT NULL, "
            "n INTEGER NOT NULL, least REAL NOT NULL, most REAL NOT NULL, total REAL NOT NULL, "
            "PRIMARY KEY (series, at_us)) WITHOUT ROWID"
            for name in ("minutes", "hours")
        ),
        # through: series up to which the day is rolled up, -1 when all are
        "CREATE TABLE IF NOT EXISTS rolled (day INTEGER PRIMARY KEY, through INTEGER NOT NULL)",
        (
            "CREATE TABLE IF NOT EXISTS late (day INTEGER NOT NULL, series INTEGER NOT NULL, "
            "PRIMARY KEY (day, series)) WITHOUT ROWID"
        ),
    )

    def __init__(self, db: sqlite3.Connection, *, minute_days: int, hour_days: int) -> None:
        self._db = db
        self._minute_days = minute_days
        self._hour_days = hour_days
        self._begun: set[int] | None = None

    def _begun_days(self) -> set[int]:
        if self._begun is None:
            self._begun = {day for (day,) in self._db.execute("SELECT day FROM rolled")}
        return self._begun

    def touched(self, day: int, rows: Sequence[tuple[int, int, Any]]) -> None:
        """Take note of values written to a day that was rolled up already."""
        if day in self._begun_days():
            series = {number for number, _, _ in rows}
            self._db.executemany(
                "INSERT OR IGNORE INTO late VALUES (?,?)", [(day, number) for number in series]
            )

    def due(self, days: Iterable[int]) -> int | None:
        """Return the oldest of these days that is not rolled up whole, or None."""
        done = {day for (day,) in self._db.execute("SELECT day FROM rolled WHERE through<0")}
        late = {day for (day,) in self._db.execute("SELECT DISTINCT day FROM late")}
        return next((day for day in days if day not in done or day in late), None)

    def roll(self, day: int) -> bool:
        """Roll up a piece of a day; return whether there is more of it."""
        row = self._db.execute("SELECT through FROM rolled WHERE day=?", (day,)).fetchone()
        through = 0 if row is None else int(row[0])
        if through >= 0:
            limit = self._piece_end(day, through)
            self._make(day, "series>? AND series<=?", (through, limit or 2**62))
            self._db.execute(
                "INSERT OR REPLACE INTO rolled VALUES (?,?)", (day, -1 if limit is None else limit)
            )
            self._begun_days().add(day)
            return True
        late = self._db.execute(
            "SELECT series FROM late WHERE day=? LIMIT ?", (day, _SERIES_PER_PIECE)
        ).fetchall()
        for (series,) in late:
            self._unmake(day, series)
            self._make(day, "series=?", (series,))
            self._db.execute("DELETE FROM late WHERE day=? AND series=?", (day, series))
        if not late:
            self._forget_old(day)
        return bool(late)

    def _piece_end(self, day: int, through: int) -> int | None:
        """Return the last series of the next piece, or None when it is the day's last."""
        row = self._db.execute(
            f'SELECT DISTINCT series FROM "raw_{day}" WHERE series>? ORDER BY series '  # noqa: S608 - an int
            "LIMIT 1 OFFSET ?",
            (through, _SERIES_PER_PIECE - 1),
        ).fetchone()
        return None if row is None else int(row[0])

    def _make(self, day: int, which: str, values: tuple[int, ...]) -> None:
        for table, step_us in (("minutes", _MINUTE_S * 1_000_000), ("hours", _HOUR_S * 1_000_000)):
            self._db.execute(
                f"INSERT OR REPLACE INTO {table} SELECT series, at_us/{step_us}*{step_us} AS at, "  # noqa: S608 - constants
                f'count(*), min(value), max(value), total(value) FROM "raw_{day}" '
                f"WHERE {which} AND {_NUMBERS} GROUP BY series, at",
                values,
            )

    def _unmake(self, day: int, series: int) -> None:
        """Forget a series' roll-ups of a day: where a text took a number's place there is none any more."""
        for table in ("minutes", "hours"):
            self._db.execute(
                f"DELETE FROM {table} WHERE series=? AND at_us>=? AND at_us<?",  # noqa: S608 - constants
                (series, day * _DAY_US, (day + 1) * _DAY_US),
            )

    def _forget_old(self, newest: int) -> None:
        """Delete minutes and hours beyond their retention."""
        for table, days in (("minutes", self._minute_days), ("hours", self._hour_days)):
            if days:
                before_us = (newest - days) * _DAY_US
                self._db.execute(f"DELETE FROM {table} WHERE at_us<?", (before_us,))  # noqa: S608 - constants

    def closed(self, day: int) -> None:
        """Take note that a day's values are gone: its roll-ups are all there is."""
        self._db.execute("INSERT OR REPLACE INTO rolled VALUES (?,-1)", (day,))
        self._db.execute("DELETE FROM late WHERE day=?", (day,))

    def covered(self, step_s: int) -> set[int]:
        """Return the days whose roll-ups answer steps of this length; those with late ones do not."""
        if step_s % _MINUTE_S:
            return set()
        return {
            day
            for (day,) in self._db.execute(
                "SELECT day FROM rolled WHERE through<0 AND day NOT IN (SELECT day FROM late)"
            )
        }

    def read(self, series: int, span: tuple[int, int], step_us: int) -> list[Bucket]:
        """Return buckets of a day from its roll-ups."""
        table = "minutes" if step_us % (_HOUR_S * 1_000_000) else "hours"
        rows = self._db.execute(
            f"SELECT at_us/{step_us}*{step_us} AS at, sum(n), min(least), max(most), total(total) "  # noqa: S608 - ints
            f"FROM {table} WHERE series=? AND at_us>=? AND at_us<? GROUP BY at ORDER BY at",
            (series, *span),
        )
        return [Bucket(*row) for row in rows]

    def read_raw(self, day: int, series: int, span: tuple[int, int], step_us: int) -> list[Bucket]:
        """Return buckets of a day from its values."""
        return self._buckets(f'"raw_{day}" WHERE {_SPAN}', (series, *span), step_us)

    def lay_out(self, staged: Mapping[int, Value]) -> None:
        """Lay out a series' values, by moment, that are not in the tables yet, for :meth:`read_both`."""
        self._db.execute(
            "CREATE TEMP TABLE IF NOT EXISTS fresh (at_us INTEGER PRIMARY KEY, value NOT NULL)"
        )
        self._db.execute("DELETE FROM temp.fresh")
        self._db.executemany("INSERT INTO temp.fresh VALUES (?,?)", staged.items())

    def read_both(self, day: int, series: int, span: tuple[int, int], step_us: int) -> list[Bucket]:
        """Return buckets of a day from its values and from those laid out, which count before them."""
        return self._buckets(
            f'(SELECT at_us, value FROM "raw_{day}" WHERE {_SPAN} '  # noqa: S608 - an int
            "AND at_us NOT IN (SELECT at_us FROM temp.fresh) UNION ALL "
            "SELECT at_us, value FROM temp.fresh WHERE at_us>=? AND at_us<?) WHERE true",
            (series, *span, *span),
            step_us,
        )

    def _buckets(self, source: str, values: tuple[int, ...], step_us: int) -> list[Bucket]:
        rows = self._db.execute(
            f"SELECT at_us/{step_us}*{step_us} AS at, count(*), min(value), max(value), total(value) "  # noqa: S608 - ints
            f"FROM {source} AND {_NUMBERS} GROUP BY at ORDER BY at",
            values,
        )
        return [Bucket(*row) for row in rows]

"""The embedded telemetry store: SQLite, one table per day of event time, and roll-ups of old days.

A table ``WITHOUT ROWID`` keyed by (series, time) reads a device's range without hopping (Source:
measured.md §4); a series is a small number that stands for device and metric. One table per day makes
retention a DROP TABLE. What comes in is staged first and merged into these tables many values at a time;
whoever reads sees both as one.
"""

import re
import sqlite3
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from operator import itemgetter
from pathlib import Path
from threading import Lock

import structlog

from contracts.readings import Value
from gateway.errors import TelemetryError
from gateway.ports import Bucket, Point
from gateway.store import open_store, write_rows
from gateway.telemetry.rollups import Rollups
from gateway.telemetry.series_numbers import SeriesNumbers
from gateway.telemetry.staging import SHELF, Row, Staging

__all__ = ["EmbeddedTelemetry"]

_VERSION = 3
"""3: what came last is staged. 2: numbers for series."""
_DAY_US = 86_400_000_000
_GRACE_US = 3_600_000_000
"""A day is rolled up when the next one is an hour old: what is a little late then counts at once."""
_PLACE = itemgetter(0, 1)
"""Series and moment of a row: its place in the table. Rows of equal place keep their order, the last counts."""
_DENSE = 8
"""With so many values of each series in a batch a page of the table takes several at once as it is."""
_TABLE = re.compile(r"^raw_(-?\d+)$")
_FIRST_TABLE = re.compile(r"^points_(-?\d+)$")


class EmbeddedTelemetry:
    """Telemetry in one SQLite file; safe to use from several threads.

    Args:
        path: the database file; created with its folder.
        retention_days: days of event time whose values are kept one by one, counted back from the
            newest one; 0 keeps all. What is older than that at arrival is counted in ``expired``
            and not stored.
        minute_days: days whose minutes are kept; 0 keeps all.
        hour_days: days whose hours are kept; 0 keeps all.
        read_only: open an existing file for reading, beside the gateway that writes it.

    Raises:
        StoreError: the file cannot be opened.
        StoreVersionError: a newer gateway wrote it.
    """

    def __init__(
        self,
        path: Path,
        *,
        retention_days: int = 30,
        minute_days: int = 400,
        hour_days: int = 3_650,
        read_only: bool = False,
    ) -> None:
        self._path = path
        self._read_only = read_only
        self._retention_days = retention_days
        self._lock = Lock()
        schema = () if read_only else (*SeriesNumbers.SCHEMA, *Rollups.SCHEMA, *Staging.SCHEMA)
        self._db = open_store(
            path, schema=schema, version=_VERSION, synchronous="NORMAL", read_only=read_only
        )
        self._series = SeriesNumbers(self._db)
        self._rollups = Rollups(self._db, minute_days=minute_days, hour_days=hour_days)
        self._staging = Staging(self._db)
        self._merged_for = -1
        """The day that is about to be rolled up, once all that had come of it is in its table."""
        if not read_only:
            self._migrate()
        self._days = self._stored_days()
        self._newest_us = 0
        self.counters: Counter[str] = Counter()
        self.waiting = 0

    @property
    def expired(self) -> int:
        """Points that were older than the retention when they arrived."""
        return self.counters["expired"]

    def _stored_days(self) -> set[int]:
        return self._tables(_TABLE)

    def _present(self) -> set[int]:
        """Return the days that are stored; a reader looks anew, since another process writes."""
        if self._read_only:
            self._days = self._stored_days()
        return self._days

    def _tables(self, pattern: re.Pattern[str]) -> set[int]:
        rows = self._db.execute("SELECT name FROM sqlite_schema WHERE type='table'")
        return {int(found[1]) for (name,) in rows if (found := pattern.match(name))}

    def _migrate(self) -> None:
        """Bring over the tables of the first version, which repeated device and metric per row."""
        for day in sorted(self._tables(_FIRST_TABLE)):
            structlog.get_logger().info("telemetry_migrated", day=day, path=str(self._path))
            old, new = f'"points_{day}"', f'"raw_{day}"'
            with self._transaction("migration"):
                self._create(day)
                for statement in (
                    f"INSERT OR IGNORE INTO series (device, metric) SELECT DISTINCT device, metric FROM {old}",  # noqa: S608 - day is an int
                    f"INSERT OR REPLACE INTO {new} SELECT id, at_us, value FROM {old} JOIN series USING (device, metric)",  # noqa: S608 - day is an int
                    f"DROP TABLE {old}",
                ):
                    self._db.execute(statement)

    def _create(self, day: int) -> None:
        self._db.execute(
            f'CREATE TABLE IF NOT EXISTS "raw_{day}" (series INTEGER NOT NULL, '
            "at_us INTEGER NOT NULL, value NOT NULL, PRIMARY KEY (series, at_us)) WITHOUT ROWID"
        )

    @contextmanager
    def _transaction(self, what: str) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise TelemetryError(
                f"embedded telemetry store {self._path}: {error}; {what} waits; "
                "check the disk and its free space"
            ) from error
        finally:
            if self._db.in_transaction:
                self._take_back()

    def _take_back(self) -> None:
        self._db.execute("ROLLBACK")
        self._series.forget()
        self._days = self._stored_days()
        self._staging.recount()

    def write(self, points: Sequence[Point]) -> None:
        """Store a batch in one transaction.

        Raises:
            TelemetryError: the file cannot be written.
        """
        with self._lock, self._transaction(f"a batch of {len(points)} points"):
            shelves = self._shelved(points)
            if not self._staging.count and len(points) >= _DENSE * self._series.count:
                self._store(chain.from_iterable(shelves.values()))
            else:
                self._staging.add(shelves)
                if self._staging.is_too_much(self._series.count):
                    self._merge_shelf()
        if points:
            self._newest_us = max(self._newest_us, points[-1].at_us)

    def _shelved(self, points: Sequence[Point]) -> dict[int, list[Row]]:
        """Return rows by shelf, without those whose day is not kept any more."""
        shelves: dict[int, list[Row]] = {}
        numbers, number = self._series.by_metric, self._series.number
        nothing: dict[str, int] = {}
        first_us, end_us, kept = 0, 0, False
        for device, metric, at_us, value in points:
            if not first_us <= at_us < end_us:
                day = at_us // _DAY_US
                first_us, end_us, kept = day * _DAY_US, (day + 1) * _DAY_US, self._admit(day)
            if not kept:
                self.counters["expired"] += 1
                continue
            # hot: no call for a series that is known, as nearly all are; numbers begin at 1
            series = numbers.get(metric, nothing).get(device) or number(device, metric)
            shelf = shelves.get(series // SHELF)
            if shelf is None:
                shelf = shelves[series // SHELF] = []
            shelf.append((series, at_us, value))
        self._series.keep_new()
        return shelves

    def _admit(self, day: int) -> bool:
        """Return whether values of a day are kept; a new day gets its table."""
        if day not in self._days:
            newest = max((*self._days, day))
            if self._retention_days and day <= newest - self._retention_days:
                return False
            self._create(day)
            self._days.add(day)
            self._expire(newest)
        return True

    def _merge_shelf(self) -> None:
        """Bring what one shelf holds to the tables; a sweep begins where none is under way."""
        if not self._staging.sweeping:
            self._staging.begin_sweep()
        rows = self._staging.take()
        self._store(rows)
        self.counters["merged"] += len(rows)

    def _store(self, values: Iterable[Row]) -> None:
        """Bring values to the tables of their days; of two of one series and moment the later counts."""
        by_day: dict[int, list[Row]] = {}
        for row in values:
            by_day.setdefault(row[1] // _DAY_US, []).append(row)
        for day, rows in by_day.items():
            # by series: each page of the table is fetched and logged once, not once for each moment
            rows.sort(key=_PLACE)
            write_rows(self._db, f'INSERT OR REPLACE INTO "raw_{day}"', 3, rows)
            self._rollups.touched(day, rows)

    def _expire(self, newest: int) -> None:
        """Drop the days beyond the retention, each only once its roll-ups are made."""
        old_days = sorted(day for day in self._days if day <= newest - self._retention_days)
        if not self._retention_days or not old_days:
            return
        while self._staging.count:
            self._merge_shelf()
        for old in old_days:
            while self._rollups.roll(old):
                pass
            self._db.execute(f'DROP TABLE IF EXISTS "raw_{old}"')
            self._rollups.closed(old)
            self._days.discard(old)

    def tend(self) -> bool:
        """Merge what one shelf holds, or roll up a piece of a day that is over.

        Returns:
            Whether there is more to do.

        Raises:
            TelemetryError: the file cannot be written.
        """
        with self._lock:
            over_us = self._newest_us - _GRACE_US
            due = self._rollups.due(
                day for day in sorted(self._days) if (day + 1) * _DAY_US <= over_us
            )
            merging = self._staging.sweeping or self._staging.is_much(self._series.count)
            if merging or (due not in {None, self._merged_for} and self._staging.count):
                with self._transaction("merging"):
                    self._merge_shelf()
                if due is not None and not self._staging.sweeping:
                    self._merged_for = due
                return True
            if due is None:
                return False
            with self._transaction("a roll-up"):
                self._rollups.roll(due)
                self.counters["rolled"] += 1
            return True

    def read(
        self, device: str, metric: str, *, from_us: int, to_us: int, limit: int = 100_000
    ) -> list[Point]:
        """Return a device's values of one metric in [from_us, to_us), oldest first.

        Raises:
            TelemetryError: the file cannot be read.
        """
        found: dict[int, Value] = {}
        with self._lock, self._reading():
            series = self._series.find(device, metric)
            if series is None:
                return []
            # before the tables: what another process merges meanwhile is seen twice, not never
            staged = self._staging.values(series, from_us, to_us)
            days = (d for d in self._present() if from_us // _DAY_US <= d <= to_us // _DAY_US)
            for day in sorted(days):
                rows = self._db.execute(
                    f'SELECT at_us, value FROM "raw_{day}" WHERE series=? '  # noqa: S608 - day is an int
                    "AND at_us>=? AND at_us<? ORDER BY at_us LIMIT ?",
                    (series, from_us, to_us, limit - len(found)),
                )
                found.update(rows)
        if staged:
            found = dict(sorted((found | staged).items())[:limit])
        return [Point(device, metric, at_us, value) for at_us, value in found.items()]

    def summarise(
        self, device: str, metric: str, *, from_us: int, to_us: int, step_s: int
    ) -> list[Bucket]:
        """Return count, minimum, maximum and mean per step in [from_us, to_us), oldest first.

        Steps begin at multiples of ``step_s`` since 1970 and those without a number are left out.
        Whole minutes and hours of days that are over come from roll-ups, all else from the values.

        Raises:
            TelemetryError: the file cannot be read.
        """
        step_us = step_s * 1_000_000
        first_us, last_us = from_us // step_us * step_us, -(-to_us // step_us) * step_us
        parts: list[Bucket] = []
        with self._lock, self._reading():
            series = self._series.find(device, metric)
            if series is None:
                return []
            staged = self._staging.values(series, first_us, last_us)
            fresh = {at_us // _DAY_US for at_us in staged}
            present, rolled = self._present(), self._rollups.covered(step_s)
            for day in range(first_us // _DAY_US, (last_us - 1) // _DAY_US + 1):
                span = max(first_us, day * _DAY_US), min(last_us, (day + 1) * _DAY_US)
                if day in rolled and not (day in fresh and day in present):
                    parts.extend(self._rollups.read(series, span, step_us))
                elif day in present:
                    if day in fresh:
                        self._rollups.lay_out(staged)
                    read = self._rollups.read_both if day in fresh else self._rollups.read_raw
                    parts.extend(read(day, series, span, step_us))
        return _joined(parts)

    def metrics(self, device: str) -> list[str]:
        """Return the names of what a device has reported."""
        with self._lock, self._reading():
            return self._series.metrics(device)

    def scan(self, day: int) -> Iterator[Point]:
        """Yield every value of a day by device and metric; for an export beside the gateway."""
        names = self._series.names()
        for series, at_us, value in self._all_rows(day):
            if series not in names:
                names = self._series.names()
            yield Point(*names[series], at_us, value)

    def _all_rows(self, day: int) -> Iterator[Row]:
        """Yield the rows of a day by series and moment, staged ones included."""
        from_us, to_us = day * _DAY_US, (day + 1) * _DAY_US
        for shelf in range(self._series.highest() // SHELF + 1):
            staged = deque(self._staging.shelf_rows(shelf, from_us, to_us))
            stored: Iterator[Row] = self._db.execute(
                f'SELECT * FROM "raw_{day}" WHERE series>=? AND series<?',  # noqa: S608 - an int
                (shelf * SHELF, (shelf + 1) * SHELF),
            )
            for row in stored:
                while staged and staged[0][:2] < row[:2]:
                    yield staged.popleft()
                if not staged or staged[0][:2] != row[:2]:
                    yield row
            yield from staged

    def day_numbers(self) -> list[int]:
        """Return the days that are stored, as days since 1970, oldest first."""
        return sorted(self._present())

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise TelemetryError(
                f"embedded telemetry store {self._path}: {error}; nothing was read; check the file"
            ) from error

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


def _joined(parts: Sequence[Bucket]) -> list[Bucket]:
    """Return buckets with those of the same moment made one: steps may span midnight."""
    found: dict[int, Bucket] = {}
    for part in parts:
        other = found.get(part.at_us)
        found[part.at_us] = part if other is None else part.merged(other)
    return [found[at_us] for at_us in sorted(found)]

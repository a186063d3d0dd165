"""Values that were just written, kept in the order of their arrival until there are enough of each sensor.

A table sorted by series costs a page for every series that a batch brings a value of: with a hundred
thousand sensors that is a page for every value. Here a batch costs a page for every *shelf* of 1,024
series, and later all that a shelf holds goes to the table at once, many values to a page.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain

import msgspec

from contracts.readings import Value
from gateway.store import write_rows

__all__ = ["SHELF", "Row", "Staging"]

SHELF = 1_024
"""Series of one shelf: those with the same number divided by this."""
_PER_SERIES = 16
"""Values of each series that are waited for: by then a page of the table takes as many at a time."""
_LEAST = 20_000
"""Values below which nothing is waited for any longer: reading a series looks through its shelf."""
_MOST, _MOST_PER_SERIES = 200_000, 64
"""Values beyond which writing waits for merging, at least and by series; 23 bytes each."""
_AT_ONCE = 100_000
"""Values that are merged in one go: some tens of megabytes while it lasts."""

Row = tuple[int, int, Value]
"""Series, moment in microseconds since 1970, value."""

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(list[tuple[int, int, float | bool | str]])


class Staging:
    """Values by shelf; the store's lock and transactions are around every call.

    Args:
        db: the store's connection.
    """

    SCHEMA = (
        (
            "CREATE TABLE IF NOT EXISTS staged (shelf INTEGER NOT NULL, number INTEGER NOT NULL, "
            "n INTEGER NOT NULL, packed BLOB NOT NULL, PRIMARY KEY (shelf, number)) WITHOUT ROWID"
        ),
    )

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._sweep: list[int] = []
        self._through = 0
        self._number = 0
        self.count = 0
        """Values that are kept here."""
        self._there = False
        self.recount()

    def _exists(self) -> bool:
        """Return whether the file has the table: one of before that is only read has none."""
        if not self._there:
            found = self._db.execute("SELECT 1 FROM sqlite_schema WHERE name='staged'").fetchone()
            self._there = found is not None
        return self._there

    def recount(self) -> None:
        """Look what is kept: after opening, and after a transaction that was taken back."""
        self.count, self._sweep = 0, []
        if self._exists():
            self.count, self._number = self._db.execute(
                "SELECT coalesce(sum(n),0), coalesce(max(number),0) FROM staged"
            ).fetchone()

    def add(self, shelves: Mapping[int, Sequence[Row]]) -> None:
        """Keep values by shelf; of two of one series and moment the one that was added later counts."""
        if not shelves:
            return
        self._number += 1
        encode = _ENCODER.encode
        packed = [(shelf, self._number, len(rows), encode(rows)) for shelf, rows in shelves.items()]
        write_rows(self._db, "INSERT INTO staged", 4, packed)
        self.count += sum(map(len, shelves.values()))

    def is_much(self, series: int) -> bool:
        """Return whether the values of so many series are worth merging."""
        return self.count >= max(_LEAST, _PER_SERIES * series)

    def is_too_much(self, series: int) -> bool:
        """Return whether nothing further should be kept before some is merged."""
        return self.count >= max(_MOST, _MOST_PER_SERIES * series)

    @property
    def sweeping(self) -> bool:
        """Whether a sweep is under way."""
        return bool(self._sweep)

    def begin_sweep(self) -> None:
        """Choose what is to be merged: all that is kept now, shelf by shelf."""
        shelves = self._db.execute("SELECT DISTINCT shelf FROM staged ORDER BY shelf DESC")
        self._sweep = [shelf for (shelf,) in shelves]
        self._through = self._number

    def take(self) -> list[Row]:
        """Return the oldest values of the sweep's next shelf, in the order they came, and forget them."""
        shelf = self._sweep[-1]
        rows: list[Row] = []
        numbers = self._db.execute(
            "SELECT number, n FROM staged WHERE shelf=? AND number<=? ORDER BY number",
            (shelf, self._through),
        ).fetchall()
        sizes = accumulate(n for _, n in numbers)
        whole = sum(1 for size in sizes if size <= _AT_ONCE) or 1
        if whole >= len(numbers):
            self._sweep.pop()
        if numbers:
            bounds = (shelf, numbers[min(whole, len(numbers)) - 1][0])
            rows = self._decoded("shelf=? AND number<=?", bounds)
            self._db.execute("DELETE FROM staged WHERE shelf=? AND number<=?", bounds)
            self.count -= len(rows)
        return rows

    def _decoded(self, which: str, values: tuple[int, ...]) -> list[Row]:
        found = self._db.execute(
            f"SELECT packed FROM staged WHERE {which} ORDER BY number",  # noqa: S608 - from here
            values,
        )
        return list(chain.from_iterable(_DECODER.decode(packed) for (packed,) in found))

    def values(self, series: int, from_us: int, to_us: int) -> dict[int, Value]:
        """Return a series' values in [from_us, to_us) by moment; flags as 1 and 0, as SQLite has them."""
        if not self._exists():
            return {}
        return {
            at_us: int(value) if value.__class__ is bool else value
            for number, at_us, value in self._decoded("shelf=?", (series // SHELF,))
            if number == series and from_us <= at_us < to_us
        }

    def shelf_rows(self, shelf: int, from_us: int, to_us: int) -> list[Row]:
        """Return a shelf's values in [from_us, to_us) by series and moment; flags as 1 and 0."""
        if not self._exists():
            return []
        found: dict[tuple[int, int], Value] = {
            (number, at_us): int(value) if value.__class__ is bool else value
            for number, at_us, value in self._decoded("shelf=?", (shelf,))
            if from_us <= at_us < to_us
        }
        return [(*place, found[place]) for place in sorted(found)]

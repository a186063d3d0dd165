"""Trails: the latest samples of a key in compact form, so that a late one can be put in its place."""

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, MutableSequence, Sequence
from typing import Any, Final

import msgspec

from rules.errors import StateError
from rules.judge import KeyValue
from rules.vocabulary import FieldTable

__all__ = ["MOST_ROWS", "TRAIL_KEY", "TrailBook"]

TRAIL_KEY: Final = "\x1ftrail"
"""Names of trails among the key states begin like this; no rule id does."""
MOST_ROWS: Final = 64
"""Most samples of one key that a late one can be put among. Source: ten minutes of a 10 s cadence."""
_CUT_EVERY: Final = 32
"""Cells between two looks at what a trail no longer needs."""

Rows = MutableSequence[Any]
"""Times and values in turn: at, value, at, value …; the first pair is the floor, see below."""
Fields = Mapping[str, float | bool | str]


class TrailBook:
    """The trails of keys whose rules read the same samples; rules keyed by subject share one.

    A trail holds what was fed, in order of event time; of a single number 16 bytes a sample. Its
    first row is the *floor*: the trail is complete after that moment, not before. A trail that has
    lost nothing yet has its floor at minus infinity.

    Args:
        name: name among the trails of an engine.
        names: fields that the rules read; samples without any of them are no part of the trail.
        fields: what those fields are.
        reach_s: how far back a trail goes, in seconds before its newest sample.
    """

    __slots__ = ("_nothing", "_single", "name", "names", "reach_s", "rows")

    def __init__(self, name: str, names: Sequence[str], fields: FieldTable, reach_s: float) -> None:
        self.name = name
        self.names = tuple(names)
        self.reach_s = reach_s
        self.rows: dict[KeyValue, Rows] = {}
        one = len(self.names) == 1 and fields[self.names[0]].kind == "number"
        self._single = self.names[0] if one else None
        self._nothing = (None,) * len(self.names)

    def record(self, value: KeyValue, at: float, fields: Fields) -> None:
        """Put a sample in its place; one from before the floor, or beyond the reach, has none."""
        cell: Any
        if self._single is not None:
            cell = fields.get(self._single)
            if cell.__class__ is not float:
                if cell is None:
                    return
                cell = math.nan
        else:
            cell = tuple(map(fields.get, self.names))
            if cell == self._nothing:
                return
        rows = self.rows.get(value)
        if rows is None:
            rows = self.rows[value] = self._fresh(-math.inf)
        elif at < rows[-2]:
            self._insert(rows, at, cell)
            return
        rows.append(at)
        rows.append(cell)
        if not len(rows) % _CUT_EVERY:
            self._cut(rows)

    def floor(self, value: KeyValue) -> float:
        """Return the moment after which a key's trail is complete; infinity without a trail."""
        rows = self.rows.get(value)
        return math.inf if rows is None else float(rows[0])

    def start_at(self, value: KeyValue, at: float) -> None:
        """Let a key's trail begin anew after a moment."""
        self.rows[value] = self._fresh(at)

    def newest(self, value: KeyValue) -> float:
        """Return the time of a key's newest sample."""
        return float(self.rows[value][-2])

    def before(self, value: KeyValue, at: float) -> float:
        """Return the time of the last sample before a moment; the floor where there is none."""
        rows = self.rows[value]
        index = len(rows) - 2
        while index > 0 and rows[index] >= at:
            index -= 2
        return float(rows[index])

    def after(self, value: KeyValue, at: float) -> Iterator[tuple[float, Fields]]:
        """Yield time and fields of the samples after a moment, in order."""
        rows = self.rows[value]
        first = len(rows)
        while first > 2 and rows[first - 2] > at:
            first -= 2
        for index in range(first, len(rows), 2):
            yield float(rows[index]), self._fields(rows[index + 1])

    def last_until(self, value: KeyValue, at: float) -> tuple[float, Fields] | None:
        """Return the newest sample up to a moment; None where the trail has none."""
        rows = self.rows[value]
        index = len(rows) - 2
        while index > 0 and rows[index] > at:
            index -= 2
        if rows[index] == -math.inf:
            return None
        return float(rows[index]), self._fields(rows[index + 1])

    def encode(self, value: KeyValue) -> bytes:
        """Return a key's trail as bytes; equal trails give equal bytes."""
        rows = self.rows[value]
        return _ENCODER.encode(rows.tobytes() if isinstance(rows, array) else rows)

    def decode(self, value: KeyValue, blob: bytes) -> None:
        """Take back a trail.

        Raises:
            StateError: the bytes are none of this book's.
        """
        try:
            found = _DECODER.decode(blob)
            if isinstance(found, bytes):
                numbers = array("d")
                numbers.frombytes(found)
                rows: Rows = numbers
            else:
                rows = [tuple(one) if isinstance(one, list) else one for one in found]
        except (msgspec.DecodeError, ValueError) as failure:
            msg = f"trail of {self.name}: not a snapshot ({failure}); start without it"
            raise StateError(msg) from failure
        fits = isinstance(rows, array) == (self._single is not None) and len(rows) >= 2
        if not fits or len(rows) % 2 or not all(_is_cell(one, self) for one in rows[1::2]):
            msg = f"trail of {self.name}: of other fields than {self.names}; start without it"
            raise StateError(msg)
        self.rows[value] = rows

    def _fresh(self, floor: float) -> Rows:
        if self._single is not None:
            return array("d", (floor, math.nan))
        return [floor, self._nothing]

    def _fields(self, cell: Any) -> Fields:
        if self._single is not None:
            return {self._single: cell}
        pairs = zip(self.names, cell, strict=True)
        return {name: one for name, one in pairs if one is not None}

    def _insert(self, rows: Rows, at: float, cell: Any) -> None:
        if at <= rows[0] or rows[-2] - at > self.reach_s:
            return
        index = 2 * bisect_right(rows[0::2], at)
        rows.insert(index, cell)
        rows.insert(index, at)
        if len(rows) > 2 * (MOST_ROWS + _CUT_EVERY):
            self._cut(rows)

    def _cut(self, rows: Rows) -> None:
        """Forget what is out of reach; the newest row of that becomes the floor."""
        oldest = max(0, len(rows) // 2 - 1 - MOST_ROWS)
        past = bisect_right(rows[0::2], rows[-2] - self.reach_s) - 1
        del rows[: 2 * max(oldest, past)]


def _is_cell(cell: Any, book: TrailBook) -> bool:
    return isinstance(cell, float) or (isinstance(cell, tuple) and len(cell) == len(book.names))


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(bytes | list[Any])

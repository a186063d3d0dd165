"""Trails: the latest samples of a key in compact form, so that a late one can be put in its place."""

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, MutableSequence, Sequence
from typing import Any, Final

import msgspec
from msgspec import structs

from rules.amendment import Amendment
from rules.errors import StateError
from rules.judge import KeyValue
from rules.sample import Sample

__all__ = ["CUT_EVERY", "MOST_ROWS", "TRAIL_KEY", "Fields", "Rows", "TrailBook", "encode_rows"]

TRAIL_KEY: Final = "\x1ftrail"
"""Names of trails among the key states begin like this; no rule id does."""
MOST_ROWS: Final = 64
"""Most samples of one key that a late one can be put among. Source: ten minutes of a 10 s cadence."""
CUT_EVERY: Final = 4
"""Rows between two looks at what a trail no longer needs."""

Rows = MutableSequence[Any]
"""Times and values in turn: at, value, at, value …; the first pair is the floor, see below."""
Fields = Mapping[str, float | bool | str]


class TrailBook:
    """The trails of keys whose rules read the same samples; rules keyed by subject share one.

    A trail holds what was fed, in order of event time. Its first row is the *floor*: the trail is complete after that moment, not before. A trail that has
    lost nothing yet has its floor at minus infinity.

    Args:
        name: name among the trails of an engine.
        names: fields that the rules read; samples without any of them are no part of the trail.
        reach_s: how far back a trail goes, in seconds before its newest sample.
    """

    __slots__ = ("_nothing", "name", "names", "reach_s", "rows", "spare")

    def __init__(self, name: str, names: Sequence[str], reach_s: float) -> None:
        self.name = name
        self.names = tuple(names)
        self.reach_s = reach_s
        self.spare = 0
        """Rows kept beyond the reach, for rules whose keys are only marked every so many samples."""
        self.rows: dict[KeyValue, Any] = {}
        """The rows of each key, in whatever form a book keeps them."""
        self._nothing = (None,) * len(self.names)

    def record(self, value: KeyValue, at: float, fields: Fields) -> None:
        """Put a sample in its place; one from before the floor, or beyond the reach, has none."""
        cell = tuple(map(fields.get, self.names))
        if cell != self._nothing:
            self._record(value, at, cell)

    def hear(self, value: KeyValue, at: float, sample: Sample) -> None:
        """Put a sample in its place, as :meth:`record` does."""
        self.record(value, at, sample.fields)

    def _record(self, value: KeyValue, at: float, cell: Any) -> None:
        rows = self.rows.get(value)
        if rows is None:
            rows = self.rows[value] = self._fresh(-math.inf)
        elif at < rows[-2]:
            self.insert(value, at, cell)
            return
        rows.append(at)
        rows.append(cell)
        if not len(rows) % (2 * CUT_EVERY):
            self._cut(rows)

    def insert(self, value: KeyValue, at: float, cell: Any) -> None:
        """Put a sample that is older than the newest one in its place."""
        rows = self._opened(value)
        if at <= rows[0] or rows[-2] - at > self.reach_s:
            return
        index = 2 * bisect_right(rows[0::2], at)
        rows.insert(index, cell)
        rows.insert(index, at)
        self._cut(rows)
        self._keep(value, rows)

    def amend(self, value: KeyValue, amendment: Amendment) -> None:
        """Bring a field at one moment to what rules may see of it."""
        if value not in self.rows or amendment.field not in self.names:
            return
        rows, at = self._opened(value), amendment.at
        for index in range(2, len(rows), 2):
            if rows[index] == at and self._holds(rows[index + 1], amendment.field):
                cell = self._with(rows[index + 1], amendment.field, amendment.value)
                if cell is None:
                    del rows[index : index + 2]
                else:
                    rows[index + 1] = cell
                self._keep(value, rows)
                return
        if amendment.value is not None:
            self.insert(value, at, self._with(self._nothing, amendment.field, amendment.value))

    def strike(self, value: KeyValue, sample: Sample) -> bool:
        """Take a sample out; return whether it was there."""
        if value not in self.rows:
            return False
        rows, cell = self._opened(value), tuple(map(sample.fields.get, self.names))
        for index in range(2, len(rows), 2):
            if rows[index] == sample.at and rows[index + 1] == cell:
                del rows[index : index + 2]
                self._keep(value, rows)
                return True
        return False

    def _holds(self, cell: Any, field: str, /) -> bool:
        """Whether a row says anything about a field."""
        return cell[self.names.index(field)] is not None

    def _with(self, cell: Any, field: str, number: float | None, /) -> Any:
        """Return a row with another number for a field; None where nothing is left of it."""
        place = self.names.index(field)
        changed = (*cell[:place], number, *cell[place + 1 :])
        return None if changed == self._nothing else changed

    def continues(self, before: "TrailBook") -> bool:
        """Return whether another book's trails can go on in this one."""
        return self.names == before.names

    def floor(self, value: KeyValue) -> float:
        """Return the moment after which a key's trail is complete; infinity without a trail."""
        return float(self._opened(value)[0]) if value in self.rows else math.inf

    def start_at(self, value: KeyValue, at: float) -> None:
        """Let a key's trail begin anew after a moment."""
        self._keep(value, self._fresh(at))

    def newest(self, value: KeyValue) -> float:
        """Return the time of a key's newest sample."""
        return float(self._opened(value)[-2])

    def before(self, value: KeyValue, at: float) -> float:
        """Return the time of the last sample before a moment; the floor where there is none."""
        rows = self._opened(value)
        index = len(rows) - 2
        while index > 0 and rows[index] >= at:
            index -= 2
        return float(rows[index])

    def after(self, value: KeyValue, at: float) -> Iterator[tuple[float, Fields]]:
        """Yield time and fields of the samples after a moment, in order."""
        rows = self._opened(value)
        first = len(rows)
        while first > 2 and rows[first - 2] > at:
            first -= 2
        for index in range(first, len(rows), 2):
            yield float(rows[index]), self._fields(rows[index + 1])

    def samples_after(self, value: KeyValue, at: float, late: Sample) -> Iterator[Sample]:
        """Yield the samples after a moment, in order.

        Args:
            value: the key.
            at: the moment.
            late: a sample of the key, for what the trail does not keep.
        """
        for moment, fields in list(self.after(value, at)):
            yield _revived(late, moment, fields)

    def last_sample(self, value: KeyValue, at: float, late: Sample) -> Sample | None:
        """Return the newest sample up to a moment; None where the trail has none."""
        last = self.last_until(value, at)
        return None if last is None else _revived(late, *last)

    def last_until(self, value: KeyValue, at: float) -> tuple[float, Fields] | None:
        """Return the newest sample up to a moment; None where the trail has none."""
        rows = self._opened(value)
        index = len(rows) - 2
        while index > 0 and rows[index] > at:
            index -= 2
        if rows[index] == -math.inf:
            return None
        return float(rows[index]), self._fields(rows[index + 1])

    def encode(self, value: KeyValue) -> bytes:
        """Return a key's trail as bytes; equal trails give equal bytes."""
        return encode_rows(self.rows[value])

    def decode(self, value: KeyValue, blob: bytes) -> None:
        """Take back a trail.

        Raises:
            StateError: the bytes are none of this book's.
        """
        try:
            found = _DECODER.decode(blob)
            rows = self._read(found)
        except (msgspec.DecodeError, ValueError) as failure:
            msg = f"trail of {self.name}: no snapshot of {self.names} ({failure}); start without it"
            raise StateError(msg) from failure
        self._keep(value, rows)

    def _read(self, found: bytes | list[Any]) -> Rows:
        """Return the rows of a snapshot.

        Raises:
            ValueError: they are of other fields.
        """
        if isinstance(found, bytes) or len(found) < 2 or len(found) % 2:
            message = "not rows of several fields"
            raise ValueError(message)
        rows = [tuple(one) if isinstance(one, list) else one for one in found]
        if any(not isinstance(at, float) for at in rows[0::2]) or any(
            not isinstance(cell, tuple) or len(cell) != len(self.names) for cell in rows[1::2]
        ):
            message = "rows of other fields"
            raise ValueError(message)
        return rows

    def _opened(self, value: KeyValue) -> Rows:
        """Return the rows of a key, to be read or changed."""
        rows: Rows = self.rows[value]
        return rows

    def _keep(self, value: KeyValue, rows: Rows) -> None:
        """Keep rows that were changed."""
        self.rows[value] = rows

    def _fresh(self, floor: float) -> Rows:
        return [floor, self._nothing]

    def _fields(self, cell: Any) -> Fields:
        pairs = zip(self.names, cell, strict=True)
        return {name: one for name, one in pairs if one is not None}

    def _cut(self, rows: Rows) -> None:
        """Forget what is out of reach; the newest row of that becomes the floor."""
        oldest = max(0, len(rows) // 2 - 1 - MOST_ROWS - self.spare)
        past = bisect_right(rows[0::2], rows[-2] - self.reach_s) - 1 - self.spare
        del rows[: 2 * max(oldest, past)]


def _revived(late: Sample, at: float, fields: Fields) -> Sample:
    """Return a sample of the trail; what made it known is the late one's, where it is that."""
    if at == late.at and fields.items() <= late.fields.items():
        return late
    return structs.replace(
        late, at=at, fields=dict(fields), message=None, sent_at=None, offset=None, evidence=()
    )


encode_rows: Final = msgspec.msgpack.Encoder().encode
_DECODER: Final = msgspec.msgpack.Decoder(bytes | list[Any])

"""Trails of a single number: doubles side by side, because nearly every sensor of a city has one."""

import math
from array import array
from collections.abc import Sequence
from struct import Struct
from typing import Any, Final

from rules.judge import KeyValue
from rules.trail import CUT_EVERY, Fields, Rows, TrailBook, encode_rows
from rules.vocabulary import FieldTable

__all__ = ["NumberBook", "open_book"]

_ROW: Final = Struct("dd")
_pack_row, _unpack_time = _ROW.pack, Struct("d").unpack_from
_ROW_BYTES: Final = _ROW.size
_CUT_BYTES: Final = CUT_EVERY * _ROW_BYTES
_CUT_CELLS: Final = 32
"""Cells between two looks at what a long trail no longer needs."""
_SHORT_CELLS: Final = 16
_SHORT_BYTES: Final = _SHORT_CELLS // 2 * _ROW_BYTES
_NOTHING: Final = _pack_row(-math.inf, math.nan)


class NumberBook(TrailBook):
    """The trails of keys whose rules read one number and nothing else.

    A short trail, that of a slow sensor, is one string of bytes, 16 a row and no spare room, between
    two samples; an array that can grow would take twice as much. A long one is an array.
    """

    __slots__ = ("_single",)

    def __init__(self, name: str, single: str, reach_s: float) -> None:
        super().__init__(name, (single,), reach_s)
        self._single = single

    def record(self, value: KeyValue, at: float, fields: Fields) -> None:
        """Put a sample in its place; what is there and no number is a NaN."""
        number: Any = fields.get(self._single)
        if number.__class__ is not float:
            if number is None:
                return
            number = math.nan
        self.append(value, at, number)

    def append(self, value: KeyValue, at: float, number: float) -> None:
        """Put a number in its place."""
        rows = self.rows.get(value, _NOTHING)
        newest = rows[-2] if rows.__class__ is array else _unpack_time(rows, -_ROW_BYTES)[0]
        if at < newest:
            self.insert(value, at, number)
            return
        self.follow(value, at, number)

    def follow(self, value: KeyValue, at: float, number: float) -> None:
        """Put a number behind all others, where it belongs."""
        rows = self.rows.get(value, _NOTHING)
        if rows.__class__ is array:
            rows.append(at)
            rows.append(number)
            if not len(rows) % _CUT_CELLS:
                self._cut(rows)
                if len(rows) <= _SHORT_CELLS:
                    self.rows[value] = rows.tobytes()
            return
        rows += _pack_row(at, number)
        if not len(rows) % _CUT_BYTES:
            first, begins = 0, at - self.reach_s
            while _unpack_time(rows, first + _ROW_BYTES)[0] <= begins:
                first += _ROW_BYTES
            first -= self.spare * _ROW_BYTES
            if first > 0:
                rows = rows[first:]
        self.rows[value] = rows if len(rows) <= _SHORT_BYTES else array("d", rows)

    def _holds(self, _cell: Any, _field: str, /) -> bool:
        return True

    def _with(self, _cell: Any, _field: str, number: float | None, /) -> Any:
        return number

    def encode(self, value: KeyValue) -> bytes:
        """Return a key's trail as bytes; equal trails give equal bytes."""
        return encode_rows(bytes(self.rows[value]))

    def _read(self, found: bytes | list[Any]) -> Rows:
        if not isinstance(found, bytes) or not found or len(found) % _ROW_BYTES:
            message = "not rows of one number"
            raise ValueError(message)
        return array("d", found)

    def _opened(self, value: KeyValue) -> Rows:
        rows = self.rows[value]
        return rows if isinstance(rows, array) else array("d", rows)

    def _keep(self, value: KeyValue, rows: Rows) -> None:
        assert isinstance(rows, array)
        # by length alone: one that was restored is cut at the same samples as one that never rested
        self.rows[value] = rows.tobytes() if len(rows) <= _SHORT_CELLS else rows

    def _fresh(self, floor: float) -> Rows:
        return array("d", (floor, math.nan))

    def _fields(self, cell: Any) -> Fields:
        return {self._single: cell}


def open_book(name: str, names: Sequence[str], fields: FieldTable, reach_s: float) -> TrailBook:
    """Return a book for rules that read these fields; see :class:`rules.trail.TrailBook`."""
    if len(names) == 1 and fields[names[0]].kind == "number":
        return NumberBook(name, names[0], reach_s)
    return TrailBook(name, names, reach_s)

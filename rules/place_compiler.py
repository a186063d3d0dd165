"""``places``: tables as written become checked rows in base units."""

import csv
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from contracts.envelope import Place
from contracts.profiles import ProfileField
from contracts.units import UNITS, base_unit, to_base
from rules.place_declaration import PlacesDeclaration
from rules.places import PlaceRow, PlaceTable
from rules.vocabulary import FieldTable

__all__ = ["MAX_ROWS", "compile_places"]

ErrorFactory = Callable[[Sequence[str | int], str], Exception]

MAX_ROWS = 200_000
"""Most rows of one table."""
_MOST_COLUMNS = 64
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_KINDS = ("number", "flag", "text")
_FLAGS = {"true": True, "false": False}
_LON, _LAT = "lon", "lat"
_LIMITS = {_LON: 180.0, _LAT: 90.0}

_Cell = float | int | str | bool
_Row = tuple[str, str, Mapping[str, _Cell]]
"""Where the row stands, for messages; its key value; its columns."""


def compile_places(
    declared: Mapping[str, PlacesDeclaration], error: ErrorFactory
) -> dict[str, PlaceTable]:
    """Return the tables of places of a pack, by name.

    Raises:
        Exception: what ``error`` makes, for the first fault.
    """
    return {name: _TableCompiler(name, one, error).compile() for name, one in declared.items()}


class _TableCompiler:
    def __init__(self, name: str, declared: PlacesDeclaration, error: ErrorFactory) -> None:
        self._name = name
        self._declared = declared
        self._error = error

    def _fail(self, where: tuple[str | int, ...], message: str) -> Exception:
        return self._error(("places", self._name, *where), f"table {self._name!r}: {message}")

    def compile(self) -> PlaceTable:
        declared = self._declared
        for path, name in ((("key",), declared.key), ((), self._name)):
            if _NAME.fullmatch(name) is None:
                raise self._fail(path, f"{name[:40]!r}: expected a name of a-z, 0-9 and '_'")
        if (declared.csv is None) == (declared.rows is None):
            raise self._fail((), "expected exactly one of 'csv' and 'rows'")
        part = "rows" if declared.csv is None else "csv"
        fields = self._fields()
        units = {name: unit for name, unit in declared.columns.items() if unit not in _KINDS}
        rows: dict[str, PlaceRow] = {}
        for where, key, cells in self._lines() if declared.csv is not None else self._rows():
            if not key:
                raise self._fail((part,), f"{where}: expected a value of {declared.key!r}")
            if key in rows:
                raise self._fail((part,), f"{where}: {key[:40]!r} is there already; keep one")
            if len(rows) >= MAX_ROWS:
                raise self._fail((part,), f"more than {MAX_ROWS} rows; split the table")
            values = {
                name: self._value(part, where, fields[name], units.get(name), cell)
                for name, cell in cells.items()
                if name not in _LIMITS
            }
            rows[key] = PlaceRow(values, self._place(part, where, cells))
        if not rows:
            raise self._fail((part,), "expected at least one row")
        return PlaceTable(self._name, declared.key, fields, rows)

    def _fields(self) -> FieldTable:
        columns = self._declared.columns
        if len(columns) > _MOST_COLUMNS:
            raise self._fail(("columns",), f"expected at most {_MOST_COLUMNS} columns")
        fields: dict[str, ProfileField] = {}
        for name, kind in columns.items():
            if _NAME.fullmatch(name) is None or name in {self._declared.key, _LON, _LAT}:
                raise self._fail(
                    ("columns", name),
                    f"{name[:40]!r}: expected a name of a-z, 0-9 and '_', not lon, lat or the key",
                )
            if kind in _KINDS:
                fields[name] = ProfileField(name=name, kind=kind)
            elif kind in UNITS:
                fields[name] = ProfileField(name=name, unit=base_unit(kind))
            else:
                known = ", ".join((*_KINDS, *UNITS))
                raise self._fail(
                    ("columns", name), f"{kind[:20]!r} is no unit; expected one of {known}"
                )
        return fields

    def _rows(self) -> Iterator[_Row]:
        for key, cells in (self._declared.rows or {}).items():
            for name in cells:
                self._check_column(("rows", key, name), name)
            yield f"row {key[:40]!r}", key, cells

    def _lines(self) -> Iterator[_Row]:
        reader = csv.reader((self._declared.csv or "").splitlines(), skipinitialspace=True)
        header = next(reader, [])
        if self._declared.key not in header:
            raise self._fail(
                ("csv",), f"line 1: expected the column names, {self._declared.key!r} among them"
            )
        for name in header:
            if name != self._declared.key:
                self._check_column(("csv",), name)
        if len(set(header)) < len(header):
            raise self._fail(("csv",), "line 1: a column stands twice; remove one")
        for cells in reader:
            if not cells:
                continue
            where = f"line {reader.line_num}"
            if len(cells) != len(header):
                raise self._fail(
                    ("csv",), f"{where}: {len(cells)} values; expected {len(header)} as in line 1"
                )
            found = dict(zip(header, cells, strict=True))
            key = found.pop(self._declared.key)
            yield where, key, {name: cell for name, cell in found.items() if cell}

    def _check_column(self, where: tuple[str | int, ...], name: str) -> None:
        if name not in self._declared.columns and name not in _LIMITS:
            raise self._fail(
                where, f"column {name[:40]!r} is not in 'columns'; add it there with its unit"
            )

    def _value(
        self, part: str, where: str, field: ProfileField, unit: str | None, cell: _Cell
    ) -> float | bool | str:
        if field.kind == "text":
            return str(cell)
        if field.kind == "flag":
            found = _FLAGS.get(cell) if isinstance(cell, str) else cell
            if isinstance(found, bool):
                return found
            raise self._fail((part,), f"{where}: {field.name} {cell!r}: expected true or false")
        number = self._number(part, where, field.name, cell)
        return number if unit is None else float(f"{to_base(number, unit):.12g}")

    def _number(self, part: str, where: str, name: str, cell: _Cell) -> float:
        try:
            number = math.nan if isinstance(cell, bool) else float(cell)
        except ValueError:
            number = math.nan
        if math.isfinite(number):
            return number
        shown = str(cell)[:40]
        raise self._fail((part,), f"{where}: {name} {shown!r}: expected a number")

    def _place(self, part: str, where: str, cells: Mapping[str, _Cell]) -> Place | None:
        found = [self._number(part, where, name, cells[name]) for name in _LIMITS if name in cells]
        if not found:
            return None
        if len(found) < len(_LIMITS):
            raise self._fail((part,), f"{where}: expected both lon and lat, or neither")
        for (name, limit), number in zip(_LIMITS.items(), found, strict=True):
            if abs(number) > limit:
                raise self._fail(
                    (part,), f"{where}: {name} {number:g}: expected degrees to {limit:g}"
                )
        return Place(lon=found[0], lat=found[1])

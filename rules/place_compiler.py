"""``places``: tables as written become checked rows in base units."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from contracts.envelope import Place
from contracts.profiles import ProfileField
from contracts.units import UNITS, base_unit, to_base
from rules.place_declaration import PlacesDeclaration
from rules.place_rows import LAT, LON, Cell, Row, file_rows, inline_rows
from rules.places import PlaceRow, PlaceTable
from rules.table_files import NO_FILES, TableFiles
from rules.vocabulary import FieldTable

__all__ = ["MAX_ROWS", "PLACE_FILES", "compile_places"]

ErrorFactory = Callable[[Sequence[str | int], str], Exception]

MAX_ROWS = 200_000
"""Most rows of one table."""
_MOST_COLUMNS = 64
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_KINDS = ("number", "flag", "text")
_FLAGS = {"true": True, "false": False}
_LIMITS = {LON: 180.0, LAT: 90.0}
PLACE_FILES = (".csv", ".yaml", ".geojson")
"""Endings of files that a table may be in."""

Fail = Callable[[str], Exception]


def compile_places(
    declared: Mapping[str, PlacesDeclaration],
    error: ErrorFactory,
    files: TableFiles = NO_FILES,
) -> dict[str, PlaceTable]:
    """Return the tables of places of a pack, by name.

    Args:
        declared: by name.
        error: makes the error for a path of the document.
        files: those that the tables name.

    Raises:
        Exception: what ``error`` makes, or the file that a table is in, for the first fault.
    """
    return {
        name: _TableCompiler(name, one, error, files).compile() for name, one in declared.items()
    }


class _TableCompiler:
    def __init__(
        self, name: str, declared: PlacesDeclaration, error: ErrorFactory, files: TableFiles
    ) -> None:
        self._name = name
        self._declared = declared
        self._error = error
        self._files = files

    def _fail(self, where: Sequence[str | int], message: str) -> Exception:
        return self._error(("places", self._name, *where), f"table {self._name!r}: {message}")

    def compile(self) -> PlaceTable:
        declared = self._declared
        for path, name in ((("key",), declared.key), ((), self._name)):
            if _NAME.fullmatch(name) is None:
                raise self._fail(path, f"{name[:40]!r}: expected a name of a-z, 0-9 and '_'")
        if [declared.csv, declared.rows, declared.file].count(None) != 2:
            raise self._fail((), "expected exactly one of 'csv', 'rows' and 'file'")
        part = next(one for one in ("csv", "rows", "file") if getattr(declared, one) is not None)
        fields = self._fields()
        units = {name: unit for name, unit in declared.columns.items() if unit not in _KINDS}
        rows: dict[str, PlaceRow] = {}
        for key, cells, fail in self._rows():
            if not key:
                raise fail(f"expected a value of {declared.key!r}")
            if key in rows:
                raise fail(f"{key[:40]!r} is there already; keep one")
            if len(rows) >= MAX_ROWS:
                raise self._fail((part,), f"more than {MAX_ROWS} rows; split the table")
            values = {
                name: _value(fields[name], units.get(name), cell, fail)
                for name, cell in cells.items()
                if name not in _LIMITS
            }
            rows[key] = PlaceRow(values, _place(cells, fail))
        if not rows:
            raise self._fail((part,), "expected at least one row")
        return PlaceTable(self._name, declared.key, fields, rows)

    def _rows(self) -> Iterable[Row]:
        name = self._declared.file
        if name is None:
            return inline_rows(self._declared, self._fail)
        if not name.lower().endswith(PLACE_FILES):
            raise self._fail(("file",), f"{name[:80]!r}: expected {', '.join(PLACE_FILES)}")
        if name not in self._files:
            raise self._fail(
                ("file",), f"{name[:80]!r} was not read; expected a file beside the pack"
            )
        return file_rows(self._declared, name, self._files[name])

    def _fields(self) -> FieldTable:
        columns = self._declared.columns
        if len(columns) > _MOST_COLUMNS:
            raise self._fail(("columns",), f"expected at most {_MOST_COLUMNS} columns")
        fields: dict[str, ProfileField] = {}
        for name, kind in columns.items():
            if _NAME.fullmatch(name) is None or name in {self._declared.key, LON, LAT}:
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


def _value(field: ProfileField, unit: str | None, cell: Cell, fail: Fail) -> float | bool | str:
    if field.kind == "text":
        return str(cell)
    if field.kind == "flag":
        found = _FLAGS.get(cell) if isinstance(cell, str) else cell
        if isinstance(found, bool):
            return found
        raise fail(f"{field.name} {cell!r}: expected true or false")
    number = _number(field.name, cell, fail)
    return number if unit is None else float(f"{to_base(number, unit):.12g}")


def _number(name: str, cell: Cell, fail: Fail) -> float:
    try:
        number = math.nan if isinstance(cell, bool) else float(cell)
    except (TypeError, ValueError):
        number = math.nan
    if math.isfinite(number):
        return number
    raise fail(f"{name} {str(cell)[:40]!r}: expected a number")


def _place(cells: Mapping[str, Cell], fail: Fail) -> Place | None:
    found = [_number(name, cells[name], fail) for name in _LIMITS if name in cells]
    if not found:
        return None
    if len(found) < len(_LIMITS):
        raise fail("expected both lon and lat, or neither")
    for (name, limit), number in zip(_LIMITS.items(), found, strict=True):
        if abs(number) > limit:
            raise fail(f"{name} {number:g}: expected degrees to {limit:g}")
    return Place(lon=found[0], lat=found[1])

"""The rows of a table of places as written: inline, or in a CSV, YAML or GeoJSON file."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from rules.place_declaration import PlacesDeclaration
from rules.table_files import TableFile

__all__ = ["LAT", "LON", "Cell", "Row", "csv_rows", "file_rows", "inline_rows"]

LON: Final = "lon"
LAT: Final = "lat"

Cell = float | int | str | bool
Fail = Callable[[str], Exception]
PathFail = Callable[[Sequence[str | int], str], Exception]


class Row(NamedTuple):
    """One row.

    Attributes:
        key: what it is found by.
        cells: its columns; an empty one is not there.
        fail: makes the error for it.
    """

    key: str
    cells: Mapping[str, Cell]
    fail: Fail


def inline_rows(declared: PlacesDeclaration, fail: PathFail) -> Iterator[Row]:
    """Yield the rows that stand in the pack.

    Args:
        declared: the table as written, with ``csv`` or ``rows``.
        fail: makes the error for a path below the table.
    """
    if declared.csv is not None:

        def at_line(line: int, message: str) -> Exception:
            return fail(("csv",), f"line {line}: {message}")

        yield from csv_rows(declared, declared.csv, at_line)
        return
    for key, cells in (declared.rows or {}).items():
        for name in cells:
            check_column(declared, name, partial(fail, ("rows", key, name)))
        yield Row(key, cells, partial(_in_row, fail, key))


def _in_row(fail: PathFail, key: str, message: str) -> Exception:
    return fail(("rows",), f"row {key[:40]!r}: {message}")


def csv_rows(
    declared: PlacesDeclaration, text: str, fail: Callable[[int, str], Exception]
) -> Iterator[Row]:
    """Yield the rows in lines of comma-separated values.

    Args:
        declared: the table.
        text: the lines; the first one names the columns.
        fail: makes the error for a line, from 1.

    Raises:
        Exception: what ``fail`` makes.
    """
    reader = csv.reader(text.splitlines(), skipinitialspace=True)
    header = next(reader, [])
    if declared.key not in header:
        raise fail(1, f"expected the column names, {declared.key!r} among them")
    for name in header:
        if name != declared.key:
            check_column(declared, name, partial(fail, 1))
    if len(set(header)) < len(header):
        raise fail(1, "a column stands twice; remove one")
    for cells in reader:
        if not cells:
            continue
        line = reader.line_num
        if len(cells) != len(header):
            raise fail(line, f"{len(cells)} values; expected {len(header)} as in line 1")
        found = dict(zip(header, cells, strict=True))
        key = found.pop(declared.key)
        yield Row(key, {name: cell for name, cell in found.items() if cell}, partial(fail, line))


def file_rows(declared: PlacesDeclaration, name: str, file: TableFile) -> Iterable[Row]:
    """Return the rows in a file.

    Args:
        declared: the table.
        name: name of the file, whose ending says what is in it.
        file: the file.

    Raises:
        Exception: what the file makes, with file and line.
    """
    if name.lower().endswith(".csv"):
        return csv_rows(declared, file.text, file.line_error)
    data, fail = file.parse()
    if name.lower().endswith(".geojson"):
        return _features(declared, data, fail)
    return _mapping_rows(declared, data, fail)


def _mapping_rows(declared: PlacesDeclaration, data: Any, fail: PathFail) -> Iterator[Row]:
    """Yield the rows of a mapping of mappings, like ``rows`` of a pack."""
    if not isinstance(data, dict) or not data:
        raise fail((), f"expected rows like {{{declared.key}-1: {{lon: 121.47, lat: 31.23}}}}")
    for key, cells in data.items():
        if not isinstance(cells, dict):
            raise fail((key,), "expected a mapping of columns and values")
        for name, cell in cells.items():
            check_column(declared, name, partial(fail, (key, name)))
            if not isinstance(cell, float | int | str | bool):
                raise fail((key, name), "expected a number, a flag or a text")
        yield Row(str(key), cells, partial(fail, (key,)))


def _features(declared: PlacesDeclaration, data: Any, fail: PathFail) -> Iterator[Row]:
    """Yield a row for each point of a FeatureCollection; properties that are no column are left out."""
    features = data.get("features") if isinstance(data, dict) else None
    if not isinstance(features, list):
        raise fail((), "expected a GeoJSON FeatureCollection with 'features'")
    for index, feature in enumerate(features):
        here = ("features", index)
        parts: Mapping[str, Any] = feature if isinstance(feature, dict) else {}
        shape, properties = parts.get("geometry"), parts.get("properties")
        if not isinstance(shape, dict) or shape.get("type") != "Point":
            raise fail((*here, "geometry"), "expected a Point; areas belong into 'areas'")
        corners = shape.get("coordinates")
        if not isinstance(corners, list) or len(corners) < 2:
            raise fail((*here, "geometry", "coordinates"), "expected [lon, lat]")
        if not isinstance(properties, dict) or declared.key not in properties:
            raise fail(
                (*here, "properties"), f"expected a property {declared.key!r}, the key of the row"
            )
        cells: dict[str, Cell] = {LON: corners[0], LAT: corners[1]}
        for name, cell in properties.items():
            if name in declared.columns and cell is not None:
                if not isinstance(cell, float | int | str | bool):
                    raise fail((*here, "properties", name), "expected a number, a flag or a text")
                cells[name] = cell
        yield Row(str(properties[declared.key]), cells, partial(fail, here))


def check_column(declared: PlacesDeclaration, name: str, fail: Fail) -> None:
    """Refuse a column that the table does not declare.

    Raises:
        Exception: what ``fail`` makes.
    """
    if name not in declared.columns and name not in {LON, LAT}:
        raise fail(f"column {name[:40]!r} is not in 'columns'; add it there with its unit")

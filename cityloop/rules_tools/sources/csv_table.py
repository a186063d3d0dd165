"""Tables from CSV files."""

import csv
import itertools
from pathlib import Path

from cityloop.rules_tools.errors import DataRefused
from cityloop.rules_tools.sources.mapping import TableMapping
from cityloop.rules_tools.sources.table import ReadingTable, TableColumns
from contracts.profiles import DeviceProfile
from runtime.collector import paused_collector

__all__ = ["read_csv"]

_CHUNK_ROWS = 20_000


def read_csv(path: Path, mapping: TableMapping, profile: DeviceProfile) -> ReadingTable:
    """Return the readings in a CSV file, whose first row names the columns.

    Raises:
        DataRefused: it cannot be read, is no UTF-8, has no header or a row of another length.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file, paused_collector():
            rows = csv.reader(file, delimiter=mapping.delimiter, strict=True)
            names = next(rows, None)
            if not names:
                raise DataRefused(f"{path}: row 0: expected the names of the columns; it is empty")
            columns = TableColumns(path, names, mapping, profile)
            first = 1
            while chunk := list(itertools.islice(rows, _CHUNK_ROWS)):
                if [] in chunk:
                    chunk = [row for row in chunk if row]  # blank lines are no rows
                try:
                    cells = list(zip(*chunk, strict=True))
                except ValueError:
                    cells = []
                if chunk and len(cells) != len(names):
                    raise DataRefused(_ragged(path, chunk, len(names), first))
                if chunk:
                    columns.add(cells, first)
                first += len(chunk)
    except OSError as error:
        raise DataRefused(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DataRefused(f"{path}: not UTF-8; save the file as UTF-8") from error
    except csv.Error as error:
        raise DataRefused(f"{path}: line {rows.line_num}: no CSV: {error}") from error
    return columns.done()


def _ragged(path: Path, chunk: list[list[str]], wanted: int, first: int) -> str:
    for number, row in enumerate(chunk, start=first):
        if len(row) != wanted:
            return (
                f"{path}: row {number}: {len(row)} values under {wanted} names; correct the row, "
                "or say another delimiter in --mapping"
            )
    return f"{path}: no rows"

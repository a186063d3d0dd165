"""Tables in and out: CSV and XLSX, with the same columns and the same checks."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from zipfile import BadZipFile

from cloud_api.csv_table import FORMULA, rows_of, unquoted
from cloud_api.errors import ProfileError

__all__ = ["csv_text", "read_sheet", "write_sheet"]

MAX_ROWS = 200_000
"""Most lines of a sheet; a city's list has some thousands."""


def read_sheet(path: Path) -> list[dict[str, str]]:
    """Return the lines of a CSV or XLSX table by the names in its first line, as texts.

    Raises:
        ProfileError: the file is neither, is too large, or has a column without a name.
    """
    if path.suffix.lower() == ".csv":
        return rows_of(path)
    if path.suffix.lower() != ".xlsx":
        raise ProfileError(f"{path}: expected .csv or .xlsx")
    from openpyxl import load_workbook  # noqa: PLC0415 - only who brings a sheet needs it
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415 - as above

    try:
        workbook = load_workbook(path, read_only=True, data_only=True)
    except (OSError, BadZipFile, KeyError, ValueError, InvalidFileException) as error:
        raise ProfileError(f"{path}: {error}; expected an XLSX workbook") from error
    try:
        lines = workbook.worksheets[0].iter_rows(values_only=True)
        header = [_text(value) for value in next(lines, ())]
        while header and not header[-1]:
            header.pop()
        if not header or not all(header):
            raise ProfileError(f"{path}: expected names of columns in the first line")
        rows: list[dict[str, str]] = []
        for line in lines:
            texts = [_text(value) for value in line]
            if any(texts):
                rows.append(dict(zip(header, texts, strict=False)))
            if len(rows) > MAX_ROWS:
                raise ProfileError(f"{path}: expected at most {MAX_ROWS} lines")
        return rows
    finally:
        workbook.close()


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return unquoted(str(value).strip())


def csv_text(rows: Iterable[Mapping[str, str]], columns: Sequence[str]) -> str:
    """Return lines as CSV text with a header.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _plain(row.get(name, "")) for name in columns})
    return out.getvalue()


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def write_sheet(path: Path, rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> None:
    """Write lines to a CSV or XLSX file.

    Raises:
        ProfileError: the name ends in neither.
    """
    if path.suffix.lower() == ".csv":
        path.write_text(csv_text(rows, columns), "utf-8")
        return
    if path.suffix.lower() != ".xlsx":
        raise ProfileError(f"{path}: expected .csv or .xlsx")
    from openpyxl import Workbook  # noqa: PLC0415 - only who wants a sheet needs it

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("table")
    sheet.append(list(columns))
    for row in rows:
        sheet.append([_plain(row.get(name, "")) for name in columns])
    workbook.save(path)

"""CSV tables that people keep: UTF-8, a header, texts stripped."""

import csv
import io
from pathlib import Path

from cloud_api.errors import ProfileError

__all__ = ["FORMULA", "rows_of", "table_rows", "unquoted"]

MAX_TABLE_BYTES = 32 * 1024 * 1024
"""Largest table that is read."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula; written with an apostrophe in front, read without it."""


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the lines of a CSV table (UTF-8, with a header), texts stripped.

    Raises:
        ProfileError: the file is missing, too large, no UTF-8, or a line has too many fields.
    """
    try:
        if path.stat().st_size > MAX_TABLE_BYTES:
            raise ProfileError(f"{path}: expected at most {MAX_TABLE_BYTES} bytes")
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: {error}; expected a CSV table in UTF-8") from error
    return table_rows(text, path.name)


def table_rows(text: str, name: str) -> list[dict[str, str]]:
    """Return the lines of a CSV text, by the names in its first line.

    Raises:
        ProfileError: a line has more fields than the header.
    """
    rows: list[dict[str, str]] = []
    for number, row in enumerate(csv.DictReader(io.StringIO(text, newline="")), 2):
        if None in row:
            raise ProfileError(f"{name}:{number}: more fields than the header has; quote commas")
        rows.append({key: unquoted((value or "").strip()) for key, value in row.items()})
    return rows


def unquoted(text: str) -> str:
    """Return a text without the apostrophe that keeps it from being a formula."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text

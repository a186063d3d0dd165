"""The registry as a table: CSV (RFC 4180, UTF-8) out, and in with a dry run.

A text that a spreadsheet would run as a formula goes out with a leading apostrophe, which is taken
away when it comes in again.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from cloud_api.devices.reading import entry_from
from cloud_api.devices.register import Entry, entry_id
from cloud_api.errors import InvalidInput, MalformedJson

__all__ = ["ImportReport", "RowFault", "compare", "read_sheet", "write_sheet"]

_PLACE = ("lon", "lat", "accuracy_m", "grid")
_NUMBERS = {"lon", "lat", "accuracy_m", "cadence_s"}
_WHOLE = {"priority"}
_FORMULA = ("=", "+", "-", "@", "\t")
_MOST_FAULTS = 100


class RowFault(Struct, frozen=True, kw_only=True):
    """What is wrong with one line of a table."""

    line: int
    detail: str


class ImportReport(Struct, frozen=True, kw_only=True):
    """What an import did, or would do."""

    dry_run: bool
    created: int
    changed: int
    unchanged: int
    faults: tuple[RowFault, ...] = ()
    """Lines that cannot be read; then nothing at all is imported. The first hundred."""


def _columns(kind: type[Entry]) -> list[str]:
    names: list[str] = []
    for field in msgspec.structs.fields(kind):
        names.extend(_PLACE if field.name == "place" else (field.name,))
    return names


def write_sheet(entries: Iterable[Entry], kind: type[Entry]) -> str:
    """Return entries as CSV with a header line."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _columns(kind), lineterminator="\r\n")
    writer.writeheader()
    for entry in entries:
        values: dict[str, Any] = msgspec.to_builtins(entry)
        values |= values.pop("place", {})
        writer.writerow({name: _shown(value) for name, value in values.items()})
    return out.getvalue()


def _shown(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def read_sheet(text: str, kind: type[Entry]) -> tuple[list[Entry], list[RowFault]]:
    """Return the entries of a table, and what is wrong with the lines that are none.

    Raises:
        InvalidInput: the header lacks a column or names one that there is not.
        MalformedJson: the text is no CSV.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    _check_header(reader.fieldnames or (), kind)
    entries: list[Entry] = []
    faults: list[RowFault] = []
    seen: dict[str, int] = {}
    try:
        for row in reader:
            line = reader.line_num
            try:
                entry: Entry = entry_from(_values(row), kind)
            except InvalidInput as problem:
                faults.append(RowFault(line=line, detail=problem.detail))
                continue
            name = entry_id(entry)
            if name in seen:
                detail = f"{name!r} stands in line {seen[name]} already; expected every id once"
                faults.append(RowFault(line=line, detail=detail))
                continue
            seen[name] = line
            entries.append(entry)
    except csv.Error as error:
        raise MalformedJson(f"line {reader.line_num}: {error}; expected CSV (RFC 4180)") from error
    return entries, faults[:_MOST_FAULTS]


def _check_header(header: Sequence[str], kind: type[Entry]) -> None:
    wanted = _columns(kind)
    required = [field.name for field in msgspec.structs.fields(kind) if field.required]
    for name in required:
        if name not in header:
            raise InvalidInput(f"header: column {name!r} is missing; needed: {', '.join(required)}")
    for name in header:
        if name not in wanted:
            raise InvalidInput(f"header: column {name!r} is unknown; there are {', '.join(wanted)}")


def _values(row: dict[str, str]) -> dict[str, Any]:
    """Return a line as the object that it stands for; an empty cell is an absent field.

    Raises:
        InvalidInput: a cell that should be a number is none, or the line has too many cells.
    """
    if None in row:
        raise InvalidInput("the line has more cells than the header")
    values: dict[str, Any] = {}
    place: dict[str, Any] = {}
    for name, cell in row.items():
        text = (cell or "").strip()
        if not text:
            continue
        found = _cell(name, text)
        (place if name in _PLACE else values)[name] = found
    if place:
        values["place"] = place
    return values


def _cell(name: str, text: str) -> object:
    convert: Callable[[str], object] | None = (
        float if name in _NUMBERS else int if name in _WHOLE else None
    )
    if convert is None:
        return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
    try:
        return convert(text)
    except ValueError as error:
        raise InvalidInput(f"{name}: {text[:40]!r} is no number") from error


def compare(
    entries: Sequence[Entry],
    known: dict[str, Entry],
    faults: Sequence[RowFault],
    *,
    dry_run: bool,
) -> ImportReport:
    """Return what importing entries over those that are known comes to."""
    created = sum(entry_id(entry) not in known for entry in entries)
    unchanged = sum(known.get(entry_id(entry)) == entry for entry in entries)
    return ImportReport(
        dry_run=dry_run,
        created=created,
        changed=len(entries) - created - unchanged,
        unchanged=unchanged,
        faults=tuple(faults),
    )

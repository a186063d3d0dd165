"""Opening stored data by what it is: a journal, message lines, or a table."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cityloop.rules_tools.errors import DataRefused
from cityloop.rules_tools.sources.csv_table import read_csv
from cityloop.rules_tools.sources.entry import Entry, with_ticks
from cityloop.rules_tools.sources.journal_folder import find_journal, read_records
from cityloop.rules_tools.sources.mapping import TableMapping
from cityloop.rules_tools.sources.message_lines import read_lines
from cityloop.rules_tools.sources.parquet_table import read_parquet
from cityloop.rules_tools.sources.table import ReadingTable, profile_named
from rules.rule import RulePack

__all__ = ["STDIN", "StoredData", "open_data"]

STDIN = "-"
_LINES = frozenset({".jsonl", ".ndjson", ".json", ".senml"})
_TABLES = {".csv": read_csv, ".tsv": read_csv, ".parquet": read_parquet, ".pq": read_parquet}


class StoredData(NamedTuple):
    """Stored data, opened.

    Attributes:
        name: the file or folder.
        kind: journal, lines or table.
        table: the readings, where it is a table.
        lines: the messages, where it is lines.
        folder: the journal's folder.
    """

    name: str
    kind: str
    table: ReadingTable | None = None
    lines: Sequence[Entry] = ()
    folder: Path | None = None

    def entries(
        self, *, tick_s: int | None, keep_rules: bool = False, order: Sequence[int] | None = None
    ) -> Iterator[Entry]:
        """Yield the data as journal records, in the order of arrival, with ticks.

        Args:
            tick_s: seconds between ticks where nothing arrives, None for none; a journal has its own.
            keep_rules: whether the packs of a journal take effect.
            order: the rows of a table to yield; None: all.
        """
        if self.folder is not None:
            return read_records(self.folder, keep_rules=keep_rules)
        found: Iterable[Entry] = self.lines
        if self.table is not None:
            found = self.table.entries(order)
        return with_ticks(found, tick_s)


def open_data(name: str, mapping: TableMapping, packs: Sequence[RulePack]) -> StoredData:
    """Return stored data.

    Args:
        name: a file, a gateway's state folder or journal, the address of streams, or ``-`` for lines on
            standard input.
        mapping: what a table's columns mean.
        packs: the packs, whose only profile is that of readings that name none.

    Raises:
        DataRefused: nothing that can be read.
        MissingLibrary: its format needs a library that is not installed.
    """
    watched = {one: True for pack in packs for rule in pack.rules for one in rule.profiles}
    only = next(iter(watched)) if len(watched) == 1 else None
    if name.startswith(("nats://", "tls://")):
        from cityloop.rules_tools.sources.stream import (  # noqa: PLC0415 - files need no client
            read_stream,
        )

        return StoredData(name, "lines", lines=tuple(read_stream(name)))
    if name == STDIN:
        return StoredData(name, "lines", lines=tuple(read_lines(None, mapping, only)))
    path = Path(name)
    if path.is_dir():
        folder = find_journal(path)
        if folder is None:
            raise DataRefused(
                f"{path}: no journal in this folder; expected a gateway's state folder or its "
                "journal folder"
            )
        return StoredData(name, "journal", folder=folder)
    suffix = path.suffix.lower()
    if suffix in _LINES:
        return StoredData(name, "lines", lines=tuple(read_lines(path, mapping, only)))
    if suffix not in _TABLES:
        kinds = ", ".join(sorted((*_LINES, *_TABLES)))
        raise DataRefused(f"{path}: unknown kind of file; expected {kinds}, or a journal's folder")
    if not path.is_file():
        raise DataRefused(f"{path}: no such file")
    profile = profile_named(mapping, watched, path)
    return StoredData(name, "table", table=_TABLES[suffix](path, mapping, profile))

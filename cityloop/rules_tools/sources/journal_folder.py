"""A gateway's own journal: every message in the order in which it arrived, with its ticks."""

from collections.abc import Iterator
from pathlib import Path

from cityloop.rules_tools.errors import DataRefused
from cityloop.rules_tools.sources.entry import Entry
from runtime.errors import JournalBroken
from runtime.journal import JournalKind, read_journal

__all__ = ["find_journal", "read_records"]


def find_journal(folder: Path) -> Path | None:
    """Return the folder of a journal: the one given, or ``journal`` in a gateway's state folder."""
    for candidate in (folder, folder / "journal"):
        if candidate.is_dir() and any(candidate.glob("*.journal")):
            return candidate
    return None


def read_records(folder: Path, *, keep_rules: bool) -> Iterator[Entry]:
    """Yield a journal's records; safe beside a running gateway.

    Args:
        folder: folder of the journal.
        keep_rules: whether packs that were put in force take effect again; false where other packs
            are tried on the same data.

    Raises:
        DataRefused: the journal is damaged.
    """
    try:
        for record in read_journal(folder):
            if keep_rules or record.kind is not JournalKind.RULES:
                yield Entry(record)
    except JournalBroken as error:
        raise DataRefused(str(error)) from error

"""What a replay is fed: journal records in the order in which they arrived."""

import math
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from gateway.prepared import Prepared
from runtime.journal import JournalKind, JournalRecord

__all__ = ["REPLAY_BOOT", "Entry", "with_ticks"]

REPLAY_BOOT: Final = "0" * 16
"""Boot id of messages that are made up around stored values."""


class Entry(NamedTuple):
    """A journal record, with its decoded form where the source has it already."""

    record: JournalRecord
    prepared: Prepared | None = None


def with_ticks(entries: Iterable[Entry], every_s: int | None) -> Iterator[Entry]:
    """Yield entries with the clock's ticks between them, as a gateway's journal has them.

    A tick stands before the first entry of each second, as it does live, and on every multiple of
    ``every_s`` in between, where a live journal has one each second: a delay is always dated to
    when it ended, so the statements are the same.

    Args:
        entries: in order of arrival.
        every_s: seconds; None: no ticks in between.
    """
    last: int | None = None
    for entry in entries:
        second = math.floor(entry.record.arrived_at_us / 1_000_000)
        if last is None or second > last:
            if last is not None and every_s is not None:
                for between in range((last // every_s + 1) * every_s, second, every_s):
                    yield _tick(entry.record.offset, between)
            yield _tick(entry.record.offset, second)
            last = second
        yield entry


def _tick(offset: int, second: int) -> Entry:
    return Entry(JournalRecord(offset, second * 1_000_000, JournalKind.TICK, "", b""))

"""The comparison of books: what was enqueued, what was journalled, what the API holds.

Pure functions over plain values. Counted, not claimed: lost = ledger minus journal by message id,
plus expected minus API by episode; duplicates = a message journalled twice, a statement (id, rev)
kept twice, or one episode under two ids. Source: architecture §3.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

__all__ = [
    "AuditReport",
    "EventRow",
    "Lane",
    "MessageRow",
    "audit",
    "percentile",
]


class Lane(NamedTuple):
    """One counting lane of a box: its ``seq`` runs from 0 without a hole."""

    box: str
    boot_id: str
    channel: str


class MessageRow(NamedTuple):
    """One journalled message; it stands for every seq from ``from_seq`` to ``seq``."""

    lane: Lane
    from_seq: int
    seq: int
    given_up: bool = False
    """True for a ``dropped.v1``: the box confessed that these were evicted."""


class EventRow(NamedTuple):
    """One statement about an episode."""

    event_id: str
    rev: int
    rule: str
    key: tuple[tuple[str, str], ...]
    onset_at: datetime


class AuditReport(Struct, frozen=True, kw_only=True):
    """What the books say. ``lost`` and ``duplicates`` are the sums that must be 0."""

    enqueued: int
    journalled: int
    lost_messages: int
    given_up_messages: int
    duplicate_messages: int
    expected_episodes: int
    expected_statements: int
    found_statements: int
    lost_statements: int
    unexpected_statements: int
    duplicate_statements: int
    duplicate_episodes: int
    examples: tuple[str, ...] = ()

    @property
    def lost(self) -> int:
        """Messages and statements that were enqueued or expected and are not there."""
        return self.lost_messages + self.lost_statements

    @property
    def duplicates(self) -> int:
        """Messages, statements and episodes that are there twice."""
        return self.duplicate_messages + self.duplicate_statements + self.duplicate_episodes


class _Coverage:
    """Which seqs of a lane were journalled, and how many of them more than once."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self.twice = 0

    def add(self, row: MessageRow) -> None:
        if row.given_up:
            # a box may give up what had just arrived but was not yet acknowledged to it
            self._seen.update(range(row.from_seq, row.seq + 1))
            return
        for seq in range(row.from_seq, row.seq + 1):
            if seq in self._seen:
                self.twice += 1
            self._seen.add(seq)

    @property
    def count(self) -> int:
        return len(self._seen)

    def missing(self, total: int) -> list[int]:
        if len(self._seen) >= total:
            return []
        return [seq for seq in range(total) if seq not in self._seen]


def audit(
    *,
    ledger: Mapping[Lane, int],
    journal: Iterable[MessageRow],
    expected: Iterable[EventRow],
    found: Sequence[EventRow],
) -> AuditReport:
    """Return what is missing and what is there twice.

    Args:
        ledger: number of messages enqueued per lane, so that their seqs are ``0 .. n-1``.
        journal: every journalled message, in any order.
        expected: statements that a fresh engine derives from the same journal.
        found: statements that the API lists.
    """
    lanes: dict[Lane, _Coverage] = {}
    given_up = 0
    for message in journal:
        lanes.setdefault(message.lane, _Coverage()).add(message)
        if message.given_up:
            given_up += message.seq - message.from_seq + 1
    examples: list[str] = []
    lost_messages = 0
    for lane, total in sorted(ledger.items()):
        missing = lanes.get(lane, _Coverage()).missing(total)
        lost_messages += len(missing)
        examples.extend(f"message {'/'.join(lane)}/{seq} not journalled" for seq in missing[:3])

    wanted = {(row.event_id, row.rev) for row in expected}
    have = Counter((row.event_id, row.rev) for row in found)
    lost = sorted(wanted - set(have))
    unexpected = sorted(set(have) - wanted)
    examples.extend(f"event {event} rev {rev} not at the API" for event, rev in lost[:5])
    examples.extend(f"event {event} rev {rev} not in the journal" for event, rev in unexpected[:5])
    episodes: dict[tuple[object, ...], set[str]] = {}
    for row in found:
        episodes.setdefault((row.rule, row.key, row.onset_at), set()).add(row.event_id)
    return AuditReport(
        enqueued=sum(ledger.values()),
        journalled=sum(lane.count for lane in lanes.values()),
        lost_messages=lost_messages,
        given_up_messages=given_up,
        duplicate_messages=sum(lane.twice for lane in lanes.values()),
        expected_episodes=len({event for event, _ in wanted}),
        expected_statements=len(wanted),
        found_statements=len(have),
        lost_statements=len(lost),
        unexpected_statements=len(unexpected),
        duplicate_statements=sum(count - 1 for count in have.values()),
        duplicate_episodes=sum(len(ids) - 1 for ids in episodes.values()),
        examples=tuple(examples[:20]),
    )


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the nearest-rank percentile of ``values``, or None when there are none.

    Args:
        values: figures in any order.
        share: 0 < share <= 1, such as 0.99.
    """
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

"""What an outbox gives up when it is over its budget, and how it confesses it."""

import sqlite3
from datetime import datetime
from typing import NamedTuple

import msgspec

from contracts.codec import encode
from contracts.envelope import Channel
from contracts.status import Dropped
from contracts.topics import Kind

__all__ = ["AGEING", "DROP_ORDER", "Lane", "make_room", "make_young"]

DROP_ORDER = (
    Channel.TRACKS,
    Channel.COUNTS,
    Channel.READINGS,
    Channel.STATUS,
    Channel.OBSERVATIONS,
    Channel.URGENT,
)
"""Least important first: tracks are superseded within a second, an urgent message never is."""

AGEING = frozenset({Channel.TRACKS, Channel.COUNTS, Channel.READINGS})
"""Lanes whose messages may grow too old to be worth sending; what was noticed never does."""

_CHUNK_ROWS = 10_000

_CONFESSION_BYTES = 1_000
"""No ``dropped.v1`` is longer: ids of 160 and 64 characters, and some 300 of its own."""


class Lane(msgspec.Struct):
    """One boot's messages of one channel, as they stand in the file."""

    number: int
    boot_id: str
    channel: Channel
    next_seq: int
    rows: int
    size: int

    def copy(self) -> "Lane":
        """Return a copy, to go back to when a transaction fails."""
        return Lane(self.number, self.boot_id, self.channel, self.next_seq, self.rows, self.size)


def make_room(
    file: sqlite3.Connection, lanes: list[Lane], box: str, now: datetime, excess: tuple[int, int]
) -> int:
    """Replace the oldest messages of the least important lanes by one ``dropped.v1`` for each lane.

    Runs inside the caller's transaction and updates ``lanes``.

    Args:
        file: the outbox.
        lanes: every lane, the oldest boot first.
        box: who speaks.
        now: when this happens.
        excess: rows and bytes to give up; negative or zero means none.

    Returns:
        How many messages were given up. It may free less than asked for when nothing but
        confessions is left.
    """
    dropped = 0
    over_rows, over_bytes = excess
    ordered = sorted(lanes, key=lambda lane: (DROP_ORDER.index(lane.channel), lane.number))
    for lane in ordered:
        # each round gives up one chunk, merged with the confession that already heads the lane
        while (over_rows > 0 or over_bytes > 0) and lane.rows > 0:
            rows, size, gone = _give_up(file, lane, box, now, (over_rows, over_bytes))
            if not gone:
                break
            over_rows -= rows
            over_bytes -= size
            dropped += gone
    return dropped


def _give_up(
    file: sqlite3.Connection, lane: Lane, box: str, now: datetime, excess: tuple[int, int]
) -> tuple[int, int, int]:
    """Return rows freed, bytes freed, and messages given up, in one step at a lane's old end."""
    found = file.execute(
        "SELECT seq, from_seq, length(payload) FROM letter WHERE lane = ? ORDER BY seq LIMIT ?",
        (lane.number, _CHUNK_ROWS),
    )
    first = last = -1
    rows = size = gone = 0
    for seq, from_seq, length in found:
        # one row and some bytes more than asked for, because the confession takes them itself; what
        # it took would else be made up for by a better lane
        if gone and rows > excess[0] and size > excess[1] + _CONFESSION_BYTES:
            break
        if first < 0:
            first = seq if from_seq is None else from_seq
        last = seq
        rows += 1
        size += length
        gone += from_seq is None
    useless = rows == 1 and excess[1] <= 0  # its confession would need the very row again
    if not gone or useless:
        return 0, 0, 0
    return _confess(file, lane, box, now, _Run(first, last, rows, size, gone), "outbox_budget")


class _Run(NamedTuple):
    """Messages at a lane's old end: their seqs, rows and bytes, and how many are no confessions."""

    first: int
    last: int
    rows: int
    size: int
    gone: int


def make_young(
    file: sqlite3.Connection, lanes: list[Lane], box: str, now: datetime, oldest: datetime
) -> int:
    """Replace messages of ageing lanes that were stored before ``oldest`` by confessions.

    Runs inside the caller's transaction and updates ``lanes``; at most 10,000 messages of a lane.

    Returns:
        How many messages were given up.
    """
    dropped = 0
    oldest_us = int(oldest.timestamp() * 1_000_000)
    for lane in lanes:
        if lane.channel not in AGEING or not lane.rows:
            continue
        found = file.execute(
            "SELECT seq, from_seq, length(payload), enqueued_at_us FROM letter WHERE lane = ? "
            "ORDER BY seq LIMIT ?",
            (lane.number, _CHUNK_ROWS),
        )
        run = _Run(-1, -1, 0, 0, 0)
        for seq, from_seq, length, enqueued_us in found:
            # a confession is as old as what it stands for
            if from_seq is None and enqueued_us >= oldest_us:
                break
            start = seq if from_seq is None else from_seq
            first = start if run.first < 0 else run.first
            run = _Run(first, seq, run.rows + 1, run.size + length, run.gone + (from_seq is None))
        if run.gone:
            dropped += _confess(file, lane, box, now, run, "outbox_age")[2]
    return dropped


def _confess(
    file: sqlite3.Connection, lane: Lane, box: str, now: datetime, run: _Run, reason: str
) -> tuple[int, int, int]:
    """Put one ``dropped.v1`` in the place of a run; returns rows and bytes freed, messages given up."""
    payload = encode(
        Dropped(
            id=f"{box}/{lane.boot_id}/{lane.channel.value}/{run.last}",
            box=box,
            boot_id=lane.boot_id,
            channel=lane.channel,
            seq=run.last,
            at=now,
            from_seq=run.first,
            reason=reason,
        )
    )
    file.execute("DELETE FROM letter WHERE lane = ? AND seq <= ?", (lane.number, run.last))
    file.execute(
        "INSERT INTO letter VALUES (?, ?, ?, ?, ?, ?)",
        (
            lane.number,
            run.last,
            run.first,
            Kind(lane.channel.value).value,
            payload,
            int(now.timestamp() * 1_000_000),
        ),
    )
    lane.rows -= run.rows - 1
    lane.size -= run.size - len(payload)
    return run.rows - 1, run.size - len(payload), run.gone

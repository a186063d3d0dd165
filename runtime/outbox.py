"""The outbox: messages of a box on disk, from the moment they exist until the gateway has them.

Each message is encoded once and gets its number (``seq``) here, in the same transaction that
stores it, so the counters are an exact ledger of what was ever enqueued. Rows leave on the
gateway's acknowledgement, never on the hub's.
"""

import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from contracts.codec import MAX_PAYLOAD_BYTES, BoxMessage, encode
from contracts.envelope import Channel
from contracts.ids import check_id
from contracts.topics import Kind
from runtime.clock import Clock
from runtime.disk_reserve import DiskReserve
from runtime.errors import LetterError, OutboxFull
from runtime.outbox_budget import Lane, make_room, make_young
from runtime.outbox_config import OutboxConfig
from runtime.outbox_file import Synchronous, explained, open_file, transaction

__all__ = ["Letter", "Outbox", "OutboxConfig", "Pending", "Stamp", "Synchronous"]

_STAMP_BYTES = 64
"""What ``sent_at`` and ``resent`` add to a payload when it leaves."""

_AGE_EVERY = timedelta(minutes=1.0)
"""How often old messages are looked for."""

_KEPT_LANES = 500
"""Lanes that stay in the ledger after they are empty: those of about the last hundred boots."""

_RESERVE_BYTES = 8 * 1024 * 1024
"""Twice what SQLite's log holds before it is copied into the file (512 pages of 8 KiB)."""

_UNLIMITED_PAGES = 4_294_967_294
"""SQLite's own limit. Source: https://www.sqlite.org/limits.html."""

_PIECE_ROWS = 50
"""Rows deleted at once on a full disk."""

_INSERT = "INSERT INTO letter (lane, seq, kind, payload, enqueued_at_us) VALUES (?, ?, ?, ?, ?)"


class Stamp(NamedTuple):
    """What the outbox gives to a message; ``Readings(**stamp._asdict(), at=..., ...)``."""

    id: str
    box: str
    boot_id: str
    channel: Channel
    seq: int


class Letter(NamedTuple):
    """A message to be: its lane, its topic's kind, and how to make it once it has its stamp."""

    channel: Channel
    kind: Kind
    compose: Callable[[Stamp], BoxMessage]


class Pending(NamedTuple):
    """A stored message; ``payload`` is without ``sent_at`` and ``resent``."""

    seq: int
    kind: Kind
    payload: bytes


class Outbox:
    """The messages of one box that the gateway has not confirmed yet. Thread-safe.

    Args:
        path: the SQLite file.
        box: who speaks.
        boot_id: this run of the box; messages of former runs keep theirs and leave first.
        clock: dates the rows and what is said about dropped ones.
        budget_rows: most messages kept.
        budget_bytes: most bytes of messages kept.
        synchronous: what a power cut may take; see :class:`Synchronous`.
        max_age: how old readings, counts and tracks may grow; None: as old as they will.

    Raises:
        StoreLocked, OutboxMismatch, OutboxBroken, OutboxFull: it cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        *,
        box: str,
        boot_id: str,
        clock: Clock,
        budget_rows: int = 2_000_000,
        budget_bytes: int = 1_000_000_000,
        synchronous: Synchronous = Synchronous.FULL,
        max_age: timedelta | None = None,
    ) -> None:
        self.path = path
        self.box = check_id(box, "box")
        self.boot_id = boot_id
        self.counters: dict[str, int] = {
            "enqueued": 0,
            "confirmed": 0,
            "dropped": 0,
            "acks_ignored": 0,
            "confirms_deferred": 0,
        }
        self.clock = clock
        self._budget = (budget_rows, budget_bytes)
        self._max_age = max_age
        self._aged_at: datetime | None = None
        self._lock = threading.RLock()
        self._file = open_file(path, self.box, synchronous)
        self._reserve = DiskReserve(path.with_name(f"{path.name}-reserve"), _RESERVE_BYTES)
        self._frozen = False
        self._lanes: dict[tuple[str, Channel], Lane] = {}
        try:
            self._hold_reserve()
            self._load_lanes()
        except sqlite3.Error as error:
            self._file.close()
            raise explained(path, error) from error

    @classmethod
    def open(cls, config: OutboxConfig, *, box: str, boot_id: str, clock: Clock) -> "Outbox":
        """Return the outbox that a configuration describes."""
        return cls(
            Path(config.path),
            box=box,
            boot_id=boot_id,
            clock=clock,
            budget_rows=config.budget_rows,
            budget_bytes=config.budget_bytes,
            synchronous=config.synchronous,
            max_age=None if config.max_age_h is None else timedelta(hours=config.max_age_h),
        )

    def _load_lanes(self) -> None:
        # the ledger of boots long gone is given up, or it would grow for ever
        self._file.execute(
            "DELETE FROM lane WHERE lane NOT IN (SELECT lane FROM letter) AND lane NOT IN"
            " (SELECT lane FROM lane ORDER BY lane DESC LIMIT ?)",
            (_KEPT_LANES,),
        )
        found = self._file.execute(
            "SELECT lane, boot_id, channel, next_seq, count(seq), total(length(payload))"
            " FROM lane LEFT JOIN letter USING (lane) GROUP BY lane ORDER BY lane"
        )
        for number, boot_id, channel, next_seq, rows, size in found:
            lane = Lane(number, boot_id, Channel(channel), next_seq, rows, int(size))
            self._lanes[lane.boot_id, lane.channel] = lane

    @property
    def rows(self) -> int:
        """How many messages wait, confessions of dropped ones included."""
        return sum(lane.rows for lane in self._lanes.values())

    @property
    def size_bytes(self) -> int:
        """How many bytes of messages wait."""
        return sum(lane.size for lane in self._lanes.values())

    def ledger(self) -> dict[tuple[str, Channel], int]:
        """Return how many messages were ever enqueued, by boot and channel: exactly."""
        with self._lock:
            return {key: lane.next_seq for key, lane in self._lanes.items()}

    def next_seq(self, boot_id: str, channel: Channel) -> int:
        """Return the number that the next message of a lane gets; 0 for a lane without any."""
        lane = self._lanes.get((boot_id, channel))
        return 0 if lane is None else lane.next_seq

    def lanes(self) -> list[tuple[str, Channel]]:
        """Return the lanes in which messages wait: former boots first, in the order they began."""
        with self._lock:
            return [key for key, lane in self._lanes.items() if lane.rows]

    def append(self, letters: Sequence[Letter]) -> None:
        """Number and store messages, all or none; they are durable when this returns.

        Over the budget, the oldest messages of the least important lane give way to one
        ``dropped.v1`` that stands for them.

        Raises:
            LetterError: a message is too large, or does not carry the stamp it was given.
            OutboxFull: the disk has no room; nothing of the batch is stored, all else is kept.
            OutboxBroken: SQLite cannot write the file.
        """
        if not letters:
            return
        with self._lock:
            now_us = int(self.clock.now().timestamp() * 1_000_000)
            before = {key: lane.copy() for key, lane in self._lanes.items()}
            size = 0
            try:
                if self._frozen:
                    self._hold_reserve()
                with transaction(self._file):
                    rows = [self._row(letter, now_us) for letter in letters]
                    size = sum(len(row[3]) for row in rows)
                    self._file.executemany(_INSERT, rows)
                    dropped = self._fit() + self._age()
                    self._file.executemany(
                        "UPDATE lane SET next_seq = ? WHERE lane = ?",
                        [
                            (lane.next_seq, lane.number)
                            for lane in self._lanes.values()
                            if lane.boot_id == self.boot_id
                        ],
                    )
            except sqlite3.Error as error:
                self._lanes = before
                raise explained(self.path, error, size) from error
            except BaseException:
                self._lanes = before
                raise
            self.counters["enqueued"] += len(letters)
            self.counters["dropped"] += dropped

    def _lane(self, channel: Channel) -> Lane:
        lane = self._lanes.get((self.boot_id, channel))
        if lane is None:
            cursor = self._file.execute(
                "INSERT INTO lane (boot_id, channel, next_seq) VALUES (?, ?, 0)",
                (self.boot_id, channel.value),
            )
            assert cursor.lastrowid is not None
            lane = Lane(cursor.lastrowid, self.boot_id, channel, 0, 0, 0)
            self._lanes[self.boot_id, channel] = lane
        return lane

    def _row(self, letter: Letter, now_us: int) -> tuple[int, int, str, bytes, int]:
        channel = letter.channel
        lane = self._lane(channel)
        seq = lane.next_seq
        name = f"{self.box}/{self.boot_id}/{channel.value}/{seq}"
        message = letter.compose(Stamp(name, self.box, self.boot_id, channel, seq))
        if message.seq != seq or message.id != name or message.channel is not channel:
            raise LetterError(
                f"letter {name}: composed as {message.id} (channel {message.channel.value}, seq "
                f"{message.seq}); compose must copy the stamp it is given"
            )
        payload = encode(message)
        if len(payload) > MAX_PAYLOAD_BYTES - _STAMP_BYTES:
            raise LetterError(
                f"letter {name}: {len(payload)} bytes; expected at most "
                f"{MAX_PAYLOAD_BYTES - _STAMP_BYTES}; split it"
            )
        lane.next_seq += 1
        lane.rows += 1
        lane.size += len(payload)
        return (lane.number, seq, letter.kind.value, payload, now_us)

    def _fit(self) -> int:
        """Give up what is over the budget; returns how many messages that were."""
        over_rows = self.rows - self._budget[0]
        over_bytes = self.size_bytes - self._budget[1]
        if over_rows <= 0 and over_bytes <= 0:
            return 0
        # a little more than needed, so that a full outbox is not searched at every append
        return make_room(
            self._file,
            list(self._lanes.values()),
            self.box,
            self.clock.now(),
            (over_rows + self._budget[0] // 64, over_bytes + self._budget[1] // 64),
        )

    def _age(self) -> int:
        """Give up what is too old, once a minute; returns how many messages that were."""
        now = self.clock.now()
        if self._max_age is None or (
            self._aged_at is not None and timedelta() <= now - self._aged_at < _AGE_EVERY
        ):
            return 0
        self._aged_at = now
        lanes = list(self._lanes.values())
        return make_young(self._file, lanes, self.box, now, now - self._max_age)

    def pending(self, boot_id: str, channel: Channel, after_seq: int, limit: int) -> list[Pending]:
        """Return stored messages of one lane with ``seq > after_seq``, ascending, at most ``limit``.

        Raises:
            OutboxBroken: SQLite cannot read the file.
        """
        with self._lock:
            lane = self._lanes.get((boot_id, channel))
            if lane is None or not lane.rows:
                return []
            try:
                found = self._file.execute(
                    "SELECT seq, kind, payload FROM letter WHERE lane = ? AND seq > ?"
                    " ORDER BY seq LIMIT ?",
                    (lane.number, after_seq, limit),
                ).fetchall()
            except sqlite3.Error as error:
                raise explained(self.path, error) from error
            return [Pending(seq, _KINDS[kind], payload) for seq, kind, payload in found]

    def confirm(self, boot_id: str, channel: Channel, through_seq: int) -> int:
        """Let go of the messages of a lane up to ``through_seq``; returns how many rows went.

        An acknowledgement of a lane or number that never existed is ignored and counted
        (``acks_ignored``). Where a full disk refuses even the deletion, the rows stay and go with
        a later confirmation (``confirms_deferred``): they are sent again, which does no harm.

        Raises:
            OutboxBroken: SQLite cannot write the file.
        """
        with self._lock:
            lane = self._lanes.get((boot_id, channel))
            if lane is None or through_seq >= lane.next_seq:
                self.counters["acks_ignored"] += 1
                return 0
            if not lane.rows:
                return 0
            before = lane.rows
            try:
                self._delete_on_full_disk(lane, through_seq)
            except sqlite3.Error as error:
                fault = explained(self.path, error)
                if not isinstance(fault, OutboxFull):
                    raise fault from error
                self.counters["confirms_deferred"] += 1
            self.counters["confirmed"] += before - lane.rows
            return before - lane.rows

    def _delete_on_full_disk(self, lane: Lane, through_seq: int) -> None:
        try:
            self._delete(lane, through_seq)
        except sqlite3.Error as error:
            if not isinstance(explained(self.path, error), OutboxFull):
                raise
        else:
            return
        # A deletion is first written to the log, which has no room. So: give up the reserve, move
        # the log into the file, and delete in pieces that fit into the log's old place.
        self._reserve.release()
        try:
            self._empty_log()
            while lane.rows:
                (lowest,) = self._file.execute(
                    "SELECT coalesce(min(seq), ?) FROM letter WHERE lane = ?",
                    (through_seq + 1, lane.number),
                ).fetchone()
                if lowest > through_seq:
                    break
                self._delete(lane, min(through_seq, lowest + _PIECE_ROWS))
                self._empty_log()
        finally:
            self._hold_reserve()

    def _hold_reserve(self) -> None:
        """Take the reserve; while it cannot be had, keep the file from growing.

        What the log holds always fits into the file then, so the log can be emptied and deletions
        go through, however full the disk is.
        """
        self._frozen = not self._reserve.hold()
        # SQLite takes a number below the present size to mean the present size
        limit = 1 if self._frozen else _UNLIMITED_PAGES
        self._file.execute(f"PRAGMA max_page_count = {limit}").fetchall()

    def _empty_log(self) -> None:
        """Copy SQLite's log into its file, so that the log begins again in its old place."""
        self._file.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()

    def _delete(self, lane: Lane, through_seq: int) -> None:
        where = (lane.number, through_seq)
        with transaction(self._file):
            rows, size = self._file.execute(
                "SELECT count(*), total(length(payload)) FROM letter WHERE lane = ? AND seq <= ?",
                where,
            ).fetchone()
            if rows:
                self._file.execute("DELETE FROM letter WHERE lane = ? AND seq <= ?", where)
        lane.rows -= rows
        lane.size -= int(size)

    def close(self) -> None:
        """Close the file; unsent messages stay in it."""
        with self._lock:
            self._file.close()


_KINDS = {kind.value: kind for kind in Kind}

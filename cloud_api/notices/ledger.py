"""The log of notices and its projection: what was to be said to whom, and what became of it.

``notice_log`` is append-only; ``notices`` is a fold of it and can be made again. No address stands
in either: a person is named, and his address is looked up when the message leaves.
"""

from enum import StrEnum
from typing import NamedTuple

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, func, insert, select, update

from cloud_api.notices.tables import notice_log, notices

__all__ = [
    "Began",
    "Cancelled",
    "Entry",
    "Failed",
    "GivenUp",
    "Notice",
    "NoticeBook",
    "NoticeState",
    "Queued",
    "Sent",
    "apply_entry",
    "decode_entry",
    "decode_notice",
    "refill_notices",
]

_BATCH = 5_000


class NoticeState(StrEnum):
    """Where a notice stands."""

    QUEUED = "queued"
    """It waits for its moment, or for another attempt."""
    SENT = "sent"
    """The channel took it."""
    GIVEN_UP = "given_up"
    """Every attempt failed."""
    CANCELLED = "cancelled"
    """It was not needed any more: somebody had acknowledged the case."""


class Queued(Struct, frozen=True, kw_only=True, tag="queued", omit_defaults=True):
    """A message is to be sent; ``due_at_us`` is not before its moment and the end of quiet hours.

    ``recipient`` is ``person:ID``, ``group`` or ``report:ID``.
    """

    case_id: str
    version: int
    occasion: str
    route: str
    stage: int
    channel: str
    recipient: str
    title: str
    body: str
    due_at_us: int


class Began(Struct, frozen=True, kw_only=True, tag="began"):
    """An attempt began; without a further entry it was cut off, and is repeated after a while."""

    again_at_us: int


class Sent(Struct, frozen=True, kw_only=True, tag="sent"):
    """The channel took the message."""


class Failed(Struct, frozen=True, kw_only=True, tag="failed"):
    """An attempt failed; the next one is at ``again_at_us``."""

    why: str
    again_at_us: int


class GivenUp(Struct, frozen=True, kw_only=True, tag="given_up"):
    """The last attempt failed."""

    why: str


class Cancelled(Struct, frozen=True, kw_only=True, tag="cancelled"):
    """The message was not needed any more."""

    why: str


Detail = Queued | Began | Sent | Failed | GivenUp | Cancelled


class Entry(Struct, frozen=True, kw_only=True):
    """One entry of the log; ``at_us`` is microseconds since 1970 UTC."""

    notice_id: str
    at_us: int
    detail: Detail


class Notice(NamedTuple):
    """A notice as its log says that it is."""

    notice_id: str
    first_seq: int
    case_id: str
    channel: str
    state: str
    stage: int
    attempts: int
    next_at_us: int | None
    queued_at_us: int
    changed_at_us: int
    why: str
    body: bytes


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Entry)
_QUEUED = msgspec.json.Decoder(Queued)


def decode_entry(body: bytes) -> Entry:
    """Return the entry of the log in ``body``."""
    return _DECODER.decode(body)


def decode_notice(notice: Notice) -> Queued:
    """Return what is to be said."""
    return _QUEUED.decode(notice.body)


def apply_entry(notice: Notice | None, entry: Entry, seq: int) -> Notice:
    """Return a notice after one more entry of its log."""
    detail = entry.detail
    if isinstance(detail, Queued):
        return Notice(
            notice_id=entry.notice_id,
            first_seq=seq,
            case_id=detail.case_id,
            channel=detail.channel,
            state=NoticeState.QUEUED,
            stage=detail.stage,
            attempts=0,
            next_at_us=detail.due_at_us,
            queued_at_us=entry.at_us,
            changed_at_us=entry.at_us,
            why="",
            body=_ENCODER.encode(detail),
        )
    assert notice is not None, f"notice {entry.notice_id}: log entry {seq} precedes its queueing"
    notice = notice._replace(changed_at_us=entry.at_us)
    match detail:
        case Began():
            return notice._replace(attempts=notice.attempts + 1, next_at_us=detail.again_at_us)
        case Failed():
            return notice._replace(next_at_us=detail.again_at_us, why=detail.why)
        case Sent():
            return notice._replace(state=NoticeState.SENT, next_at_us=None, why="")
        case GivenUp():
            return notice._replace(state=NoticeState.GIVEN_UP, next_at_us=None, why=detail.why)
        case Cancelled():
            return notice._replace(state=NoticeState.CANCELLED, next_at_us=None, why=detail.why)


class NoticeBook:
    """The log within one write transaction of the lane NOTICES."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._seq: int = connection.scalar(select(func.max(notice_log.c.seq))) or 0

    def append(self, notice_id: str, detail: Detail, at_us: int) -> Notice:
        """Add one entry and return the notice after it."""
        entry = Entry(notice_id=notice_id, at_us=at_us, detail=detail)
        self._seq += 1
        self._connection.execute(
            insert(notice_log).values(
                seq=self._seq, notice_id=notice_id, at_us=at_us, body=_ENCODER.encode(entry)
            )
        )
        before = self.find(notice_id)
        after = apply_entry(before, entry, self._seq)
        if before is None:
            self._connection.execute(insert(notices).values(**after._asdict()))
        else:
            self._connection.execute(
                update(notices).where(notices.c.notice_id == notice_id).values(**after._asdict())
            )
        return after

    def find(self, notice_id: str) -> Notice | None:
        """Return a notice."""
        row = self._connection.execute(
            select(notices).where(notices.c.notice_id == notice_id)
        ).one_or_none()
        return None if row is None else Notice(*row)


def refill_notices(connection: Connection) -> None:
    """Make the projection again from the log."""
    folded: dict[str, Notice] = {}
    position = 0
    connection.execute(delete(notices))
    while True:
        query = (
            select(notice_log.c.seq, notice_log.c.body)
            .where(notice_log.c.seq > position)
            .order_by(notice_log.c.seq)
            .limit(_BATCH)
        )
        rows = connection.execute(query).all()
        if not rows:
            break
        for seq, body in rows:
            entry = _DECODER.decode(body)
            folded[entry.notice_id] = apply_entry(folded.get(entry.notice_id), entry, seq)
        position = rows[-1][0]
    if folded:
        connection.execute(insert(notices), [notice._asdict() for notice in folded.values()])

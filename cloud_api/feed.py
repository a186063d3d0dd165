"""The stream of changes, read straight from the two logs, so that a listener can resume.

A position is a pair of log entries, ``{intake}-{case log}``; it is each message's SSE id. A
listener reads the logs at its own pace, one page at a time: a slow one lags, nothing piles up for
it and nothing is lost.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterable
from typing import NamedTuple

import msgspec
import structlog
from sqlalchemy import func, select
from sse_starlette import ServerSentEvent
from starlette.concurrency import run_in_threadpool

from cloud_api.case_record import Moved, Record, decode_record
from cloud_api.database import Store
from cloud_api.errors import InvalidInput, StoreUnavailable, StreamFull
from cloud_api.event_projection import decode_event, read_intake
from cloud_api.instants import iso
from cloud_api.metrics import Metrics
from cloud_api.people.scope import Scope, scoped_cases, scoped_events
from cloud_api.projector import projected_seq
from cloud_api.schema import case_log, cases, events

__all__ = [
    "Change",
    "FeedHub",
    "FeedReader",
    "Page",
    "Position",
    "encode_changes",
    "parse_position",
]

_log = structlog.get_logger()
_POSITION = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")
_POLL_S = 0.1
_PAGES = 64

_SHIFTS = 10
"""Listeners are woken a tenth at a time where there is nothing to tell: together they would hold up what there is."""


class Position(NamedTuple):
    """The last log entries that a listener has seen."""

    intake: int
    cases: int

    def __str__(self) -> str:
        return f"{self.intake}-{self.cases}"


class Change(NamedTuple):
    """One message of the stream; ``topic`` is ``event`` or ``case``, ``data`` is JSON."""

    position: Position
    topic: str
    district: str
    data: str
    about: str
    """Id of the event or case."""

    def wanted(self, topic: str | None, district: str | None) -> bool:
        """Return whether it is of a topic and of a district; None for any."""
        return topic in {None, self.topic} and district in {None, self.district}


class Page:
    """Changes that follow on a position, each encoded once however many are sent it."""

    def __init__(self, changes: list[Change]) -> None:
        self.changes = changes
        self._sent: dict[tuple[str | None, str | None], bytes] = {}

    def sent(self, topic: str | None, district: str | None) -> bytes:
        """Return the messages for who wants one topic or one district; None for every one of them."""
        wanted = (topic, district)
        if wanted not in self._sent:
            self._sent[wanted] = encode_changes(
                change for change in self.changes if change.wanted(topic, district)
            )
        return self._sent[wanted]


_NOTHING = Page([])


def encode_changes(changes: Iterable[Change]) -> bytes:
    """Return changes as server-sent events."""
    return b"".join(
        ServerSentEvent(data=change.data, event=change.topic, id=str(change.position)).encode()
        for change in changes
    )


def parse_position(text: str) -> Position:
    """Return the position in a Last-Event-ID.

    Raises:
        InvalidInput: the text is no id of this stream.
    """
    match = _POSITION.fullmatch(text)
    if match is None:
        raise InvalidInput(
            f"Last-Event-ID {text[:40]!r} is none of this stream's; expected like 120-340, or 0-0 "
            "for everything"
        )
    return Position(int(match[1]), int(match[2]))


class FeedReader:
    """Reads changes from the logs."""

    def __init__(self, store: Store, page: int) -> None:
        self._store = store
        self._page = page

    def head(self) -> Position:
        """Return the newest position: nothing is after it yet."""
        with self._store.read() as connection:
            last: int = connection.scalar(select(func.max(case_log.c.seq))) or 0
            return Position(projected_seq(connection), last)

    def read(self, after: Position) -> list[Change]:
        """Return the next changes, events before what they did to cases; at most two pages."""
        changes: list[Change] = []
        with self._store.read() as connection:
            through = projected_seq(connection)
            position = after
            for row in read_intake(connection, after.intake, self._page):
                if row.seq > through:
                    break
                position = position._replace(intake=row.seq)
                event = decode_event(row.body)
                changes.append(
                    Change(position, "event", event.district, row.body.decode(), event.event_id)
                )
            query = (
                select(case_log.c.seq, case_log.c.body, cases.c.number, cases.c.district)
                .join(cases, cases.c.case_id == case_log.c.case_id)
                .where(case_log.c.seq > after.cases)
                .order_by(case_log.c.seq)
                .limit(self._page)
            )
            for seq, body, number, district in connection.execute(query):
                position = position._replace(cases=seq)
                record = decode_record(body)
                data = _case_change(record, number, district)
                changes.append(Change(position, "case", district, data, record.case_id))
        return changes

    def within(self, changes: list[Change], scope: Scope) -> list[Change]:
        """Return those of a page's changes whose case a scope holds, as it stands now."""
        wanted = {
            topic: {change.about for change in changes if change.topic == topic}
            for topic in ("event", "case")
        }
        with self._store.read() as connection:
            seen = set(
                connection.scalars(
                    select(cases.c.case_id).where(
                        cases.c.case_id.in_(wanted["case"]), scoped_cases(scope)
                    )
                )
            ) | set(
                connection.scalars(
                    select(events.c.event_id).where(
                        events.c.event_id.in_(wanted["event"]), scoped_events(scope)
                    )
                )
            )
        return [change for change in changes if change.about in seen]


def _case_change(record: Record, number: str, district: str) -> str:
    detail = record.detail
    sent: dict[str, object] = {
        "case_id": record.case_id,
        "number": number,
        "district": district,
        "version": record.version,
        "kind": type(detail).__struct_config__.tag,
        "at": iso(record.at_us),
        "actor": record.actor,
        "reason": record.reason,
    }
    if isinstance(detail, Moved):
        sent |= {"from": detail.from_state, "to": detail.to_state}
    return msgspec.json.encode(sent).decode()


class FeedHub:
    """Wakes listeners when a log has grown, and reads each page once for all who want it."""

    def __init__(self, reader: FeedReader, metrics: Metrics, *, max_clients: int) -> None:
        self._reader = reader
        self._metrics = metrics
        self._max_clients = max_clients
        self._clients = 0
        self._head = Position(0, 0)
        self._grown = [asyncio.Event() for _ in range(_SHIFTS)]
        self._shift = 0
        self._due = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reading = asyncio.Lock()
        self._pages: dict[tuple[Position, Position], Page] = {}

    def within(self, changes: list[Change], scope: Scope) -> list[Change]:
        """Return those of a page's changes that a scope holds; reads the database."""
        return self._reader.within(changes, scope)

    async def head(self) -> Position:
        """Return the newest position."""
        return await run_in_threadpool(self._reader.head)

    def nudge(self) -> None:
        """Say that a log has grown; any thread may."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._due.set)

    async def run(self) -> None:
        """Look for new entries while anybody listens, and wake a tenth of the listeners each time; ends when cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._wake(self._shift)
            self._shift = (self._shift + 1) % _SHIFTS
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_POLL_S):
                    await self._due.wait()
            self._due.clear()
            if self._clients == 0:
                continue
            try:
                head = await self.head()
                if head == self._head:
                    continue
                # read before all are woken: they would wait in line for the first of them to read it
                page = Page(await run_in_threadpool(self._reader.read, self._head))
            except StoreUnavailable as problem:
                _log.warning("stream_head_unread", cause=problem.detail)
                continue
            self._pages = {(self._head, head): page}
            self._head = head
            for shift in range(_SHIFTS):
                self._wake(shift)

    def _wake(self, shift: int) -> None:
        """Wake the listeners of one shift."""
        grown, self._grown[shift] = self._grown[shift], asyncio.Event()
        grown.set()

    def check_room(self) -> None:
        """Refuse one more listener where there is no room.

        Raises:
            StreamFull: as many listen as are allowed.
        """
        if self._clients >= self._max_clients:
            raise StreamFull(
                f"{self._clients} clients listen, which is the limit; come back later, or poll "
                "GET /v1/events",
                headers={"Retry-After": "30"},
            )

    def enter(self) -> None:
        """Count a listener in."""
        self._clients += 1
        self._metrics.stream_clients.set(self._clients)

    def leave(self) -> None:
        """Count a listener out."""
        self._clients -= 1
        self._metrics.stream_clients.set(self._clients)

    async def follow(self, after: Position) -> AsyncIterator[Page]:
        """Yield pages of changes after a position, for ever; an empty one about once a second."""
        # woken by the hub: a timer for each listener costs more than telling it something
        position, shift = after, self._clients % _SHIFTS
        while True:
            grown = self._grown[shift]
            page = await self._page(position) if self._behind(position) else _NOTHING
            if page.changes:
                position = page.changes[-1].position
                yield page
                continue
            await grown.wait()
            if not self._behind(position):
                yield _NOTHING

    def _behind(self, position: Position) -> bool:
        """Return whether the logs have grown beyond a position, as far as is known."""
        return position.intake < self._head.intake or position.cases < self._head.cases

    async def _page(self, after: Position) -> Page:
        known = self._pages.get((after, self._head))
        if known is not None:
            return known
        async with self._reading:
            key = (after, self._head)
            if key not in self._pages:
                if len(self._pages) >= _PAGES:
                    self._pages.clear()
                self._pages[key] = Page(await run_in_threadpool(self._reader.read, after))
            return self._pages[key]

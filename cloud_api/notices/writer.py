"""From the log of cases to notices: one transaction for what is said and how far the log was read."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from cloud_api.case_projection import Case, apply_record
from cloud_api.case_record import Moved, Record, decode_record
from cloud_api.database import Lane, Store
from cloud_api.instants import from_us, to_us
from cloud_api.notices.addressing import Addressed, Addressing
from cloud_api.notices.ledger import NoticeBook, Queued
from cloud_api.notices.occasions import occasion_of
from cloud_api.notices.plan import Language, NoticePlan
from cloud_api.notices.story import Story
from cloud_api.notices.templates import Templates
from cloud_api.schema import case_log, cases, positions

__all__ = ["READ_THROUGH", "NoticeWriter"]

READ_THROUGH = "notices"
"""Name of the row of ``positions`` that says how far the log of cases has been read."""

_BATCH = 200
_REMEMBERED = 2_000


class NoticeWriter:
    """Reads the log of cases and queues notices.

    The first time, it begins at the log's end: nobody is told of what happened before there was a plan.

    Args:
        store: the database.
        plan: who is told of what.
        templates: in which words.
        addressing: the plan with its roster.
        reporters: queues what those are told who reported the matter, within the same transaction.
        utc_offset_minutes: minutes east of UTC of the times in messages.
    """

    def __init__(
        self,
        store: Store,
        plan: NoticePlan,
        templates: Templates,
        addressing: Addressing,
        *,
        reporters: Callable[[Connection, NoticeBook, Story, int], None] | None,
        utc_offset_minutes: int,
    ) -> None:
        self._store = store
        self._plan = plan
        self._templates = templates
        self._addressing = addressing
        self._reporters = reporters
        self._utc_offset_minutes = utc_offset_minutes
        self._cases: OrderedDict[str, Case] = OrderedDict()

    def step(self, now: datetime) -> int:
        """Read up to one batch of the log; return how many records it was.

        Raises:
            StoreUnavailable: the database does not answer; nothing of the batch was kept.
        """
        with self._store.read() as connection:
            position = _position(connection)
            last: int = connection.scalar(select(func.max(case_log.c.seq))) or 0
            if position is not None and last <= position:
                return 0
        with self._store.write(Lane.NOTICES) as connection:
            position = _position(connection)
            if position is None:
                connection.execute(insert(positions).values(name=READ_THROUGH, seq=last))
                return 0
            query = (
                select(case_log.c.seq, case_log.c.body)
                .where(case_log.c.seq > position)
                .order_by(case_log.c.seq)
                .limit(_BATCH)
            )
            rows = connection.execute(query).all()
            book = NoticeBook(connection)
            for seq, body in rows:
                self._tell(connection, book, decode_record(body), seq, to_us(now))
            if rows:
                connection.execute(
                    update(positions)
                    .where(positions.c.name == READ_THROUGH)
                    .values(seq=rows[-1][0])
                )
        return len(rows)

    def _tell(
        self, connection: Connection, book: NoticeBook, record: Record, seq: int, now_us: int
    ) -> None:
        before = self._before(connection, record)
        case = apply_record(before, record, seq)
        self._cases[record.case_id] = case
        self._cases.move_to_end(record.case_id)
        if len(self._cases) > _REMEMBERED:
            self._cases.popitem(last=False)
        occasion = occasion_of(before, record.detail, case)
        if occasion is None:
            return
        story = Story(record, occasion, case, _parent(connection, record))
        for one in self._addressing.addressed(
            occasion, case, record.detail, from_us(max(record.at_us, now_us))
        ):
            self._queue(book, story, one, now_us)
        if self._reporters is not None:
            self._reporters(connection, book, story, now_us)

    def _queue(self, book: NoticeBook, story: Story, one: Addressed, now_us: int) -> None:
        recipient = "group" if one.person is None else f"person:{one.person.id}"
        notice_id = story.notice_id(one.stage, one.channel, recipient)
        if book.find(notice_id) is not None:
            return
        language = Language.ZH if one.person is None else one.person.language
        facts = story.facts(language, self._utc_offset_minutes, "")
        words = self._templates.staff(language, story.occasion, facts, escalation=one.stage > 0)
        queued = Queued(
            case_id=story.record.case_id,
            version=story.record.version,
            occasion=story.occasion.value,
            route=one.route,
            stage=one.stage,
            channel=one.channel,
            recipient=recipient,
            title=words.title,
            body=words.body,
            due_at_us=to_us(one.due_at),
        )
        book.append(notice_id, queued, now_us)

    def _before(self, connection: Connection, record: Record) -> Case | None:
        """Return the case before a record: the one remembered, else from its log."""
        known = self._cases.get(record.case_id)
        if known is not None and known.version == record.version - 1:
            return known
        case: Case | None = None
        query = (
            select(case_log.c.seq, case_log.c.body)
            .where(case_log.c.case_id == record.case_id, case_log.c.version < record.version)
            .order_by(case_log.c.version)
        )
        for seq, body in connection.execute(query):
            case = apply_record(case, decode_record(body), seq)
        return case


def _position(connection: Connection) -> int | None:
    return connection.scalar(select(positions.c.seq).where(positions.c.name == READ_THROUGH))


def _parent(connection: Connection, record: Record) -> str:
    """Return the number of the case into which a record merged one."""
    detail = record.detail
    if not isinstance(detail, Moved) or detail.into_case is None:
        return ""
    query = select(cases.c.number).where(cases.c.case_id == detail.into_case)
    return connection.scalar(query) or ""

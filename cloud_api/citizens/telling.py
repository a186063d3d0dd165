"""Those who reported something are told what becomes of it, each through what he left."""

from sqlalchemy import Connection, select

from cloud_api.citizens.reports import ANSWER
from cloud_api.notices.ledger import NoticeBook, Queued
from cloud_api.notices.plan import Language, NoticePlan
from cloud_api.notices.story import TRACKING_MARK, Story
from cloud_api.notices.templates import Templates
from cloud_api.orders.desk import OrderDesk
from cloud_api.orders.ledger import OrderRecord, decode_order
from cloud_api.orders.tables import orders

__all__ = ["ReporterTelling"]

_PARAMETERS = 500


class ReporterTelling:
    """Queues notices for reporters, and finds their addresses when these leave.

    Args:
        plan: the channels for reporters.
        templates: the words; an occasion without words for reporters is not told.
        desk: opens what reports say about people.
        utc_offset_minutes: minutes east of UTC of the times in messages.
    """

    def __init__(
        self, plan: NoticePlan, templates: Templates, desk: OrderDesk, utc_offset_minutes: int
    ) -> None:
        self._plan = plan
        self._templates = templates
        self._desk = desk
        self._utc_offset_minutes = utc_offset_minutes

    def tell(self, connection: Connection, book: NoticeBook, story: Story, now_us: int) -> None:
        """Queue what the reporters of a case are told of one entry of its log."""
        reporters = self._plan.reporters
        if reporters is None:
            return
        for record in _reports(connection, [link.event_id for link in story.case.events]):
            language = Language(record.order.language or reporters.language)
            facts = story.facts(language, self._utc_offset_minutes, TRACKING_MARK)
            words = self._templates.reporter(language, story.occasion, facts)
            if words is None:
                continue
            for name in reporters.channels:
                channel = self._plan.channel(name)
                if channel.address not in record.contact_kinds:
                    continue
                recipient = f"report:{record.order_id}"
                notice_id = story.notice_id(0, name, recipient)
                if book.find(notice_id) is None:
                    queued = Queued(
                        case_id=story.record.case_id,
                        version=story.record.version,
                        occasion=story.occasion.value,
                        route="reporters",
                        stage=0,
                        channel=name,
                        recipient=recipient,
                        title=words.title,
                        body=words.body,
                        due_at_us=now_us,
                    )
                    book.append(notice_id, queued, now_us)

    def secrets(self, connection: Connection, order_id: str, kind: str) -> tuple[str, str] | None:
        """Return address and tracking code of a report; None where it has no such address (any more)."""
        record = self._desk.find(connection, order_id)
        personal = None if record is None else self._desk.personal(record)
        if personal is None or not personal.contact.get(kind):
            return None
        # A caller of the hotline knows his order's number there.
        code = personal.tracking or record.order.source_id if record is not None else ""
        return personal.contact[kind], code


def _reports(connection: Connection, order_ids: list[str]) -> list[OrderRecord]:
    found: list[OrderRecord] = []
    for start in range(0, len(order_ids), _PARAMETERS):
        query = select(orders.c.body).where(
            orders.c.order_id.in_(order_ids[start : start + _PARAMETERS])
        )
        found += [decode_order(bytes(body)) for body in connection.scalars(query)]
    return [
        record
        for record in found
        if record.contact_kinds and record.order.extension.get(ANSWER) != "none"
    ]

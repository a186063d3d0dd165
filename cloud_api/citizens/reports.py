"""The desk for reports of people: by themselves, over the telephone, or through somebody else."""

import secrets
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import select

from cloud_api.citizens.tracking import CODE_BYTES, code_of, hash_of, normal_code
from cloud_api.database import Store
from cloud_api.dispatch.advice import Dispatcher
from cloud_api.dispatch.classes import ClassEntry, event_type_of
from cloud_api.errors import InvalidInput, NotFound
from cloud_api.orders.desk import OrderDesk, OrderOutcome
from cloud_api.orders.ledger import OrderRecord, decode_order
from cloud_api.orders.order import Order, Personal
from cloud_api.orders.tables import orders
from cloud_api.schema import evidence
from cloud_api.wording.suggesting import UNCLASSIFIED, UNCLASSIFIED_TITLE
from contracts.envelope import Discovery, Evidence, Place
from contracts.event import Title
from contracts.levels import Level

__all__ = ["ANSWER", "SOURCE", "Report", "ReportDesk", "TakenReport"]

ANSWER = "answer"
"""Field of the extension form: how the reporter wants to hear of it; without one, by messages."""

SOURCE = "reports"
"""Source of the orders that people's reports become."""


class Report(Struct, frozen=True, kw_only=True):
    """What somebody reports; ``service_code`` is a class of the code table, None where nobody named one."""

    service_code: str | None
    channel: str
    place: Place | None = None
    district: str | None = None
    text: str = ""
    address: str = ""
    contact: dict[str, str] = {}
    language: str | None = None
    pictures: tuple[str, ...] = ()
    media_urls: tuple[str, ...] = ()
    on_behalf: str | None = None
    answer: str = "message"
    """How the reporter wants to hear of it: ``none``, ``message``, ``call``."""


class TakenReport(NamedTuple):
    """A report that is stored, and the code that its reporter gets."""

    order_id: str
    code: str
    new: bool


class ReportDesk:
    """Takes reports, and finds them again by their codes.

    Args:
        store: the database.
        desk: where orders come in.
        dispatcher: the code table and the grid.
        district: the district of what lies in no cell of the grid.
    """

    def __init__(
        self, store: Store, desk: OrderDesk, dispatcher: Dispatcher, district: str
    ) -> None:
        self._store = store
        self._desk = desk
        self._dispatcher = dispatcher
        self._district = district

    def services(self, now: datetime) -> list[ClassEntry]:
        """Return what can be reported today."""
        return self._dispatcher.classes.valid(self._dispatcher.day(now))

    def take(self, report: Report, *, once: str, now: datetime) -> TakenReport:
        """Take a report in; when this returns, it is committed.

        Args:
            report: what is reported.
            once: names the report among all: the same again is the same report.
            now: the moment.

        Raises:
            InvalidInput: there is no such class, neither class nor words say what it is about, a picture
                is not stored, or nothing says where it is.
            StoreUnavailable: the database does not answer.
        """
        entry = self._entry(report, now)
        if report.place is None and not report.address.strip():
            raise InvalidInput("nothing says where it is: give lon and lat, or an address")
        cell = self._dispatcher.cell_of(report.place)
        code = code_of(secrets.token_bytes(CODE_BYTES))
        extension: dict[str, str | float | bool | None] = {}
        if entry is not None:
            extension["service_code"] = entry.code
        if report.on_behalf:
            extension["taken_by"] = report.on_behalf
        if report.answer != "message":
            if report.answer == "call" and not report.contact.get("phone"):
                raise InvalidInput("answer call: nothing says which number; give contact.phone")
            extension[ANSWER] = report.answer
        order = Order(
            source=SOURCE,
            source_id=once,
            district=report.district or (self._district if cell is None else cell.district),
            event_type=UNCLASSIFIED if entry is None else event_type_of(entry),
            level=Level.BLUE,
            title=UNCLASSIFIED_TITLE if entry is None else Title(zh=entry.zh, en=entry.en),
            reported_at=now,
            channel=report.channel,
            discovery=Discovery.PASSIVE,
            place=report.place,
            extension=extension,
            language=report.language,
            pictures=self._pictures(report.pictures, now),
            media_urls=report.media_urls,
        )
        with self._store.read() as connection:
            known = self._known(connection.scalar(
                select(orders.c.body).where(
                    orders.c.source == SOURCE, orders.c.source_id == once
                )
            ))  # fmt: skip
        if known is not None:
            personal = self._desk.personal(known)
            return TakenReport(known.order_id, "" if personal is None else personal.tracking, False)
        personal = Personal(
            text=report.text, address=report.address, contact=report.contact, tracking=code
        )
        taken = self._desk.take_one(order, personal, now, token_sha256=hash_of(code))
        return TakenReport(taken.order_id, code, taken.outcome is OrderOutcome.NEW)

    def _entry(self, report: Report, now: datetime) -> ClassEntry | None:
        """Return the class that a report names; None where its words have to say it."""
        if report.service_code is None:
            if not report.text.strip():
                raise InvalidInput("nothing says what it is about: give service_code, or text")
            return None
        entry = self._dispatcher.classes.entry(report.service_code, self._dispatcher.day(now))
        if entry is None:
            raise InvalidInput(
                f"service_code {report.service_code[:64]!r} is no class of today's code table; see "
                "GET /v1/classes"
            )
        return entry

    @staticmethod
    def _known(body: bytes | None) -> OrderRecord | None:
        return None if body is None else decode_order(body)

    def _pictures(self, hashes: tuple[str, ...], now: datetime) -> tuple[Evidence, ...]:
        if not hashes:
            return ()
        with self._store.read() as connection:
            rows = connection.execute(select(evidence).where(evidence.c.sha256.in_(hashes))).all()
        found = {row.sha256: row for row in rows}
        absent = [each for each in hashes if each not in found]
        if absent:
            raise InvalidInput(
                f"picture {absent[0]} is not stored; send it with PUT /v1/evidence/{absent[0]}"
            )
        return tuple(
            Evidence(
                sha256=each,
                media_type=found[each].media_type,
                size_bytes=found[each].size_bytes,
                captured_at=now,
            )
            for each in dict.fromkeys(hashes)
        )

    def find(self, token: str) -> OrderRecord:
        """Return the report with a tracking code.

        Raises:
            NotFound: there is none; a code that is none and one that is unknown look alike.
        """
        code = normal_code(token)
        body = None
        if code is not None:
            query = select(orders.c.body).where(orders.c.token_sha256 == hash_of(code))
            with self._store.read() as connection:
                body = connection.scalar(query)
        if body is None:
            raise NotFound("no report has this tracking code; check it letter by letter")
        return decode_order(body)

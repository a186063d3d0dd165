"""Service requests as GeoReport shows them: people's reports, without what they say about people."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, case, func, select

from cloud_api.citizens.outcome import case_of_order, outcome_of
from cloud_api.citizens.reports import SOURCE
from cloud_api.flow import State
from cloud_api.flow_choice import Flows
from cloud_api.instants import iso, to_us
from cloud_api.notices.plan import Language
from cloud_api.open311.rendering import Item
from cloud_api.orders.ledger import OrderRecord, decode_order
from cloud_api.orders.tables import orders
from cloud_api.schema import cases, events

__all__ = ["RequestFilter", "RequestsList"]

_LEADING = cases.alias("leading")
_TOLD = {
    (Language.EN, "merged"): "handled with {}",
    (Language.ZH, "merged"): "与 {} 一并处理",
    (Language.EN, "refused"): "not accepted: {}",
    (Language.ZH, "refused"): "不予受理：{}",
}


class RequestFilter(NamedTuple):
    """Which requests are wanted; ``ids`` overrides the rest."""

    begin: datetime
    end: datetime
    ids: tuple[str, ...] = ()
    event_types: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    page: int = 1
    page_size: int = 50


class RequestsList:
    """Reads requests.

    Args:
        flows: the flows of the cases.
        departments: names of departments by id, in each language.
        place_digits: decimal places of degrees.
    """

    def __init__(
        self, flows: Flows, departments: dict[str, dict[Language, str]], place_digits: int
    ) -> None:
        self._flows = flows
        self._departments = departments
        self._place_digits = place_digits

    def find(self, connection: Connection, wanted: RequestFilter, language: Language) -> list[Item]:
        """Return requests, newest first; what the system says of them in one language."""
        still_open = case(
            (_LEADING.c.is_open.is_not(None), _LEADING.c.is_open),
            else_=func.coalesce(cases.c.is_open, 1),
        )
        query = (
            select(orders.c.body)
            .outerjoin(events, events.c.event_id == orders.c.order_id)
            .outerjoin(cases, cases.c.case_id == events.c.case_id)
            .outerjoin(_LEADING, _LEADING.c.case_id == cases.c.merged_into)
            .where(orders.c.source == SOURCE)
            .order_by(orders.c.first_seq.desc())
            .limit(wanted.page_size)
            .offset((wanted.page - 1) * wanted.page_size)
        )
        if wanted.ids:
            query = query.where(orders.c.order_id.in_(wanted.ids))
        else:
            query = query.where(
                orders.c.received_at_us >= to_us(wanted.begin),
                orders.c.received_at_us <= to_us(wanted.end),
            )
            if wanted.event_types:
                query = query.where(orders.c.event_type.in_(wanted.event_types))
            if len(set(wanted.statuses)) == 1:
                query = query.where(still_open == int(wanted.statuses[0] == "open"))
        found = [decode_order(bytes(body)) for body in connection.scalars(query)]
        return [self._item(connection, record, language) for record in found]

    def named(
        self, connection: Connection, order_ids: tuple[str, ...], language: Language = Language.EN
    ) -> list[Item]:
        """Return the requests with these ids, those that are reports of people."""
        if not order_ids:
            return []
        query = select(orders.c.body).where(
            orders.c.order_id.in_(order_ids), orders.c.source == SOURCE
        )
        found = [decode_order(bytes(body)) for body in connection.scalars(query)]
        return [self._item(connection, record, language) for record in found]

    def _item(self, connection: Connection, record: OrderRecord, language: Language) -> Item:
        order = record.order
        own = case_of_order(connection, record.order_id)
        outcome = None if own is None else outcome_of(connection, own, self._flows)
        item: dict[str, object] = {
            "service_request_id": record.order_id,
            "status": "open" if outcome is None or outcome.open else "closed",
            "status_notes": None,
            "service_name": order.title.zh,
            "service_code": order.extension.get("service_code"),
            "description": None,
            "agency_responsible": None,
            "service_notice": None,
            "requested_datetime": iso(to_us(order.reported_at)),
            "updated_datetime": iso(record.at_us),
            "expected_datetime": None,
            "address": None,
            "address_id": None,
            "zipcode": None,
            "lat": None,
            "long": None,
            "media_url": order.media_urls[0] if order.media_urls else None,
            # Beyond GeoReport: the step of ours, and with which case it is handled.
            "case_number": None,
            "state": None,
            "parent_case_number": None,
        }
        if order.place is not None:
            item["lat"] = round(order.place.lat, self._place_digits)
            item["long"] = round(order.place.lon, self._place_digits)
        if outcome is None:
            return item
        leading = outcome.leading
        due = [
            clock.due_at_us
            for clock in leading.clocks
            if clock.done_at_us is None and clock.due_at_us is not None
        ]
        notes = outcome.answer(language)
        if leading is not outcome.case:
            notes = _TOLD[language, "merged"].format(leading.number) + (
                f"; {notes}" if notes else ""
            )
        elif leading.state is State.VOID:
            notes = _TOLD[language, "refused"].format(notes)
        item |= {
            "status_notes": notes or self._state_name(leading.flow, leading.state, language),
            "agency_responsible": self._departments.get(leading.department or "", {}).get(language),
            "updated_datetime": iso(max(leading.changed_at_us, outcome.case.changed_at_us)),
            "expected_datetime": iso(max(due)) if due and outcome.open else None,
            "case_number": outcome.case.number,
            "state": leading.state.value,
            "parent_case_number": None if leading is outcome.case else leading.number,
        }
        return item

    def _state_name(self, flow: str, state: State, language: Language) -> str:
        described = self._flows.of(flow).spec.states[state]
        return described.zh if language is Language.ZH else described.en

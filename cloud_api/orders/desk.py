"""The desk where orders come in: each matter once, whatever a source sends how often."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, func, select

from cloud_api.database import Lane, Store
from cloud_api.errors import StoreUnavailable
from cloud_api.instants import to_us
from cloud_api.intake import read_events, store_events
from cloud_api.orders.ledger import OrderBook, OrderRecord, decode_order, find_order
from cloud_api.orders.order import Order, Personal, event_of, order_id_of, subject_of
from cloud_api.orders.reading import ReadOrder
from cloud_api.orders.tables import order_names, orders
from cloud_api.privacy.vault import SHREDDED, Vault
from cloud_api.schema import intake
from cloud_api.wording.suggesting import Suggester
from contracts.codec import encode

__all__ = ["OrderDesk", "OrderOutcome", "TakenOrder"]

_TRIES = 3
_PERSONAL = msgspec.json.Decoder(Personal)


class OrderOutcome(StrEnum):
    """What became of an order."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    """It was known as it is."""


class TakenOrder(NamedTuple):
    """An order that has been taken in."""

    order_id: str
    rev: int
    outcome: OrderOutcome


class OrderDesk:
    """Takes canonical orders in; when a method returns, order and event are committed together.

    Args:
        store: the database.
        vault: seals what an order says about people.
        suggester: reads the class of orders that name none in their words; None where nothing does.
    """

    def __init__(self, store: Store, vault: Vault, suggester: Suggester | None = None) -> None:
        self._store = store
        self._vault = vault
        self._suggester = suggester

    def take(self, found: Sequence[ReadOrder], now: datetime) -> list[TakenOrder]:
        """Take orders in, in their order.

        Raises:
            StoreUnavailable: the database does not answer; those before it are stored, and the same
                can be sent again.
        """
        return [self.take_one(each.order, each.personal, now) for each in found]

    def take_one(
        self, order: Order, personal: Personal, now: datetime, token_sha256: str | None = None
    ) -> TakenOrder:
        """Take one order in: new, a change of a known one, or nothing new.

        Raises:
            StoreUnavailable: the database does not answer, or others changed the order all the time.
            InvalidInput: the order makes an event that the intake refuses.
        """
        names = (order.source_id, *order.also)
        if self._suggester is not None:
            order = self._suggester.applied(order, personal.text, now)
        for _ in range(_TRIES):
            with self._store.read() as connection:
                known = find_order(connection, order.source, names)
                stale = known is not None and _superseded(connection, known, order.source_id)
            if known is not None and (stale or self._same(known, order, personal)):
                return TakenOrder(known.order_id, known.rev, OrderOutcome.SAME)
            order_id = (
                order_id_of(order.source, order.source_id) if known is None else known.order_id
            )
            rev = 0 if known is None else known.rev + 1
            sealed = self._vault.seal(
                subject_of(order_id), msgspec.json.encode(personal).decode(), now
            )
            record = OrderRecord(
                order_id=order_id,
                rev=rev,
                at_us=to_us(now),
                order=order,
                sealed=sealed,
                token_sha256=token_sha256 if known is None else known.token_sha256,
                contact_kinds=tuple(sorted(personal.contact)),
            )
            event = encode(event_of(order, order_id, rev, now))
            reading = read_events(event, 1)
            if reading.rejected:
                raise reading.rejected[0].problem
            with self._store.write(Lane.INTAKE) as connection:
                self._store.hold(connection, Lane.ORDERS)
                current = find_order(connection, order.source, names)
                if (None if current is None else current.rev) != (
                    None if known is None else known.rev
                ):
                    continue
                OrderBook(connection).append(record)
                seq: int = connection.scalar(select(func.max(intake.c.seq))) or 0
                store_events(connection, [reading.incoming], seq, to_us(now))
            outcome = OrderOutcome.NEW if known is None else OrderOutcome.CHANGED
            return TakenOrder(order_id, rev, outcome)
        raise StoreUnavailable(
            f"order {order.source}/{order.source_id}: others changed it meanwhile; send it again",
            headers={"Retry-After": "1"},
        )

    def _same(self, known: OrderRecord, order: Order, personal: Personal) -> bool:
        plain = msgspec.structs.replace
        alike = plain(known.order, also=()) == plain(order, also=())
        return alike and self.personal(known) in (personal, None)

    def personal(self, record: OrderRecord) -> Personal | None:
        """Return what an order says about people; None where that was destroyed at his wish."""
        if not record.sealed:
            return None
        text = self._vault.unseal(subject_of(record.order_id), record.sealed)
        return None if text == SHREDDED else _PERSONAL.decode(text)

    def find(self, connection: Connection, order_id: str) -> OrderRecord | None:
        """Return an order as it is now."""
        body = connection.scalar(select(orders.c.body).where(orders.c.order_id == order_id))
        return None if body is None else decode_order(body)


def _superseded(connection: Connection, known: OrderRecord, source_id: str) -> bool:
    """Return whether a source has said something newer of the matter, under another id."""
    if known.order.source_id == source_id:
        return False
    query = select(order_names.c.order_id).where(
        order_names.c.source == known.order.source, order_names.c.source_id == source_id
    )
    return connection.scalar(query) is not None

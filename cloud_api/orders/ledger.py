"""The log of orders and its projection."""

from typing import NamedTuple

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, func, insert, select, update

from cloud_api.orders.order import Order
from cloud_api.orders.tables import order_log, order_names, orders

__all__ = ["OrderBook", "OrderRecord", "OrderRow", "decode_order", "find_order", "refill_orders"]

_BATCH = 5_000


class OrderRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One revision of an order; ``sealed`` is what it says about people.

    ``token_sha256`` is the hash of the code with which its reporter follows it.
    """

    order_id: str
    rev: int
    at_us: int
    order: Order
    sealed: str
    token_sha256: str | None = None
    contact_kinds: tuple[str, ...] = ()
    """Which kinds of address were left, so that it is known through what the reporter can be told."""


class OrderRow(NamedTuple):
    """An order as it is now."""

    order_id: str
    first_seq: int
    source: str
    source_id: str
    event_type: str
    rev: int
    received_at_us: int
    changed_at_us: int
    token_sha256: str | None
    body: bytes


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(OrderRecord)


def decode_order(body: bytes) -> OrderRecord:
    """Return the revision in ``body``."""
    return _DECODER.decode(body)


def find_order(connection: Connection, source: str, names: tuple[str, ...]) -> OrderRecord | None:
    """Return the order that a source calls by one of these names, as it is now."""
    query = (
        select(orders.c.body)
        .join(order_names, order_names.c.order_id == orders.c.order_id)
        .where(order_names.c.source == source, order_names.c.source_id.in_(names))
        .order_by(orders.c.first_seq)
        .limit(1)
    )
    body = connection.scalar(query)
    return None if body is None else decode_order(body)


class OrderBook:
    """The log within one write transaction of the lane INTAKE."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._seq: int = connection.scalar(select(func.max(order_log.c.seq))) or 0

    def append(self, record: OrderRecord) -> None:
        """Add one revision."""
        self._seq += 1
        body = _ENCODER.encode(record)
        self._connection.execute(
            insert(order_log).values(
                seq=self._seq,
                order_id=record.order_id,
                rev=record.rev,
                at_us=record.at_us,
                body=body,
            )
        )
        row = self._connection.execute(
            select(orders).where(orders.c.order_id == record.order_id)
        ).one_or_none()
        known = {
            (source, name)
            for source, name in self._connection.execute(
                select(order_names.c.source, order_names.c.source_id).where(
                    order_names.c.order_id == record.order_id
                )
            )
        }
        after = _after(None if row is None else OrderRow(*row), record, self._seq, body)
        if row is None:
            self._connection.execute(insert(orders).values(**after._asdict()))
        else:
            self._connection.execute(
                update(orders).where(orders.c.order_id == record.order_id).values(**after._asdict())
            )
        for key in _names(record.order) - known:
            self._connection.execute(
                insert(order_names).values(
                    source=key[0], source_id=key[1], order_id=record.order_id
                )
            )


def _names(order: Order) -> set[tuple[str, str]]:
    return {(order.source, name) for name in (order.source_id, *order.also)}


def _after(row: OrderRow | None, record: OrderRecord, seq: int, body: bytes) -> OrderRow:
    return OrderRow(
        order_id=record.order_id,
        first_seq=seq if row is None else row.first_seq,
        source=record.order.source,
        source_id=record.order.source_id,
        event_type=record.order.event_type,
        rev=record.rev,
        received_at_us=record.at_us if row is None else row.received_at_us,
        changed_at_us=record.at_us,
        token_sha256=record.token_sha256,
        body=body,
    )


def refill_orders(connection: Connection) -> None:
    """Make the projection again from the log."""
    rows: dict[str, OrderRow] = {}
    names: dict[tuple[str, str], str] = {}
    position = 0
    while True:
        query = (
            select(order_log.c.seq, order_log.c.body)
            .where(order_log.c.seq > position)
            .order_by(order_log.c.seq)
            .limit(_BATCH)
        )
        found = connection.execute(query).all()
        if not found:
            break
        for seq, body in found:
            record = decode_order(body)
            rows[record.order_id] = _after(rows.get(record.order_id), record, seq, bytes(body))
            for key in _names(record.order):
                names.setdefault(key, record.order_id)
        position = found[-1][0]
    connection.execute(delete(order_names))
    connection.execute(delete(orders))
    if rows:
        connection.execute(insert(orders), [row._asdict() for row in rows.values()])
        connection.execute(
            insert(order_names),
            [
                {"source": source, "source_id": name, "order_id": order_id}
                for (source, name), order_id in names.items()
            ],
        )

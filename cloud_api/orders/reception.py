"""The reception: a document of a source comes in, orders are taken, and what follows at once follows."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from cloud_api.database import Store
from cloud_api.metrics import Metrics
from cloud_api.mode_switching import ModeSwitcher
from cloud_api.modes import modes_now
from cloud_api.orders.desk import OrderDesk, OrderOutcome, TakenOrder
from cloud_api.orders.mapping import OrderMapping
from cloud_api.orders.reading import ReadOrder, Unread, read_orders
from cloud_api.orders.sources import JoinedSource
from contracts.control import Mode

__all__ = ["Received", "Reception"]


class Received(NamedTuple):
    """What became of a document."""

    taken: list[TakenOrder]
    unread: list[Unread]


class Reception:
    """Takes the documents of all sources in."""

    def __init__(
        self,
        sources: Sequence[JoinedSource],
        desk: OrderDesk,
        store: Store,
        switcher: ModeSwitcher,
        metrics: Metrics,
    ) -> None:
        self.sources = {each.mapping.mapping: each for each in sources}
        self.desk = desk
        self._store = store
        self._switcher = switcher
        self._metrics = metrics

    def receive(self, mapping: OrderMapping, document: bytes, now: datetime) -> Received:
        """Take a document in; when this returns, what was taken is committed.

        Raises:
            OrderUnread: it is not in the mapping's form.
            StoreUnavailable: the database does not answer; send the same again.
        """
        found, unread = read_orders(mapping, document)
        taken = self.desk.take(found, now)
        for one in taken:
            self._metrics.orders.labels(mapping.mapping, one.outcome.value).inc()
        if unread:
            self._metrics.orders.labels(mapping.mapping, "unread").inc(len(unread))
        self._alarm(mapping, found, taken, now)
        return Received(taken, unread)

    def _alarm(
        self,
        mapping: OrderMapping,
        found: list[ReadOrder],
        taken: list[TakenOrder],
        now: datetime,
    ) -> None:
        """Put districts into emergency operation where a new warning is grave enough."""
        alarming = {
            read.order.district: read.order
            for read, one in zip(found, taken, strict=True)
            if one.outcome is not OrderOutcome.SAME
            and read.order.level.value in mapping.emergency_levels
            and not read.order.ended
        }
        if not alarming:
            return
        with self._store.read() as connection:
            modes = modes_now(connection)
        for district, order in sorted(alarming.items()):
            if modes.get(district) is not Mode.EMERGENCY:
                self._switcher.switch(
                    district,
                    Mode.EMERGENCY,
                    now=now,
                    actor=mapping.mapping,
                    reason=f"{order.level} {order.title.zh} {order.source_id}",
                )

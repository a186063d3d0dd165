"""What devices were told and answered, among the entries of a case's timeline.

Orders are no records of the case's log: nobody of the case's people acted, and gateways report them
when they can. So they are put in their place when a case is read.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from heapq import merge
from operator import attrgetter

from cloud_api.views import TimelineEntry
from contracts.registry import OrderReport

__all__ = ["with_orders"]


def with_orders(
    entries: Sequence[TimelineEntry], orders: Iterable[OrderReport]
) -> list[TimelineEntry]:
    """Return a case's entries, which keep their order, with those of its events' orders by their time."""
    told = sorted((entry for order in orders for entry in _entries(order)), key=attrgetter("at"))
    return list(merge(entries, told, key=attrgetter("at")))


def _entries(order: OrderReport) -> Iterator[TimelineEntry]:
    """Yield what an order said, and what became of it once that is settled."""
    words = f"{order.kind} {order.command}"
    yield _entry("device_ordered", order, order.made_at, f"rule {order.rule}", words)
    if order.settled_at is not None:
        why = f"{order.state}: {order.detail}" if order.detail else order.state
        yield _entry("device_answered", order, order.settled_at, f"device {order.device}", why)


def _entry(kind: str, order: OrderReport, at: datetime, actor: str, why: str) -> TimelineEntry:
    detail = {
        "order": order.id,
        "event_id": order.event_id,
        "rev": order.rev,
        "device": order.device,
        "command": order.command,
        "state": order.state,
    }
    return TimelineEntry(version=None, at=at, actor=actor, kind=kind, reason=why, detail=detail)

"""The canonical order 标准工单, and the event that it becomes."""

import uuid
from datetime import datetime

from msgspec import Struct

from contracts.envelope import Discovery, Evidence, Id, Moment, Place
from contracts.event import Cause, Event, EventPhase, Title
from contracts.levels import Level

__all__ = ["Order", "Personal", "event_of", "order_id_of", "subject_of"]

_NAMESPACE = uuid.UUID("a3d1c2de-5a77-5d1f-9a55-0d4c6f1b7e21")


class Order(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every system's order has, in one form; nothing in it says who reported it.

    ``extension`` is the extension form 扩展表单: what only this kind of order has.
    ``also`` are earlier ids of the same matter in the source.
    """

    source: Id
    source_id: str
    district: Id
    event_type: str
    level: Level
    title: Title
    reported_at: Moment
    channel: str
    discovery: Discovery = Discovery.PASSIVE
    place: Place | None = None
    ended: bool = False
    extension: dict[str, str | float | bool | None] = {}
    also: tuple[str, ...] = ()
    media_urls: tuple[str, ...] = ()
    pictures: tuple[Evidence, ...] = ()
    language: str | None = None
    mapping_version: str = "1"


class Personal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an order says about people: sealed under a key of its own wherever it is stored."""

    text: str = ""
    address: str = ""
    contact: dict[str, str] = {}
    """By kind, like ``name``, ``phone`` and ``email``."""
    tracking: str = ""
    """The code with which the reporter follows the matter."""


def order_id_of(source: str, source_id: str) -> str:
    """Return an order's id, which is its event's too: UUIDv5 of the source and its id there."""
    return str(uuid.uuid5(_NAMESPACE, f"{source}/{source_id}"))


def subject_of(order_id: str) -> str:
    """Return the name under which an order's personal fields are sealed."""
    return f"reporter:{order_id}"


def event_of(order: Order, order_id: str, rev: int, at: datetime) -> Event:
    """Return the event that a revision of an order is.

    Args:
        order: the order as it is now.
        order_id: its id, which stays when the source gives the matter another.
        rev: 0 for the first.
        at: the moment of the revision; the first one's is that of the report.
    """
    going = EventPhase.UPDATE if rev else EventPhase.OPEN
    return Event(
        event_id=order_id,
        rev=rev,
        event_type=order.event_type,
        rule=f"orders.{order.source}",
        rule_version=order.mapping_version,
        level=order.level,
        phase=EventPhase.END if order.ended else going,
        key={"order": f"{order.source}/{order.source_id}"},
        district=order.district,
        onset_at=order.reported_at,
        at=max(at, order.reported_at) if rev or order.ended else order.reported_at,
        ended_at=max(at, order.reported_at) if order.ended else None,
        title=order.title,
        cause=Cause(
            expression=f"order {order.source_id} of {order.source}", values=dict(order.extension)
        ),
        place=order.place,
        discovery=order.discovery,
        evidence=order.pictures,
    )

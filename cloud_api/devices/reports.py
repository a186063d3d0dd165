"""What gateways report of the fleet: the state of boxes, and how many devices are online."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, func, insert, select

from cloud_api.database import Lane, Store
from cloud_api.devices.register import EntryKind
from cloud_api.devices.tables import box_states, device_orders, gateways, registry
from cloud_api.instants import from_us, to_us
from contracts.registry import BoxReport, FleetReport, Lifecycle, OnlineRate, OrderReport

__all__ = ["FleetReports", "MeasuredRate", "orders_of_events"]

_PARAMETERS = 500

_FRESH = timedelta(minutes=5)
"""A gateway that has not reported for so long measures nothing."""


class MeasuredRate(Struct, frozen=True, kw_only=True):
    """The online rate 在线率 of one class of devices in one district."""

    district: str
    profile: str
    registered: int
    """Active devices of the registry."""
    devices: int
    """Those of them that a gateway watches now."""
    online: int
    ratio: float | None
    """Online over watched, 0..1; None where nothing is measured."""
    measured: bool
    at: datetime | None
    """When the gateway said so."""


class FleetReports:
    """The latest word of each gateway, and of each box."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, report: FleetReport) -> int:
        """Keep a report; return how many boxes it said something newer about."""
        at_us = to_us(report.at)
        taken = 0
        with self._store.write(Lane.REGISTRY) as connection:
            names = [box.box for box in report.boxes]
            known = {
                row.box: row.at_us
                for row in connection.execute(
                    select(box_states.c.box, box_states.c.at_us).where(box_states.c.box.in_(names))
                )
            }
            newest = {box.box: box for box in report.boxes}
            for name, box in newest.items():
                if known.get(name, -1) > at_us:
                    continue
                taken += 1
                connection.execute(delete(box_states).where(box_states.c.box == name))
                connection.execute(
                    insert(box_states).values(
                        box=name, gateway=report.gateway, at_us=at_us, body=msgspec.json.encode(box)
                    )
                )
            _keep_orders(connection, report.orders)
            last = connection.scalar(
                select(gateways.c.at_us).where(gateways.c.gateway == report.gateway)
            )
            if last is None or last <= at_us:
                connection.execute(delete(gateways).where(gateways.c.gateway == report.gateway))
                connection.execute(
                    insert(gateways).values(
                        gateway=report.gateway, at_us=at_us, body=msgspec.json.encode(report.rates)
                    )
                )
        return taken

    def orders(self, *, event_id: str | None, limit: int) -> list[OrderReport]:
        """Return orders to devices, newest first; of one event only where one is named."""
        query = select(device_orders.c.body).order_by(device_orders.c.made_at_us.desc())
        if event_id is not None:
            query = query.where(device_orders.c.event_id == event_id)
        with self._store.read() as connection:
            return [
                msgspec.json.decode(row.body, type=OrderReport)
                for row in connection.execute(query.limit(limit))
            ]

    def states(self, boxes: Sequence[str]) -> dict[str, BoxReport]:
        """Return what was last heard of these boxes."""
        query = select(box_states.c.box, box_states.c.body).where(box_states.c.box.in_(boxes))
        with self._store.read() as connection:
            return {
                row.box: msgspec.json.decode(row.body, type=BoxReport)
                for row in connection.execute(query)
            }

    def fresh(self, now: datetime) -> dict[str, tuple[BoxReport, bool]]:
        """Return what was last heard of every box, and whether that is still true of this moment.

        What a gateway said that has fallen silent since is not: its boxes may be there or not.
        """
        with self._store.read() as connection:
            return {
                row.box: (
                    msgspec.json.decode(row.body, type=BoxReport),
                    now - from_us(row.at_us) <= _FRESH,
                )
                for row in connection.execute(select(box_states))
            }

    def rates(self, now: datetime) -> list[MeasuredRate]:
        """Return the online rate of every class in every district, as of this moment.

        Where there is no device, or no gateway has spoken lately, nothing is measured: neither 0
        nor 100 per cent would be true.
        """
        counted = (
            select(registry.c.district, registry.c.profile, func.count())
            .where(
                registry.c.kind == EntryKind.DEVICE,
                registry.c.gone == 0,
                registry.c.lifecycle == Lifecycle.ACTIVE,
            )
            .group_by(registry.c.district, registry.c.profile)
        )
        registered: dict[tuple[str, str], int] = {}
        said: dict[tuple[str, str], tuple[int, int, datetime]] = {}
        with self._store.read() as connection:
            for district, profile, count in connection.execute(counted):
                registered[district, profile] = count
            for row in connection.execute(select(gateways)):
                at = from_us(row.at_us)
                if now - at > _FRESH:
                    continue
                for rate in msgspec.json.decode(row.body, type=tuple[OnlineRate, ...]):
                    key = (rate.district, rate.profile)
                    devices, online, since = said.get(key, (0, 0, at))
                    said[key] = (devices + rate.devices, online + rate.online, min(since, at))
        found = []
        for key in sorted({*registered, *said}):
            devices, online, when = said.get(key, (0, 0, None))
            measured = devices > 0
            found.append(
                MeasuredRate(
                    district=key[0],
                    profile=key[1],
                    registered=registered.get(key, 0),
                    devices=devices,
                    online=online,
                    ratio=online / devices if measured else None,
                    measured=measured,
                    at=when if measured else None,
                )
            )
        return found


def orders_of_events(connection: Connection, event_ids: Iterable[str]) -> list[OrderReport]:
    """Return the orders to devices that these events gave, as their gateways last told them."""
    wanted = sorted(set(event_ids))
    found: list[OrderReport] = []
    for start in range(0, len(wanted), _PARAMETERS):
        query = select(device_orders.c.body).where(
            device_orders.c.event_id.in_(wanted[start : start + _PARAMETERS])
        )
        found += [msgspec.json.decode(b, type=OrderReport) for b in connection.scalars(query)]
    return found


def _keep_orders(connection: Connection, orders: Sequence[OrderReport]) -> None:
    """Keep the latest word on each order; one that is settled is not opened again by an older word."""
    newest = {order.id: order for order in orders}
    known = connection.execute(
        select(device_orders.c.id, device_orders.c.body).where(device_orders.c.id.in_(newest))
    )
    for row in known:
        former = msgspec.json.decode(row.body, type=OrderReport)
        if former.settled_at is not None and newest[row.id].settled_at is None:
            del newest[row.id]
    connection.execute(delete(device_orders).where(device_orders.c.id.in_(newest)))
    for order in newest.values():
        connection.execute(
            insert(device_orders).values(
                id=order.id,
                event_id=order.event_id,
                made_at_us=to_us(order.made_at),
                body=msgspec.json.encode(order),
            )
        )

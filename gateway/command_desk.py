"""Delivering orders to devices 联动: one at a time for each device, until it answers or time is up."""

from collections import Counter
from datetime import UTC, datetime

import structlog

from contracts.codec import encode
from contracts.control import Command, CommandName
from contracts.topics import Kind, box_topic
from gateway.command_store import CommandStore, OrderRow, OrderState
from gateway.errors import StoreError
from gateway.registry import Registry
from rules.actions import ActionOrder, Argument
from runtime.session import Session

__all__ = ["CommandDesk", "command_of"]

_TRIM_EVERY_S = 60.0


def _text(value: Argument) -> str:
    """Return an argument as the text that travels: flags as true and false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def command_of(row: OrderRow, timeout_s: float) -> Command:
    """Return the message for an order; its id is the order's, so a device does it once.

    Args:
        row: the order.
        timeout_s: seconds after which it is not to be carried out any more.
    """
    order = row.order
    made_s = row.made_us / 1_000_000
    return Command(
        id=order.id,
        name=CommandName.ACT,
        at=datetime.fromtimestamp(made_s, UTC),
        expires_at=datetime.fromtimestamp(made_s + timeout_s, UTC),
        args={
            **{f"arg.{name}": _text(value) for name, value in order.args.items()},
            "device": order.device,
            "command": order.command,
            "event": order.event_id,
            "rule": order.rule,
        },
    )


class CommandDesk:
    """Sends what waits and ends what nobody answers; owned by the worker's thread.

    Args:
        store: the orders.
        registry: tells which box speaks for a device.
        session: the way to the hub.
        timeout_s: seconds that a device has for its answer, from the order on.
        retry_s: seconds without answer after which an order is sent again, under the same id.
    """

    def __init__(
        self,
        store: CommandStore,
        registry: Registry,
        session: Session,
        *,
        timeout_s: float,
        retry_s: float,
    ) -> None:
        self.store = store
        self._registry = registry
        self._session = session
        self._timeout_s = timeout_s
        self._retry_us = round(retry_s * 1_000_000)
        self._trimmed_at_s = 0.0
        self.counters: Counter[str] = Counter()
        """``sent``, ``timed_out``, ``store_failures``."""

    def step(self, now: datetime) -> None:
        """Send what is due, one order at a time for each device."""
        now_us = round(now.timestamp() * 1_000_000)
        busy: set[str] = set()
        for row in list(self.store.open.values()):
            device = row.order.device
            if device in busy:
                continue
            busy.add(device)
            try:
                if now_us - row.made_us >= self._timeout_s * 1_000_000:
                    self._give_up(row, now)
                elif now_us >= row.next_us:
                    self._send(row, now_us, now)
            except StoreError as error:
                self.counters["store_failures"] += 1
                structlog.get_logger().error("orders_not_noted", error=str(error))
                return
        if not 0 <= now.timestamp() - self._trimmed_at_s < _TRIM_EVERY_S:
            self._trimmed_at_s = now.timestamp()
            self.store.trim()

    def _give_up(self, row: OrderRow, now: datetime) -> None:
        why = row.detail or f"no answer to {row.tries} tries"
        self.counters["timed_out"] += 1
        self.store.settle(row, OrderState.TIMED_OUT, f"{why} in {self._timeout_s:g} s", now)
        structlog.get_logger().warning(
            "order_timed_out", order=row.order.id, device=row.order.device, detail=why
        )

    def _send(self, row: OrderRow, now_us: int, now: datetime) -> None:
        topic = self._topic(row.order)
        detail = ""
        if topic is None:
            detail = f"device {row.order.device!r} is unknown; register it, or its box"
        elif not self._session.publish(topic, encode(command_of(row, self._timeout_s))):
            detail = "the hub is not connected"
        else:
            self.counters["sent"] += 1
        if detail != row.detail or not detail:
            self.store.sent(row, now_us + (0 if detail else self._retry_us), now, detail)

    def _topic(self, order: ActionOrder) -> str | None:
        """Return the command topic of the box that speaks for a device; itself, if it is a box."""
        registry, device = self._registry, order.device
        entry, known = registry.devices.get(device), registry.subjects.get(device)
        if entry is not None and entry.box is not None:
            return box_topic(entry.district, entry.site, entry.box, Kind.COMMAND)
        if known is not None:
            return box_topic(known.district, known.site, known.box, Kind.COMMAND)
        box = registry.box_entries.get(device) or registry.boxes.get(device)
        if box is not None:
            return box_topic(box.district, box.site, device, Kind.COMMAND)
        return None

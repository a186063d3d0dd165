"""Orders to devices on disk: each once by its id, with what became of it and every step on the way."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock

import msgspec
from msgspec import Struct

from contracts.control import CommandResult
from contracts.readings import moment
from contracts.registry import OrderReport
from gateway.errors import StoreError
from gateway.store import open_store
from rules.actions import ActionOrder, OrderKind

__all__ = ["AuditLine", "CommandStore", "OrderRow", "OrderState"]

_VERSION = 1
_SCHEMA = (
    (
        "CREATE TABLE IF NOT EXISTS orders (row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL "
        "UNIQUE, device TEXT NOT NULL, body BLOB NOT NULL, state TEXT NOT NULL, made_us INTEGER NOT "
        "NULL, tries INTEGER NOT NULL, next_us INTEGER NOT NULL, detail TEXT NOT NULL, "
        "settled_us INTEGER)"
    ),
    "CREATE INDEX IF NOT EXISTS orders_by_state ON orders (settled_us, row)",
    (
        "CREATE TABLE IF NOT EXISTS audit (row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, "
        "at_us INTEGER NOT NULL, fact TEXT NOT NULL, detail TEXT NOT NULL)"
    ),
    "CREATE INDEX IF NOT EXISTS audit_by_order ON audit (id, row)",
)
_BODY = msgspec.json.Decoder(ActionOrder)
_TRIM_BATCH = 1_000


class OrderState(StrEnum):
    """What became of an order."""

    WAITING = "waiting"
    """Not sent yet: an earlier one to the same device is not settled, or the hub is away."""
    SENT = "sent"
    """Sent, not answered."""
    DONE = "done"
    """The device confirmed it."""
    REFUSED = "refused"
    """The device said no."""
    TIMED_OUT = "timed_out"
    """Nobody answered in time."""
    SUPERSEDED = "superseded"
    """It was taken back before it was sent."""
    STALE = "stale"
    """It was too old when it was found, after an outage; it was never sent."""


OPEN = frozenset({OrderState.WAITING, OrderState.SENT})


class OrderRow(Struct, frozen=True, kw_only=True):
    """One order and where it stands."""

    row: int
    order: ActionOrder
    state: OrderState
    made_us: int
    tries: int
    next_us: int
    detail: str
    settled_us: int | None

    def report(self) -> OrderReport:
        """Return it as the API is told."""
        order = self.order
        return OrderReport(
            id=order.id,
            event_id=order.event_id,
            rev=order.rev,
            rule=order.rule,
            device=order.device,
            kind=order.kind.value,
            command=order.command,
            state=self.state.value,
            detail=self.detail,
            made_at=moment(self.made_us / 1_000_000),
            settled_at=None if self.settled_us is None else moment(self.settled_us / 1_000_000),
        )


class AuditLine(Struct, frozen=True, kw_only=True):
    """One step of one order; lines are only ever added."""

    id: str
    at_us: int
    fact: str
    detail: str


def _us(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


class CommandStore:
    """Orders in one SQLite file, synchronous FULL; safe to use from several threads.

    Args:
        path: the file.
        remember: settled orders that are kept, with their audit lines; the oldest go first.
        stale_s: seconds after which an order that was never sent is not sent any more.
        read_only: only look.
    """

    def __init__(
        self,
        path: Path,
        *,
        remember: int = 50_000,
        stale_s: float = 600.0,
        read_only: bool = False,
    ) -> None:
        self._path = path
        self._remember = remember
        self._stale_s = stale_s
        self._lock = Lock()
        self._db = open_store(
            path, schema=_SCHEMA, version=_VERSION, synchronous="FULL", read_only=read_only
        )
        self.open: dict[int, OrderRow] = {
            found.row: found for found in self._select("WHERE settled_us IS NULL ORDER BY row", ())
        }
        """Orders that are not settled, by row, oldest first."""

    def put(
        self, orders: Sequence[ActionOrder], results: Sequence[CommandResult], now: datetime
    ) -> None:
        """Take orders and answers in, all or none; what is known already changes nothing.

        Raises:
            StoreError: nothing was taken in; the same can be put again.
        """
        now_us = _us(now)
        with self._transaction():
            for order in orders:
                self._insert(order, now_us)
            for result in results:
                self._answer(result, now_us)

    def _insert(self, order: ActionOrder, now_us: int) -> None:
        stale = now_us / 1_000_000 - order.at > self._stale_s
        state = OrderState.STALE if stale else OrderState.WAITING
        detail = f"older than {self._stale_s:g} s when it was found" if stale else ""
        added = self._db.execute(
            "INSERT OR IGNORE INTO orders (id, device, body, state, made_us, tries, next_us, "
            "detail, settled_us) VALUES (?,?,?,?,?,0,0,?,?)",
            (
                order.id,
                order.device,
                msgspec.json.encode(order),
                state,
                now_us,
                detail,
                now_us if stale else None,
            ),
        ).rowcount
        if not added:
            return
        words = f"{order.kind.value} {order.command} to {order.device} for event {order.event_id}"
        self._note(order.id, now_us, "ordered", f"{words} rev {order.rev} by rule {order.rule}")
        if stale:
            self._note(order.id, now_us, state, detail)
        elif order.kind is OrderKind.CLEAR:
            self._supersede(order, now_us)

    def _supersede(self, clear: ActionOrder, now_us: int) -> None:
        """Take back what the same event ordered of the device and nobody was told yet."""
        rows = self._db.execute(
            "SELECT id, body FROM orders WHERE device=? AND state=? AND tries=0 AND id<>?",
            (clear.device, OrderState.WAITING, clear.id),
        ).fetchall()
        for name, body in rows:
            former = _BODY.decode(body)
            if former.event_id == clear.event_id and former.kind is OrderKind.GIVE:
                self._settle(name, OrderState.SUPERSEDED, f"taken back by {clear.id}", now_us)

    def _answer(self, result: CommandResult, now_us: int) -> None:
        row = self._db.execute(
            "SELECT state, device FROM orders WHERE id=?", (result.id,)
        ).fetchone()
        if row is None:
            return
        state = OrderState(row[0])
        if state in OPEN:
            settled = OrderState.DONE if result.ok else OrderState.REFUSED
            self._settle(result.id, settled, result.detail or f"by {result.box}", now_us)
        elif state is OrderState.TIMED_OUT:
            words = "done" if result.ok else f"refused: {result.detail}"
            known = self._db.execute(
                "SELECT 1 FROM audit WHERE id=? AND fact='answered_late'", (result.id,)
            ).fetchone()
            if known is None:
                self._note(result.id, now_us, "answered_late", words)

    def sent(self, row: OrderRow, next_us: int, now: datetime, detail: str) -> None:
        """Note that an order was sent, or could not be; it is looked at again at ``next_us``.

        Raises:
            StoreError: nothing changed.
        """
        state = OrderState.WAITING if detail and row.tries == 0 else OrderState.SENT
        tries = row.tries + (not detail)
        with self._transaction():
            self._db.execute(
                "UPDATE orders SET state=?, tries=?, next_us=?, detail=? WHERE row=?",
                (state, tries, next_us, detail, row.row),
            )
            if not detail:
                self._note(row.order.id, _us(now), "sent", f"try {tries}")
            elif detail != row.detail:
                self._note(row.order.id, _us(now), "held_up", detail)

    def settle(self, row: OrderRow, state: OrderState, detail: str, now: datetime) -> None:
        """Note the end of an order.

        Raises:
            StoreError: nothing changed.
        """
        with self._transaction():
            self._settle(row.order.id, state, detail, _us(now))

    def _settle(self, name: str, state: OrderState, detail: str, now_us: int) -> None:
        self._db.execute(
            "UPDATE orders SET state=?, detail=?, settled_us=? WHERE id=?",
            (state, detail, now_us, name),
        )
        self._note(name, now_us, state, detail)

    def _note(self, name: str, at_us: int, fact: str, detail: str) -> None:
        self._db.execute(
            "INSERT INTO audit (id, at_us, fact, detail) VALUES (?,?,?,?)",
            (name, at_us, str(fact), detail),
        )

    def newest(self, limit: int, *, event_id: str | None = None) -> list[OrderRow]:
        """Return orders, newest first; of one event only where one is named."""
        with self._lock:
            found = self._select("ORDER BY row DESC LIMIT ?", (-1 if event_id else limit,))
        if event_id is None:
            return found
        return [one for one in found if one.order.event_id == event_id][:limit]

    def audit(self, name: str) -> list[AuditLine]:
        """Return every step of an order, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT id, at_us, fact, detail FROM audit WHERE id=? ORDER BY row", (name,)
            ).fetchall()
        return [AuditLine(id=row[0], at_us=row[1], fact=row[2], detail=row[3]) for row in rows]

    def trim(self) -> int:
        """Forget the oldest settled orders beyond what is remembered; return how many."""
        with self._transaction():
            (settled,) = self._db.execute(
                "SELECT count(*) FROM orders WHERE settled_us IS NOT NULL"
            ).fetchone()
            if settled <= self._remember + _TRIM_BATCH:
                return 0
            excess = settled - self._remember
            old = "SELECT id FROM orders WHERE settled_us IS NOT NULL ORDER BY row LIMIT ?"
            self._db.execute(f"DELETE FROM audit WHERE id IN ({old})", (excess,))  # noqa: S608 - constant text
            self._db.execute(f"DELETE FROM orders WHERE id IN ({old})", (excess,))  # noqa: S608 - constant text
            return int(excess)

    def _select(self, where: str, values: tuple[object, ...]) -> list[OrderRow]:
        rows = self._db.execute(
            "SELECT row, body, state, made_us, tries, next_us, detail, settled_us "  # noqa: S608 - constant text
            f"FROM orders {where}",
            values,
        ).fetchall()
        return [
            OrderRow(
                row=row[0],
                order=_BODY.decode(row[1]),
                state=OrderState(row[2]),
                made_us=row[3],
                tries=row[4],
                next_us=row[5],
                detail=row[6],
                settled_us=row[7],
            )
            for row in rows
        ]

    def _refresh(self) -> None:
        self.open = {
            found.row: found for found in self._select("WHERE settled_us IS NULL ORDER BY row", ())
        }

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing, under the lock; what is open is read again at the end."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._failed(error) from error
            self._refresh()

    def _failed(self, error: sqlite3.Error) -> StoreError:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        return StoreError(f"orders {self._path}: {error}; check the disk and its free space")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

"""A store on the network with a disk before it: what the server does not take waits in a file."""

import sqlite3
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import structlog

from gateway.errors import TelemetryError
from gateway.ports import Point, TelemetrySink
from gateway.sinks.circuit_breaker import CircuitBreaker
from gateway.store import open_store

__all__ = ["SpooledTelemetry"]

_VERSION = 1
_SCHEMA = (
    (
        "CREATE TABLE IF NOT EXISTS batches (row INTEGER PRIMARY KEY AUTOINCREMENT, "
        "points INTEGER NOT NULL, body BLOB NOT NULL)"
    ),
)
_DECODER = msgspec.msgpack.Decoder(list[tuple[str, str, int, float | bool | str]])
_LEVEL = 1
"""zlib's fastest level: points are repetitive, and the disk is not the limit."""


class SpooledTelemetry:
    """Writes to a store; what it refuses goes to a file, and from there to the store in order.

    Used by one thread. A batch that was spooled counts as written: it survives a restart, and a
    power cut takes at most the last ones, which the journal still has until the next checkpoint.

    Args:
        sink: the store behind.
        path: the file.
        breaker: when to try the store again.
        budget_bytes: size of the batches in the file; beyond, the oldest go and are counted.
        monotonic: seconds, for the breaker.
    """

    def __init__(
        self,
        sink: TelemetrySink,
        path: Path,
        breaker: CircuitBreaker,
        *,
        budget_bytes: int = 1024 * 1024 * 1024,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sink = sink
        self._path = path
        self._breaker = breaker
        self._budget_bytes = budget_bytes
        self._monotonic = monotonic
        self._db = open_store(path, schema=_SCHEMA, version=_VERSION, synchronous="NORMAL")
        self._bytes, self.waiting = (
            int(number)
            for number in self._db.execute(
                "SELECT coalesce(sum(length(body)),0), coalesce(sum(points),0) FROM batches"
            ).fetchone()
        )
        self._counters: Counter[str] = Counter()

    @property
    def counters(self) -> Counter[str]:
        """What is counted here and by the store behind."""
        return self._counters + self._sink.counters

    def write(self, points: Sequence[Point]) -> None:
        """Hand a batch to the store, or to the file where the store is behind.

        Raises:
            TelemetryError: neither took it.
        """
        if not points:
            return
        if self.waiting == 0 and self._breaker.wait_s(self._monotonic()) == 0.0:
            try:
                self._sink.write(points)
            except TelemetryError as error:
                self._failed(error)
            else:
                self._breaker.worked()
                return
        self._spool(points)

    def _spool(self, points: Sequence[Point]) -> None:
        body = zlib.compress(msgspec.msgpack.encode(points), _LEVEL)
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("INSERT INTO batches (points, body) VALUES (?,?)", (len(points), body))
            self._bytes += len(body)
            self.waiting += len(points)
            while self._bytes > self._budget_bytes:
                row, count, size = self._db.execute(
                    "SELECT row, points, length(body) FROM batches ORDER BY row LIMIT 1"
                ).fetchone()
                self._db.execute("DELETE FROM batches WHERE row=?", (row,))
                self._bytes -= size
                self.waiting -= count
                self._counters["dropped"] += count
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._broken(error) from error
        self._counters["spooled"] += len(points)

    def _broken(self, error: sqlite3.Error) -> TelemetryError:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._bytes, self.waiting = self._db.execute(
            "SELECT coalesce(sum(length(body)),0), coalesce(sum(points),0) FROM batches"
        ).fetchone()
        return TelemetryError(f"telemetry spool {self._path}: {error}; check the disk")

    def tend(self) -> bool:
        """Hand the oldest waiting batch to the store; return whether more can go at once.

        Raises:
            TelemetryError: the file cannot be written.
        """
        if self.waiting == 0:
            return self._sink.tend()
        if self._breaker.wait_s(self._monotonic()) > 0.0:
            return False
        row, count, body = self._db.execute(
            "SELECT row, points, body FROM batches ORDER BY row LIMIT 1"
        ).fetchone()
        points = [Point(*point) for point in _DECODER.decode(zlib.decompress(body))]
        try:
            self._sink.write(points)
        except TelemetryError as error:
            self._failed(error)
            return False
        self._breaker.worked()
        try:
            self._db.execute("DELETE FROM batches WHERE row=?", (row,))
        except sqlite3.Error as error:
            raise self._broken(error) from error
        self._bytes -= len(body)
        self.waiting -= count
        return True

    def _failed(self, error: TelemetryError) -> None:
        delay = self._breaker.failed(self._monotonic())
        self._counters["failed"] += 1
        structlog.get_logger().warning(
            "telemetry_spooling", error=str(error), waiting=self.waiting, retry_in_s=round(delay, 2)
        )

    def close(self) -> None:
        """Close the file and the store."""
        self._db.close()
        self._sink.close()

"""Carrying points to the telemetry store in batches, without ever holding up an alarm."""

import time
from collections import Counter, deque
from collections.abc import Callable
from threading import Condition

import structlog

from gateway.errors import TelemetryError
from gateway.ports import Point, TelemetrySink
from runtime.backoff import Backoff

__all__ = ["TelemetryWriter"]

_GATHER_S = 0.5
"""For so long points gather, unless a batch is full before, seconds."""
_LOOK_S = 0.2
"""How often an idle writer looks whether it shall end, seconds."""
_FAR_BEHIND_S = 30.0
"""A store that is so far behind does not keep up, seconds."""
_REMEMBER_S = 600.0
"""For so long points that went are held against the gateway's health, seconds."""


class TelemetryWriter:
    """A bounded queue before a telemetry store.

    Intake offers, one other thread (or the same one, in a single process) steps. When the store is
    down or slow and the queue is full, the oldest points go first and are counted.

    Args:
        sink: the store.
        backoff: waiting after a failed write.
        capacity: points that may wait.
        batch: points per write.
        monotonic: seconds, for how far the store is behind.
    """

    def __init__(
        self,
        sink: TelemetrySink,
        backoff: Backoff,
        *,
        capacity: int = 500_000,
        batch: int = 10_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sink = sink
        self._backoff = backoff
        self._capacity = capacity
        self._batch = batch
        self._monotonic = monotonic
        self._queue: deque[tuple[list[Point], int, float]] = deque()
        self._writing_since_s: float | None = None
        self._dropped_at_s: float | None = None
        self._changed = Condition()
        self._waiting = 0
        self._not_before = 0.0
        self._written_offset = 0
        self.counters: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """Points that wait to be written."""
        return self._waiting

    @property
    def lag_s(self) -> float:
        """For how long the oldest of them has waited, seconds; 0 where none waits."""
        with self._changed:
            since_s = self._writing_since_s
            if since_s is None and self._queue:
                since_s = self._queue[0][2]
        return 0.0 if since_s is None else max(0.0, self._monotonic() - since_s)

    @property
    def failing(self) -> bool:
        """Whether the store is far behind, or points went because of it a short while ago."""
        dropped_at_s = self._dropped_at_s
        return self.lag_s > _FAR_BEHIND_S or (
            dropped_at_s is not None and self._monotonic() - dropped_at_s < _REMEMBER_S
        )

    @property
    def spooled(self) -> int:
        """Points that a store on the network has yet to take."""
        return self._sink.waiting

    @property
    def store_counters(self) -> Counter[str]:
        """What the store counts: ``expired``, ``rolled``, ``dropped`` and so on."""
        return self._sink.counters

    def restore(self, offset: int) -> None:
        """Say up to which journal offset the store has everything already."""
        self._written_offset = offset

    @property
    def written_offset(self) -> int:
        """Journal offset up to which every point was written, or dropped and counted."""
        return self._written_offset

    def offer(self, points: list[Point], through_offset: int) -> None:
        """Queue the points of the journal records before ``through_offset``."""
        with self._changed:
            self._queue.append((points, through_offset, self._monotonic()))
            self._waiting += len(points)
            while self._waiting > self._capacity and len(self._queue) > 1:
                dropped, offset, _ = self._queue.popleft()
                self._waiting -= len(dropped)
                self._written_offset = max(self._written_offset, offset)
                self.counters["dropped"] += len(dropped)
                self._drop()
            if self._waiting >= self._batch:
                self._changed.notify()

    def _drop(self) -> None:
        """Take note that points went; say so once, and again when it has been well meanwhile."""
        now_s = self._monotonic()
        if self._dropped_at_s is None or now_s - self._dropped_at_s >= _REMEMBER_S:
            structlog.get_logger().error("telemetry_dropping", waiting=self._waiting)
        self._dropped_at_s = now_s

    def step(self, monotonic_s: float) -> int:
        """Write one batch when there is one and no back-off runs; return the points written."""
        if monotonic_s < self._not_before:
            return 0
        with self._changed:
            taken: list[tuple[list[Point], int, float]] = []
            points: list[Point] = []
            while self._queue and len(points) < self._batch:
                taken.append(self._queue.popleft())
                points.extend(taken[-1][0])
            self._waiting -= len(points)
            self._writing_since_s = taken[0][2] if taken else None
        if not taken:
            return 0
        try:
            if points:
                self._sink.write(points)
        except TelemetryError as error:
            delay = self._backoff.next_delay()
            self._not_before = monotonic_s + delay
            self.counters["failed_writes"] += 1
            structlog.get_logger().warning(
                "telemetry_write_failed", error=str(error), retry_in_s=round(delay, 2)
            )
            with self._changed:
                self._queue.extendleft(reversed(taken))
                self._waiting += len(points)
                self._writing_since_s = None
            return 0
        self._writing_since_s = None
        self._backoff.reset()
        self._written_offset = max(self._written_offset, taken[-1][1])
        self.counters["written"] += len(points)
        return len(points)

    def tend(self) -> bool:
        """Let the store do a piece of upkeep; return whether there is more."""
        try:
            return self._sink.tend()
        except TelemetryError as error:
            self.counters["failed_upkeep"] += 1
            structlog.get_logger().warning("telemetry_upkeep_failed", error=str(error))
            return False

    def run(self, stopped: Callable[[], bool], monotonic: Callable[[], float]) -> None:
        """Step until ``stopped``: at once while full batches wait, else what gathered in a while.

        A write touches a page of each sensor, whether it brings one value of it or ten.
        """
        last_s = monotonic()
        while not stopped():
            now_s = monotonic()
            if self._waiting >= self._batch or now_s - last_s >= _GATHER_S:
                last_s = now_s
                if self.step(now_s):
                    continue
            if not self.tend():
                with self._changed:
                    self._changed.wait(_LOOK_S)
        self.drain(monotonic)

    def drain(self, monotonic: Callable[[], float]) -> None:
        """Write what waits, as long as the store takes it."""
        while self._queue and monotonic() >= self._not_before:
            self.step(monotonic())

    def close(self) -> None:
        """Close the store."""
        self._sink.close()

"""Carrying events from the outbox to the API, beside intake and never in its way."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

import structlog

from gateway.errors import EventRefusedError, SinkUnavailableError, StoreError
from gateway.event_outbox import EventOutbox, EventState, OutboxRow
from gateway.ports import EventSink
from gateway.sinks.circuit_breaker import CircuitBreaker

__all__ = ["EventDelivery"]


_RECOUNT_S = 2.0
"""How often an idle delivery looks whether somebody revived dead letters, seconds."""


class EventDelivery:
    """Delivers pending events, oldest first, until the sink has them.

    A batch that is refused is sent again event by event, so that one wrong event does not take its
    neighbours with it; a single one that is refused becomes a dead letter.

    Args:
        outbox: where events wait.
        sink: where they go.
        breaker: when to try a sink that is unavailable, and with how much.
        batch: events per delivery.
    """

    def __init__(
        self, outbox: EventOutbox, sink: EventSink, breaker: CircuitBreaker, *, batch: int = 100
    ) -> None:
        self._outbox = outbox
        self._sink = sink
        self.breaker = breaker
        self._batch = batch
        self._singly = 0
        self._counted_at_s = 0.0
        self.counters: Counter[str] = Counter()

    def step(self, now: datetime, monotonic_s: float) -> int:
        """Deliver one batch when there is one and no back-off runs; return the events settled."""
        if self.breaker.wait_s(monotonic_s) > 0.0:
            return 0
        try:
            rows = self._waiting(monotonic_s)
            if not rows:
                return 0
            self._sink.deliver([row.body for row in rows])
            self._outbox.settle(rows, EventState.DELIVERED, now)
        except EventRefusedError as error:
            return self._refused(rows, error, now, monotonic_s)
        except (SinkUnavailableError, StoreError) as error:
            asked_s = error.retry_after_s if isinstance(error, SinkUnavailableError) else None
            delay = self.breaker.failed(monotonic_s, asked_s)
            self.counters["failures"] += 1
            structlog.get_logger().warning(
                "event_delivery_failed",
                error=str(error),
                pending=self._outbox.pending,
                circuit=self.breaker.state(monotonic_s).name.lower(),
                retry_in_s=round(delay, 2),
            )
            return 0
        self.breaker.worked()
        self._singly = max(0, self._singly - 1)
        self.counters["delivered"] += len(rows)
        return len(rows)

    def _waiting(self, monotonic_s: float) -> list[OutboxRow]:
        """Return the next events to deliver; now and then look for revived ones."""
        if self._outbox.pending == 0:
            if monotonic_s - self._counted_at_s >= _RECOUNT_S:
                self._counted_at_s = monotonic_s
                self._outbox.recount()
            return []
        limit = 1 if self._singly else self._batch
        return self._outbox.batch(self.breaker.batch(limit, monotonic_s))

    def _refused(
        self, rows: list[OutboxRow], error: EventRefusedError, now: datetime, monotonic_s: float
    ) -> int:
        if len(rows) > 1:
            self._singly = len(rows)
            return 0
        try:
            self._outbox.settle(rows, EventState.DEAD, now, reason=str(error))
        except StoreError as failure:
            self.breaker.failed(monotonic_s)
            structlog.get_logger().error("event_outbox_failed", error=str(failure))
            return 0
        self._singly = max(0, self._singly - 1)
        self.counters["dead"] += 1
        structlog.get_logger().error(
            "event_refused", event_id=rows[0].event_id, rev=rows[0].rev, error=str(error)
        )
        return 1

    def run(
        self,
        stopped: Callable[[], bool],
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        """Step until ``stopped``, sleeping while there is nothing to deliver."""
        while not stopped():
            if self.step(clock(), monotonic()) == 0 and not self._singly:
                waiting = self.breaker.wait_s(monotonic())
                if self._outbox.pending == 0:
                    self._outbox.wait(0.2)
                elif waiting > 0.0:
                    # new events cannot be delivered before the back-off ends either
                    self._outbox.wait(min(waiting, 0.2))

    def close(self) -> None:
        """Close the sink."""
        self._sink.close()

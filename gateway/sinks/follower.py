"""A further sink that follows the event outbox at its own pace, with its own position."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

import structlog

from gateway.errors import EventRefusedError, SinkUnavailableError, StoreError
from gateway.event_outbox import EventOutbox, OutboxRow
from gateway.ports import EventSink
from gateway.sinks.circuit_breaker import CircuitBreaker
from gateway.sinks.event_filter import EventFilter
from gateway.sinks.positions import RefusedEvent, SinkPositions

__all__ = ["SinkFollower"]

_LOOK_AHEAD = 200
_REVIVED_EVERY_S = 2.0
"""How often a follower looks whether somebody wants refused events sent again, seconds."""
_LONGEST_WAIT_S = 0.2


class SinkFollower:
    """Delivers the outbox's events to one sink in order, one at a time.

    Others neither wait for it nor does it wait for others: it reads the outbox, keeps its own
    position and has a thread of its own. What the outbox has forgotten before the sink could take
    it is passed over and counted.

    Args:
        name: the sink's.
        outbox: where events are.
        positions: where this sink's place is kept.
        sink: where events go; it is given them one by one, so that a retry repeats only one.
        breaker: when to try.
        wanted: which events it gets.
        from_start: whether a new sink gets what the outbox remembers, not only what comes.
    """

    def __init__(
        self,
        name: str,
        outbox: EventOutbox,
        positions: SinkPositions,
        sink: EventSink,
        breaker: CircuitBreaker,
        wanted: EventFilter,
        *,
        from_start: bool = False,
    ) -> None:
        self.name = name
        self.breaker = breaker
        self._outbox = outbox
        self._positions = positions
        self._sink = sink
        self._wanted = wanted
        self._rows: list[OutboxRow] = []
        self._through = positions.begin(name, 0 if from_start else outbox.newest_row())
        self._looked_at_s = float("-inf")
        self._again: list[RefusedEvent] = []
        self._log = structlog.get_logger().bind(sink=name)
        self.counters: Counter[str] = Counter()

    @property
    def pending(self) -> int:
        """Rows of the outbox that this sink has not come to, wanted or not."""
        return max(0, self._outbox.newest_row() - self._through)

    def step(self, now: datetime, monotonic_s: float) -> bool:
        """Deliver or pass over the next event; return whether there is more to do at once."""
        if self.breaker.wait_s(monotonic_s) > 0.0:
            return False
        try:
            revived = self._revived(monotonic_s)
            if revived is not None:
                return self._send_again(revived, now, monotonic_s)
            row = self._next()
            if row is None:
                return False
            return self._send(row, now, monotonic_s)
        except StoreError as error:
            self._failed(error, monotonic_s)
            return False

    def _next(self) -> OutboxRow | None:
        """Return the next row that this sink wants; move past those that it does not."""
        if not self._rows:
            self._rows = self._outbox.after(self._through, _LOOK_AHEAD)
            self._rows.reverse()
        passed, missed = self._through, 0
        while self._rows:
            row = self._rows[-1]
            # every number was a row once: what is missing, the outbox has forgotten
            missed += row.row - passed - 1
            passed = row.row - 1
            if self._wanted.wants(row.body):
                break
            passed = self._rows.pop().row
        if passed != self._through:
            self._positions.advance(self.name, passed, missed=missed)
            self._through = passed
        if missed:
            self.counters["missed"] += missed
            self._log.error("events_missed", missed=missed)
        return self._rows[-1] if self._rows else None

    def _send(self, row: OutboxRow, now: datetime, monotonic_s: float) -> bool:
        try:
            self._sink.deliver([row.body])
        except SinkUnavailableError as error:
            self._failed(error, monotonic_s)
            return False
        except EventRefusedError as error:
            self._positions.refuse(self._refused(row, now, str(error)), row.row)
            self.counters["dead"] += 1
            self._log.error("event_refused", event_id=row.event_id, rev=row.rev, error=str(error))
        else:
            self._positions.advance(self.name, row.row)
            self.counters["delivered"] += 1
        self.breaker.worked()
        self._through = row.row
        self._rows.pop()
        return True

    def _refused(self, row: OutboxRow, now: datetime, reason: str) -> RefusedEvent:
        at_us = round(now.timestamp() * 1_000_000)
        return RefusedEvent(
            self.name, row.row, row.event_id, row.rev, at_us, reason, again=False, body=row.body
        )

    def _revived(self, monotonic_s: float) -> RefusedEvent | None:
        if not self._again and monotonic_s - self._looked_at_s >= _REVIVED_EVERY_S:
            self._looked_at_s = monotonic_s
            self._again = self._positions.refused(self.name, again=True)
            self._again.reverse()
        return self._again[-1] if self._again else None

    def _send_again(self, refused: RefusedEvent, now: datetime, monotonic_s: float) -> bool:
        try:
            self._sink.deliver([refused.body])
        except SinkUnavailableError as error:
            self._failed(error, monotonic_s)
            return False
        except EventRefusedError as error:
            at_us = round(now.timestamp() * 1_000_000)
            again = refused._replace(at_us=at_us, reason=str(error), again=False)
            self._positions.refuse(again, refused.row)
            self.counters["dead"] += 1
        else:
            self._positions.accepted(self.name, refused.row)
            self.counters["delivered"] += 1
        self.breaker.worked()
        self._again.pop()
        return True

    def _failed(self, error: Exception, monotonic_s: float) -> None:
        asked_s = error.retry_after_s if isinstance(error, SinkUnavailableError) else None
        delay = self.breaker.failed(monotonic_s, asked_s)
        self.counters["failures"] += 1
        self._log.warning(
            "event_delivery_failed",
            error=str(error),
            pending=self.pending,
            circuit=self.breaker.state(monotonic_s).name.lower(),
            retry_in_s=round(delay, 2),
        )

    def run(
        self,
        stopped: Callable[[], bool],
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        """Step until ``stopped``, sleeping while there is nothing to deliver."""
        while not stopped():
            if not self.step(clock(), monotonic()):
                wait_s = self.breaker.wait_s(monotonic()) or _LONGEST_WAIT_S
                self._outbox.wait(min(wait_s, _LONGEST_WAIT_S))

    def close(self) -> None:
        """Close the sink."""
        self._sink.close()

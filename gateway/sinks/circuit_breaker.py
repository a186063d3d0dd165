"""A circuit breaker: who does not answer is left alone for a while, then tried with one event."""

from enum import IntEnum

from runtime.backoff import Backoff

__all__ = ["CircuitBreaker", "CircuitState"]


class CircuitState(IntEnum):
    """What the breaker lets through; the numbers are those of the metric."""

    CLOSED = 0
    """Everything."""
    HALF_OPEN = 1
    """One event, to see whether it works again."""
    OPEN = 2
    """Nothing, until the wait is over."""


class CircuitBreaker:
    """Decides when to try a sink, and with how much. Times are monotonic seconds.

    The first failures are waited out with full jitter, which may be no wait at all; from the
    ``threshold``-th in a row on the circuit is open and each wait at least ``floor_s``.

    Args:
        backoff: draws the waits.
        threshold: failures in a row that open the circuit.
        floor_s: shortest wait of an open circuit, seconds.
    """

    def __init__(self, backoff: Backoff, *, threshold: int = 5, floor_s: float = 1.0) -> None:
        self._backoff = backoff
        self._threshold = threshold
        self._floor_s = floor_s
        self._failures = 0
        self._not_before_s = 0.0
        self.opened = 0
        """Times that the circuit opened."""

    def state(self, monotonic_s: float) -> CircuitState:
        """Return what is let through now."""
        if self._failures < self._threshold:
            return CircuitState.CLOSED
        return CircuitState.OPEN if monotonic_s < self._not_before_s else CircuitState.HALF_OPEN

    def wait_s(self, monotonic_s: float) -> float:
        """Return seconds until the sink may be tried; 0 when it may be now."""
        return max(0.0, self._not_before_s - monotonic_s)

    def batch(self, limit: int, monotonic_s: float) -> int:
        """Return how many events may be sent at once: one where it is only a trial."""
        return limit if self.state(monotonic_s) is CircuitState.CLOSED else 1

    def failed(self, monotonic_s: float, asked_s: float | None = None) -> float:
        """Take note of a failure and return the wait it costs, seconds.

        Args:
            monotonic_s: now.
            asked_s: for how long the sink asked to be left alone, at the least; None: it did not.
        """
        self._failures += 1
        delay = max(self._backoff.next_delay(), asked_s or 0.0)
        if self._failures >= self._threshold:
            delay = max(delay, self._floor_s)
            self.opened += self._failures == self._threshold
        self._not_before_s = monotonic_s + delay
        return delay

    def worked(self) -> None:
        """Take note of a success: the circuit is closed."""
        self._failures = 0
        self._not_before_s = 0.0
        self._backoff.reset()

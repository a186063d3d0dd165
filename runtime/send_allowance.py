"""How many messages may be sent now: so many a second, saved up for a second at the most."""

from datetime import datetime

__all__ = ["SendAllowance"]


class SendAllowance:
    """A token bucket that holds one second's worth.

    Args:
        rate_hz: messages a real second.
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._tokens = rate_hz
        self._refilled_at: datetime | None = None

    @property
    def left(self) -> int:
        """How many may be sent now."""
        return int(self._tokens)

    def refill(self, now: datetime, clock_per_wall: float) -> None:
        """Add what has been earned since the last call.

        Args:
            now: the present moment; one before the last call earns nothing.
            clock_per_wall: seconds that this clock runs in a real one.
        """
        if self._refilled_at is not None:
            passed_s = max(0.0, (now - self._refilled_at).total_seconds()) / clock_per_wall
            self._tokens = min(self._rate_hz, self._tokens + passed_s * self._rate_hz)
        self._refilled_at = now

    def spend(self, count: int) -> None:
        """Take off what was sent."""
        self._tokens -= count

"""How long to wait before trying again: exponential, with full jitter."""

from random import Random

__all__ = ["Backoff"]


class Backoff:
    """Delays drawn evenly from 0 to a ceiling that doubles with each failure up to a cap.

    Full jitter spreads a thousand boxes that lost the same hub over the whole interval.
    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

    Args:
        base_s: ceiling of the first delay, seconds.
        cap_s: highest ceiling, seconds.
        rng: where the jitter comes from.
    """

    def __init__(self, base_s: float, cap_s: float, rng: Random) -> None:
        if not 0.0 < base_s <= cap_s:
            msg = f"backoff base {base_s} s and cap {cap_s} s: expected 0 < base <= cap"
            raise ValueError(msg)
        self._base_s = base_s
        self._cap_s = cap_s
        self._rng = rng
        self._failures = 0

    def next_delay(self) -> float:
        """Return the next delay in seconds and count one more failure."""
        # 2**60 is beyond any cap; an unbounded power would overflow after 1,024 failures.
        ceiling = min(self._cap_s, self._base_s * 2.0 ** min(self._failures, 60))
        self._failures += 1
        return self._rng.uniform(0.0, ceiling)

    def reset(self) -> None:
        """Forget the failures: something worked."""
        self._failures = 0

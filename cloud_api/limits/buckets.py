"""Token buckets in a bounded table: pure, time is an argument."""

from collections import OrderedDict
from typing import NamedTuple

__all__ = ["Buckets"]


class _Bucket(NamedTuple):
    left: float
    at_s: float


class Buckets:
    """One bucket for each key, filled at a steady rate up to a burst.

    The table holds the ``most`` keys that asked last. One that is pushed out and comes back begins with a
    full bucket: with ``most`` keys in between, it had hardly a chance to empty one.

    Args:
        per_s: requests a second that a key may make in the long run.
        burst: requests that it may make at once.
        most: keys that are kept.
    """

    def __init__(self, *, per_s: float, burst: float, most: int) -> None:
        self._per_s = per_s
        self._burst = burst
        self._most = most
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, now_s: float, cost: float = 1.0) -> float:
        """Take from a key's bucket; return 0.0, or for how many seconds there is not enough.

        Args:
            key: who asks.
            now_s: a clock that never goes back, in seconds.
            cost: how much the request takes; at most ``burst`` ever counts.
        """
        cost = min(cost, self._burst)
        known = self._buckets.get(key)
        if known is None:
            left = self._burst
        else:
            left = min(self._burst, known.left + (now_s - known.at_s) * self._per_s)
        wait_s = 0.0 if left >= cost else (cost - left) / self._per_s
        self._buckets[key] = _Bucket(left if wait_s else left - cost, now_s)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return wait_s

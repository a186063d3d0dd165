"""Telemetry held in memory, for tests and single runs."""

from collections import Counter
from collections.abc import Sequence

from contracts.readings import Value
from gateway.ports import Bucket, Point

__all__ = ["MemoryTelemetry"]


class MemoryTelemetry:
    """A telemetry store that forgets at exit; writing and reading as the others do."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], dict[int, Value]] = {}
        self.counters: Counter[str] = Counter()
        self.waiting = 0

    def write(self, points: Sequence[Point]) -> None:
        """Store a batch."""
        for point in points:
            self._series.setdefault((point.device, point.metric), {})[point.at_us] = point.value

    def read(
        self, device: str, metric: str, *, from_us: int, to_us: int, limit: int = 100_000
    ) -> list[Point]:
        """Return a device's values of one metric in [from_us, to_us), oldest first."""
        series = self._series.get((device, metric), {})
        moments = sorted(at for at in series if from_us <= at < to_us)
        return [Point(device, metric, at, series[at]) for at in moments[:limit]]

    def summarise(
        self, device: str, metric: str, *, from_us: int, to_us: int, step_s: int
    ) -> list[Bucket]:
        """Return count, minimum, maximum and mean per step, oldest first."""
        step_us = step_s * 1_000_000
        first_us, last_us = from_us // step_us * step_us, -(-to_us // step_us) * step_us
        found: dict[int, Bucket] = {}
        for point in self.read(device, metric, from_us=first_us, to_us=last_us, limit=2**62):
            if isinstance(point.value, str):
                continue
            number = float(point.value)
            one = Bucket(point.at_us // step_us * step_us, 1, number, number, number)
            other = found.get(one.at_us)
            found[one.at_us] = one if other is None else one.merged(other)
        return [found[at_us] for at_us in sorted(found)]

    def metrics(self, device: str) -> list[str]:
        """Return the names of what a device has reported."""
        return sorted(metric for owner, metric in self._series if owner == device)

    def tend(self) -> bool:
        """Do nothing: there is nothing to roll up."""
        return False

    def close(self) -> None:
        """Do nothing: there is no file."""

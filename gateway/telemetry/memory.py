"""Telemetry held in memory, for tests and single runs."""

from collections.abc import Iterable, Sequence

from contracts.readings import Value
from gateway.ports import Point

__all__ = ["MemoryTelemetry"]


class MemoryTelemetry:
    """A telemetry store that forgets at exit; writing and reading as the others do."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], dict[int, Value]] = {}

    def write(self, points: Sequence[Point]) -> None:
        """Store a batch."""
        for point in points:
            self._series.setdefault((point.device, point.metric), {})[point.at_us] = point.value

    def read(
        self, device: str, metric: str, *, from_us: int, to_us: int, limit: int = 100_000
    ) -> Iterable[Point]:
        """Return a device's values of one metric in [from_us, to_us), oldest first."""
        series = self._series.get((device, metric), {})
        moments = sorted(at for at in series if from_us <= at < to_us)
        return [Point(device, metric, at, series[at]) for at in moments[:limit]]

    def close(self) -> None:
        """Do nothing: there is no file."""

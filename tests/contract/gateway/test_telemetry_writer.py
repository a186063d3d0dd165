"""The queue before a store: a store that is away costs waiting first, then the oldest points."""

from collections import Counter
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from random import Random

import pytest

from gateway.errors import TelemetryError
from gateway.ports import Point
from gateway.telemetry.influx import InfluxTelemetry
from gateway.telemetry.writer import TelemetryWriter
from runtime.backoff import Backoff
from tests.contract.gateway.victoria_metrics import HOUR_US, NOW_US, VictoriaMetrics, seconds_of


@pytest.mark.slow
def test_unreachable_server_is_retried_until_the_points_are_there(
    victoria: VictoriaMetrics, tmp_path: Path
) -> None:
    """A server that is down costs waiting, not points."""
    server = VictoriaMetrics(tmp_path)
    server.stop()
    sink = InfluxTelemetry(url=server.url, token="", org="o", bucket="b", timeout_s=2.0)
    writer = TelemetryWriter(sink, Backoff(0.01, 0.02, Random(1)))
    writer.offer(seconds_of("outage"), 42)
    failed = [writer.step(float(n)) for n in range(3)]
    with pytest.raises(TelemetryError, match="check the server"):
        sink.write(seconds_of("outage"))
    server.process = server.start()
    written = writer.step(10.0)
    found = server.read("outage", "depth_m", NOW_US - HOUR_US, NOW_US)
    server.stop()
    writer.close()

    assert failed == [0, 0, 0]
    assert written == 5
    assert writer.written_offset == 42
    assert found == seconds_of("outage")


class _Down:
    """A store that is down until told otherwise."""

    def __init__(self) -> None:
        self.up = False
        self.counters: Counter[str] = Counter()
        self.waiting = 0
        self.points: list[Point] = []
        self.writes: list[int] = []

    def write(self, points: Sequence[Point]) -> None:
        if not self.up:
            raise TelemetryError("down")
        self.points.extend(points)
        self.writes.append(len(points))

    def tend(self) -> bool:
        return False

    def close(self) -> None:
        pass


def test_full_queue_drops_the_oldest_points_and_counts_them() -> None:
    """Memory is bounded while a store is down; what was dropped is known."""
    sink = _Down()
    writer = TelemetryWriter(sink, Backoff(0.01, 0.02, Random(1)), capacity=10)
    for offset in range(5):
        writer.offer(seconds_of(f"d-{offset}", 4), offset + 1)
    waiting = writer.waiting
    sink.up = True
    writer.step(1.0)

    assert waiting == 8
    assert writer.counters["dropped"] == 12
    assert {p.device for p in sink.points} == {"d-3", "d-4"}
    assert writer.written_offset == 5


@pytest.mark.parametrize(
    ("batch", "expected"), [(100, [6]), (2, [2, 2, 2])], ids=["gathered", "full batches"]
)
def test_points_of_half_a_second_are_written_together(batch: int, expected: list[int]) -> None:
    """Each write costs a page a sensor, so what comes in drops waits for company, a full batch does not."""
    sink = _Down()
    sink.up = True
    writer = TelemetryWriter(sink, Backoff(0.01, 0.02, Random(1)), batch=batch)
    looks = count()

    def over() -> bool:
        look = next(looks)
        if look < 3:
            writer.offer(seconds_of("drops", 2), look + 1)
        return look == 6

    # a tenth of a second passes with each look at the clock
    writer.run(over, (tick / 10 for tick in count()).__next__)

    assert sink.writes == expected
    assert writer.written_offset == 3

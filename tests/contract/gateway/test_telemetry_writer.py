"""The queue before a store: a store that is away costs waiting first, then the oldest points."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from random import Random

import pytest

from gateway.errors import TelemetryError
from gateway.ports import Point
from gateway.sinks.circuit_breaker import CircuitBreaker
from gateway.telemetry.embedded import EmbeddedTelemetry
from gateway.telemetry.influx import InfluxTelemetry
from gateway.telemetry.spool import SpooledTelemetry
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


def test_how_far_a_store_is_behind_is_told_while_it_lasts() -> None:
    """The oldest point's waiting counts, in the queue and in the writing."""
    sink, now_s = _Down(), [100.0]
    writer = TelemetryWriter(
        sink, Backoff(0.01, 0.02, Random(1)), batch=4, monotonic=lambda: now_s[0]
    )
    lags = [writer.lag_s]
    writer.offer(seconds_of("a", 4), 1)
    now_s[0] = 120.0
    writer.offer(seconds_of("b", 4), 2)
    now_s[0] = 131.0
    writer.step(1.0)
    lags.append(writer.lag_s)
    failing = [writer.failing]
    sink.up = True
    writer.step(2.0)
    lags.append(writer.lag_s)
    failing.append(writer.failing)
    writer.step(3.0)
    lags.append(writer.lag_s)

    assert lags == [0.0, 31.0, 11.0, 0.0]
    assert failing == [True, False]


def test_dropped_points_are_held_against_the_health_for_a_while() -> None:
    """Whoever looks minutes after it happened still sees that points went; then it is over."""
    sink, now_s = _Down(), [0.0]
    writer = TelemetryWriter(
        sink, Backoff(0.01, 0.02, Random(1)), capacity=4, monotonic=lambda: now_s[0]
    )
    writer.offer(seconds_of("a", 4), 1)
    before = writer.failing
    writer.offer(seconds_of("b", 4), 2)
    sink.up = True
    writer.step(1.0)
    said = []
    for now_s[0] in (0.0, 599.0, 600.0):
        said.append(writer.failing)

    assert not before
    assert said == [True, True, False]


def test_embedded_store_that_cannot_be_written_is_spooled_for(tmp_path: Path) -> None:
    """What another process keeps the store from taking comes to it later, also after a restart."""
    path = tmp_path / "t.sqlite"
    EmbeddedTelemetry(path).close()
    with closing(sqlite3.connect(path)) as other:
        other.execute(
            "CREATE TRIGGER held BEFORE INSERT ON staged BEGIN SELECT RAISE(ABORT, 'held'); END"
        )
    now_s = [0.0]

    def open_spool() -> SpooledTelemetry:
        breaker = CircuitBreaker(Backoff(0.01, 0.02, Random(1)))
        return SpooledTelemetry(
            EmbeddedTelemetry(path), tmp_path / "s.sqlite", breaker, monotonic=lambda: now_s[0]
        )

    spool = open_spool()
    # one value of each of nine sensors is staged, and nine of one are not
    points = [point for n in range(9) for point in seconds_of(f"d-{n}", 1)]
    spool.write(points)
    waiting = spool.waiting
    spool.close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TRIGGER held")
    spool = open_spool()
    now_s[0] = 60.0
    while spool.tend():
        pass
    spool.close()
    store = EmbeddedTelemetry(path)
    found = [
        point
        for n in range(9)
        for point in store.read(f"d-{n}", "depth_m", from_us=0, to_us=NOW_US)
    ]
    store.close()

    assert waiting == 9
    assert found == points


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

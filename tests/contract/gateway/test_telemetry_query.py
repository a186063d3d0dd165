"""One contract for every telemetry store that can be asked: values, steps, names."""

import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from gateway.ports import Bucket, Point, TelemetryQuery
from gateway.telemetry.embedded import EmbeddedTelemetry
from gateway.telemetry.influx import InfluxTelemetry
from gateway.telemetry.memory import MemoryTelemetry
from gateway.telemetry.victoria import VictoriaTelemetry
from tests.contract.gateway.victoria_metrics import DAY, DAY_US, NOW_US, VictoriaMetrics

Query = tuple[TelemetryQuery, Callable[[Sequence[Point]], None]]


class _Apart:
    """A server that several tests share: each test's devices have names of their own there."""

    def __init__(self, store: VictoriaTelemetry, mark: str) -> None:
        self._store = store
        self._mark = mark

    def name(self, device: str) -> str:
        """Return a device's name on the server."""
        return f"{self._mark}-{device}"

    def read(
        self, device: str, metric: str, *, from_us: int, to_us: int, limit: int = 100_000
    ) -> Sequence[Point]:
        """Ask the server, and tell the name that the test knows."""
        found = self._store.read(
            self.name(device), metric, from_us=from_us, to_us=to_us, limit=limit
        )
        return [point._replace(device=device) for point in found]

    def summarise(
        self, device: str, metric: str, *, from_us: int, to_us: int, step_s: int
    ) -> Sequence[Bucket]:
        """Ask the server."""
        return self._store.summarise(
            self.name(device), metric, from_us=from_us, to_us=to_us, step_s=step_s
        )

    def metrics(self, device: str) -> Sequence[str]:
        """Ask the server."""
        return self._store.metrics(self.name(device))


def _victoria_query(server: VictoriaMetrics, mark: str) -> Iterator[Query]:
    sink = InfluxTelemetry(url=server.url, token="", org="o", bucket="b", texts=False)
    store = VictoriaTelemetry(url=server.url)
    apart = _Apart(store, mark)

    def write(points: Sequence[Point]) -> None:
        sink.write([point._replace(device=apart.name(point.device)) for point in points])
        urllib.request.urlopen(f"{server.url}/internal/force_flush", timeout=10).close()

    yield apart, write
    store.close()
    sink.close()


@pytest.fixture(
    params=[
        "memory",
        "embedded",
        "embedded-rolled-up",
        "embedded-beside",
        pytest.param("victoria", marks=pytest.mark.slow),
    ]
)
def query(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Query]:
    """Yield each store that can be asked, with a way to write and to let it do its upkeep."""
    if request.param == "memory":
        memory = MemoryTelemetry()
        yield memory, memory.write
        return
    if request.param == "victoria":
        yield from _victoria_query(request.getfixturevalue("victoria"), tmp_path.name)
        return
    store = EmbeddedTelemetry(tmp_path / "telemetry.sqlite")

    def write(points: Sequence[Point]) -> None:
        store.write(points)
        while request.param == "embedded-rolled-up" and store.tend():
            pass

    if request.param == "embedded-beside":
        other = EmbeddedTelemetry(tmp_path / "telemetry.sqlite", read_only=True)
        yield other, write
        other.close()
    else:
        yield store, write
    store.close()


def test_summary_tells_number_least_most_and_mean_of_each_step(query: Query) -> None:
    """Minutes and hours are those of the values, wherever they are computed from."""
    store, write = query
    write([Point("d", "x_m", DAY + n * 15_000_000, float(n % 7)) for n in range(5_760)])
    write([Point("d", "x_m", DAY + 2 * DAY_US, 1.0)])
    minutes = store.summarise("d", "x_m", from_us=DAY, to_us=DAY + DAY_US, step_s=60)
    hours = store.summarise("d", "x_m", from_us=DAY, to_us=DAY + DAY_US, step_s=3_600)

    assert len(minutes) == 1_440
    assert minutes[1] == Bucket(DAY + 60_000_000, 4, 0.0, 6.0, 4 + 5 + 6 + 0)
    assert len(hours) == 24
    assert hours[0].n == 240
    assert hours[0].mean == pytest.approx(sum(n % 7 for n in range(240)) / 240)


def test_summary_takes_whole_steps_over_midnight(query: Query) -> None:
    """A step that a range cuts is told whole, also where it spans two days."""
    store, write = query
    midnight = DAY + DAY_US
    write([Point("d", "x_m", midnight + n * 60_000_000, 1.0) for n in range(-10, 10)])
    write([Point("d", "x_m", midnight + 2 * DAY_US, 1.0)])
    span = midnight - 60_000_000, midnight + 60_000_000
    buckets = store.summarise("d", "x_m", from_us=span[0], to_us=span[1], step_s=7_200)

    assert [(b.at_us, b.n) for b in buckets] in (
        [(midnight - 7_200_000_000, 10), (midnight, 10)],
        [(midnight - 3_600_000_000, 20)],
    )


def test_late_values_change_a_summary(query: Query) -> None:
    """A roll-up is made again when a value comes after it, and a repeated one counts once."""
    store, write = query
    points = [Point("d", "x_m", DAY + n * 10_000_000, 1.0) for n in range(6)]
    write(points)
    write([Point("d", "x_m", DAY + 2 * DAY_US, 1.0)])
    write([*points, Point("d", "x_m", DAY + 5_000_000, 9.0)])
    write([Point("d", "x_m", DAY + 2 * DAY_US + 1_000_000, 1.0)])
    (bucket,) = store.summarise("d", "x_m", from_us=DAY, to_us=DAY + 60_000_000, step_s=60)

    assert bucket == Bucket(DAY, 7, 1.0, 9.0, 15.0)


def test_texts_and_unknown_series_have_no_summary(query: Query) -> None:
    """There is nothing to average, and that is no error."""
    store, write = query
    write([Point("n", "source", DAY, "construction"), Point("n", "open", DAY, True)])

    assert store.summarise("n", "source", from_us=DAY, to_us=DAY + 1, step_s=60) == []
    assert store.summarise("ghost", "x_m", from_us=DAY, to_us=DAY + 1, step_s=60) == []
    assert [b.maximum for b in store.summarise("n", "open", from_us=DAY, to_us=DAY + 1, step_s=60)] == [1.0]  # fmt: skip
    assert set(store.metrics("n")) - {"source"} == {"open"}
    assert store.metrics("ghost") == []


def test_read_is_bounded(query: Query) -> None:
    """A limit holds over days."""
    store, write = query
    write([Point("d", "x_m", DAY + n * DAY_US // 4, float(n)) for n in range(8)])

    assert [p.value for p in store.read("d", "x_m", from_us=DAY, to_us=NOW_US, limit=5)] == [
        0.0,
        1.0,
        2.0,
        3.0,
        4.0,
    ]

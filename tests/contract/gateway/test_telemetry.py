"""One contract for every telemetry store: what is written can be read back, once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.ports import Point, TelemetryQuery, TelemetrySink
from gateway.telemetry.embedded import EmbeddedTelemetry
from gateway.telemetry.influx import InfluxTelemetry
from gateway.telemetry.memory import MemoryTelemetry
from tests.contract.gateway.victoria_metrics import HOUR_US, NOW_US, VictoriaMetrics, seconds_of

Read = Callable[[str, str, int, int], list[Point]]
Store = tuple[TelemetrySink, Read]


def _reader(store: TelemetryQuery) -> Read:
    return lambda device, metric, from_us, to_us: list(
        store.read(device, metric, from_us=from_us, to_us=to_us)
    )


@pytest.fixture(
    params=["memory", "embedded", pytest.param("influx", marks=pytest.mark.slow)],
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Yield each store with a way to read it back."""
    if request.param == "memory":
        memory = MemoryTelemetry()
        yield memory, _reader(memory)
    elif request.param == "embedded":
        embedded = EmbeddedTelemetry(tmp_path / "telemetry.sqlite")
        yield embedded, _reader(embedded)
        embedded.close()
    else:
        server: VictoriaMetrics = request.getfixturevalue("victoria")
        sink = InfluxTelemetry(url=server.url, token="", org="o", bucket="b")
        yield sink, server.read
        sink.close()


def test_what_is_written_is_read_back_in_order(store: Store) -> None:
    """A range holds the values of its device and metric, oldest first."""
    sink, read = store
    points = seconds_of("ordered")
    sink.write([*points[3:], *points[:3]])

    assert read("ordered", "depth_m", NOW_US - HOUR_US, NOW_US) == points


def test_range_is_closed_at_its_start_and_open_at_its_end(store: Store) -> None:
    """Neighbouring ranges share no point and miss none."""
    sink, read = store
    points = seconds_of("bounds")
    sink.write(points)

    assert read("bounds", "depth_m", points[1].at_us, points[3].at_us) == points[1:3]


def test_writing_twice_leaves_one(store: Store) -> None:
    """A repeated batch changes nothing: recovery may write it again."""
    sink, read = store
    points = seconds_of("twice")
    sink.write(points)
    sink.write(points)

    assert read("twice", "depth_m", NOW_US - HOUR_US, NOW_US) == points


def test_devices_and_metrics_are_kept_apart(store: Store) -> None:
    """The same moment of another device or metric is another point."""
    sink, read = store
    at_us = NOW_US - HOUR_US
    sink.write(
        [
            Point("left", "a_m", at_us, 1.0),
            Point("left", "b_m", at_us, 2.0),
            Point("right", "a_m", at_us, 3.0),
        ]
    )

    assert [p.value for p in read("left", "a_m", at_us, NOW_US)] == [1.0]
    assert [p.value for p in read("right", "a_m", at_us, NOW_US)] == [3.0]


def test_flags_are_read_back_as_truth(store: Store) -> None:
    """A flag comes back equal to what was written, as a number where the store has only those."""
    sink, read = store
    at_us = NOW_US - HOUR_US
    sink.write(
        [Point("flag", "open", at_us, True), Point("flag", "open", at_us + 1_000_000, False)]
    )

    assert [bool(p.value) for p in read("flag", "open", at_us, NOW_US)] == [True, False]


def test_batch_over_midnight_is_whole(store: Store) -> None:
    """Days are no border for a reader."""
    sink, read = store
    midnight = NOW_US // 86_400_000_000 * 86_400_000_000
    points = [Point("midnight", "x_m", midnight + n * 1_000_000, float(n)) for n in range(-3, 3)]
    sink.write(points)

    assert read("midnight", "x_m", midnight - HOUR_US, midnight + HOUR_US) == points

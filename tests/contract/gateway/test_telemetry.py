"""One contract for every telemetry store: what is written can be read back, once."""

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from shutil import which

import pytest

from gateway.errors import TelemetryError
from gateway.ports import Point, TelemetryQuery, TelemetrySink
from gateway.telemetry.embedded import EmbeddedTelemetry
from gateway.telemetry.influx import InfluxTelemetry, line
from gateway.telemetry.memory import MemoryTelemetry
from gateway.telemetry.writer import TelemetryWriter
from runtime.backoff import Backoff

Read = Callable[[str, str, int, int], list[Point]]
Store = tuple[TelemetrySink, Read]

NOW_US = time.time_ns() // 1_000_000_000 * 1_000_000
HOUR_US = 3_600_000_000


def free_port() -> int:
    """Return a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class VictoriaMetrics:
    """A real server that takes InfluxDB 2 writes."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        program = which("victoria-metrics")
        assert program is not None
        process = subprocess.Popen(
            [
                program,
                f"-storageDataPath={self._folder / 'vm'}",
                f"-httpListenAddr=127.0.0.1:{self.port}",
                "-search.latencyOffset=0",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/health", timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return process
        msg = "victoria-metrics did not answer within 30 s"
        raise AssertionError(msg)

    def stop(self) -> None:
        """End the server."""
        self.process.terminate()
        self.process.wait(20)

    def read(self, device: str, metric: str, from_us: int, to_us: int) -> list[Point]:
        """Return what the server exports for one series."""
        urllib.request.urlopen(f"{self.url}/internal/force_flush", timeout=10).close()
        query = f"match[]=cityloop_{metric}{{device=%22{device}%22}}"
        span = f"start={from_us / 1e6}&end={(to_us - 1_000) / 1e6}"
        with urllib.request.urlopen(
            f"{self.url}/api/v1/export?{query}&{span}", timeout=10
        ) as answer:
            lines = answer.read().decode().splitlines()
        points: dict[int, Point] = {}
        for text in lines:
            series = json.loads(text)
            for value, at_ms in zip(series["values"], series["timestamps"], strict=True):
                points[at_ms] = Point(device, metric, at_ms * 1_000, value)
        return [points[at] for at in sorted(points)]


def _reader(store: TelemetryQuery) -> Read:
    return lambda device, metric, from_us, to_us: list(
        store.read(device, metric, from_us=from_us, to_us=to_us)
    )


@pytest.fixture(scope="module")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VictoriaMetrics]:
    """Yield one server for the module."""
    if which("victoria-metrics") is None:
        pytest.skip("victoria-metrics is not installed")
    server = VictoriaMetrics(tmp_path_factory.mktemp("victoria"))
    yield server
    server.stop()


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


def _points(device: str, count: int = 5, step_us: int = 1_000_000) -> list[Point]:
    start = NOW_US - HOUR_US
    return [Point(device, "depth_m", start + n * step_us, n / 4) for n in range(count)]


def test_what_is_written_is_read_back_in_order(store: Store) -> None:
    """A range holds the values of its device and metric, oldest first."""
    sink, read = store
    points = _points("ordered")
    sink.write([*points[3:], *points[:3]])

    assert read("ordered", "depth_m", NOW_US - HOUR_US, NOW_US) == points


def test_range_is_closed_at_its_start_and_open_at_its_end(store: Store) -> None:
    """Neighbouring ranges share no point and miss none."""
    sink, read = store
    points = _points("bounds")
    sink.write(points)

    assert read("bounds", "depth_m", points[1].at_us, points[3].at_us) == points[1:3]


def test_writing_twice_leaves_one(store: Store) -> None:
    """A repeated batch changes nothing: recovery may write it again."""
    sink, read = store
    points = _points("twice")
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


def test_embedded_store_keeps_texts(tmp_path: Path) -> None:
    """A text field (the source of a noise) is stored as such."""
    store = EmbeddedTelemetry(tmp_path / "t.sqlite")
    store.write([Point("n", "source", NOW_US, "construction")])

    assert [p.value for p in store.read("n", "source", from_us=0, to_us=NOW_US + 1)] == [
        "construction"
    ]
    store.close()


def test_embedded_store_drops_whole_days_beyond_its_retention(tmp_path: Path) -> None:
    """Retention counts back from the newest day; what is older at arrival is counted."""
    store = EmbeddedTelemetry(tmp_path / "t.sqlite", retention_days=2)
    day_us = 86_400_000_000
    for day in range(4):
        store.write([Point("d", "x_m", NOW_US + day * day_us, 1.0)])
    store.write([Point("d", "x_m", NOW_US, 1.0)])

    assert len(store.days()) == 2
    assert store.expired == 1
    store.close()


def test_embedded_store_survives_reopening(tmp_path: Path) -> None:
    """Days are found again after a restart."""
    for _ in range(2):
        store = EmbeddedTelemetry(tmp_path / "t.sqlite")
        store.write(_points("d"))
        found = list(store.read("d", "depth_m", from_us=0, to_us=NOW_US))
        store.close()

    assert found == _points("d")


def test_line_protocol_escapes_what_would_break_a_line() -> None:
    """Separators in names and texts stay inside them."""
    point = Point("a b,c=d", "m n", 7, 'say "hi"\\\nthere')

    assert line(point) == 'cityloop,device=a\\ b\\,c\\=d m\\ n="say \\"hi\\"\\\\\\nthere" 7'


@pytest.mark.slow
def test_unreachable_server_is_retried_until_the_points_are_there(
    victoria: VictoriaMetrics, tmp_path: Path
) -> None:
    """A server that is down costs waiting, not points."""
    server = VictoriaMetrics(tmp_path)
    server.stop()
    sink = InfluxTelemetry(url=server.url, token="", org="o", bucket="b", timeout_s=2.0)
    writer = TelemetryWriter(sink, Backoff(0.01, 0.02, Random(1)))
    writer.offer(_points("outage"), 42)
    failed = [writer.step(float(n)) for n in range(3)]
    with pytest.raises(TelemetryError, match="check the server"):
        sink.write(_points("outage"))
    server.process = server._start()
    written = writer.step(10.0)
    found = server.read("outage", "depth_m", NOW_US - HOUR_US, NOW_US)
    server.stop()
    writer.close()

    assert failed == [0, 0, 0]
    assert written == 5
    assert writer.written_offset == 42
    assert found == _points("outage")


class _Down:
    """A store that is down until told otherwise."""

    def __init__(self) -> None:
        self.up = False
        self.points: list[Point] = []

    def write(self, points: Sequence[Point]) -> None:
        if not self.up:
            raise TelemetryError("down")
        self.points.extend(points)

    def close(self) -> None:
        pass


def test_full_queue_drops_the_oldest_points_and_counts_them() -> None:
    """Memory is bounded while a store is down; what was dropped is known."""
    sink = _Down()
    writer = TelemetryWriter(sink, Backoff(0.01, 0.02, Random(1)), capacity=10)
    for offset in range(5):
        writer.offer(_points(f"d-{offset}", 4), offset + 1)
    waiting = writer.waiting
    sink.up = True
    writer.step(1.0)

    assert waiting == 8
    assert writer.counters["dropped"] == 12
    assert {p.device for p in sink.points} == {"d-3", "d-4"}
    assert writer.written_offset == 5

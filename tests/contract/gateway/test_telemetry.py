"""One contract for every telemetry store: what is written can be read back, once."""

import json
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from shutil import which

import duckdb
import pytest

from gateway.errors import TelemetryError
from gateway.ports import Bucket, Point, TelemetryQuery, TelemetrySink
from gateway.telemetry.embedded import EmbeddedTelemetry
from gateway.telemetry.influx import InfluxTelemetry, line
from gateway.telemetry.memory import MemoryTelemetry
from gateway.telemetry.parquet import export_parquet
from gateway.telemetry.victoria import VictoriaTelemetry
from gateway.telemetry.writer import TelemetryWriter
from runtime.backoff import Backoff

Read = Callable[[str, str, int, int], list[Point]]
Store = tuple[TelemetrySink, Read]
Query = tuple[TelemetryQuery, Callable[[Sequence[Point]], None]]

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


DAY_US = 86_400_000_000
DAY = NOW_US // DAY_US * DAY_US - 3 * DAY_US


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


def test_day_is_rolled_up_only_when_the_next_one_is_an_hour_old(tmp_path: Path) -> None:
    """What comes a little late over midnight makes no roll-up twice."""
    store = EmbeddedTelemetry(tmp_path / "t.sqlite")
    store.write(_points_at(DAY + DAY_US - 1))
    done = []
    for later_us in (0, 3_599_000_000, 3_600_000_000):
        store.write(_points_at(DAY + DAY_US + later_us))
        done.append(store.tend())
    store.close()

    assert done == [False, False, True]


def _points_at(at_us: int) -> list[Point]:
    return [Point("d", "x_m", at_us, 1.0)]


def test_roll_ups_outlive_the_values(tmp_path: Path) -> None:
    """After the values of a day are dropped its minutes and hours are still told."""
    store = EmbeddedTelemetry(tmp_path / "t.sqlite", retention_days=2)
    store.write([Point("d", "x_m", DAY + n * 1_000_000, float(n)) for n in range(120)])
    store.write([Point("d", "x_m", DAY + 3 * DAY_US, 1.0)])
    values = store.read("d", "x_m", from_us=DAY, to_us=DAY + DAY_US)
    minutes = store.summarise("d", "x_m", from_us=DAY, to_us=DAY + DAY_US, step_s=60)
    store.close()

    assert values == []
    assert [(b.n, b.minimum, b.maximum) for b in minutes] == [(60, 0.0, 59.0), (60, 60.0, 119.0)]


def test_first_version_of_the_store_is_brought_over(tmp_path: Path) -> None:
    """A store that an earlier gateway wrote keeps its values."""
    path = tmp_path / "t.sqlite"
    day = DAY // DAY_US
    with closing(sqlite3.connect(path)) as old:
        old.execute(
            f'CREATE TABLE "points_{day}" (device TEXT NOT NULL, metric TEXT NOT NULL, '
            "at_us INTEGER NOT NULL, value NOT NULL, PRIMARY KEY (device, metric, at_us)) "
            "WITHOUT ROWID"
        )
        old.execute(f'INSERT INTO "points_{day}" VALUES (?,?,?,?)', ("d", "x_m", DAY, 1.5))
        old.execute("PRAGMA user_version=1")
        old.commit()
    store = EmbeddedTelemetry(path)
    found = store.read("d", "x_m", from_us=DAY, to_us=DAY + 1)
    store.close()

    assert found == [Point("d", "x_m", DAY, 1.5)]


def test_parquet_file_is_what_duckdb_reads(tmp_path: Path) -> None:
    """Another program reads the same values, flags as numbers, texts as texts."""
    store = EmbeddedTelemetry(tmp_path / "t.sqlite")
    store.write([Point("d", "x_m", DAY + n * 1_000_000, n / 4) for n in range(1_000)])
    store.write([Point("d", "open", DAY, True), Point("n", "source", DAY + DAY_US, "works")])
    target = tmp_path / "out.parquet"
    rows = export_parquet(store, target, from_us=0, to_us=DAY + 3 * DAY_US)
    store.close()
    with duckdb.connect() as db:
        found = db.execute(
            f"SELECT device, metric, count(*), sum(value), max(text), "
            f"epoch_us(min(observed_at)) FROM '{target}' GROUP BY ALL ORDER BY ALL"
        ).fetchall()

    assert rows == 1_002
    assert found == [
        ("d", "open", 1, 1.0, None, DAY),
        ("d", "x_m", 1_000, 124_875.0, None, DAY),
        ("n", "source", 1, None, "works", DAY + DAY_US),
    ]


def test_parquet_file_holds_only_what_was_asked_for(tmp_path: Path) -> None:
    """Range, device and metric narrow the export; the end is not included."""
    store = EmbeddedTelemetry(tmp_path / "t.sqlite")
    for device in ("a", "b"):
        store.write([Point(device, "x_m", DAY + n * 1_000_000, 1.0) for n in range(10)])
    counts = [
        export_parquet(
            store, tmp_path / "o.parquet", from_us=DAY, to_us=DAY + 5_000_000, device=one
        )
        for one in ("a", None)
    ]
    store.close()

    assert counts == [5, 10]


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
        self.counters: Counter[str] = Counter()
        self.waiting = 0
        self.points: list[Point] = []

    def write(self, points: Sequence[Point]) -> None:
        if not self.up:
            raise TelemetryError("down")
        self.points.extend(points)

    def tend(self) -> bool:
        return False

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

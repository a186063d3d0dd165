"""What is staged and what is merged are one store to whoever reads, in whatever order both happen."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import TelemetryError
from gateway.ports import Point
from gateway.telemetry import embedded, staging
from gateway.telemetry.embedded import EmbeddedTelemetry
from gateway.telemetry.memory import MemoryTelemetry
from tests.contract.gateway.victoria_metrics import DAY, DAY_US

_END = DAY + 4 * DAY_US


@pytest.fixture(scope="module", autouse=True)
def _small() -> Iterator[None]:
    """Let a few values be much."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staging, "_LEAST", 6)
        patch.setattr(staging, "_PER_SERIES", 1)
        patch.setattr(staging, "_MOST", 12)
        patch.setattr(staging, "_MOST_PER_SERIES", 2)
        patch.setattr(staging, "_AT_ONCE", 4)
        patch.setattr(staging, "SHELF", 2)
        patch.setattr(embedded, "SHELF", 2)
        patch.setattr(embedded, "_DENSE", 3)
        yield


_POINTS = st.builds(
    Point,
    st.sampled_from([f"d-{number}" for number in range(3)]),
    st.sampled_from(["x", "y"]),
    # few moments of three days, so that many are told twice
    st.builds(
        lambda day, second: DAY + day * DAY_US + second * 40_000_000,
        st.integers(0, 2),
        st.integers(0, 5),
    ),
    st.one_of(st.integers(-3, 3).map(float), st.booleans(), st.sampled_from(["on", "off"])),
)
_WRITES = st.lists(
    st.tuples(st.lists(_POINTS, min_size=1, max_size=9), st.integers(0, 3)), max_size=8
)


def _told(points: list[Point]) -> list[tuple[object, ...]]:
    # SQLite has no truth, only 1 and 0
    return [(*p[:3], int(p.value) if isinstance(p.value, bool) else p.value) for p in points]


@settings(max_examples=20, deadline=None)
@given(writes=_WRITES, rest=st.booleans())
def test_store_tells_the_same_however_much_is_merged(
    writes: list[tuple[list[Point], int]], rest: bool
) -> None:
    """Values, steps and an export are those of a store that keeps everything in one table."""
    memory = MemoryTelemetry()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "t.sqlite"
        store = EmbeddedTelemetry(path, retention_days=0)
        for points, tends in writes:
            store.write(points)
            memory.write(points)
            for _ in range(tends):
                store.tend()
        while rest and store.tend():
            pass
        other = EmbeddedTelemetry(path, read_only=True)
        for reader in (store, other):
            scanned: list[Point] = []
            for day in reader.day_numbers():
                scanned += reader.scan(day)
            written: list[Point] = []
            for device in ("d-0", "d-1", "d-2"):
                for metric in reader.metrics(device):
                    asked = {"from_us": DAY, "to_us": _END}
                    expected = memory.read(device, metric, from_us=DAY, to_us=_END)
                    written += expected

                    assert _told(reader.read(device, metric, **asked)) == _told(expected)
                    assert _told(reader.read(device, metric, **asked, limit=3)) == _told(
                        expected[:3]
                    )
                    for step_s in (45, 60, 3_600):
                        assert reader.summarise(
                            device, metric, **asked, step_s=step_s
                        ) == memory.summarise(device, metric, **asked, step_s=step_s)
            assert sorted(_told(scanned), key=str) == sorted(_told(written), key=str)
        other.close()
        store.close()


def test_flood_is_merged_while_it_lasts(tmp_path: Path) -> None:
    """Where nobody ever finds time for upkeep, what is staged stays bounded."""
    store = EmbeddedTelemetry(tmp_path / "t.sqlite")
    for number in range(200):
        store.write([Point("d", "x", DAY + number * 1_000_000, float(number))])
    with closing(sqlite3.connect(tmp_path / "t.sqlite")) as file:
        (staged,) = file.execute("SELECT sum(n) FROM staged").fetchone()
    store.close()

    assert 0 < staged <= 12


def test_what_is_staged_outlives_a_restart_and_is_merged_then(tmp_path: Path) -> None:
    """A store that is opened again goes on where the last one ended."""
    store = EmbeddedTelemetry(tmp_path / "t.sqlite")
    store.write([Point(f"d-{n % 3}", "x", DAY + n, float(n)) for n in range(6)])
    store.close()
    store = EmbeddedTelemetry(tmp_path / "t.sqlite")
    while store.tend():
        pass
    merged = store.counters["merged"]
    found = store.read("d-1", "x", from_us=DAY, to_us=_END)
    store.close()

    assert merged == 6
    assert [point.value for point in found] == [1.0, 4.0]


def test_store_of_the_second_version_is_read_and_brought_over(tmp_path: Path) -> None:
    """A file without a place for staged values is read as it is; the gateway gives it one."""
    path = tmp_path / "t.sqlite"
    store = EmbeddedTelemetry(path)
    store.write([Point("d", "x", DAY + n, float(n)) for n in range(7)])
    while store.tend():
        pass
    store.close()
    with closing(sqlite3.connect(path)) as file:
        file.execute("DROP TABLE staged")
        file.execute("PRAGMA user_version=2")
    reader = EmbeddedTelemetry(path, read_only=True)
    before = reader.read("d", "x", from_us=DAY, to_us=_END)
    exported = list(reader.scan(DAY // DAY_US))
    reader.close()
    store = EmbeddedTelemetry(path)
    store.write([Point("d", "x", DAY + 7, 7.0)])
    after = store.read("d", "x", from_us=DAY, to_us=_END)
    store.close()

    assert len(before) == 7
    assert before == exported
    assert [*before, Point("d", "x", DAY + 7, 7.0)] == after


def test_batch_that_could_not_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    """After an error in the middle everything is as before it, and the same batch can be written again."""
    path = tmp_path / "t.sqlite"
    store = EmbeddedTelemetry(path)
    for n in range(11):
        store.write([Point("d", "x", DAY + n, float(n))])
    with closing(sqlite3.connect(path)) as file:
        file.execute(
            f'CREATE TRIGGER full BEFORE INSERT ON "raw_{DAY // DAY_US}" '
            "BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
    batch = [Point("d", "x", DAY + 11, 11.0), Point("e", "x", DAY, 1.0)]
    with pytest.raises(TelemetryError, match="no room"):
        store.write(batch)
    between = store.read("d", "x", from_us=DAY, to_us=_END)
    with closing(sqlite3.connect(path)) as file:
        file.execute("DROP TRIGGER full")
    store.write(batch)
    after = store.read("d", "x", from_us=DAY, to_us=_END)
    other = store.read("e", "x", from_us=DAY, to_us=_END)
    store.close()

    assert [point.value for point in between] == [float(n) for n in range(11)]
    assert [point.value for point in after] == [float(n) for n in range(12)]
    assert other == batch[1:]


def test_sensors_that_are_new_after_a_restart_get_numbers_of_their_own(tmp_path: Path) -> None:
    """A store that is opened again knows its sensors, and takes none for another."""
    points = [Point(f"d-{n}", "x", DAY, float(n)) for n in range(6)]
    for written in (points[:4], points[2:]):
        store = EmbeddedTelemetry(tmp_path / "t.sqlite")
        store.write(written)
        found = [store.read(f"d-{n}", "x", from_us=DAY, to_us=_END) for n in range(6)]
        store.close()

    assert [[point] for point in points] == found

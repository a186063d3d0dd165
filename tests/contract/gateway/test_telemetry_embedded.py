"""The embedded store: roll-ups, retention, its first version, reopening."""

import sqlite3
from contextlib import closing
from pathlib import Path

from gateway.ports import Point
from gateway.telemetry.embedded import EmbeddedTelemetry
from tests.contract.gateway.victoria_metrics import DAY, DAY_US, NOW_US, seconds_of


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


def test_of_two_values_of_a_moment_the_later_counts(tmp_path: Path) -> None:
    """Within a batch too, whatever their types."""
    store = EmbeddedTelemetry(tmp_path / "t.sqlite")
    store.write([Point("d", "x", NOW_US, value) for value in (2.0, "off", 1.0, "on")])
    found = store.read("d", "x", from_us=0, to_us=NOW_US + 1)
    store.close()

    assert [point.value for point in found] == ["on"]


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
        store.write(seconds_of("d"))
        found = list(store.read("d", "depth_m", from_us=0, to_us=NOW_US))
        store.close()

    assert found == seconds_of("d")

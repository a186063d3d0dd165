"""What others read of the telemetry: Parquet files, line protocol."""

from pathlib import Path

import duckdb

from gateway.ports import Point
from gateway.telemetry.embedded import EmbeddedTelemetry
from gateway.telemetry.influx import line
from gateway.telemetry.parquet import export_parquet
from tests.contract.gateway.victoria_metrics import DAY, DAY_US


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


def test_line_protocol_escapes_what_would_break_a_line() -> None:
    """Separators in names and texts stay inside them."""
    point = Point("a b,c=d", "m n", 7, 'say "hi"\\\nthere')

    assert line(point) == 'cityloop,device=a\\ b\\,c\\=d m\\ n="say \\"hi\\"\\\\\\nthere" 7'

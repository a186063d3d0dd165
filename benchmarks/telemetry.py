"""The embedded telemetry store: how fast it takes a city's values, and one sensor's day out of many.

Every batch holds one value of every sensor, as they come in live: the worst order for a table that
is sorted by sensor. What is read is warm, for a person looks at a curve more than once, except for
``day_of_values_cold_ms``: by a store just opened, whose file is not in the system's memory.
"""

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from gateway.ports import Point
from gateway.telemetry.embedded import EmbeddedTelemetry

__all__ = ["main"]

_DAY_US = 86_400_000_000
_START_US = 20_000 * _DAY_US
_CADENCE_S = 10
_READS = 21


def _fill(store: EmbeddedTelemetry, rows: int, points: int) -> tuple[int, float]:
    """Write one value of each sensor every ten seconds of two days; return sensors and seconds."""
    moments = 2 * 86_400 // _CADENCE_S
    sensors = max(1, rows // moments)
    names = [f"sensor-{number:06d}" for number in range(sensors)]
    started = time.perf_counter()
    written, batch = 0, []
    for moment in range(moments):
        at_us = _START_US + moment * _CADENCE_S * 1_000_000
        value = moment % 97 / 100
        batch.extend([Point(name, "depth_m", at_us, value) for name in names])
        if len(batch) >= points:
            store.write(batch)
            written += len(batch)
            if written % 1_000_000 < len(batch):
                print(f"\r{written:,} rows", end="", file=sys.stderr)
            batch = []
    store.write(batch)
    return sensors, time.perf_counter() - started


def _cold_read(path: Path, device: str) -> float:
    """Return the seconds that a sensor's day takes from the disk, opening not counted."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    store = EmbeddedTelemetry(path, read_only=True)
    second = _START_US + _DAY_US
    began = time.perf_counter()
    values = store.read(device, "depth_m", from_us=second, to_us=second + _DAY_US)
    taken_s = time.perf_counter() - began
    store.close()
    assert len(values) == 86_400 // _CADENCE_S
    return taken_s


def _times(reads: list[float]) -> tuple[float, float]:
    return median(reads) * 1e3, max(reads) * 1e3


def run(rows: int, batch: int, folder: Path) -> dict[str, float | int]:
    """Return the figures of one store of about ``rows`` rows."""
    path = folder / "telemetry.sqlite"
    store = EmbeddedTelemetry(path, retention_days=0)
    begun_s = time.process_time()
    sensors, fill_s = _fill(store, rows, batch)
    fill_cpu_s = time.process_time() - begun_s
    stored = sensors * (2 * 86_400 // _CADENCE_S)
    started = time.perf_counter()
    longest_s, pieces = 0.0, 0
    while True:
        piece = time.perf_counter()
        if not store.tend():
            break
        pieces += 1
        longest_s = max(longest_s, time.perf_counter() - piece)
    roll_s = time.perf_counter() - started
    reads: dict[str, list[float]] = {"values": [], "minutes": [], "rolled": []}
    cpu_s = dict.fromkeys(reads, 0.0)
    for number in range(_READS):
        device = f"sensor-{number * 7919 % sensors:06d}"
        second = _START_US + _DAY_US
        began, used_s = time.perf_counter(), time.process_time()
        values = store.read(device, "depth_m", from_us=second, to_us=second + _DAY_US)
        reads["values"].append(time.perf_counter() - began)
        cpu_s["values"] += time.process_time() - used_s
        assert len(values) == 86_400 // _CADENCE_S
        for name, start in (("minutes", second), ("rolled", _START_US)):
            began, used_s = time.perf_counter(), time.process_time()
            buckets = store.summarise(
                device, "depth_m", from_us=start, to_us=start + _DAY_US, step_s=60
            )
            reads[name].append(time.perf_counter() - began)
            cpu_s[name] += time.process_time() - used_s
            assert len(buckets) == 1_440
    store.close()
    reads["cold"] = [_cold_read(path, f"sensor-{n * 104_729 % sensors:06d}") for n in range(5)]
    size = sum(file.stat().st_size for file in folder.iterdir())
    figures: dict[str, float | int] = {
        "rows": stored,
        "batch": batch,
        "sensors": sensors,
        "write_rows_per_s": round(stored / fill_s),
        "write_cpu_us_per_row": round(fill_cpu_s / stored * 1e6, 2),
        "bytes_per_row": round(size / stored, 1),
        "rollup_rows_per_s": round(stored / 2 / roll_s),
        "rollup_longest_piece_ms": round(longest_s * 1e3, 1),
        "rollup_pieces": pieces,
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    for name, label in (
        ("values", "day_of_values_ms"),
        ("cold", "day_of_values_cold_ms"),
        ("minutes", "day_of_minutes_ms"),
        ("rolled", "day_of_rolled_minutes_ms"),
    ):
        middle, worst = _times(reads[name])
        figures[label] = round(middle, 2)
        if name in cpu_s:
            figures[f"{label}_cpu"] = round(cpu_s[name] / _READS * 1e3, 2)
        figures[f"{label}_worst"] = round(worst, 2)
    return figures


def main(*, as_json: bool, rows: int = 2_000_000, batch: int = 10_000) -> None:
    """Fill a store, read one sensor's day from it, print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        figures = run(rows, batch, Path(folder))
    for name, value in figures.items():
        print(f"{name:32} {value:>14,}")
    if as_json:
        print(json.dumps(figures))

"""Telemetry as a Parquet file, for DuckDB, pandas and Spark."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.ports import Point
from gateway.telemetry.embedded import EmbeddedTelemetry

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["export_parquet"]

_ROWS_PER_GROUP = 250_000
_DAY_US = 86_400_000_000


def export_parquet(
    store: EmbeddedTelemetry,
    target: Path,
    *,
    from_us: int,
    to_us: int,
    device: str | None = None,
    metric: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write the values in [from_us, to_us) to a file; return how many rows.

    Columns: ``device`` and ``metric`` (dictionary-encoded text), ``observed_at`` (timestamp, microseconds,
    UTC), ``value`` (double; flags are 1 and 0, null for texts), ``text`` (null for numbers). The
    file appears under its name only when it is whole.

    Args:
        store: the store; may be written by a gateway meanwhile.
        target: the file; one that is there is replaced.
        from_us: first moment, microseconds since 1970 UTC.
        to_us: end, not included.
        device: only this one; None for all.
        metric: only this one; None for all.
        progress: called with the rows written so far.
    """
    import pyarrow as pa  # noqa: PLC0415 - optional extra
    from pyarrow import parquet  # noqa: PLC0415

    schema = pa.schema(
        [
            ("device", pa.dictionary(pa.int32(), pa.string())),
            ("metric", pa.dictionary(pa.int32(), pa.string())),
            ("observed_at", pa.timestamp("us", tz="UTC")),
            ("value", pa.float64()),
            ("text", pa.string()),
        ]
    )
    unfinished = target.with_name(target.name + ".part")
    points = _selected(store, from_us, to_us, device, metric)
    rows = 0
    try:
        with parquet.ParquetWriter(unfinished, schema, compression="zstd") as writer:
            while group := list(islice(points, _ROWS_PER_GROUP)):
                writer.write_table(_table(group, schema))
                rows += len(group)
                if progress is not None:
                    progress(rows)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return rows


def _selected(
    store: EmbeddedTelemetry, from_us: int, to_us: int, device: str | None, metric: str | None
) -> Iterator[Point]:
    for day in store.day_numbers():
        if not from_us // _DAY_US <= day <= to_us // _DAY_US:
            continue
        if device is not None:
            names = [metric] if metric is not None else store.metrics(device)
            span = max(from_us, day * _DAY_US), min(to_us, (day + 1) * _DAY_US)
            for name in names:
                yield from store.read(device, name, from_us=span[0], to_us=span[1], limit=2**62)
            continue
        for point in store.scan(day):
            if from_us <= point.at_us < to_us and metric in {None, point.metric}:
                yield point


def _table(points: Sequence[Point], schema: "pa.Schema") -> "pa.Table":
    import pyarrow as pa  # noqa: PLC0415 - optional extra

    texts = [point.value if isinstance(point.value, str) else None for point in points]
    numbers = [None if isinstance(p.value, str) else float(p.value) for p in points]
    return pa.Table.from_arrays(
        [
            pa.array([p.device for p in points]).dictionary_encode(),
            pa.array([p.metric for p in points]).dictionary_encode(),
            pa.array([p.at_us for p in points], pa.timestamp("us", tz="UTC")),
            pa.array(numbers, pa.float64()),
            pa.array(texts, pa.string()),
        ],
        schema=schema,
    )

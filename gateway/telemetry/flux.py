"""Reading values back from an InfluxDB 2 server by Flux.

Written against the Flux 0.x reference and influxdb-client; **not run against a server**: none was
to be had. The queries are held to the compiler, the reading of answers to the reference's examples.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.client.influxdb_client import InfluxDBClient
from urllib3.exceptions import HTTPError

from contracts.readings import moment
from gateway.errors import TelemetryError
from gateway.ports import Bucket, Point

__all__ = ["FluxTelemetry", "metrics_query", "read_query", "summary_query"]

_MEASUREMENT = "cityloop"


def _text(value: str) -> str:
    """Return a Flux string literal. Source: Flux specification, "String literals"."""
    return json.dumps(value, ensure_ascii=False).replace("${", "\\${")


def _range(bucket: str, from_us: int, to_us: int) -> str:
    start, stop = (moment(us / 1e6).isoformat().replace("+00:00", "Z") for us in (from_us, to_us))
    return f"from(bucket: {_text(bucket)}) |> range(start: {start}, stop: {stop})"


def _series(device: str, metric: str) -> str:
    return (
        f"|> filter(fn: (r) => r._measurement == {_text(_MEASUREMENT)} "
        f"and r.device == {_text(device)} and r._field == {_text(metric)})"
    )


def read_query(
    bucket: str, device: str, metric: str, *, from_us: int, to_us: int, limit: int
) -> str:
    """Return the query for single values."""
    return (
        f"{_range(bucket, from_us, to_us)} {_series(device, metric)} "
        f'|> sort(columns: ["_time"]) |> limit(n: {limit})'
    )


def summary_query(
    bucket: str, device: str, metric: str, *, from_us: int, to_us: int, step_s: int
) -> str:
    """Return the query for steps: one table each for count, min, max and sum."""
    source = f"data = {_range(bucket, from_us, to_us)} {_series(device, metric)}"
    tables = ", ".join(
        f"data |> aggregateWindow(every: {step_s}s, fn: {fn}, createEmpty: false, "
        f'timeSrc: "_start") |> toFloat() |> set(key: "what", value: "{fn}")'
        for fn in ("count", "min", "max", "sum")
    )
    return f"{source}\nunion(tables: [{tables}])"


def metrics_query(bucket: str, device: str) -> str:
    """Return the query for the names of what a device has reported."""
    return (
        f'import "influxdata/influxdb/schema"\nschema.tagValues(bucket: {_text(bucket)}, '
        f'tag: "_field", predicate: (r) => r._measurement == {_text(_MEASUREMENT)} '
        f"and r.device == {_text(device)}, start: 1970-01-01T00:00:00Z)"
    )


class FluxTelemetry:
    """A bucket of an InfluxDB 2 server, for reading.

    Args:
        url: base of the server.
        token: API token with read access to the bucket.
        org: organisation that owns the bucket.
        bucket: name of the bucket.
        timeout_s: seconds after which a query counts as failed.
    """

    def __init__(
        self, *, url: str, token: str, org: str, bucket: str, timeout_s: float = 5.0
    ) -> None:
        self._url = url
        self._org = org
        self._bucket = bucket
        self._client = InfluxDBClient(url=url, token=token, org=org, timeout=int(timeout_s * 1000))
        self._api = self._client.query_api()

    def _records(self, query: str) -> list[dict[str, Any]]:
        try:
            tables = self._api.query(query, org=self._org)
        except (InfluxDBError, HTTPError, OSError) as error:
            raise TelemetryError(
                f"{self._url}: bucket {self._bucket!r} was not read: {type(error).__name__}: "
                f"{str(error)[:200]}; check the server and the token"
            ) from error
        return [record.values for table in tables for record in table.records]

    def read(
        self, device: str, metric: str, *, from_us: int, to_us: int, limit: int = 100_000
    ) -> Sequence[Point]:
        """Return a device's values of one metric in [from_us, to_us), oldest first."""
        query = read_query(self._bucket, device, metric, from_us=from_us, to_us=to_us, limit=limit)
        return [
            Point(device, metric, _microseconds(values["_time"]), values["_value"])
            for values in self._records(query)
        ]

    def summarise(
        self, device: str, metric: str, *, from_us: int, to_us: int, step_s: int
    ) -> Sequence[Bucket]:
        """Return count, minimum, maximum and mean per step, oldest first."""
        step_us = step_s * 1_000_000
        query = summary_query(
            self._bucket,
            device,
            metric,
            from_us=from_us // step_us * step_us,
            to_us=-(-to_us // step_us) * step_us,
            step_s=step_s,
        )
        found: dict[int, dict[str, float]] = {}
        for values in self._records(query):
            found.setdefault(_microseconds(values["_time"]), {})[values["what"]] = values["_value"]
        return [
            Bucket(at_us, int(one["count"]), one["min"], one["max"], one["sum"])
            for at_us, one in sorted(found.items())
        ]

    def metrics(self, device: str) -> Sequence[str]:
        """Return the names of what a device has reported, sorted."""
        return sorted(
            values["_value"] for values in self._records(metrics_query(self._bucket, device))
        )

    def close(self) -> None:
        """Give up the connection."""
        self._client.close()  # type: ignore[no-untyped-call] # the client is only partly typed


def _microseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)

"""Telemetry into an InfluxDB 2 write API (InfluxDB, VictoriaMetrics) through influxdb-client."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from urllib3.exceptions import HTTPError

from gateway.errors import TelemetryError
from gateway.ports import Point

__all__ = ["InfluxTelemetry", "line"]

_MICROSECONDS: Any = "us"
"""The client types a precision as a class and means one of its texts."""
_MEASUREMENT = "cityloop"
_TAG_ESCAPES = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ ", "\n": "\\n"})
_TEXT_ESCAPES = str.maketrans({'"': '\\"', "\\": "\\\\", "\n": "\\n"})


def line(point: Point) -> str:
    """Return a point in line protocol: ``cityloop,device=D metric=value microseconds``.

    Flags are written as the numbers 1 and 0, so that every store that speaks the protocol draws
    them; texts as strings. Source: InfluxDB line protocol reference.
    """
    if isinstance(point.value, str):
        value = f'"{point.value.translate(_TEXT_ESCAPES)}"'
    else:
        value = repr(float(point.value))
    device = point.device.translate(_TAG_ESCAPES)
    metric = point.metric.translate(_TAG_ESCAPES)
    return f"{_MEASUREMENT},device={device} {metric}={value} {point.at_us}"


class InfluxTelemetry:
    """A bucket of an InfluxDB 2 server.

    Args:
        url: base of the server, for example ``http://127.0.0.1:8086``.
        token: API token with write access to the bucket.
        org: organisation that owns the bucket.
        bucket: name of the bucket.
        timeout_s: seconds after which a write counts as failed.
        texts: whether texts are written; VictoriaMetrics would keep each as a 0.
    """

    def __init__(
        self,
        *,
        url: str,
        token: str,
        org: str,
        bucket: str,
        timeout_s: float = 5.0,
        texts: bool = True,
    ) -> None:
        self._texts = texts
        self._url = url
        self._org = org
        self.counters: Counter[str] = Counter()
        self.waiting = 0
        self._bucket = bucket
        self._client = InfluxDBClient(
            url=url, token=token, org=org, timeout=int(timeout_s * 1000), enable_gzip=True
        )
        self._api = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, points: Sequence[Point]) -> None:
        """Store a batch with one request; the writer above decides about repeating it.

        Raises:
            TelemetryError: the server did not take it.
        """
        if not self._texts:
            points = [point for point in points if not isinstance(point.value, str)]
        if not points:
            return
        body = "\n".join(map(line, points))
        try:
            self._api.write(
                bucket=self._bucket, org=self._org, record=body, write_precision=_MICROSECONDS
            )
        except (InfluxDBError, HTTPError, OSError) as error:
            raise TelemetryError(
                f"{self._url}: bucket {self._bucket!r} did not take {len(points)} points: "
                f"{type(error).__name__}: {str(error)[:200]}; check the server and the token"
            ) from error

    def tend(self) -> bool:
        """Do nothing: the server keeps house itself."""
        return False

    def close(self) -> None:
        """Give up the connection."""
        self._api.close()  # type: ignore[no-untyped-call] # the client is only partly typed
        self._client.close()  # type: ignore[no-untyped-call]

"""Reading values back from VictoriaMetrics, which takes InfluxDB 2 writes and has no Flux.

Source: VictoriaMetrics documentation, "/api/v1/export" and "/api/v1/labels". It keeps milliseconds,
numbers only, and names a metric ``cityloop_{field}``.
"""

import json
from collections.abc import Sequence

import httpx
import msgspec

from gateway.errors import TelemetryError
from gateway.ports import Bucket, Point

__all__ = ["VictoriaTelemetry"]

_PREFIX = "cityloop_"
_MOST = 5_000_000
"""Values of one answer that are looked at."""


class _Series(msgspec.Struct):
    values: list[float | None]
    timestamps: list[int]


class _Labels(msgspec.Struct):
    data: list[str]


class VictoriaTelemetry:
    """A VictoriaMetrics server, for reading.

    Args:
        url: base of the server.
        timeout_s: seconds after which a request counts as failed.
        transport: httpx transport; None uses the network.
    """

    def __init__(
        self, *, url: str, timeout_s: float = 5.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._url = url.rstrip("/")
        self._client = httpx.Client(timeout=timeout_s, transport=transport)

    def _get(self, path: str, query: dict[str, str]) -> bytes:
        try:
            return self._client.get(f"{self._url}{path}", params=query).raise_for_status().content
        except httpx.HTTPError as error:
            raise TelemetryError(
                f"{self._url}{path}: {type(error).__name__}: {error}; check the server"
            ) from error

    def _points(
        self, device: str, metric: str, from_us: int, to_us: int, limit: int
    ) -> list[tuple[int, float]]:
        """Return moments in microseconds and values, oldest first."""
        name = json.dumps(_PREFIX + metric, ensure_ascii=False)
        query = {
            "match[]": f"{{__name__={name},device={json.dumps(device, ensure_ascii=False)}}}",
            # both ends are included there, and here the end is not
            "start": f"{-(-from_us // 1_000) / 1e3:.3f}",
            "end": f"{(-(-to_us // 1_000) - 1) / 1e3:.3f}",
        }
        found: dict[int, float] = {}
        try:
            for line in self._get("/api/v1/export", query).splitlines():
                series = msgspec.json.decode(line, type=_Series)
                for value, at_ms in zip(series.values, series.timestamps, strict=True):
                    if value is not None:
                        found[at_ms * 1_000] = value
        except (msgspec.DecodeError, ValueError) as error:
            raise TelemetryError(f"{self._url}: an answer could not be read: {error}") from error
        return sorted(found.items())[:limit]

    def read(
        self, device: str, metric: str, *, from_us: int, to_us: int, limit: int = 100_000
    ) -> Sequence[Point]:
        """Return a device's values of one metric in [from_us, to_us), oldest first."""
        return [
            Point(device, metric, at_us, value)
            for at_us, value in self._points(device, metric, from_us, to_us, limit)
        ]

    def summarise(
        self, device: str, metric: str, *, from_us: int, to_us: int, step_s: int
    ) -> Sequence[Bucket]:
        """Return count, minimum, maximum and mean per step, oldest first; made of the values."""
        step_us = step_s * 1_000_000
        first_us, last_us = from_us // step_us * step_us, -(-to_us // step_us) * step_us
        found: dict[int, Bucket] = {}
        for at_us, value in self._points(device, metric, first_us, last_us, _MOST):
            one = Bucket(at_us // step_us * step_us, 1, value, value, value)
            other = found.get(one.at_us)
            found[one.at_us] = one if other is None else one.merged(other)
        return [found[at_us] for at_us in sorted(found)]

    def metrics(self, device: str) -> Sequence[str]:
        """Return the names of what a device has reported, sorted."""
        query = {"match[]": f"{{device={json.dumps(device, ensure_ascii=False)}}}", "start": "0"}
        content = self._get("/api/v1/label/__name__/values", query)
        try:
            names = msgspec.json.decode(content, type=_Labels).data
        except msgspec.DecodeError as error:
            raise TelemetryError(f"{self._url}: an answer could not be read: {error}") from error
        return sorted(name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX))

    def close(self) -> None:
        """Give up the connection."""
        self._client.close()

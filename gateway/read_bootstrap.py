"""The wiring of the read API: which store values are read back from, and who may ask."""

from collections.abc import Callable
from pathlib import Path

from gateway.bootstrap import StatePaths, read_token
from gateway.config import EmbeddedTelemetryConfig, GatewayConfig, InfluxConfig, MetricsConfig
from gateway.ports import TelemetryQuery
from gateway.read_api import ReadApi
from gateway.service import Gateway

__all__ = ["read_api"]


def _query(config: GatewayConfig, closers: list[Callable[[], None]]) -> TelemetryQuery | None:
    """Return what values are read back from: a connection of its own, beside the writer's."""
    store = config.telemetry.store
    if isinstance(store, EmbeddedTelemetryConfig):
        from gateway.telemetry.embedded import EmbeddedTelemetry  # noqa: PLC0415 - only if chosen

        path = StatePaths(config.state_dir).telemetry
        reader = EmbeddedTelemetry(path, read_only=True)
        closers.append(reader.close)
        return reader
    if isinstance(store, InfluxConfig) and store.query == "victoria":
        from gateway.telemetry.victoria import VictoriaTelemetry  # noqa: PLC0415 - only if chosen

        victoria = VictoriaTelemetry(url=store.url, timeout_s=store.timeout_s)
        closers.append(victoria.close)
        return victoria
    if isinstance(store, InfluxConfig):
        from gateway.telemetry.flux import FluxTelemetry  # noqa: PLC0415 - half a second to import

        flux = FluxTelemetry(
            url=store.url,
            token=read_token(store),
            org=store.org,
            bucket=store.bucket,
            timeout_s=store.timeout_s,
        )
        closers.append(flux.close)
        return flux
    return None


def read_api(config: GatewayConfig, gateway: Gateway) -> ReadApi:
    """Return the read API of a gateway that was built; closed with it."""
    metrics = config.metrics or MetricsConfig()
    return ReadApi(
        gateway.host.registry,
        _query(config, gateway.closers),
        gateway.outbox,
        lambda: gateway.host.packs,
        gateway.clock.now,
        host=metrics.host,
        key_file=None if metrics.api_key_file is None else Path(metrics.api_key_file),
    )

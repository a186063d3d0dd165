"""Where traces go: an OTLP collector, or the terminal."""

import sys

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SpanExporter

from gateway.config import TracingConfig
from gateway.tracing import EventTracer, make_tracer

__all__ = ["build_tracer"]


def build_tracer(config: TracingConfig, gateway: str) -> EventTracer:
    """Return the tracer of a gateway; it exports from a thread of its own."""
    exporter: SpanExporter
    if config.exporter == "console":
        exporter = ConsoleSpanExporter(out=sys.stdout)
    else:
        # headers (a collector's key) come from OTEL_EXPORTER_OTLP_HEADERS, as everywhere
        exporter = OTLPSpanExporter(endpoint=config.endpoint, timeout=config.timeout_s)
    return make_tracer(exporter, gateway)

"""Traces: a trace is an episode, found by its event id."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from uuid import UUID

import msgspec
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from contracts.event import Event
from gateway.config import TracingConfig
from gateway.event_outbox import EventState
from gateway.tracing import EventTracer, TracedOutbox, span_id
from gateway.tracing_exporter import build_tracer
from tests.unit.contracts.test_examples import example
from tests.unit.gateway.city import START, City, pressed, topic


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Yield a place for spans."""
    exporter = InMemorySpanExporter()
    yield exporter
    exporter.shutdown()


def _by_name(spans: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in spans.get_finished_spans()}


def _event() -> tuple[Event, bytes]:
    body = example("event.v1")
    return msgspec.json.decode(body, type=Event), body


@pytest.fixture
def outbox(spans: InMemorySpanExporter, tmp_path: Path) -> Iterator[TracedOutbox]:
    """Yield an outbox on a clock that stands at 24, 27, 30 ms after sending, and then stays."""
    tracer = EventTracer(SimpleSpanProcessor(spans), "gw")
    event, _ = _event()
    sent_at = event.cause.sent_at
    assert sent_at is not None
    moments = [sent_at + timedelta(milliseconds=after) for after in (30, 27, 24)]
    made = TracedOutbox(
        tmp_path / "o.sqlite", tracer, lambda: moments.pop() if len(moments) > 1 else moments[0]
    )
    yield made
    made.close()
    tracer.close()


def test_statement_is_traced_from_the_box_to_the_outbox(
    outbox: TracedOutbox, spans: InMemorySpanExporter
) -> None:
    """Hub, journal, rules and outbox follow one another and carry the message's id."""
    event, body = _event()
    assert event.cause.sent_at is not None
    arrived = event.cause.sent_at + timedelta(milliseconds=20)
    outbox.journalled(arrived)
    outbox.judged()
    # a batch is stored in a later step than the one that it arrived in
    outbox.put([(event.event_id, event.rev, body)], arrived + timedelta(milliseconds=8))
    found = _by_name(spans)
    root = found[f"{event.rule} {event.phase.value}"]
    stages = [found[name] for name in ("hub", "journal", "rules", "outbox")]
    lengths = [((span.end_time or 0) - (span.start_time or 0)) // 1_000_000 for span in stages]

    assert lengths == [20, 4, 3, 3]
    assert [span.start_time for span in stages[1:]] == [span.end_time for span in stages[:-1]]
    assert (root.start_time, root.end_time) == (stages[0].start_time, stages[-1].end_time)
    assert root.attributes is not None
    assert root.attributes["cityloop.message_id"] == event.cause.message


def test_trace_id_is_the_event_id(outbox: TracedOutbox, spans: InMemorySpanExporter) -> None:
    """Whoever knows the event finds its trace, and children hang below the statement."""
    event, body = _event()
    outbox.put([(event.event_id, event.rev, body)], event.at)
    contexts = [span.context for span in spans.get_finished_spans()]
    stored = _by_name(spans)["outbox"]

    assert {context.trace_id for context in contexts if context} == {UUID(event.event_id).int}
    assert stored.parent is not None
    assert stored.parent.span_id == span_id(event.event_id, event.rev, "statement")


@pytest.mark.parametrize(
    ("state", "reason", "status"),
    [(EventState.DELIVERED, None, "UNSET"), (EventState.DEAD, "422: no", "ERROR")],
    ids=["taken", "refused"],
)
def test_delivery_is_the_last_span(
    outbox: TracedOutbox,
    spans: InMemorySpanExporter,
    state: EventState,
    reason: str | None,
    status: str,
) -> None:
    """When the API settles a statement its trace is whole, with the reason where it refused."""
    event, body = _event()
    outbox.put([(event.event_id, event.rev, body)], event.at)
    outbox.settle(outbox.batch(1), state, event.at + timedelta(seconds=2), reason)
    deliver = _by_name(spans)["deliver"]

    assert (deliver.end_time or 0) - (deliver.start_time or 0) == 2_000_000_000
    assert deliver.status.status_code.name == status
    assert deliver.status.description == reason


def test_statement_that_is_stored_again_is_not_traced_again(
    outbox: TracedOutbox, spans: InMemorySpanExporter
) -> None:
    """A recovery makes the same statements; their traces exist."""
    event, body = _event()
    outbox.put([(event.event_id, event.rev, body)], event.at)
    before = len(spans.get_finished_spans())
    outbox.put([(event.event_id, event.rev, body)], event.at)

    assert len(spans.get_finished_spans()) == before


def test_spans_reach_a_collector(tmp_path: Path) -> None:
    """A press of a button in a city is a trace at an OTLP collector, found by its event id."""
    requests: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            requests.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = Thread(target=server.serve_forever)
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_address[1]}/v1/traces"
    tracing = TracingConfig(endpoint=endpoint)
    city = City(tmp_path, tracing=tracing)
    city.send(pressed(0, START), topic().replace("readings", "urgent"))
    city.step()
    city.gateway.close()
    server.shutdown()
    server.server_close()
    thread.join()
    exported = ExportTraceServiceRequest.FromString(b"".join(requests))
    found = [
        span
        for resource in exported.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]

    stages = {"journal", "rules", "outbox", "deliver"}
    assert {span.name for span in found} == {"alarm open", *stages}
    assert {span.trace_id.hex() for span in found} == {city.api.events[0].event_id.replace("-", "")}


def test_gateway_without_tracing_does_not_import_it() -> None:
    """Off means off: not even the library is loaded."""
    script = (
        "import sys, gateway.bootstrap, gateway.worker, gateway.service; "
        "print(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert result.stdout == "False\n"


def test_console_exporter_is_for_a_look(capsys: pytest.CaptureFixture[str]) -> None:
    """Spans are printed as JSON when the tracer is closed."""
    event, _ = _event()
    tracer = build_tracer(TracingConfig(exporter="console"), "gw")
    tracer.settled(event, event.at, event.at, None)
    tracer.close()

    assert json.loads(capsys.readouterr().out)["name"] == "deliver"

"""OpenTelemetry traces from the reading to the event and on to the API.

A trace is an episode: its trace id is the event's id, and span ids follow from event, revision and
stage, so that a trace is found by the id that every log line, message and case carries. Spans are
written down after the fact, from the times that the statement itself brings; nothing is measured
on the way of the messages, and without tracing none of this is even imported.

Source: OpenTelemetry specification, "Trace API" (explicit timestamps) and "Trace SDK".
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import NamedTuple
from uuid import UUID

import msgspec
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.util.types import AttributeValue

from contracts.event import Event
from gateway.event_outbox import EventOutbox, EventState, OutboxRow

__all__ = ["EventTracer", "TracedOutbox", "Way", "make_tracer", "span_id"]

_EVENT = msgspec.json.Decoder(Event)
_NS = 1_000_000_000


def span_id(event_id: str, rev: int, stage: str) -> int:
    """Return the id of a span: 64 bits that follow from what it is about, never 0."""
    text = f"{event_id}/{rev}/{stage}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) or 1


class _GivenIds(IdGenerator):
    """Gives out the ids that were laid down for the next span."""

    def __init__(self) -> None:
        self.trace = 1
        self.span = 1

    def generate_trace_id(self) -> int:
        return self.trace

    def generate_span_id(self) -> int:
        return self.span


class Way(NamedTuple):
    """The moments of a batch on its way through the gateway."""

    arrived: datetime
    """When the deciding message arrived, or its tick came."""
    journalled: datetime | None
    """When it was safe in the journal; None: it had been before, and was only read again."""
    judged: datetime | None
    """When the rules had seen it; None likewise."""
    stored: datetime
    """When its statements were safe in the outbox."""


class EventTracer:
    """Writes the spans of statements; safe to use from several threads.

    Args:
        processor: takes finished spans.
        gateway: name of this gateway, for ``service.instance.id``.
    """

    def __init__(self, processor: SpanProcessor, gateway: str) -> None:
        self._ids = _GivenIds()
        resource = Resource.create(
            {"service.name": "cityloop-gateway", "service.instance.id": gateway}
        )
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,
            resource=resource,
            id_generator=self._ids,
            span_limits=SpanLimits(max_attributes=64),
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("cityloop.gateway")
        self._lock = Lock()

    def stored(self, event: Event, way: Way) -> None:
        """Write down how a statement came about."""
        cause, arrived, stored = event.cause, way.arrived, way.stored
        begin = arrived if cause.tick or cause.sent_at is None else min(cause.sent_at, arrived)
        self._span(event, "statement", begin, stored, parent="")
        if begin < arrived:
            self._span(event, "hub", begin, arrived, kind=SpanKind.CONSUMER)
        since = arrived
        for stage, until in (("journal", way.journalled), ("rules", way.judged)):
            if until is not None:
                self._span(event, stage, since, until)
                since = max(since, until)
        self._span(event, "outbox", since, stored)

    def settled(self, event: Event, made: datetime, settled: datetime, reason: str | None) -> None:
        """Write down that the API took a statement, or (with a reason) refused it."""
        self._span(event, "deliver", made, settled, kind=SpanKind.PRODUCER, refused=reason)

    def _span(
        self,
        event: Event,
        stage: str,
        begin: datetime,
        end: datetime,
        *,
        parent: str = "statement",
        kind: SpanKind = SpanKind.INTERNAL,
        refused: str | None = None,
    ) -> None:
        trace = UUID(event.event_id).int
        above = parent, event.rev
        if not parent and event.rev > 0:
            above = "statement", 0
        context = None
        if above[0]:
            upper = span_id(event.event_id, above[1], above[0])
            flags = TraceFlags(TraceFlags.SAMPLED)
            remote = SpanContext(trace, upper, is_remote=True, trace_flags=flags)
            context = set_span_in_context(NonRecordingSpan(remote))
        name = f"{event.rule} {event.phase.value}" if stage == "statement" else stage
        with self._lock:
            self._ids.trace, self._ids.span = trace, span_id(event.event_id, event.rev, stage)
            span = self._tracer.start_span(
                name, context, kind, _attributes(event), start_time=_nanoseconds(begin)
            )
        if refused is not None:
            span.set_status(Status(StatusCode.ERROR, refused))
        span.end(_nanoseconds(max(begin, end)))

    def close(self) -> None:
        """Send what waits and end."""
        self._provider.shutdown()


def _nanoseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000) * (_NS // 1_000_000)


def _attributes(event: Event) -> dict[str, AttributeValue]:
    """Return what a span says; values of sensors, people and places are not among it."""
    given: dict[str, AttributeValue | None] = {
        "cityloop.event_id": event.event_id,
        "cityloop.rev": event.rev,
        "cityloop.rule": event.rule,
        "cityloop.rule_version": event.rule_version,
        "cityloop.event_type": event.event_type,
        "cityloop.level": event.level.value,
        "cityloop.phase": event.phase.value,
        "cityloop.district": event.district,
        "cityloop.subject": event.subject,
        "cityloop.message_id": event.cause.message,
        "cityloop.journal_offset": event.cause.journal_offset,
        "cityloop.by_timer": event.cause.tick,
        "cityloop.flags": event.cause.flags or None,
    }
    return {name: value for name, value in given.items() if value is not None}


class TracedOutbox(EventOutbox):
    """An event outbox that writes down the way of each statement that passes through it.

    Args:
        path: the database file.
        tracer: takes the spans.
        clock: what time it is when something was stored.
        remember: as of the outbox.
    """

    def __init__(
        self,
        path: Path,
        tracer: EventTracer,
        clock: Callable[[], datetime],
        *,
        remember: int = 200_000,
    ) -> None:
        super().__init__(path, remember=remember)
        self._tracer = tracer
        self._clock = clock
        self._arrived_at: datetime | None = None
        self._journalled_at: datetime | None = None
        self._judged_at: datetime | None = None

    def journalled(self, arrived: datetime) -> None:
        """Note the moment at which what arrived then was safe in the journal."""
        self._arrived_at, self._journalled_at = arrived, self._clock()

    def judged(self) -> None:
        """Note the moment at which the rules had seen it."""
        self._judged_at = self._clock()

    def put(self, events: Sequence[tuple[str, int, bytes]], now: datetime) -> int:
        """Store statements and write down how they came about; see the outbox.

        What a recovery stores again has been traced before; where that cannot be told apart within
        a batch it is traced anew, under the same span ids.
        """
        added = super().put(events, now)
        if added:
            way = Way(self._arrived_at or now, self._journalled_at, self._judged_at, self._clock())
            for _, _, body in events:
                self._tracer.stored(_EVENT.decode(body), way)
        self._arrived_at = self._journalled_at = self._judged_at = None
        return added

    def settle(
        self, rows: Sequence[OutboxRow], state: EventState, now: datetime, reason: str | None = None
    ) -> None:
        """Mark rows and write down when they were settled; see the outbox."""
        super().settle(rows, state, now, reason)
        for row in rows:
            made = datetime.fromtimestamp(row.made_us / 1_000_000, tz=now.tzinfo)
            told = (reason or "refused") if state is EventState.DEAD else None
            self._tracer.settled(_EVENT.decode(row.body), made, now, told)


def make_tracer(exporter: SpanExporter, gateway: str) -> EventTracer:
    """Return a tracer that exports in batches from a thread of its own; what is too much is dropped."""
    return EventTracer(BatchSpanProcessor(exporter), gateway)

"""What ``top`` shows: two scrapes of a gateway and what lies between them."""

from collections.abc import Mapping

import msgspec

from gateway.clock_watch import BoxLine
from gateway.top.exposition import Figures

__all__ = ["FiringRule", "Snapshot", "make_snapshot"]

_PREFIX = "cityloop_gateway_"
_RATES = {
    "messages": "messages_total",
    "samples": "samples_total",
    "duplicates": "messages_duplicate_total",
    "rejected": "messages_rejected_total",
    "events": "events_total",
    "delivered": "events_delivered_total",
    "telemetry_points": "telemetry_written_total",
    "acks": "acks_total",
}
_WAITING = {
    "messages_held": "messages_held",
    "hub_holds": "lane_waiting",
    "beyond_gaps": "messages_waiting_beyond_gaps",
    "events_for_api": "events_pending",
    "telemetry": "telemetry_waiting",
    "telemetry_spooled": "telemetry_spooled",
    "records_since_checkpoint": "journal_unsaved_records",
}
_LEVELS = ("red", "yellow", "blue")


class FiringRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule with open events of one level."""

    rule: str
    level: str
    open: int


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One look at a gateway."""

    status: str
    hub_connected: bool
    journal_end: int
    span_s: float
    """Seconds between the two scrapes; rates are over them."""
    step_ms_max: float
    """Longest step since somebody last asked, milliseconds."""
    telemetry_lag_s: float
    """How long the oldest value has waited for the telemetry store, seconds."""
    telemetry_dropped: int
    """Values that never came there: its queue or its file was full."""
    rates: dict[str, float]
    """Per second."""
    waiting: dict[str, int]
    firing: tuple[FiringRule, ...]
    rejected: dict[str, int]
    """By reason, since the start."""
    rejected_per_s: dict[str, float]
    foreign: dict[str, dict[str, int]]
    """Outcomes by mapping, since the start."""
    sinks: dict[str, dict[str, int]]
    """Pending, delivered, dead and circuit by sink."""
    online: int
    offline: int
    subjects: int
    boxes: tuple[BoxLine, ...]
    """Those with most to complain about first."""


def _rate(before: Figures, after: Figures, name: str, span_s: float) -> float:
    return max(0.0, after.one(_PREFIX + name) - before.one(_PREFIX + name)) / span_s


def make_snapshot(
    before: Figures,
    after: Figures,
    span_s: float,
    health: Mapping[str, object],
    boxes: list[BoxLine],
) -> Snapshot:
    """Return what two scrapes, a look at the health page and one at the boxes say.

    Args:
        before: the earlier scrape.
        after: the later one.
        span_s: seconds between them, above 0.
        health: the document of ``/healthz``.
        boxes: the document of ``/devices``.
    """
    rejected = after.by(f"{_PREFIX}messages_rejected_total", "reason")
    earlier = before.by(f"{_PREFIX}messages_rejected_total", "reason")
    foreign: dict[str, dict[str, int]] = {}
    for (mapping, outcome), count in after.by(
        f"{_PREFIX}foreign_messages_total", "mapping", "outcome"
    ).items():
        foreign.setdefault(mapping, {})[outcome] = int(count)
    states = after.by(f"{_PREFIX}boxes", "state")
    firing = [
        FiringRule(rule=rule, level=level, open=int(count))
        for (rule, level), count in after.by(f"{_PREFIX}events_open", "rule", "level").items()
        if count
    ]
    rank = {level: index for index, level in enumerate(_LEVELS)}
    return Snapshot(
        status=str(health.get("status", "unknown")),
        hub_connected=bool(after.one(f"{_PREFIX}hub_connected")),
        journal_end=int(after.one(f"{_PREFIX}journal_end_offset")),
        span_s=round(span_s, 3),
        step_ms_max=round(after.one(f"{_PREFIX}step_seconds_max") * 1e3, 1),
        telemetry_lag_s=round(after.one(f"{_PREFIX}telemetry_lag_seconds"), 1),
        telemetry_dropped=int(
            after.one(f"{_PREFIX}telemetry_dropped_total")
            + after.one(f"{_PREFIX}telemetry_spool_dropped_total")
        ),
        rates={
            label: round(_rate(before, after, name, span_s), 1) for label, name in _RATES.items()
        },
        waiting={label: int(after.one(_PREFIX + name)) for label, name in _WAITING.items()},
        firing=tuple(sorted(firing, key=lambda one: (rank.get(one.level, 9), -one.open, one.rule))),
        rejected={reason: int(count) for (reason,), count in sorted(rejected.items())},
        rejected_per_s={
            reason: round((count - earlier.get((reason,), 0.0)) / span_s, 1)
            for (reason,), count in sorted(rejected.items())
        },
        foreign=foreign,
        sinks=_sinks(after),
        online=int(states.get(("online",), 0)),
        offline=int(states.get(("offline",), 0)),
        subjects=int(after.one(f"{_PREFIX}subjects")),
        boxes=tuple(sorted(boxes, key=_trouble)),
    )


def _sinks(after: Figures) -> dict[str, dict[str, int]]:
    """Return the API's and each webhook's figures."""
    found = {
        "api": {
            "pending": int(after.one(f"{_PREFIX}events_pending")),
            "delivered": int(after.one(f"{_PREFIX}events_delivered_total")),
            "dead": int(after.one(f"{_PREFIX}events_dead_total")),
            "circuit": int(after.one(f"{_PREFIX}events_circuit")),
        }
    }
    for label, name in (
        ("pending", "sink_events_pending"),
        ("delivered", "sink_events_delivered_total"),
        ("dead", "sink_events_dead_total"),
        ("circuit", "sink_circuit"),
    ):
        for (sink,), value in after.by(_PREFIX + name, "sink").items():
            found.setdefault(sink, {})[label] = int(value)
    return found


def _trouble(line: BoxLine) -> tuple[bool, int, str]:
    """Return what puts a box before others: silent ones, then those that lose most."""
    return line.online, -(line.missing + line.waiting + line.future + line.late), line.box

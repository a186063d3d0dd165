"""Figures of a running gateway in the Prometheus text format."""

import time
from collections.abc import Iterator
from typing import NamedTuple

from contracts.status import BoxState
from gateway.service import Gateway

__all__ = ["METRICS", "Metric", "render"]


class Metric(NamedTuple):
    """One metric family."""

    name: str
    kind: str
    """counter or gauge"""
    help: str


_FAMILIES = (
    Metric("messages_total", "counter", "Messages taken from the hub, whatever became of them."),
    Metric("messages_held", "gauge", "Messages taken from the hub and not yet journalled."),
    Metric("messages_journalled_total", "counter", "Journal records written, ticks included."),
    Metric("messages_duplicate_total", "counter", "Messages that had been handled before."),
    Metric(
        "messages_refused_total", "counter", "Messages too far beyond a gap; boxes resend them."
    ),
    Metric("messages_given_up_by_boxes_total", "counter", "Messages that full outboxes gave up."),
    Metric("messages_missing_total", "counter", "Messages given up in gaps nobody could fill."),
    Metric("messages_waiting_beyond_gaps", "gauge", "Messages journalled out of order."),
    Metric("messages_rejected_total", "counter", "Messages turned away, by reason."),
    Metric(
        "foreign_messages_total",
        "counter",
        "Messages and records of foreign systems, by mapping and outcome.",
    ),
    Metric("foreign_unknown_fields_total", "counter", "Foreign values nobody asked for, by name."),
    Metric("foreign_unusable_values_total", "counter", "Foreign values without translation."),
    Metric("foreign_gaps_total", "counter", "Sparkplug sequence numbers that were missing."),
    Metric("foreign_historical_total", "counter", "Sparkplug metrics stored while away."),
    Metric("foreign_rebirths_total", "counter", "Sparkplug rebirths asked for."),
    Metric("foreign_devices", "gauge", "Registered foreign devices."),
    Metric("mappings_loaded_total", "counter", "Times that foreign mappings were put in force."),
    Metric("mappings_refused_total", "counter", "Times that foreign mappings were refused."),
    Metric("dead_letters_not_kept_total", "counter", "Rejections beyond the bound per second."),
    Metric("samples_total", "counter", "Samples fed to the rules."),
    Metric("values_flagged_total", "counter", "Values or times that were wrong, by flag."),
    Metric(
        "quality_flags_total", "counter", "Values flagged by quality gates, by sensor and flag."
    ),
    Metric(
        "quality_checks_total", "counter", "Values flagged by quality gates, by check and flag."
    ),
    Metric(
        "quality_unordered_total",
        "counter",
        "Values too late for their place, which quality gates compared with no other.",
    ),
    Metric(
        "quality_reordered_total",
        "counter",
        "Late values that quality gates judged in their place.",
    ),
    Metric("quality_fields", "gauge", "Fields of sensors that quality gates watch."),
    Metric("clock_skew_total", "counter", "Times ahead of their arrival, by box."),
    Metric("keys_suppressed", "gauge", "Keys that another rule's event or a shelf keeps quiet."),
    Metric("samples_unjudged_total", "counter", "Samples not judged as usual, by reason."),
    Metric("stale_statements_total", "counter", "Observations older than what was known."),
    Metric("events_total", "counter", "Statements about events put into the outbox."),
    Metric("events_open", "gauge", "Open events, by rule and level."),
    Metric("events_pending", "gauge", "Statements that wait for the API."),
    Metric("events_delivered_total", "counter", "Statements that the API took."),
    Metric("events_dead_total", "counter", "Statements that the API refused for good."),
    Metric("event_delivery_failures_total", "counter", "Deliveries that will be tried again."),
    Metric("events_not_published_total", "counter", "Events not published on the hub."),
    Metric("events_circuit", "gauge", "Circuit to the API: 0 closed, 1 on trial, 2 open."),
    Metric("sink_events_delivered_total", "counter", "Statements that a webhook took, by sink."),
    Metric("sink_events_pending", "gauge", "Rows of the outbox a webhook has not come to."),
    Metric("sink_events_dead_total", "counter", "Statements that a webhook refused for good."),
    Metric("sink_events_missed_total", "counter", "Statements forgotten before a webhook's turn."),
    Metric("sink_failures_total", "counter", "Webhook deliveries that will be tried again."),
    Metric("sink_circuit", "gauge", "Circuit to a webhook: 0 closed, 1 on trial, 2 open."),
    Metric("acks_total", "counter", "Cumulative acks sent to boxes."),
    Metric("store_failures_total", "counter", "Writes that failed and wait, by store."),
    Metric("packs_loaded_total", "counter", "Times that changed rule packs were put in force."),
    Metric("packs_refused_total", "counter", "Times that rule packs were refused."),
    Metric("packs_in_force", "gauge", "Rule packs in force."),
    Metric("journal_end_offset", "gauge", "Offset of the next journal record."),
    Metric("journal_segments_pruned_total", "counter", "Journal files deleted for the budget."),
    Metric("journal_unsaved_records", "gauge", "Records since the last checkpoint."),
    Metric("checkpoints_total", "counter", "Checkpoints written."),
    Metric("telemetry_written_total", "counter", "Points written to the telemetry store."),
    Metric("telemetry_waiting", "gauge", "Points that wait for the telemetry store."),
    Metric("telemetry_lag_seconds", "gauge", "How long the oldest of them has waited."),
    Metric("telemetry_dropped_total", "counter", "Points dropped because the queue was full."),
    Metric("telemetry_spooled", "gauge", "Points in the spool file before the store."),
    Metric("telemetry_spool_dropped_total", "counter", "Points the full spool file gave up."),
    Metric("telemetry_expired_total", "counter", "Points older than the retention at arrival."),
    Metric("telemetry_rollups_total", "counter", "Pieces of days rolled up."),
    Metric("telemetry_failed_writes_total", "counter", "Telemetry writes that were tried again."),
    Metric("registry_revision", "gauge", "How far the API's registry is known."),
    Metric("registry_failures_total", "counter", "Polls and reports that the API did not answer."),
    Metric("configs_published_total", "counter", "Desired configurations handed to the hub."),
    Metric("devices", "gauge", "Active devices, by district, profile and state."),
    Metric(
        "online_ratio", "gauge", "Online rate by district and profile; absent where unmeasured."
    ),
    Metric("orders_open", "gauge", "Orders to devices that are not settled."),
    Metric("orders_sent_total", "counter", "Orders handed to the hub, repetitions included."),
    Metric("orders_timed_out_total", "counter", "Orders that no device answered in time."),
    Metric("boxes", "gauge", "Boxes heard of, by state."),
    Metric("subjects", "gauge", "Sensors and cameras heard of."),
    Metric("hub_connected", "gauge", "1 while every subscription at the hub is in force."),
    Metric("hub_forbidden_subscriptions_total", "counter", "Subscriptions that the hub refused."),
    Metric("lane_in_force", "gauge", "1 while the hub sends what a lane asks for."),
    Metric("lane_held", "gauge", "Messages that came on a lane and are not journalled."),
    Metric("lane_waiting", "gauge", "Messages that the hub holds back for a lane."),
    Metric("lane_events_total", "counter", "What happened to a lane, by kind."),
    Metric("step_seconds_max", "gauge", "Longest step since this was last read, seconds."),
)

METRICS = tuple(Metric(f"cityloop_gateway_{name}", kind, text) for name, kind, text in _FAMILIES)
"""Every metric of the gateway."""

_STORES = ("journal", "outbox", "orders", "checkpoint", "dead_letter")
_FLAGS = (
    "clock_skew",
    "late",
    "out_of_range",
    "unknown_field",
    "unknown_profile",
    "unregistered_device",
    "retired_device",
    "foreign_box",
    "wrong_type",
    "wrong_unit",
)


def _values(gateway: Gateway) -> Iterator[tuple[str, dict[str, str], float]]:
    """Yield (name, labels, value) of everything."""
    worker, host = gateway.worker, gateway.host
    intake, counters = worker.intake, worker.counters
    yield "messages_total", {}, counters["messages"]
    yield "messages_held", {}, worker.held
    yield "messages_journalled_total", {}, counters["journalled"]
    yield "messages_duplicate_total", {}, intake.counters["duplicates"]
    yield "messages_refused_total", {}, intake.counters["refused"]
    yield "messages_given_up_by_boxes_total", {}, intake.counters["given_up_by_boxes"]
    yield "messages_missing_total", {}, gateway.dedupe.missing
    yield "messages_waiting_beyond_gaps", {}, gateway.dedupe.waiting()
    for why, count in sorted(intake.rejected.items()):
        yield "messages_rejected_total", {"reason": why.value}, count
    yield from _foreign_values(gateway)
    yield "dead_letters_not_kept_total", {}, worker.rejections.counters["letters_not_kept"]
    yield "samples_total", {}, host.maker.counters["samples"]
    for flag in _FLAGS:
        yield "values_flagged_total", {"flag": flag}, host.maker.counters[flag]
    gates = host.inspector
    for (subject, found), count in sorted(gates.flagged.items()):
        labels = {"subject": subject, "flag": found.name.lower()}
        yield "quality_flags_total", labels, count
    for (check, found), count in sorted(gates.checked.items()):
        labels = {"check": check.value, "flag": found.name.lower()}
        yield "quality_checks_total", labels, count
    yield "quality_unordered_total", {}, gates.unordered
    yield "quality_reordered_total", {}, gates.reordered
    yield "quality_fields", {}, gates.key_count
    for box, count in sorted(host.maker.skewed.items()):
        yield "clock_skew_total", {"box": box}, count
    yield from _fleet_values(gateway)
    yield "keys_suppressed", {}, len(host.suppressed())
    for reason, count in sorted(host.unjudged.items()):
        yield "samples_unjudged_total", {"reason": reason}, count
    yield "stale_statements_total", {}, host.counters["stale_statements"]
    yield "events_total", {}, counters["events"]
    for (rule, level), count in sorted(gateway.open_events.count().items()):
        yield "events_open", {"rule": rule, "level": level}, count
    yield "events_pending", {}, gateway.outbox.pending
    delivery = gateway.delivery.counters if gateway.delivery is not None else {}
    yield "events_delivered_total", {}, delivery.get("delivered", 0)
    yield "events_dead_total", {}, delivery.get("dead", 0)
    yield "event_delivery_failures_total", {}, delivery.get("failures", 0)
    yield from _sink_values(gateway)
    yield "events_not_published_total", {}, counters["events_not_published"]
    yield "acks_total", {}, worker.acks.sent
    for store in _STORES:
        failures = {
            "dead_letter": worker.rejections.counters["store_failures"],
            "checkpoint": worker.keeper.counters["failures"],
        }.get(store, counters[f"{store}_failures"])
        yield "store_failures_total", {"store": store}, failures
    yield "packs_loaded_total", {}, counters["packs_loaded"]
    yield "packs_refused_total", {}, counters["packs_refused"]
    yield "packs_in_force", {}, len(host.packs)
    yield "journal_end_offset", {}, worker.next_offset
    yield "journal_segments_pruned_total", {}, counters["segments_pruned"]
    yield "journal_unsaved_records", {}, worker.unsaved_records
    yield "checkpoints_total", {}, worker.keeper.counters["checkpoints"]
    yield from _telemetry_values(gateway)
    states = [box.state for box in list(host.registry.boxes.values())]
    yield "boxes", {"state": "online"}, sum(state is not BoxState.OFFLINE for state in states)
    yield "boxes", {"state": "offline"}, sum(state is BoxState.OFFLINE for state in states)
    yield "subjects", {}, len(host.registry.subjects)
    yield "hub_connected", {}, float(gateway.lanes.in_force)
    yield "hub_forbidden_subscriptions_total", {}, gateway.lanes.forbidden_subscriptions
    for lane in gateway.lanes.lanes:
        yield "lane_in_force", {"lane": lane.name}, float(lane.in_force)
        yield "lane_held", {"lane": lane.name}, lane.held
        yield "lane_waiting", {"lane": lane.name}, lane.waiting
        for event, count in sorted(lane.counters.items()):
            yield "lane_events_total", {"lane": lane.name, "event": event}, count
    yield "step_seconds_max", {}, gateway.take_longest_step_s()


def _telemetry_values(gateway: Gateway) -> Iterator[tuple[str, dict[str, str], float]]:
    """Yield (name, labels, value) of the telemetry writer."""
    if gateway.telemetry is not None:
        written = gateway.telemetry.counters
        yield "telemetry_written_total", {}, written["written"]
        yield "telemetry_waiting", {}, gateway.telemetry.waiting
        yield "telemetry_lag_seconds", {}, round(gateway.telemetry.lag_s, 3)
        yield "telemetry_dropped_total", {}, written["dropped"]
        yield "telemetry_spooled", {}, gateway.telemetry.spooled
        store = gateway.telemetry.store_counters
        yield "telemetry_spool_dropped_total", {}, store["dropped"]
        yield "telemetry_expired_total", {}, store["expired"]
        yield "telemetry_rollups_total", {}, store["rolled"]
        yield "telemetry_failed_writes_total", {}, written["failed_writes"]


def _sink_values(gateway: Gateway) -> Iterator[tuple[str, dict[str, str], float]]:
    """Yield (name, labels, value) of the API's circuit and of every webhook."""
    if gateway.delivery is not None:
        yield "events_circuit", {}, gateway.delivery.breaker.state(time.monotonic())
    for follower in gateway.followers:
        sink = {"sink": follower.name}
        yield "sink_events_delivered_total", sink, follower.counters["delivered"]
        yield "sink_events_pending", sink, follower.pending
        yield "sink_events_dead_total", sink, follower.counters["dead"]
        yield "sink_events_missed_total", sink, follower.counters["missed"]
        yield "sink_failures_total", sink, follower.counters["failures"]
        yield "sink_circuit", sink, follower.breaker.state(time.monotonic())


def _foreign_values(gateway: Gateway) -> Iterator[tuple[str, dict[str, str], float]]:
    """Yield (name, labels, value) of what foreign systems sent."""
    translator = gateway.host.foreign.translator
    tally = translator.tally
    for (mapping, outcome), count in sorted(tally.outcomes.items()):
        yield "foreign_messages_total", {"mapping": mapping, "outcome": outcome}, count
    for name, counter in (
        ("foreign_unknown_fields_total", tally.unknown_fields),
        ("foreign_unusable_values_total", tally.unusable),
    ):
        for (mapping, field), count in sorted(counter.items()):
            yield name, {"mapping": mapping, "field": _label(field)}, count
    yield "foreign_gaps_total", {}, translator.nodes.gaps
    yield "foreign_historical_total", {}, translator.nodes.historical
    yield "foreign_rebirths_total", {}, gateway.worker.foreign.counters["rebirths"]
    yield "foreign_devices", {}, len(translator.devices)
    yield "mappings_loaded_total", {}, gateway.worker.foreign.counters["loaded"]
    yield "mappings_refused_total", {}, gateway.worker.foreign.counters["refused"]


def _label(text: str) -> str:
    r"""Return a text that a stranger chose as a label value: ``\``, ``"`` and newline escaped."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _fleet_values(gateway: Gateway) -> Iterator[tuple[str, dict[str, str], float]]:
    """Yield what the fleet tells."""
    fleet = gateway.fleet
    yield "orders_open", {}, len(gateway.commands.store.open)
    yield "orders_sent_total", {}, gateway.commands.counters["sent"]
    yield "orders_timed_out_total", {}, gateway.commands.counters["timed_out"]
    yield "registry_revision", {}, gateway.host.registry.revision
    yield "registry_failures_total", {}, 0 if fleet is None else fleet.link.counters["failures"]
    published = 0 if fleet is None else fleet.desk.counters["configs_published"]
    yield "configs_published_total", {}, published
    for rate in gateway.watch.rates(gateway.clock.now()):
        labels = {"district": rate.district, "profile": rate.profile}
        yield "devices", labels | {"state": "online"}, rate.online
        yield "devices", labels | {"state": "offline"}, rate.devices - rate.online
        if rate.devices:
            yield "online_ratio", labels, rate.online / rate.devices


def render(gateway: Gateway) -> str:
    """Return every metric in the Prometheus text format, version 0.0.4."""
    samples: dict[str, list[str]] = {}
    for name, labels, value in _values(gateway):
        marks = ",".join(f'{key}="{text}"' for key, text in labels.items())
        full = f"cityloop_gateway_{name}{{{marks}}}" if marks else f"cityloop_gateway_{name}"
        samples.setdefault(f"cityloop_gateway_{name}", []).append(f"{full} {value}")
    lines: list[str] = []
    for metric in METRICS:
        if metric.name in samples:
            lines.append(f"# HELP {metric.name} {metric.help}")
            lines.append(f"# TYPE {metric.name} {metric.kind}")
            lines.extend(samples[metric.name])
    return "\n".join(lines) + "\n"

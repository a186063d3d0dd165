"""What the API counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["Metrics"]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """Counters of one API; every API in a process has its own registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.events = Counter(
            "cityloop_api_events",
            "Posted event revisions by outcome (accepted, duplicate, conflict, invalid).",
            ["outcome"],
            registry=self.registry,
        )
        self.intake_refused = Counter(
            "cityloop_api_intake_refused",
            "Posts answered 503 because the intake queue was full.",
            registry=self.registry,
        )
        self.intake_failures = Counter(
            "cityloop_api_intake_failures",
            "Group commits that the database refused.",
            registry=self.registry,
        )
        self.projected = Counter(
            "cityloop_api_projected",
            "Intake log entries projected into events and cases.",
            registry=self.registry,
        )
        self.projector_failures = Counter(
            "cityloop_api_projector_failures",
            "Projector steps that failed and were tried again.",
            registry=self.registry,
        )
        self.projector_lag = Gauge(
            "cityloop_api_projector_lag_events",
            "Stored event revisions that are not projected yet.",
            registry=self.registry,
        )
        self.case_records = Counter(
            "cityloop_api_case_records",
            "What people did to cases, by action.",
            ["action"],
            registry=self.registry,
        )
        self.evidence_bytes = Counter(
            "cityloop_api_evidence_bytes",
            "Bytes of evidence stored.",
            registry=self.registry,
        )
        self.evidence_deleted = Counter(
            "cityloop_api_evidence_deleted",
            "Items of evidence deleted because they were old enough.",
            registry=self.registry,
        )
        self.evidence_refused = Counter(
            "cityloop_api_evidence_refused",
            "Uploads of evidence that were refused, by problem slug.",
            ["slug"],
            registry=self.registry,
        )
        self.stream_clients = Gauge(
            "cityloop_api_stream_clients", "Listeners on /v1/stream.", registry=self.registry
        )
        self.control_dropped = Counter(
            "cityloop_api_control_dropped",
            "Control messages that no hub took.",
            registry=self.registry,
        )
        self.deadline_notices = Counter(
            "cityloop_api_deadline_notices",
            "What deadlines led to, by notice (remind, overdue, escalate).",
            ["notice"],
            registry=self.registry,
        )
        self.notices = Counter(
            "cityloop_api_notices",
            "Notices by channel and what became of them (queued after a failure, sent, given_up, cancelled).",
            ["channel", "state"],
            registry=self.registry,
        )
        self.orders = Counter(
            "cityloop_api_orders",
            "Orders of other systems by source and what became of them (new, changed, same, unread).",
            ["source", "outcome"],
            registry=self.registry,
        )
        self.webhooks = Counter(
            "cityloop_api_webhooks",
            "Webhook messages by endpoint and what became of them (sent, failed, refused, gone).",
            ["endpoint", "outcome"],
            registry=self.registry,
        )
        self.loop_failures = Counter(
            "cityloop_api_loop_failures",
            "Steps of a loop that failed and were tried again, by loop.",
            ["loop"],
            registry=self.registry,
        )
        self.ticker_failures = Counter(
            "cityloop_api_ticker_failures",
            "Looks at the deadlines that failed and were tried again.",
            registry=self.registry,
        )
        self.rate_limited = Counter(
            "cityloop_api_rate_limited",
            "Requests answered 429, by what was counted (identity, address).",
            ["by"],
            registry=self.registry,
        )
        self.audit_lines = Counter(
            "cityloop_api_audit_lines", "Lines stored in the audit log.", registry=self.registry
        )
        self.audit_refused = Counter(
            "cityloop_api_audit_refused",
            "Requests refused because too many lines waited for the audit log.",
            registry=self.registry,
        )
        self.audit_failures = Counter(
            "cityloop_api_audit_failures",
            "Groups of audit lines that the database refused.",
            registry=self.registry,
        )
        self.audit_anchor_failures = Counter(
            "cityloop_api_audit_anchor_failures",
            "Signed heads that an anchor did not keep.",
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "cityloop_api_request_seconds",
            "Time to answer, by method, route and status.",
            ["method", "route", "status"],
            buckets=_SECONDS,
            registry=self.registry,
        )

    def render(self) -> bytes:
        """Return every metric in Prometheus text format."""
        return generate_latest(self.registry)

"""Configuration of the gateway: one frozen Struct, every field with its unit and default.

Relative paths are taken from the working directory.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.envelope import Id
from contracts.event import EventPhase
from contracts.levels import Level
from contracts.registry import UnknownDevices
from runtime.clock import ClockConfig
from runtime.mqtt_client import MqttConfig, Port

__all__ = [
    "ActionsConfig",
    "ApiConfig",
    "CheckpointConfig",
    "EmbeddedTelemetryConfig",
    "ForeignConfig",
    "GatewayConfig",
    "IdentityConfig",
    "InfluxConfig",
    "IntakeConfig",
    "JetStreamConfig",
    "JournalConfig",
    "MetricsConfig",
    "OffTelemetryConfig",
    "RulesConfig",
    "TelemetryConfig",
    "TracingConfig",
    "WebhookConfig",
]

_Positive = Annotated[float, Meta(gt=0.0)]
_Count = Annotated[int, Meta(ge=1)]


class ApiConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The alert API that events are posted to."""

    url: str
    """Base address, for example ``http://127.0.0.1:8000``; required."""
    key_file: str | None = None
    """File that holds the API key; default none, which only an API without keys accepts."""
    timeout_s: _Positive = 10.0
    """Seconds after which a request counts as failed; default 10."""
    batch: Annotated[int, Meta(ge=1, le=1_000)] = 100
    """Events per request; default 100."""
    backoff_s: _Positive = 0.2
    """Ceiling of the first wait after a failure, seconds; doubles each time; default 0.2."""
    backoff_cap_s: _Positive = 30.0
    """Highest ceiling of a wait, seconds; default 30."""
    remember: _Count = 200_000
    """Delivered events that stay in the outbox for ``explain``; default 200,000 (about 200 MB)."""


class WebhookConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One subscriber that events are posted to as signed CloudEvents."""

    name: Id
    """Name of the subscriber; its place in the outbox is kept under it; required."""
    url: str
    """Address; required."""
    secret_file: str
    """File with the signing secret (``whsec_`` and base64), one a line while rotating; required."""
    levels: tuple[Level, ...] = ()
    """Levels that it gets; default all."""
    event_types: tuple[str, ...] = ()
    """Event types that it gets, ``*`` standing for any text; default all."""
    districts: tuple[Id, ...] = ()
    """Districts that it gets; default all."""
    phases: tuple[EventPhase, ...] = ()
    """Phases that it gets: open, update, end; default all."""
    from_start: bool = False
    """Whether a new subscriber gets what the outbox still remembers; default false: only what
    comes."""
    timeout_s: _Positive = 10.0
    """Seconds after which a request counts as failed; default 10."""
    backoff_s: _Positive = 0.5
    """Ceiling of the first wait after a failure, seconds; doubles each time; default 0.5."""
    backoff_cap_s: _Positive = 60.0
    """Highest ceiling of a wait, seconds; default 60."""


class RulesConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rule packs."""

    paths: tuple[str, ...] = ()
    """Pack files, or folders whose ``*.yaml`` files are all packs; default none."""
    poll_s: _Positive = 2.0
    """Seconds of real time between looks at whether a pack file changed; default 2."""
    cache: bool = True
    """Whether the data of packs over 50,000 characters is kept in ``state_dir``; default true. It spares
    reading megabytes of YAML at every start, and is void for another text or version of the program."""


class JournalConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The journal of every accepted message."""

    segment_bytes: Annotated[int, Meta(ge=65_536)] = 64 * 1024 * 1024
    """Size of one file, bytes; default 64 MiB."""
    budget_bytes: Annotated[int, Meta(ge=1_048_576)] = 4 * 1024 * 1024 * 1024
    """Size of all files, bytes, after which the oldest goes; default 4 GiB."""
    sync: bool = True
    """Whether a message is on the disk before its box is told so; default true. Without it a power
    cut takes what the operating system had not written."""


class CheckpointConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often state is saved; what came after is read again from the journal."""

    every_s: _Positive = 5.0
    """Seconds of real time between two checkpoints; default 5."""
    every_records: _Count = 50_000
    """Journal records between two checkpoints at the most; default 50,000."""
    fold_bytes: Annotated[int, Meta(ge=65_536)] = 64 * 1024 * 1024
    """Size of the changes below which they are not folded, bytes; default 64 MiB."""


class IntakeConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is accepted, and how much at once."""

    batch: Annotated[int, Meta(ge=1, le=20_000)] = 1_000
    """Messages per journal commit at the most; default 1,000."""
    skew_s: Annotated[float, Meta(ge=0.0)] = 300.0
    """How far ahead of its arrival a message's time may lie, seconds; beyond it is set to the
    arrival and flagged ``clock_skew``; default 300."""
    late_s: Annotated[float, Meta(ge=0.0)] = 300.0
    """How far behind its arrival it may lie, seconds, before it is flagged ``late``; default 300."""
    gap_after_s: _Positive = 600.0
    """Seconds that a hole in a box's numbering must have stood before it may be given up; default
    600."""
    dead_letters: _Count = 10_000
    """Rejected messages that are kept; the oldest go first; default 10,000."""


class ForeignConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What other systems publish on the hub."""

    mappings: tuple[str, ...] = ()
    """Mapping files, or names of those that ship (``zigbee2mqtt``); default none."""
    devices: tuple[str, ...] = ()
    """Device lists: which foreign id is which sensor; default none, which turns every message
    away as ``unknown_device``."""


class JetStreamConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Intake from nats-server's streams; user, password and certificates are those of ``hub``."""

    host: str | None = None
    """Name or address of the native listener; default: the host of ``hub``."""
    port: Port = 4222
    """Port of the native listener; default 4222."""
    max_ack_pending: Annotated[int, Meta(ge=100, le=100_000)] = 20_000
    """Most messages of one stream that were sent and not journalled; default 20,000."""
    ack_wait_s: Annotated[float, Meta(ge=1.0)] = 30.0
    """Seconds after which nats-server repeats what was not journalled; default 30."""


class EmbeddedTelemetryConfig(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="embedded", tag_field="kind"
):
    """Telemetry in a SQLite file in the gateway's folder."""

    retention_days: Annotated[int, Meta(ge=0)] = 30
    """Days of event time whose values are kept one by one; 0 keeps all; default 30."""
    minute_days: Annotated[int, Meta(ge=0)] = 400
    """Days whose minutes (count, minimum, maximum, mean) are kept; 0 keeps all; default 400."""
    hour_days: Annotated[int, Meta(ge=0)] = 3_650
    """Days whose hours are kept; 0 keeps all; default 3,650."""
    spool_bytes: Annotated[int, Meta(ge=0)] = 256 * 1024 * 1024
    """Size of the file in which points wait while the store cannot be written, bytes; the oldest go
    first; 0 keeps them in memory only; default 256 MiB."""


class InfluxConfig(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="influx", tag_field="kind"
):
    """Telemetry into an InfluxDB 2 write API."""

    url: str
    """Base address of the server; required."""
    org: str = "cityloop"
    """Organisation; default cityloop."""
    bucket: str = "telemetry"
    """Bucket; default telemetry."""
    token_file: str | None = None
    """File that holds the API token; default none, which VictoriaMetrics accepts."""
    timeout_s: _Positive = 5.0
    """Seconds after which a write counts as failed; default 5."""
    query: Literal["flux", "victoria"] = "flux"
    """How values are read back: ``flux`` from InfluxDB (not run against a server), ``victoria`` from
    VictoriaMetrics; default flux."""
    spool_bytes: Annotated[int, Meta(ge=0)] = 1024 * 1024 * 1024
    """Size of the file in which points wait while the server is away, bytes; the oldest go first;
    0 keeps them in memory only; default 1 GiB."""


class OffTelemetryConfig(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="off", tag_field="kind"
):
    """No telemetry: values are only seen by the rules."""


class TelemetryConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where values go."""

    store: EmbeddedTelemetryConfig | InfluxConfig | OffTelemetryConfig = EmbeddedTelemetryConfig()
    """``kind: embedded``, ``kind: influx`` or ``kind: off``; default embedded."""
    capacity: _Count = 500_000
    """Points that may wait for the store; beyond, the oldest are dropped and counted; default
    500,000."""
    batch: _Count = 10_000
    """Points per write; default 10,000."""


class MetricsConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The HTTP port for ``/metrics`` and ``/healthz``."""

    host: str = "127.0.0.1"
    """Address to listen on; default 127.0.0.1."""
    port: Annotated[int, Meta(ge=0, le=65_535)] = 9464
    """Port; 0 takes a free one and logs it; default 9464."""
    api_key_file: str | None = None
    """File that holds the key that ``/v1`` asks for (``Authorization: Bearer``); default none, which
    only a loopback address accepts."""


class IdentityConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Following the API's registry of devices, and sending desired configurations to boxes."""

    unknown: UnknownDevices = UnknownDevices.FLAG
    """What becomes of devices and boxes that the registry does not know: ``flag`` (taken, counted,
    flagged in events) or ``reject`` (turned away, counted); default flag."""
    poll_s: _Positive = 2.0
    """Real seconds between two polls of the API; default 2."""
    report_s: _Positive = 10.0
    """Real seconds between two reports to the API; default 10."""
    offline_after_s: _Positive = 90.0
    """Silence after which a box counts as offline, seconds; default 90 (three heartbeats)."""


class ActionsConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Orders of rules to devices."""

    timeout_s: _Positive = 30.0
    """Seconds that a device has for its answer, from the order on; default 30."""
    retry_s: _Positive = 5.0
    """Seconds without answer after which an order is sent again under the same id; default 5."""
    stale_s: _Positive = 600.0
    """Age, seconds, from which an order that was found after an outage is not sent; default 600."""
    remember: _Count = 50_000
    """Settled orders that are kept with their audit lines; default 50,000."""


class TracingConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """OpenTelemetry traces of events; needs the extra ``otel``."""

    exporter: Literal["otlp", "console"] = "otlp"
    """``otlp`` over HTTP, or ``console`` for a look; default otlp."""
    endpoint: str = "http://127.0.0.1:4318/v1/traces"
    """Address of an OTLP/HTTP collector; default http://127.0.0.1:4318/v1/traces."""
    timeout_s: _Positive = 5.0
    """Seconds after which an export counts as failed; default 5."""


class GatewayConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One gateway."""

    name: Id = "gateway"
    """Id of this gateway among those at the hub; default gateway."""
    state_dir: str
    """Folder for the journal and every store; required."""
    districts: Annotated[tuple[Id, ...], Meta(min_length=1)]
    """Districts that are served; required. Messages of others are rejected; the first one is the
    district of events whose subject nobody knows."""
    hub: MqttConfig
    """The MQTT hub; required."""
    jetstream: JetStreamConfig | None = None
    """Take readings, tracks, counts, observations and urgent messages from nats-server's streams;
    default none: they come by MQTT, from any broker."""
    api: ApiConfig | None = None
    """The alert API; default none: events wait in the outbox."""
    identity: IdentityConfig | None = None
    """The API's registry of devices; needs ``api``; default none: every device is taken as it comes."""
    webhooks: tuple[WebhookConfig, ...] = ()
    """Further subscribers to events, each at its own pace; default none."""
    actions: ActionsConfig = ActionsConfig()
    """Orders of rules to devices."""
    rules: RulesConfig = RulesConfig()
    """The rule packs."""
    journal: JournalConfig = JournalConfig()
    """The journal."""
    checkpoint: CheckpointConfig = CheckpointConfig()
    """Checkpoints."""
    intake: IntakeConfig = IntakeConfig()
    """Intake."""
    foreign: ForeignConfig = ForeignConfig()
    """Foreign formats."""
    telemetry: TelemetryConfig = TelemetryConfig()
    """Telemetry."""
    tracing: TracingConfig | None = None
    """Traces; default none, which costs nothing."""
    metrics: MetricsConfig | None = MetricsConfig()
    """Metrics port; null for none; default 127.0.0.1:9464."""
    clock: ClockConfig | None = None
    """Clock; default the machine's own."""
    log_level: str = "info"
    """debug, info, warning or error; default info."""

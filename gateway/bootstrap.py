"""The only wiring of the gateway: configuration in, a gateway ready to start out."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random

from gateway.approved_packs import ApprovedPacks, pack_report
from gateway.checkpoint import CheckpointStore
from gateway.clock_watch import ClockWatch
from gateway.command_desk import CommandDesk
from gateway.command_store import CommandStore
from gateway.config import (
    EmbeddedTelemetryConfig,
    GatewayConfig,
    IdentityConfig,
    InfluxConfig,
)
from gateway.dead_letter import DeadLetterStore
from gateway.dedupe import IN_ORDER, Dedupe
from gateway.default_secrets import refuse_default_secrets
from gateway.desired_store import DesiredStore
from gateway.event_delivery import EventDelivery
from gateway.event_outbox import EventOutbox
from gateway.foreign.sources import ForeignFiles
from gateway.identity.desk import FleetDesk
from gateway.identity.fleet import Fleet
from gateway.identity.link import FleetLink
from gateway.identity.ports import FleetApi
from gateway.intakes.bootstrap import build_lanes
from gateway.pack_cache import PackCache
from gateway.ports import EventSink, TelemetrySink
from gateway.rule_host import RuleHost
from gateway.rule_packs import PackFiles
from gateway.service import Gateway
from gateway.sinks.bootstrap import make_breaker, make_followers
from gateway.sinks.positions import SinkPositions
from gateway.telemetry.spool import SpooledTelemetry
from gateway.telemetry.writer import TelemetryWriter
from gateway.worker import Worker, WorkerLimits
from runtime.backoff import Backoff
from runtime.clock import Clock, build_clock
from runtime.journal import Journal
from runtime.session import Session

__all__ = ["StatePaths", "build", "read_token"]


class StatePaths:
    """Where a gateway keeps what, below its ``state_dir``."""

    def __init__(self, state_dir: str) -> None:
        folder = Path(state_dir)
        self.journal = folder / "journal"
        self.checkpoint = folder / "checkpoint.sqlite"
        self.outbox = folder / "events.sqlite"
        self.sinks = folder / "sinks.sqlite"
        self.dead_letters = folder / "dead-letters.sqlite"
        self.telemetry = folder / "telemetry.sqlite"
        self.telemetry_spool = folder / "telemetry-spool.sqlite"
        self.desired = folder / "desired.sqlite"
        self.commands = folder / "commands.sqlite"
        self.pack_cache = folder / "pack-cache"
        self.approved_packs = folder / "approved-packs"


def read_token(store: InfluxConfig) -> str:
    """Return the API token of an InfluxDB; empty without one."""
    return "" if store.token_file is None else Path(store.token_file).read_text("utf-8").strip()


def _telemetry(config: GatewayConfig, rng: Random) -> TelemetryWriter | None:
    store = config.telemetry.store
    sink: TelemetrySink
    if isinstance(store, EmbeddedTelemetryConfig):
        from gateway.telemetry.embedded import EmbeddedTelemetry  # noqa: PLC0415 - only if chosen

        sink = EmbeddedTelemetry(
            StatePaths(config.state_dir).telemetry,
            retention_days=store.retention_days,
            minute_days=store.minute_days,
            hour_days=store.hour_days,
        )
        spool_bytes = store.spool_bytes
    elif isinstance(store, InfluxConfig):
        # the client takes half a second to import; only those who chose it pay
        from gateway.telemetry.influx import InfluxTelemetry  # noqa: PLC0415

        sink = InfluxTelemetry(
            url=store.url,
            token=read_token(store),
            org=store.org,
            bucket=store.bucket,
            timeout_s=store.timeout_s,
            texts=store.query != "victoria",
        )
        spool_bytes = store.spool_bytes
    else:
        return None
    if spool_bytes:
        sink = SpooledTelemetry(
            sink,
            StatePaths(config.state_dir).telemetry_spool,
            make_breaker(0.2, 30.0, rng),
            budget_bytes=spool_bytes,
        )
    return TelemetryWriter(
        sink,
        Backoff(0.2, 10.0, rng),
        capacity=config.telemetry.capacity,
        batch=config.telemetry.batch,
    )


def _outbox(
    config: GatewayConfig,
    path: Path,
    remember: int,
    now: Callable[[], datetime],
    closers: list[Callable[[], None]],
) -> EventOutbox:
    """Return the event outbox, traced where that is configured."""
    if config.tracing is None:
        outbox = EventOutbox(path, remember=remember)
    else:
        # the SDK takes a quarter of a second to import; only those who trace pay
        from gateway.tracing import TracedOutbox  # noqa: PLC0415
        from gateway.tracing_exporter import build_tracer  # noqa: PLC0415

        tracer = build_tracer(config.tracing, config.name)
        closers.append(tracer.close)
        outbox = TracedOutbox(path, tracer, now, remember=remember)
    closers.append(outbox.close)
    return outbox


def _sink(config: GatewayConfig) -> EventSink | None:
    if config.api is None:
        return None
    from gateway.sinks.http import HttpSink  # noqa: PLC0415 - httpx, only if there is an API

    key_file = None if config.api.key_file is None else Path(config.api.key_file)
    return HttpSink(config.api.url, key_file, timeout_s=config.api.timeout_s)


def _fleet_api(config: GatewayConfig) -> FleetApi | None:
    if config.identity is None or config.api is None:
        return None
    from gateway.identity.http_api import HttpFleetApi  # noqa: PLC0415 - httpx, only if there is an API

    key_file = None if config.api.key_file is None else Path(config.api.key_file)
    return HttpFleetApi(
        config.api.url, key_file, districts=config.districts, timeout_s=config.api.timeout_s
    )


def _fleet(
    config: GatewayConfig,
    api: FleetApi,
    worker: Worker,
    host: RuleHost,
    watch: ClockWatch,
    orders: CommandStore,
    session: Session,
    rng: Random,
    approved: ApprovedPacks,
) -> Fleet:
    identity = config.identity or IdentityConfig()
    desk = FleetDesk(
        name=config.name,
        registry=host.registry,
        record=worker.record_registry,
        session=session,
        store=DesiredStore(StatePaths(config.state_dir).desired),
        watch=watch,
        unknown=identity.unknown,
        orders=orders,
        packs=lambda: pack_report(host.packs, host.notice.reason, approved.revision),
    )
    link = FleetLink(
        api,
        approved,
        desk.compose,
        desk.confirm,
        poll_s=identity.poll_s,
        report_s=identity.report_s,
        cap_s=config.api.backoff_cap_s if config.api is not None else 30.0,
        rng=rng,
    )
    return Fleet(desk, link)


def build(
    config: GatewayConfig,
    *,
    session: Session | None = None,
    sink: EventSink | None = None,
    fleet_api: FleetApi | None = None,
    clock: Clock | None = None,
    rng: Random | None = None,
) -> Gateway:
    """Return a gateway that is wired but not started; its stores are open.

    Args:
        config: the configuration; paths are taken as they are.
        session: the conversation with the hub, in and out; None connects to ``config.hub``, and
            to ``config.jetstream`` where that is configured.
        sink: where events go; None posts to ``config.api``.
        fleet_api: the registry that is followed; None follows ``config.api`` if ``config.identity``
            is given.
        clock: what time it is; None follows ``config.clock``.
        rng: jitter of retries; None seeds one from the system.

    Raises:
        StoreLocked: another gateway runs in the same state folder.
        StoreError: a store cannot be opened.
        StoreVersionError: a newer gateway wrote a store.
        SecretError: a secret is missing, or one that everybody knows.
    """
    refuse_default_secrets(config)
    clock = clock or build_clock(config.clock)
    rng = rng or Random()  # noqa: S311 - jitter is no secret
    paths = StatePaths(config.state_dir)
    closers: list[Callable[[], None]] = []
    journal = Journal(
        paths.journal,
        segment_bytes=config.journal.segment_bytes,
        budget_bytes=config.journal.budget_bytes,
        sync=config.journal.sync,
    )
    closers.append(journal.close)
    checkpoint = CheckpointStore(paths.checkpoint, fold_bytes=config.checkpoint.fold_bytes)
    closers.append(checkpoint.close)
    remember = config.api.remember if config.api is not None else 200_000
    outbox = _outbox(config, paths.outbox, remember, clock.now, closers)
    commands = CommandStore(
        paths.commands, remember=config.actions.remember, stale_s=config.actions.stale_s
    )
    closers.append(commands.close)
    dead_letters = DeadLetterStore(paths.dead_letters, budget=config.intake.dead_letters)
    closers.append(dead_letters.close)
    telemetry = _telemetry(config, rng)
    if telemetry is not None:
        closers.append(telemetry.close)
    sink = sink or _sink(config)
    delivery = None
    if sink is not None:
        closers.append(sink.close)
        api = config.api
        breaker = (
            make_breaker(0.2, 30.0, rng)
            if api is None
            else make_breaker(api.backoff_s, api.backoff_cap_s, rng)
        )
        delivery = EventDelivery(outbox, sink, breaker, batch=100 if api is None else api.batch)
    positions = SinkPositions(paths.sinks)
    closers.append(positions.close)
    followers = make_followers(config, outbox, positions, rng)
    closers.extend(follower.close for follower in followers)
    dedupe = Dedupe(gap_after_s=config.intake.gap_after_s, in_order=IN_ORDER)
    host = RuleHost(
        dedupe,
        default_district=config.districts[0],
        skew_s=config.intake.skew_s,
        late_s=config.intake.late_s,
        pack_cache=PackCache(paths.pack_cache) if config.rules.cache else None,
    )
    lanes, session = build_lanes(config, session, rng)
    # rhythms are configured in real seconds; a hand-moved clock has none and takes them as its own
    clock_seconds = 1.0 / (clock.wall_seconds(1.0) or 1.0)
    approved = ApprovedPacks(paths.approved_packs)
    worker = Worker(
        name=config.name,
        districts=config.districts,
        lanes=lanes,
        session=session,
        journal=journal,
        checkpoint=checkpoint,
        dedupe=dedupe,
        host=host,
        outbox=outbox,
        commands=commands,
        dead_letters=dead_letters,
        telemetry=telemetry,
        packs=PackFiles([Path(path) for path in config.rules.paths], approved.over),
        foreign=ForeignFiles(config.foreign.mappings, config.foreign.devices),
        limits=WorkerLimits(
            batch=config.intake.batch,
            checkpoint_every_s=config.checkpoint.every_s * clock_seconds,
            checkpoint_every_records=config.checkpoint.every_records,
            rules_poll_s=config.rules.poll_s * clock_seconds,
        ),
    )
    identity = config.identity or IdentityConfig()
    watch = ClockWatch(
        host.registry,
        worker.intake,
        dedupe,
        host.maker,
        offline_after_s=identity.offline_after_s,
    )
    fleet_api = fleet_api or _fleet_api(config)
    fleet = None
    if fleet_api is not None:
        fleet = _fleet(config, fleet_api, worker, host, watch, commands, session, rng, approved)
        closers.append(fleet.close)
    return Gateway(
        fleet=fleet,
        commands=CommandDesk(
            commands,
            host.registry,
            session,
            timeout_s=config.actions.timeout_s,
            retry_s=config.actions.retry_s,
        ),
        watch=watch,
        clock=clock,
        lanes=lanes,
        session=session,
        worker=worker,
        host=host,
        dedupe=dedupe,
        outbox=outbox,
        delivery=delivery,
        followers=followers,
        telemetry=telemetry,
        batch=config.intake.batch,
        closers=closers,
    )

"""The only wiring: from a configuration to a running, or a stepped, API."""

from datetime import timedelta
from pathlib import Path
from random import Random

from cloud_api.api import Api
from cloud_api.audit.chain_status import ChainWatch
from cloud_api.audit.heads import HeadSigner
from cloud_api.audit.ledger import AuditLedger
from cloud_api.audit.opening import audit_anchors
from cloud_api.audit.trail import AuditTrail
from cloud_api.cameras.snapshots import SnapshotDesk
from cloud_api.case_desk import CaseDesk
from cloud_api.case_opening import CaseDrawer
from cloud_api.case_work import CaseWork
from cloud_api.citizens.reports import ReportDesk
from cloud_api.city_profile import CityProfile, load_profile
from cloud_api.config import ApiConfig, DispatchMode, database_url, models_folder, open_keybook
from cloud_api.control_sinks import SessionControlSink
from cloud_api.database import Store, open_store
from cloud_api.deadlines.timekeeper import Timekeeper
from cloud_api.dispatch.automatic import AutomaticDispatch
from cloud_api.event_posting import EventPosting
from cloud_api.evidence.links import EvidenceLinks
from cloud_api.evidence.retention import EvidenceRetention
from cloud_api.evidence_store import EvidenceStore
from cloud_api.feed import FeedHub, FeedReader
from cloud_api.flow_choice import Flows, load_flows
from cloud_api.group_commit import GroupCommit
from cloud_api.intake import IntakeLog
from cloud_api.keys import KeyRing
from cloud_api.limits.limiter import Limiter
from cloud_api.metrics import Metrics
from cloud_api.migrate import upgrade
from cloud_api.mode_switching import ModeSwitcher
from cloud_api.model_registry.false_alarms import FalseAlarmReader
from cloud_api.model_registry.registry import ModelRegistry
from cloud_api.model_registry.review_queue import ReviewQueue
from cloud_api.notices.bootstrap import Notices, build_notices
from cloud_api.notices.plan import Language
from cloud_api.notices.senders import AppriseSender, NoticeSender
from cloud_api.open311.requests_list import RequestsList
from cloud_api.orders.bootstrap import build_orders
from cloud_api.orders.desk import OrderDesk
from cloud_api.people.back_off import LoginBackOff
from cloud_api.people.callers import Callers
from cloud_api.people.login import Login
from cloud_api.people.oidc import OidcLogin
from cloud_api.people.passwords import Passwords
from cloud_api.people.register import UserRegister
from cloud_api.people.sessions import Sessions
from cloud_api.ports import ControlSink
from cloud_api.privacy.staff_names import StaffNames
from cloud_api.privacy.vault import Vault
from cloud_api.projector import Projector
from cloud_api.rebuild import fill_projections
from cloud_api.services import Services
from cloud_api.ticker import Ticker
from cloud_api.trials.bench import Bench
from cloud_api.webhooks.bootstrap import build_deliverers
from cloud_api.webhooks.endpoints import endpoint_secrets
from runtime.clock import Clock
from runtime.mqtt_session import MqttSession

__all__ = ["Api", "build", "open_database", "open_profile"]


_SNAPSHOT_S = 30.0
"""Real seconds for which an order of a picture is worth carrying out."""


def open_database(config: ApiConfig) -> Store:
    """Return the configured database, as it is."""
    return open_store(
        database_url(config),
        timeout_s=config.database_timeout_s,
        synchronous=config.sqlite_synchronous.value,
    )


def open_profile(config: ApiConfig, flows: Flows) -> CityProfile:
    """Return the configured city profile.

    Raises:
        ProfileError, ConfigError: it does not exist or contradicts itself.
    """
    steps = frozenset(step.id for flow in flows.all() for step in flow.spec.steps)
    return load_profile(
        config.profile,
        utc_offset_minutes=config.utc_offset_minutes,
        steps=steps,
        departments=frozenset(department.id for department in config.departments),
    )


def _open_notices(
    config: ApiConfig,
    store: Store,
    profile: CityProfile,
    flows: Flows,
    metrics: Metrics,
    sender: NoticeSender,
    desk: OrderDesk,
) -> Notices | None:
    """Return the notices by the configured plan; None where there is none."""
    if config.notices is None:
        return None
    return build_notices(
        Path(config.notices),
        store,
        profile.dispatcher.roster,
        flows,
        sender,
        desk=desk,
        rng=Random(),  # noqa: S311 - jitter
        utc_offset_minutes=config.utc_offset_minutes,
        settled=lambda channel, state: metrics.notices.labels(channel, state.value).inc(),
    )


def build(
    config: ApiConfig,
    clock: Clock,
    control: ControlSink | None = None,
    sender: NoticeSender | None = None,
) -> Api:
    """Return the API on a database with the newest schema.

    Args:
        config: everything it can be told.
        clock: what time it is.
        control: where control messages go; None: to ``config.hub``, or nowhere without one.
        sender: takes notices to people; None: apprise.

    Raises:
        SecretError: the database's URL or password is not usable.
        MigrationError: the database was made by a newer program.
        StoreUnavailable: the database does not answer.
        FlowError: the configured flow does not exist.
        ProfileError, ConfigError: the city profile does not exist or contradicts itself.
        NoticePlanError: the plan of notices contradicts itself.
        MappingError: a source of orders cannot be joined.
        EndpointError: an endpoint of webhooks has no secret.
    """
    flows = load_flows(config.flow, config.flow_choices)
    profile = open_profile(config, flows)
    for endpoint in config.webhooks:
        endpoint_secrets(endpoint)  # said before a database is opened
    store = open_database(config)
    upgrade(store)
    fill_projections(store, flows, config.utc_offset_minutes)
    keeper = Timekeeper(profile.deadlines, flows)
    drawer = CaseDrawer(store, flows, keeper)
    departments = [department.id for department in config.departments]
    metrics = Metrics()
    intake = IntakeLog(store)
    keys = KeyRing(store, cache_s=config.key_cache_s)
    users, passwords = UserRegister(store), Passwords()
    roster = profile.dispatcher.roster
    staff_names = StaffNames(
        users.names,
        others=(duty.person for duty in roster.duties),
        words=(*departments, *(duty.unit for duty in roster.duties)),
    )
    users.changed = staff_names.forget
    sessions = Sessions(
        store,
        clock,
        cache_s=config.key_cache_s,
        longest_s=config.session_s,
        idle_s=config.session_idle_s,
    )
    book = open_keybook(config)
    vault = Vault(store, book)
    ledger = AuditLedger(store, vault)
    signer, anchors = HeadSigner(book), audit_anchors(config)
    files = EvidenceStore(
        store,
        Path(config.evidence_dir),
        book,
        item_bytes=config.evidence_item_bytes,
        budget_bytes=config.evidence_budget_bytes,
    )
    session = None if control is not None or config.hub is None else MqttSession(config.hub)
    # people wait in real seconds, whatever clock the city runs on
    valid = timedelta(seconds=_SNAPSHOT_S / (clock.wall_seconds(1.0) or 1.0))
    snapshots = SnapshotDesk(session, valid)
    if session is not None:
        control = SessionControlSink(session)
    group_commit = GroupCommit(
        intake,
        clock,
        metrics,
        queue_events=config.intake_queue_events,
        group_events=config.intake_group_events,
    )
    ticker = Ticker(drawer, batch=config.ticker_batch)
    switcher = ModeSwitcher(ticker, control, metrics)
    orders = build_orders(config.orders, store, vault, switcher, metrics, profile.suggester)
    requests = RequestsList(
        flows,
        {each.id: {Language.ZH: each.zh, Language.EN: each.en} for each in config.departments},
        config.open311.place_digits,
    )
    return Api(
        Services(
            config=config,
            clock=clock,
            store=store,
            flows=flows,
            profile=profile,
            metrics=metrics,
            keys=keys,
            callers=Callers(store, keys, sessions, Limiter(config, metrics)),
            users=users,
            staff_names=staff_names,
            passwords=passwords,
            sessions=sessions,
            login=Login(users, passwords, LoginBackOff(store), sessions, clock),
            oidc=None if config.oidc is None else OidcLogin(config.oidc, users, book),
            intake=intake,
            group_commit=group_commit,
            posting=EventPosting(group_commit, metrics, config.batch_events),
            projector=Projector(
                store,
                flows,
                keeper,
                profile.dispatcher,
                automatic=AutomaticDispatch(profile.dispatcher, config.dispatch_confidence)
                if config.dispatch is DispatchMode.AUTO
                else None,
                merging=profile.duplicates if config.merge_duplicates else None,
                batch=config.projector_batch,
                utc_offset_minutes=config.utc_offset_minutes,
            ),
            drawer=drawer,
            desk=CaseDesk(drawer, departments),
            work=CaseWork(drawer, departments),
            ticker=ticker,
            evidence=files,
            links=EvidenceLinks(book, config.evidence_link_s),
            retention=None
            if config.evidence_keep_days is None
            else EvidenceRetention(store, files, ledger, metrics, config.evidence_keep_days),
            feed=FeedHub(
                FeedReader(store, config.stream_page), metrics, max_clients=config.stream_clients
            ),
            control=control,
            vault=vault,
            ledger=ledger,
            chain=ChainWatch(ledger, signer, anchors),
            trail=AuditTrail(
                ledger,
                signer,
                anchors,
                clock,
                metrics,
                queue_lines=config.audit_queue_lines,
                anchor_s=config.audit_anchor_s,
            ),
            switcher=switcher,
            orders=orders,
            requests=requests,
            webhooks=build_deliverers(config.webhooks, store, requests, metrics, Random()),  # noqa: S311 - jitter
            false_alarms=FalseAlarmReader(store, files, ReviewQueue(store)),
            models=ModelRegistry(
                store,
                models_folder(config),
                trust=None if config.models_trust is None else Path(config.models_trust),
                most_bytes=config.models_item_bytes,
                budget_bytes=config.models_budget_bytes,
            ),
            snapshots=snapshots,
            bench=Bench(config.trials),
            reports=ReportDesk(store, orders.desk, profile.dispatcher, config.report_district),
            notices=_open_notices(
                config, store, profile, flows, metrics, sender or AppriseSender(), orders.desk
            ),
        )
    )

"""The parts of one API, wired together; made by cloud_api.bootstrap, used by the routes."""

from dataclasses import dataclass

from cloud_api.audit.chain_status import ChainWatch
from cloud_api.audit.ledger import AuditLedger
from cloud_api.audit.trail import AuditTrail
from cloud_api.cameras.snapshots import SnapshotDesk
from cloud_api.case_desk import CaseDesk
from cloud_api.case_opening import CaseDrawer
from cloud_api.case_work import CaseWork
from cloud_api.citizens.reports import ReportDesk
from cloud_api.city_profile import CityProfile
from cloud_api.config import ApiConfig
from cloud_api.database import Store
from cloud_api.event_posting import EventPosting
from cloud_api.evidence.links import EvidenceLinks
from cloud_api.evidence.retention import EvidenceRetention
from cloud_api.evidence_store import EvidenceStore
from cloud_api.feed import FeedHub
from cloud_api.flow_choice import Flows
from cloud_api.group_commit import GroupCommit
from cloud_api.intake import IntakeLog
from cloud_api.keys import KeyRing
from cloud_api.metrics import Metrics
from cloud_api.mode_switching import ModeSwitcher
from cloud_api.model_registry.false_alarms import FalseAlarmReader
from cloud_api.model_registry.registry import ModelRegistry
from cloud_api.notices.bootstrap import Notices
from cloud_api.open311.requests_list import RequestsList
from cloud_api.orders.bootstrap import Orders
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
from cloud_api.ticker import Ticker
from cloud_api.trials.bench import Bench
from cloud_api.webhooks.deliverer import Deliverer
from runtime.clock import Clock

__all__ = ["Services"]


@dataclass(frozen=True, kw_only=True)
class Services:
    """One object for each part of the API."""

    config: ApiConfig
    clock: Clock
    store: Store
    flows: Flows
    profile: CityProfile
    metrics: Metrics
    keys: KeyRing
    callers: Callers
    users: UserRegister
    staff_names: StaffNames
    passwords: Passwords
    sessions: Sessions
    login: Login
    oidc: OidcLogin | None
    intake: IntakeLog
    group_commit: GroupCommit
    posting: EventPosting
    projector: Projector
    drawer: CaseDrawer
    desk: CaseDesk
    work: CaseWork
    ticker: Ticker
    evidence: EvidenceStore
    links: EvidenceLinks
    retention: EvidenceRetention | None
    feed: FeedHub
    control: ControlSink | None
    vault: Vault
    ledger: AuditLedger
    trail: AuditTrail
    chain: ChainWatch
    notices: Notices | None
    switcher: ModeSwitcher
    orders: Orders
    reports: ReportDesk
    models: ModelRegistry
    false_alarms: FalseAlarmReader
    requests: RequestsList
    webhooks: list[Deliverer]
    snapshots: SnapshotDesk
    bench: Bench

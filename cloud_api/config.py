"""Configuration of the API: one YAML file, read by the one loader, unknown keys refused."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from cloud_api.causes.config import CurveConfig
from cloud_api.console.config import ConsoleConfig
from cloud_api.flow_choice import FlowChoice
from cloud_api.open311.config import Open311Config
from cloud_api.orders.sources import OrderSource
from cloud_api.people.oidc_config import OidcConfig
from cloud_api.privacy.keybook import KeyBook
from cloud_api.trials.config import TrialConfig
from cloud_api.webhooks.endpoints import Endpoint
from contracts.envelope import Id
from runtime.clock import ClockConfig
from runtime.errors import SecretError
from runtime.mqtt_client import MqttConfig
from runtime.secret import check_secret
from runtime.yaml_document import load_config

__all__ = [
    "ApiConfig",
    "Department",
    "DispatchMode",
    "Synchronous",
    "database_url",
    "keys_path",
    "load_api_config",
    "models_folder",
    "open_keybook",
]

_Positive = Annotated[int, Meta(gt=0)]
_Seconds = Annotated[float, Meta(gt=0.0)]


class Department(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A department 部门 that cases can be dispatched to."""

    id: Id
    """Id, as used in ``to_department``. No default."""
    zh: str
    """Chinese name. No default."""
    en: str
    """English name. No default."""


class Synchronous(StrEnum):
    """What SQLite waits for at a commit."""

    FULL = "FULL"
    """The disk: an answered post survives a power cut."""
    NORMAL = "NORMAL"
    """The operating system: an answered post survives kill -9, not a power cut."""


class DispatchMode(StrEnum):
    """Who dispatches filed cases."""

    SUGGEST = "suggest"
    """People do; the API advises them."""
    AUTO = "auto"
    """The API does where it is sure enough, and starts pre-plans; people do the rest."""


_DEPARTMENTS = (
    Department(id="urban-management", zh="城市管理局", en="Urban management"),
    Department(id="water", zh="水务局", en="Water affairs"),
    Department(id="traffic-police", zh="交警支队", en="Traffic police"),
    Department(id="sanitation", zh="环卫处", en="Sanitation"),
    Department(id="housing", zh="住房和建设局", en="Housing and construction"),
    Department(id="fire-rescue", zh="消防救援支队", en="Fire and rescue"),
    Department(id="emergency", zh="应急管理局", en="Emergency management"),
)


class ApiConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything the API can be told; every field has a default that suits one machine."""

    host: str = "127.0.0.1"
    """Address to listen on. Default 127.0.0.1 (this machine only)."""
    port: Annotated[int, Meta(ge=0, le=65535)] = 8080
    """TCP port; 0 takes a free one. Default 8080."""
    database_url: str = "sqlite:///var/cloud_api.sqlite"
    """``sqlite:///path`` or ``postgresql://user@host/name``, without password. Default var/cloud_api.sqlite."""
    database_password_env: str | None = None
    """Environment variable that holds the database password. Default none."""
    database_timeout_s: _Seconds = 10.0
    """Longest wait for a connection, a lock or a statement, in seconds. Default 10."""
    sqlite_synchronous: Synchronous = Synchronous.FULL
    """FULL survives a power cut, NORMAL only a killed process. Default FULL."""
    evidence_dir: str = "var/evidence"
    """Folder of pictures and clips. Default var/evidence."""
    evidence_item_bytes: _Positive = 50_000_000
    """Largest single picture or clip, in bytes. Default 50 MB."""
    evidence_budget_bytes: _Positive = 20_000_000_000
    """All evidence together, in bytes; then uploads are refused with 507. Default 20 GB."""
    evidence_keep_days: _Seconds | None = None
    """Days after which evidence is deleted, unless an open case needs it. Default none: it is kept."""
    evidence_link_s: _Seconds = 300.0
    """Seconds for which a link to evidence works. Default 5 minutes."""
    models_dir: str | None = None
    """Folder of published models. Default: models beside evidence_dir."""
    models_item_bytes: _Positive = 300_000_000
    """Largest bundle of a model, in bytes. Default 300 MB."""
    models_budget_bytes: _Positive = 5_000_000_000
    """All bundles together, in bytes; then publishing is refused with 507. Default 5 GB."""
    models_trust: str | None = None
    """Book of the keys that may sign what is published. Default none: boxes look at signatures themselves."""
    keys_file: str | None = None
    """File with the API's master keys; made where there is none. Default: api.keys beside evidence_dir."""
    keys_env: str | None = None
    """Environment variable with the master keys, instead of a file. Default none."""
    audit_heads: tuple[str, ...] = ()
    """Files or addresses of witnesses that keep signed heads of the audit log. Default:
    audit-heads.jsonl beside evidence_dir."""
    audit_witness_token_env: str | None = None
    """Environment variable with the token for witnesses. Default none."""
    audit_anchor_s: _Seconds = 10.0
    """Real seconds between signed heads, while lines come. Default 10."""
    audit_queue_lines: _Positive = 5_000
    """Lines that may wait for the audit log before requests are refused with 503. Default 5000."""
    body_bytes: _Positive = 8_000_000
    """Largest body of every other request, in bytes. Default 8 MB."""
    batch_events: _Positive = 1_000
    """Most events in one post. Default 1000."""
    page_size: _Positive = 200
    """Most items that a list returns at once. Default 200."""
    intake_queue_events: _Positive = 20_000
    """Events waiting to be stored before posts are refused with 503. Default 20000."""
    intake_group_events: _Positive = 2_000
    """Events stored in one transaction, about. Default 2000."""
    projector_interval_s: _Seconds = 0.2
    """Real seconds between steps of the projector, unless a full batch was waiting. Default 0.2."""
    projector_batch: _Positive = 200
    """Log entries projected in one transaction. Default 200."""
    stream_clients: _Positive = 2_000
    """Most listeners on /v1/stream; then 503. Default 2000."""
    stream_page: _Positive = 200
    """Most changes that a listener is sent before the log is read again. Default 200."""
    stream_heartbeat_s: _Seconds = 15.0
    """Real seconds between comments that keep an idle stream open. Default 15."""
    key_cache_s: _Seconds = 1.0
    """Real seconds for which a key is believed without asking the database. Default 1."""
    limit_identity_per_s: _Seconds = 200.0
    """Requests a second of one person or reading key, in the long run; four seconds of it at once. Default 200."""
    limit_machine_per_s: _Seconds = 20_000.0
    """The same of one gateway, box, hub or admin key. Default 20000."""
    limit_address_per_s: _Seconds = 100.0
    """The same of one address, of requests without a key that was believed a moment ago. Default 100."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies whose X-Forwarded-For is believed. Default none."""
    cors_origins: tuple[Annotated[str, Meta(pattern=r"^https?://[^/*]+$")], ...] = ()
    """Sites whose pages may ask with cookies, as ``https://console.example``. Default none: our own only."""
    session_s: _Seconds = 43_200.0
    """Seconds after which people log in again, whatever they do. Default 12 hours: a shift."""
    session_idle_s: _Seconds = 3_600.0
    """Seconds without a request after which a session ends. Default 1 hour."""
    oidc: OidcConfig | None = None
    """OpenID provider that people log in at. Default none: with a password only."""
    cookie_secure: bool = True
    """Whether browsers send the session's cookie over HTTPS only. Default true."""
    request_timeout_s: _Seconds = 30.0
    """Longest pause while a request's body arrives, in real seconds. Default 30."""
    stop_timeout_s: _Seconds = 10.0
    """Real seconds that running requests get when the server stops. Default 10."""
    loopback_metrics: bool = True
    """Whether /metrics needs no key from this very machine. Default true."""
    flow: str = "general"
    """Flow that new cases follow: a file in cloud_api/flows. Default general."""
    flow_choices: tuple[FlowChoice, ...] = ()
    """Which cases follow another flow: the first line that fits decides. Default none."""
    profile: str = "national"
    """City profile: a folder in cloud_api/profiles, or a path to one of yours. Default national."""
    dispatch: DispatchMode = DispatchMode.SUGGEST
    """suggest: people dispatch, the API advises; auto: it does where it is sure. Default suggest."""
    dispatch_confidence: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.8
    """Least confidence, 0 to 1, at which ``auto`` dispatches a case. Default 0.8."""
    merge_duplicates: bool = False
    """Whether a new case is merged at once into one that it duplicates, reversibly. Default false: people do."""
    ticker_interval_s: _Seconds = 1.0
    """Longest real seconds between looks at the deadlines. Default 1."""
    ticker_batch: _Positive = 200
    """Cases whose deadlines are dealt with in one transaction. Default 200."""
    departments: tuple[Department, ...] = _DEPARTMENTS
    """Departments that exist. Default: seven usual ones."""
    utc_offset_minutes: Annotated[int, Meta(ge=-840, le=840)] = 480
    """Minutes east of UTC, for the day in a case number. Default 480 (China)."""
    clock: ClockConfig | None = None
    """A scaled clock for demonstrations. Default: the machine's clock."""
    hub: MqttConfig | None = None
    """MQTT hub for control messages to the gateways. Default none: they are not sent."""
    notices: str | None = None
    """YAML file that says who is told of what, and through what. Default none: nobody is told."""
    orders: tuple[OrderSource, ...] = ()
    """Other systems whose orders come in. Default none."""
    report_district: Id = "unassigned"
    """District of people's reports that lie in no cell of the grid. Default unassigned."""
    open311: Open311Config = Open311Config()
    """The Open311 facade. Default: there, and read without a key."""
    webhooks: tuple[Endpoint, ...] = ()
    """Endpoints that are told of changes. Default none."""
    curves: CurveConfig | None = None
    """The gateway that knows the curves behind events. Default none: what their revisions said is shown."""
    public_reports: bool = False
    """Whether anybody may hand in a report without a key, as the citizens' page does. Default false."""
    console: ConsoleConfig = ConsoleConfig()
    """What the console shows under the city's own data. Default: a plain ground."""
    trials: TrialConfig = TrialConfig()
    """Trying out rules and zones. Default: with uploaded tables only, two at a time."""
    cap_sender: Annotated[str, Meta(pattern=r"^[^\s,<&]{1,200}$")] = "cityloop.invalid"
    """Who warns, as the sender of CAP alerts; a name of yours on the internet. Default cityloop.invalid."""
    log_level: str = "info"
    """debug, info, warning or error. Default info."""


def load_api_config(path: Path | None) -> ApiConfig:
    """Return the configuration in a file; every default without one.

    Raises:
        ConfigError: the file cannot be read or is no such configuration.
    """
    return ApiConfig() if path is None else load_config(path, ApiConfig)


def open_keybook(config: ApiConfig) -> KeyBook:
    """Return the master keys; their file is made where there is none.

    Raises:
        SecretError: both a file and a variable are named, or what is named is no book of keys.
    """
    if config.keys_env is not None:
        if config.keys_file is not None:
            raise SecretError("keys_file and keys_env are both set; keep one")
        return KeyBook.from_environment(config.keys_env)
    return KeyBook.open(keys_path(config))


def models_folder(config: ApiConfig) -> Path:
    """Return where bundles of models are."""
    if config.models_dir is not None:
        return Path(config.models_dir)
    return Path(config.evidence_dir).parent / "models"


def keys_path(config: ApiConfig) -> Path:
    """Return where the file of master keys is."""
    if config.keys_file is not None:
        return Path(config.keys_file)
    return Path(config.evidence_dir).parent / "api.keys"


def database_url(config: ApiConfig) -> URL:
    """Return the database's URL with the password from the environment in it.

    Raises:
        SecretError: the URL is not one of ours or holds a password, or the variable is unset.
    """
    try:
        url = make_url(config.database_url)
    except ArgumentError as error:
        raise SecretError(
            f"database_url: {error}; expected sqlite:///path or postgresql://..."
        ) from error
    backend = url.get_backend_name()
    if backend not in {"sqlite", "postgresql"}:
        raise SecretError(
            f"database_url: {backend!r} is not supported; expected sqlite or postgresql"
        )
    if backend == "sqlite" and url.database in {None, "", ":memory:"}:
        raise SecretError("database_url: a database in memory is lost; expected sqlite:///path")
    if url.password is not None:
        raise SecretError(
            "database_url: holds a password; put it into an environment variable and name that in "
            "database_password_env"
        )
    if config.database_password_env is None:
        return url
    password = os.environ.get(config.database_password_env)
    if not password:
        raise SecretError(
            f"environment variable {config.database_password_env} is unset or empty; set it to the "
            "database password, or remove database_password_env"
        )
    check_secret(password, f"environment variable {config.database_password_env}")
    return url.set(password=password)

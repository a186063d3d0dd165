"""The hub's configuration."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from contracts.envelope import Id
from contracts.topics import Kind

__all__ = [
    "BoxUser",
    "Discard",
    "HubConfig",
    "HubRegister",
    "HubTls",
    "Listen",
    "Role",
    "ServiceUser",
    "StreamConfig",
    "default_streams",
]

_Port = Annotated[int, Meta(ge=1, le=65_535)]
_DAY_S = 86_400
_GB = 1_000_000_000
_LEAST_QUEUE = 1_000_000


class Listen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where something listens."""

    host: str = "127.0.0.1"
    """Address to bind; default: this machine only. ``0.0.0.0`` opens it to the network."""
    port: _Port
    """TCP port."""


class HubTls(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Encryption of the MQTT and native listeners."""

    cert: str
    """File with the server's certificate."""
    key: str
    """File with its key."""
    ca: str | None = None
    """File with the authority that must have signed the clients' certificates; default: none asked."""


class Role(StrEnum):
    """What a user that is no box may do."""

    GATEWAY = "gateway"
    """Read everything below ``city``; publish acks, desired configuration, commands, events."""
    API = "api"
    """Publish control messages, read events."""
    ADMIN = "admin"
    """Everything, JetStream's administration too; the hub itself needs one."""


class ServiceUser(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user that is no box."""

    name: Id
    """User name, the same at MQTT and native connections."""
    role: Role
    """What it may do."""
    password_file: str
    """File that holds its password."""


class BoxUser(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A box that may speak below its own topics only. ``cityloop hub add-box`` registers others."""

    box: Id
    """Id, third level of its topics and its user name."""
    district: Id
    """First level of its topics."""
    site: Id
    """Second level."""
    password_file: str
    """File that holds its password."""


class HubRegister(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The API whose enrolled boxes may log in; whom it revokes is cut off."""

    api: str
    """Base address of the API, without /v1."""
    key_file: str
    """File that holds an API key of role ``hub``."""
    poll_s: Annotated[float, Meta(gt=0.0)] = 1.0
    """Seconds between two polls; default 1."""
    timeout_s: Annotated[float, Meta(gt=0.0)] = 2.0
    """Seconds after which a poll counts as failed; default 2."""


class Discard(StrEnum):
    """What a full stream does."""

    OLD = "old"
    """The oldest messages go."""
    NEW = "new"
    """New messages are refused; MQTT publishers are not told."""


class StreamConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of one stream is kept."""

    kinds: tuple[Kind, ...]
    """Kinds of messages that it captures; none may be in two streams."""
    max_age_s: Annotated[int, Meta(ge=1)] = 7 * _DAY_S
    """Seconds after which a message goes; default 7 days."""
    max_bytes: Annotated[int, Meta(ge=1_000_000)] = _GB
    """Most bytes kept; default 1 GB."""
    discard: Discard = Discard.OLD
    """What happens when it is full; default ``old``."""


def default_streams() -> dict[str, StreamConfig]:
    """Return the streams of the architecture's section 4.

    10,000 readings/s of 300 B are 260 GB a day, so a city's hub needs larger numbers than these.
    """
    return {
        "READINGS": StreamConfig(kinds=(Kind.READINGS,), max_age_s=_DAY_S, max_bytes=4 * _GB),
        "TRACKS": StreamConfig(kinds=(Kind.TRACKS, Kind.COUNTS), max_age_s=3600),
        "OBSERVATIONS": StreamConfig(kinds=(Kind.OBSERVATIONS,)),
        "URGENT": StreamConfig(kinds=(Kind.URGENT,)),
        "STATUS": StreamConfig(kinds=(Kind.STATUS,), max_bytes=100_000_000),
    }


class HubConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything about one hub."""

    name: Id = "hub"
    """Name of the server; unique among the servers of a cluster."""
    data_dir: str
    """Folder for streams, sessions, the generated configuration and the register of boxes."""
    mqtt: Listen = Listen(port=1883)
    """MQTT 3.1.1 listener; default 127.0.0.1:1883."""
    client: Listen = Listen(port=4222)
    """Native listener, for JetStream consumers and administration; default 127.0.0.1:4222."""
    monitor: Listen = Listen(port=8222)
    """HTTP listener for health and figures, without login: keep it on loopback, the default."""
    tls: HubTls | None = None
    """Encryption; default: none, which suits loopback only."""
    users: tuple[ServiceUser, ...] = ()
    """Gateway, API, administrator. One of role ``admin`` is required."""
    boxes: tuple[BoxUser, ...] = ()
    """Boxes known from the start."""
    register: HubRegister | None = None
    """API whose enrolled boxes may log in; default: none."""
    streams: dict[str, StreamConfig] = {}
    """Streams by name; default: READINGS, TRACKS, OBSERVATIONS, URGENT, STATUS."""
    sync_interval_s: Annotated[float, Meta(ge=0.0)] = 10.0
    """Seconds between two syncs of the streams to the disk, for the whole server; a power cut may
    take that much. 0 syncs at every message, at 0.15 to 0.3 of the speed. Default 10."""
    max_store_bytes: Annotated[int, Meta(ge=10_000_000)] = 20 * _GB
    """Most disk for streams and sessions together; default 20 GB."""
    mqtt_queue_bytes: Annotated[int, Meta(ge=1_000_000)] | None = None
    """Most bytes that wait for MQTT sessions which are away; beyond, the oldest go, and boxes send
    them again. Default: three quarters of what the streams leave of ``max_store_bytes``. Without a
    limit they would fill the store, and nobody could log in any more to fetch them."""
    max_memory_bytes: Annotated[int, Meta(ge=1_000_000)] = 256_000_000
    """Most memory for streams that are kept there; default 256 MB."""
    max_connections: Annotated[int, Meta(ge=1)] = 10_000
    """Most clients at once; default 10,000."""
    mqtt_max_ack_pending: Annotated[int, Meta(ge=1, le=20_000)] = 4_000
    """Most messages sent to one subscription and not acknowledged; default 4,000. nats-server
    refuses the subscription with which those of one session exceed 65,535 together (a ``#`` counts
    twice): the gateway has nine, so 20,000 would leave it deaf to all but the first three."""
    mqtt_ack_wait_s: Annotated[float, Meta(ge=0.1)] = 10.0
    """Seconds after which an unacknowledged message is sent again; default 10."""
    bcrypt_cost: Annotated[int, Meta(ge=4, le=14)] = 8
    """Work of checking a password, as a power of two; default 8 (about 15 ms). Generated passwords
    are long enough for the lowest; thousands of boxes reconnect faster with it."""

    @property
    def data(self) -> Path:
        """``data_dir`` as a path."""
        return Path(self.data_dir)

    @property
    def effective_streams(self) -> dict[str, StreamConfig]:
        """The configured streams, or the default ones."""
        return self.streams or default_streams()

    @property
    def effective_mqtt_queue_bytes(self) -> int:
        """``mqtt_queue_bytes``, or what follows from the limits of store and streams."""
        if self.mqtt_queue_bytes is not None:
            return self.mqtt_queue_bytes
        streams = sum(stream.max_bytes for stream in self.effective_streams.values())
        return max(_LEAST_QUEUE, (self.max_store_bytes - streams) * 3 // 4)

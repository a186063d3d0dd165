"""The configuration file of nats-server: listeners, limits, users and what each may do.

An MQTT topic ``a/b`` is the subject ``a.b``. ``city/#`` needs ``city.>`` and ``city``; an MQTT
subscription of QoS 1 also needs ``$MQTT.sub.>``, where its deliveries arrive.
"""

import json
from collections.abc import Iterable

import structlog

from cityloop.hub.config import HubConfig, HubTls, Listen, Role
from cityloop.hub.errors import RegistryError
from cityloop.hub.register import BoxLogin, Register, hash_password
from contracts.topics import PREFIX, Kind, box_topic
from runtime.secret import read_secret

__all__ = ["BOX_PUBLISHES", "BOX_SUBSCRIBES", "render", "subject"]

BOX_PUBLISHES = (
    Kind.READINGS,
    Kind.TRACKS,
    Kind.COUNTS,
    Kind.OBSERVATIONS,
    Kind.URGENT,
    Kind.STATUS,
    Kind.CONFIG_REPORTED,
    Kind.COMMAND_RESULT,
)
"""What a box may publish, below its own topics."""

BOX_SUBSCRIBES = (Kind.ACK, Kind.CONFIG_DESIRED, Kind.COMMAND)
"""What a box may hear, below its own topics."""

_log = structlog.get_logger(__name__)

_MQTT_DELIVERIES = "$MQTT.sub.>"
_ROOT = PREFIX.replace("/", ".")


def subject(topic: str) -> str:
    """Return the subject of a topic whose levels hold no dot (ours never do)."""
    return topic.replace("/", ".")


def _quoted(items: Iterable[str]) -> str:
    return f"[{', '.join(json.dumps(item) for item in items)}]"


def _user(
    name: str, password_hash: str, publish: Iterable[str], subscribe: Iterable[str], types: str = ""
) -> str:
    return (
        f"    {{ user: {json.dumps(name)}, password: {json.dumps(password_hash)}, {types}"
        f"permissions: {{ publish: {{ allow: {_quoted(publish)} }}, "
        f"subscribe: {{ allow: {_quoted(subscribe)} }} }} }}"
    )


def _box_user(login: BoxLogin) -> str:
    def subjects(kinds: Iterable[Kind]) -> list[str]:
        return [subject(box_topic(login.district, login.site, login.box, kind)) for kind in kinds]

    return _user(
        login.box,
        login.password_hash,
        subjects(BOX_PUBLISHES),
        [*subjects(BOX_SUBSCRIBES), _MQTT_DELIVERIES],
        # natively, the permission for its deliveries would show a box everybody's
        'allowed_connection_types: ["MQTT"], ',
    )


def _service_user(name: str, role: Role, password_hash: str) -> str:
    if role is Role.ADMIN:
        return _user(name, password_hash, [">"], [">"])
    if role is Role.API:
        # beside what it says to gateways it orders pictures of boxes, and hears what became of it
        box = f"{_ROOT}.*.*.*"
        publish = [f"{_ROOT}.*.{Kind.CONTROL.value}", f"{box}.{subject(Kind.COMMAND.value)}"]
        listen = [
            f"{_ROOT}.*.{Kind.EVENTS.value}",
            f"{box}.{subject(Kind.COMMAND_RESULT.value)}",
            _MQTT_DELIVERIES,
            "_INBOX.>",
        ]
        return _user(name, password_hash, publish, listen)
    publish = [
        *(
            f"{_ROOT}.*.*.*.{subject(kind.value)}"
            for kind in (Kind.ACK, Kind.CONFIG_DESIRED, Kind.COMMAND)
        ),
        f"{_ROOT}.*.{Kind.EVENTS.value}",
        # copies of dead letters
        "city-dead.v1.>",
        # a JetStream consumer of its own
        "$JS.API.CONSUMER.>",
        "$JS.API.STREAM.INFO.>",
        "$JS.ACK.>",
        # its answers to flow control; without them the hub stops sending for good
        "$JS.FC.>",
    ]
    return _user(name, password_hash, publish, ["city.>", "city", _MQTT_DELIVERIES, "_INBOX.>"])


def _logins(config: HubConfig) -> list[str]:
    """Return one line for each user.

    Raises:
        RegistryError: a name is given twice, or no administrator is configured.
        SecretError: a password cannot be read.
    """
    lines: dict[str, str] = {}

    def add(name: str, line: str) -> None:
        if name in lines:
            raise RegistryError(f"user {name!r} is configured twice; names must differ")
        lines[name] = line

    def hashed(name: str, file: str) -> str:
        password = read_secret(file, None, f"hub user {name}")
        assert password is not None
        return hash_password(password, config.bcrypt_cost)

    if not any(user.role is Role.ADMIN for user in config.users):
        raise RegistryError("no user has role 'admin'; the hub needs one to make its streams")
    for user in config.users:
        add(user.name, _service_user(user.name, user.role, hashed(user.name, user.password_file)))
    for box in config.boxes:
        login = BoxLogin(
            box=box.box,
            district=box.district,
            site=box.site,
            password_hash=hashed(box.box, box.password_file),
        )
        add(box.box, _box_user(login))
    register = Register(config.data)
    for login in register.boxes():
        add(login.box, _box_user(login))
    for login in register.enrolled():
        if login.box in lines:
            # whoever runs this hub has the last word; the other boxes must not suffer
            _log.warning("enrolled_box_shadowed", box=login.box)
        else:
            add(login.box, _box_user(login))
    return list(lines.values())


def _tls(tls: HubTls | None) -> str:
    if tls is None:
        return ""
    authority = f"ca_file: {json.dumps(tls.ca)}, verify: true, " if tls.ca else ""
    files = f"cert_file: {json.dumps(tls.cert)}, key_file: {json.dumps(tls.key)}"
    return f"tls {{ {authority}{files} }}"


def _at(listen: Listen) -> str:
    return json.dumps(f"{listen.host}:{listen.port}")


def render(config: HubConfig) -> str:
    """Return the text of nats-server's configuration; it holds password hashes, so keep it private.

    Raises:
        RegistryError: a user is configured twice, or no administrator is.
        SecretError: a password cannot be read.
    """
    sync = "always" if config.sync_interval_s == 0.0 else f"{config.sync_interval_s * 1000:.0f}ms"
    data = config.data.resolve()
    users = "\n".join(_logins(config))
    return f"""\
# Written by `cityloop hub` at every start; changes made here are lost.
server_name: {json.dumps(config.name)}
listen: {_at(config.client)}
http: {_at(config.monitor)}
pid_file: {json.dumps(str(data / "nats-server.pid"))}
max_payload: 1048576
max_connections: {config.max_connections}
{_tls(config.tls)}
jetstream {{
  store_dir: {json.dumps(str(data / "store"))}
  max_file_store: {config.max_store_bytes}
  max_memory_store: {config.max_memory_bytes}
  sync_interval: "{sync}"
}}
mqtt {{
  listen: {_at(config.mqtt)}
  ack_wait: "{config.mqtt_ack_wait_s * 1000:.0f}ms"
  max_ack_pending: {config.mqtt_max_ack_pending}
  {_tls(config.tls)}
}}
authorization {{
  users: [
{users}
  ]
}}
"""

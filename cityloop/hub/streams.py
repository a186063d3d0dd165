"""The streams of a hub: which messages are kept, how long, and how many of them."""

import asyncio
import ssl
from datetime import timedelta

import nats
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js import api as js
from nats.js.errors import NotFoundError

from cityloop.hub.config import HubConfig, Role, StreamConfig
from cityloop.hub.errors import StreamRefused
from cityloop.hub.server_config import subject
from contracts.topics import PREFIX
from runtime.secret import read_secret

__all__ = ["ensure_streams", "make_streams", "stream_subjects"]

_TIMEOUT_S = 10.0
_MQTT_QUEUE = "$MQTT_msgs"
"""Where nats-server keeps what it owes to MQTT sessions. It makes it at the first login, without
limit, unless it is there. Source: nats-server 2.15, server/mqtt.go, ``mqttStreamName``."""


def stream_subjects(stream: StreamConfig) -> list[str]:
    """Return the subjects that a stream captures, over all districts, sites and boxes."""
    return [f"{subject(PREFIX)}.*.*.*.{subject(kind.value)}" for kind in stream.kinds]


def _wanted(name: str, stream: StreamConfig) -> js.StreamConfig:
    return js.StreamConfig(
        name=name,
        subjects=stream_subjects(stream),
        retention=js.RetentionPolicy.LIMITS,
        storage=js.StorageType.FILE,
        discard=js.DiscardPolicy(stream.discard.value),
        max_age=timedelta(seconds=stream.max_age_s).total_seconds(),
        max_bytes=stream.max_bytes,
    )


async def make_streams(context: JetStreamContext, config: HubConfig) -> None:
    """Make the configured streams, or change those that exist."""
    for name, stream in config.effective_streams.items():
        wanted = _wanted(name, stream)
        try:
            await context.stream_info(name)
        except NotFoundError:
            await context.add_stream(wanted)
        else:
            await context.update_stream(wanted)


async def _limit_mqtt_queue(context: JetStreamContext, config: HubConfig) -> None:
    limit = config.effective_mqtt_queue_bytes
    try:
        found = (await context.stream_info(_MQTT_QUEUE)).config
    except NotFoundError:
        await context.add_stream(
            js.StreamConfig(
                name=_MQTT_QUEUE,
                subjects=["$MQTT.msgs.>"],
                retention=js.RetentionPolicy.INTEREST,
                storage=js.StorageType.FILE,
                discard=js.DiscardPolicy.OLD,
                max_bytes=limit,
            )
        )
    else:
        await context.update_stream(found.evolve(max_bytes=limit, discard=js.DiscardPolicy.OLD))


def _own_tls(config: HubConfig) -> ssl.SSLContext | None:
    """Return how the hub talks to the server that it has just started with its own certificate.

    That very certificate is what it trusts, and what it shows where clients must show one.
    """
    if config.tls is None:
        return None
    context = ssl.create_default_context(cafile=config.tls.cert)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    # the certificate names the hub as boxes know it, not this machine's loopback
    context.check_hostname = False
    if config.tls.ca is not None:
        context.load_cert_chain(config.tls.cert, config.tls.key)
    return context


async def _connect_and_ensure(config: HubConfig) -> None:
    admin = next(user for user in config.users if user.role is Role.ADMIN)
    scheme = "nats" if config.tls is None else "tls"
    connection = await nats.connect(
        f"{scheme}://{config.client.host}:{config.client.port}",
        user=admin.name,
        password=read_secret(admin.password_file, None, f"hub user {admin.name}"),
        tls=_own_tls(config),
        connect_timeout=int(_TIMEOUT_S),
        allow_reconnect=False,
        max_reconnect_attempts=0,
    )
    try:
        context = connection.jetstream(timeout=_TIMEOUT_S)
        await make_streams(context, config)
        await _limit_mqtt_queue(context, config)
    finally:
        await connection.close()


def ensure_streams(config: HubConfig) -> None:
    """Make the configured streams, or bring those that exist to the configured limits.

    The queue of MQTT sessions is limited too.

    Streams that are no longer configured are left as they are: deleting data is a person's job.

    Raises:
        StreamRefused: the server refuses the login or a stream.
    """
    try:
        asyncio.run(_connect_and_ensure(config))
    except (NatsError, OSError, TimeoutError) as error:
        raise StreamRefused(
            f"hub {config.name}: streams could not be made: {error!s}; check the limits of "
            "`streams` against max_store_bytes, and the admin user's password"
        ) from error

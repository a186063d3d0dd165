"""Messages from streams of a NATS server, in the order in which it stored them."""

import asyncio
import os
import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

import nats
import structlog
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from cityloop.rules_tools.errors import DataRefused
from cityloop.rules_tools.sources.entry import Entry
from cityloop.rules_tools.sources.message_lines import message_entry
from contracts.errors import ContractError
from runtime.nats_subject import topic_of

__all__ = ["read_stream"]

_USER = "CITYLOOP_STREAM_USER"
_PASSWORD = "CITYLOOP_STREAM_PASSWORD"  # noqa: S105 - the name of the variable, not what is in it
_HOST = re.compile(r"(\[[0-9a-fA-F:]+\]|[^@:/\[\]]+):[0-9]{1,5}")
_BATCH = 1_000
_TIMEOUT_S = 10.0

_Identity = tuple[object, object, object, object]


class _Stored(NamedTuple):
    arrived_s: float
    stream: int
    """Place of its stream in the address: what was stored at one time comes in this order."""
    sequence: int
    subject: str
    payload: bytes


def read_stream(address: str) -> list[Entry]:
    """Return the messages of one stream or several, by when they were stored.

    A message that was sent again counts once, as a gateway counts it. What is none of ours is left out,
    and how much that was is logged as ``stream_messages_skipped``.

    Args:
        address: ``nats://host:port/READINGS,OBSERVATIONS``. User and password are those in the environment:
            ``CITYLOOP_STREAM_USER``, ``CITYLOOP_STREAM_PASSWORD``.

    Raises:
        DataRefused: no server answers there, or it has no such stream.
    """
    parts = urlsplit(address)
    streams = [name for name in parts.path.strip("/").split(",") if name]
    found = _HOST.fullmatch(parts.netloc)
    if not streams or found is None:
        raise DataRefused(
            f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}: expected nats://host:port/STREAM, or "
            f"several by commas; user and password belong into {_USER} and {_PASSWORD}"
        )
    server = shown = f"{parts.scheme}://{parts.netloc}"
    try:
        stored = asyncio.run(_fetch(server, streams))
    except (NatsError, OSError, TimeoutError) as error:
        raise DataRefused(
            f"{shown}: streams {', '.join(streams)} cannot be read: {str(error) or type(error).__name__}; "
            "check the address, the names and the rights of the user"
        ) from error
    return _entries(sorted(stored))


def _entries(stored: Sequence[_Stored]) -> list[Entry]:
    found: list[Entry] = []
    seen: set[_Identity] = set()
    skipped = 0
    for number, one in enumerate(stored, start=1):
        topic = topic_of(one.subject)
        try:
            entry = message_entry(one.payload, topic, one.arrived_s, number)
        except (ContractError, ValueError):
            skipped += 1
            continue
        message = None if entry.prepared is None else entry.prepared.message
        identity = _identity(message)
        if identity is not None:
            if identity in seen:
                continue
            seen.add(identity)
        found.append(entry)
    if skipped:
        structlog.get_logger().warning("stream_messages_skipped", count=skipped)
    return found


def _identity(message: object) -> _Identity | None:
    """Return what makes a message of a box itself; None for what no box numbered."""
    boot = getattr(message, "boot_id", None)
    if boot is None or not hasattr(message, "seq"):
        return None
    return (
        getattr(message, "box", None),
        boot,
        getattr(message, "channel", None),
        getattr(message, "seq", None),
    )


async def _fetch(server: str, streams: Sequence[str]) -> list[_Stored]:
    connection = await nats.connect(
        server,
        connect_timeout=_TIMEOUT_S,
        allow_reconnect=False,
        max_reconnect_attempts=1,
        user=os.environ.get(_USER),
        password=os.environ.get(_PASSWORD),
    )
    try:
        context = connection.jetstream(timeout=_TIMEOUT_S)
        found: list[_Stored] = []
        for place, stream in enumerate(streams):
            found += await _fetch_stream(context, stream, place)
        return found
    finally:
        await connection.close()


async def _fetch_stream(context: JetStreamContext, stream: str, place: int) -> list[_Stored]:
    """Return what a stream holds now; what comes in meanwhile is left for the next time."""
    state = (await context.stream_info(stream)).state
    found: list[_Stored] = []
    if not state.messages:
        return found
    config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL, ack_policy=AckPolicy.NONE)
    subscription = await context.pull_subscribe(">", stream=stream, config=config)
    try:
        while not found or found[-1].sequence < state.last_seq:
            for message in await subscription.fetch(_BATCH, timeout=_TIMEOUT_S):
                meta = message.metadata
                arrived_s = meta.timestamp.timestamp()
                sequence = meta.sequence.stream
                found.append(_Stored(arrived_s, place, sequence, message.subject, message.data))
    finally:
        await subscription.unsubscribe()
    return [one for one in found if one.sequence <= state.last_seq]

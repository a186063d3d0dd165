"""Encoding and decoding of every wire message, with errors that name what was wrong."""

from datetime import datetime

import msgspec

from contracts.ack import Ack
from contracts.control import Command, CommandResult, ConfigDesired, ConfigReported, Control
from contracts.counts import Counts
from contracts.errors import MessageError
from contracts.event import Event
from contracts.observation import Observation
from contracts.readings import Readings
from contracts.status import Dropped, Status
from contracts.tracks import Tracks

__all__ = [
    "MAX_PAYLOAD_BYTES",
    "MESSAGE_TYPES",
    "BoxMessage",
    "Message",
    "decode_box_message",
    "decode_message",
    "encode",
    "stamp_sent",
]

MAX_PAYLOAD_BYTES = 262_144
"""Largest payload that is accepted; nats-server cuts a client off at 1 MB. Source: gateway.md §6."""

BoxMessage = Readings | Tracks | Counts | Observation | Status | Dropped
"""What a box publishes on its acknowledged channels and its status."""

Message = (
    BoxMessage | Ack | Event | Control | Command | CommandResult | ConfigDesired | ConfigReported
)

MESSAGE_TYPES: dict[str, type[msgspec.Struct]] = {
    "readings.v1": Readings,
    "tracks.v1": Tracks,
    "counts.v1": Counts,
    "observation.v1": Observation,
    "status.v1": Status,
    "dropped.v1": Dropped,
    "ack.v1": Ack,
    "event.v1": Event,
    "control.v1": Control,
    "command.v1": Command,
    "result.v1": CommandResult,
    "config.desired.v1": ConfigDesired,
    "config.reported.v1": ConfigReported,
}

_ENCODER = msgspec.json.Encoder()
_BOX_DECODER: msgspec.json.Decoder[BoxMessage] = msgspec.json.Decoder(BoxMessage)
_DECODER: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def encode(message: Message) -> bytes:
    """Return a message as UTF-8 JSON."""
    return _ENCODER.encode(message)


def stamp_sent(payload: bytes, sent_at: datetime, *, resent: bool) -> bytes:
    """Return an encoded box message with ``sent_at`` and ``resent`` written into it.

    The outbox stores a message once, without the two fields, and stamps it each time it leaves.
    """
    stamp = sent_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    flag = b"true" if resent else b"false"
    return b'%b,"sent_at":"%b","resent":%b}' % (payload[:-1], stamp.encode(), flag)


def _check_size(payload: bytes) -> None:
    if len(payload) > MAX_PAYLOAD_BYTES:
        msg = f"payload of {len(payload)} bytes; expected at most {MAX_PAYLOAD_BYTES}; split it"
        raise MessageError(msg)


def decode_box_message(payload: bytes) -> BoxMessage:
    """Return the box message in a payload.

    Raises:
        MessageError: malformed, oversized, of another type, or a field breaks its constraint.
    """
    _check_size(payload)
    try:
        return _BOX_DECODER.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MessageError(str(error)) from error


def decode_message(payload: bytes) -> Message:
    """Return any wire message in a payload.

    Raises:
        MessageError: malformed, oversized, of unknown type, or a field breaks its constraint.
    """
    _check_size(payload)
    try:
        return _DECODER.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MessageError(str(error)) from error

"""Messages from JSON lines: the wire's own, SenML packs and single SenML records."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from cityloop.rules_tools.errors import DataRefused
from cityloop.rules_tools.sources.entry import REPLAY_BOOT, Entry
from cityloop.rules_tools.sources.mapping import TableMapping
from cityloop.rules_tools.sources.moments import moment_s
from contracts.codec import decode_box_message, decode_message, encode
from contracts.control import Control
from contracts.envelope import Channel
from contracts.errors import ContractError
from contracts.readings import Readings, Record, moment, resolve_pack
from contracts.topics import BoxTopic, Kind, box_topic, parse_topic
from gateway.prepared import Prepared
from runtime.journal import JournalKind, JournalRecord

__all__ = ["message_entry", "read_lines"]

_FAR_PAST = moment(0.0)
_ABSOLUTE_TIME_S = float(2**28)
"""SenML times below this are relative to now, which stored data does not have. Source: RFC 8428 §4.5.3."""


class _Stored(msgspec.Struct, frozen=True):
    """A line that keeps a message with the topic it came on and when."""

    topic: str
    payload: msgspec.Raw
    arrived_at: float | str | None = None
    """ISO 8601, or seconds since 1970."""


class _Named(msgspec.Struct, frozen=True):
    """The part of a line that tells which of the shapes it has."""

    type: str | None = None
    topic: str | None = None
    payload: msgspec.Raw = msgspec.Raw()


_SHAPE = msgspec.json.Decoder(_Named)
_STORED = msgspec.json.Decoder(_Stored)
_PACK = msgspec.json.Decoder(list[Record])
_RECORD = msgspec.json.Decoder(Record)
_KINDS = {
    Kind.STATUS: JournalKind.STATUS,
    Kind.CONTROL: JournalKind.CONTROL,
}


class _Line(NamedTuple):
    arrived_s: float
    number: int
    entry: Entry


def read_lines(path: Path | None, mapping: TableMapping, profile: str | None) -> Iterator[Entry]:
    """Yield the messages of a file in order of arrival; None reads the standard input.

    A line is one of: a message of the wire (``{"type": "readings.v1", …}``); such a message kept with
    its topic and arrival (``{"topic": …, "arrived_at": …, "payload": {…}}``); a SenML pack (a list);
    or one SenML record. What has no arrival counts as arrived at its own time.

    Args:
        path: the file.
        mapping: district, site and box of what names none.
        profile: device profile of SenML without one; None: the packs watch several.

    Raises:
        DataRefused: the file cannot be read, or a line is none of these.
    """
    name = "standard input" if path is None else str(path)
    reader = _LineReader(mapping, profile)
    found: list[_Line] = []
    try:
        with _opened(path) as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    found.append(reader.read(line, number))
                except (msgspec.DecodeError, ContractError, ValueError) as error:
                    raise DataRefused(f"{name}:{number}: {error}; correct the line") from error
    except OSError as error:
        raise DataRefused(f"{name}: cannot be read: {error.strerror or error}") from error
    # stable: what arrived at one time stays in the file's order
    found.sort(key=lambda line: line.arrived_s)
    return (line.entry for line in found)


def _opened(path: Path | None) -> BinaryIO:
    if path is None:
        return io.BytesIO(sys.stdin.buffer.read())
    return path.open("rb")


class _LineReader:
    def __init__(self, mapping: TableMapping, profile: str | None) -> None:
        self._mapping = mapping
        self._profile = mapping.profile or profile

    def read(self, line: bytes, number: int) -> _Line:
        """Return the entry of one line."""
        line = line.strip()
        if line.startswith(b"["):
            return self._pack(tuple(_PACK.decode(line)), number)
        shape = _SHAPE.decode(line)
        if shape.topic is not None and bytes(shape.payload):
            stored = _STORED.decode(line)
            arrived_s = None if stored.arrived_at is None else moment_s(stored.arrived_at)
            return self._message(bytes(stored.payload), stored.topic, arrived_s, number)
        if shape.type is not None:
            message = decode_box_message(line)
            kind = Kind(message.channel.value)
            topic = box_topic(self._mapping.district, self._mapping.site, message.box, kind)
            return self._message(line, topic, None, number)
        return self._pack((_RECORD.decode(line),), number)

    def _message(self, payload: bytes, topic: str, arrived_s: float | None, number: int) -> _Line:
        entry = message_entry(payload, topic, arrived_s, number)
        return _Line(entry.record.arrived_at_us / 1_000_000, number, entry)

    def _pack(self, records: tuple[Record, ...], number: int) -> _Line:
        """Return the entry of bare SenML: one message with absolute times of its own."""
        if not any(record.n is not None for record in records):
            msg = "no SenML record with a name 'n', and no message with a 'type'"
            raise ValueError(msg)
        if records[0].profile is None and self._profile is not None:
            records = (
                msgspec.structs.replace(records[0], profile=self._profile),
                *records[1:],
            )
        place = BoxTopic(
            self._mapping.district, self._mapping.site, self._mapping.box, Kind.READINGS
        )
        message = Readings(
            id=f"line-{number}",
            box=place.box,
            boot_id=REPLAY_BOOT,
            channel=Channel.READINGS,
            seq=number,
            at=_FAR_PAST,
            records=records,
        )
        resolved = resolve_pack(message)
        arrived_s = max(reading.at for reading in resolved)
        if any(reading.at < _ABSOLUTE_TIME_S for reading in resolved):
            msg = (
                "SenML time relative to now, or none; expected 't' or 'bt' in seconds since 1970, "
                "since stored data has no now"
            )
            raise ValueError(msg)
        record = JournalRecord(
            number,
            round(arrived_s * 1_000_000),
            JournalKind.MESSAGE,
            box_topic(*place),
            encode(message),
        )
        return _Line(arrived_s, number, Entry(record, Prepared(message, place, resolved)))


def message_entry(payload: bytes, topic: str, arrived_s: float | None, number: int) -> Entry:
    """Return a message of the wire as a journal would have it.

    Args:
        payload: the message.
        topic: the topic that it came on.
        arrived_s: when, seconds since 1970; None: at its own time.
        number: its place among the others.

    Raises:
        ContractError: it is no message, or the topic none of ours.
        ValueError: it has no time at all.
    """
    place = parse_topic(topic)
    message = decode_message(payload)
    if arrived_s is None:
        at = getattr(message, "at", None)
        if at is None:
            msg = f"{topic}: a message without a time of its own; expected 'arrived_at'"
            raise ValueError(msg)
        arrived_s = at.timestamp()
    resolved = resolve_pack(message) if isinstance(message, Readings) else None
    kind = JournalKind.CONTROL if isinstance(message, Control) else _KINDS.get(place.kind)
    record = JournalRecord(
        number,
        round(arrived_s * 1_000_000),
        JournalKind.MESSAGE if kind is None else kind,
        topic,
        payload,
    )
    return Entry(record, Prepared(message, place, resolved))

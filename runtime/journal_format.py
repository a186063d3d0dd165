"""The bytes of a journal segment: header, records, and how a damaged place is judged.

Little endian. A segment is a header and then records::

    header   magic "CITYJRNL" | version u16 | first offset u64 | crc32 of these u32
    record   mark u16 | body length u32 | crc32 of the body u32 | body
    body     kind u8 | arrived_at_us i64 | batch u32 | topic length u16 | topic | payload

``batch`` is the position in the file at which the record's batch begins. A batch is written only
after the one before it was synced, so an intact record whose batch begins behind a damaged place
proves that this place was once safe on the disk: that is corruption, and a person must look. Where
no such record follows, the damage is the end of a write that a crash cut short: it was never
acknowledged to anybody, and is cut off.
"""

import struct
import zlib
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

__all__ = [
    "HEADER_BYTES",
    "MAX_BODY_BYTES",
    "UNSYNCED",
    "JournalKind",
    "JournalRecord",
    "encode_batch",
    "encode_header",
    "parse_header",
    "parse_record",
    "proves_commit",
]

VERSION = 1
MAX_BODY_BYTES = 16 * 1024 * 1024
"""Longest body; a wire message has at most 256 KiB."""

UNSYNCED = 0xFFFF_FFFF
"""``batch`` of records written without syncing: they prove nothing about those before them."""

_MAGIC = b"CITYJRNL"
_HEADER = struct.Struct("<8sHQ")
_CRC = struct.Struct("<I")
HEADER_BYTES = _HEADER.size + _CRC.size

_MARK = b"\xc7\x1f"
_FRAME = struct.Struct("<2sII")
_BODY = struct.Struct("<BqIH")


class JournalKind(IntEnum):
    """What a record holds."""

    MESSAGE = 1
    """A message that was accepted from the hub."""
    TICK = 2
    """One second went by."""
    CONTROL = 3
    """An instruction from the API."""
    RULES = 4
    """The rule packs that hold from here on."""
    STATUS = 5
    """A box's status."""
    FOREIGN = 6
    """The mappings of foreign formats, and their devices, that hold from here on."""


class JournalRecord(NamedTuple):
    """One record. ``arrived_at_us`` is microseconds since 1970 UTC by the writer's clock."""

    offset: int
    arrived_at_us: int
    kind: JournalKind
    topic: str
    payload: bytes


_KINDS = {kind.value: kind for kind in JournalKind}


def encode_header(first_offset: int) -> bytes:
    """Return the header of a segment whose first record has this offset."""
    fields = _HEADER.pack(_MAGIC, VERSION, first_offset)
    return fields + _CRC.pack(zlib.crc32(fields))


def parse_header(data: bytes) -> int:
    """Return the first offset that a segment's header names.

    Raises:
        ValueError: it is no header, damaged, or of a version that this code cannot read.
    """
    fields = data[: _HEADER.size]
    if len(data) < HEADER_BYTES or _CRC.unpack_from(data, _HEADER.size)[0] != zlib.crc32(fields):
        msg = "the header is damaged or this is no journal segment"
        raise ValueError(msg)
    magic, version, first_offset = _HEADER.unpack(fields)
    if magic != _MAGIC or version != VERSION:
        msg = f"magic {magic!r} version {version}; expected {_MAGIC!r} version {VERSION}"
        raise ValueError(msg)
    return int(first_offset)


def encode_batch(entries: Sequence[tuple[JournalKind, int, str, bytes]], batch: int) -> bytes:
    """Return the bytes of consecutive records that are written in one go.

    Args:
        entries: kind, arrival time in microseconds, topic, payload.
        batch: position in the file at which these bytes will begin, or :data:`UNSYNCED`.

    Raises:
        ValueError: a topic or payload is too long.
    """
    parts: list[bytes] = []
    crc32, frame, body_head = zlib.crc32, _FRAME.pack, _BODY.pack
    for kind, arrived_at_us, topic, payload in entries:
        name = topic.encode()
        length = _BODY.size + len(name) + len(payload)
        if length > MAX_BODY_BYTES or len(name) > 0xFFFF:
            msg = f"record on {topic[:80]!r}: {length} bytes; expected at most {MAX_BODY_BYTES}"
            raise ValueError(msg)
        head = body_head(kind, arrived_at_us, batch, len(name)) + name
        parts += (frame(_MARK, length, crc32(payload, crc32(head))), head, payload)
    return b"".join(parts)


def parse_record(data: bytes, position: int, offset: int) -> tuple[JournalRecord, int] | None:
    """Return the intact record at ``position`` and the position behind it, else None."""
    body = position + _FRAME.size
    if body > len(data):
        return None
    mark, length, crc = _FRAME.unpack_from(data, position)
    end = body + length
    if mark != _MARK or not _BODY.size <= length <= MAX_BODY_BYTES or end > len(data):
        return None
    content = data[body:end]
    if zlib.crc32(content) != crc:
        return None
    kind, arrived_at_us, _batch, topic_bytes = _BODY.unpack_from(content)
    payload_at = _BODY.size + topic_bytes
    known = _KINDS.get(kind)
    if known is None or payload_at > length:
        return None
    topic = content[_BODY.size : payload_at].decode(errors="replace")
    return JournalRecord(offset, arrived_at_us, known, topic, content[payload_at:]), end


def proves_commit(data: bytes, damaged: int) -> bool:
    """Return whether something intact behind position ``damaged`` proves it was once synced."""
    position = data.find(_MARK, damaged + 1)
    while position >= 0:
        found = parse_record(data, position, 0)
        if found is None:
            position = data.find(_MARK, position + 1)
            continue
        (batch,) = _CRC.unpack_from(data, position + _FRAME.size + 9)
        if damaged < batch < UNSYNCED:
            return True
        position = data.find(_MARK, found[1])
    return False

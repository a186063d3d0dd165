"""What changed between two checkpoints, packed up: small to keep, quick to append, easy to merge."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple
from zlib import crc32

import msgspec

__all__ = [
    "PARTS",
    "Blobs",
    "Change",
    "Space",
    "merge_changes",
    "pack_blobs",
    "pack_changes",
    "unpack",
]

PARTS = 32
"""Parts that each space is dealt out to by key, so that merging needs the memory of one of them."""

Blobs = dict[str, bytes | None]
"""Changed blobs by key; None: the key is gone."""


class Space(StrEnum):
    """Whose piece a blob is."""

    ENGINE = "engine"
    """Key state of the rule engine."""
    QUALITY = "quality"
    """What the quality gates remember of each field of a sensor."""
    PACKS = "packs"
    """The rule packs in force, as journalled."""
    MARKS = "marks"
    """How far each stream of messages has come."""
    STATEMENTS = "statements"
    """Highest revision heard of each observed episode."""
    REGISTRY = "registry"
    """Boxes and subjects."""
    FOREIGN = "foreign"
    """Foreign mappings in force, as journalled, and the sessions of foreign systems."""


class Change(NamedTuple):
    """Changed blobs of one part of one space; a row of the store."""

    space: Space
    part: int
    """Which part, 0 to ``PARTS - 1``; a key is always of the same one."""
    packed: bytes
    """MessagePack of :data:`Blobs`."""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Blobs)


def pack_changes(pieces: Mapping[Space, Mapping[str, bytes | None]]) -> list[Change]:
    """Return changed blobs by space and key, packed; spaces and parts without any are left out."""
    changes: list[Change] = []
    for space, blobs in pieces.items():
        parts: list[Blobs] = [{} for _ in range(PARTS)]
        for key, blob in blobs.items():
            parts[crc32(key.encode()) % PARTS][key] = blob
        changes += [
            Change(space, part, pack_blobs(held)) for part, held in enumerate(parts) if held
        ]
    return changes


def pack_blobs(blobs: Blobs) -> bytes:
    """Return blobs as the bytes of a change."""
    return _ENCODER.encode(blobs)


def unpack(packed: bytes) -> Blobs:
    """Return the blobs of a change."""
    return _DECODER.decode(packed)


def merge_changes(changes: Iterable[Change]) -> list[Change]:
    """Return changes as one for each part of each space; of two blobs of a key the later one."""
    merged: dict[tuple[Space, int], Blobs] = {}
    for space, part, packed in changes:
        merged.setdefault((space, part), {}).update(unpack(packed))
    return [Change(space, part, pack_blobs(blobs)) for (space, part), blobs in merged.items()]

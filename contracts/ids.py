"""Identifiers: their pattern, their types, and how event ids are derived."""

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import NewType

from contracts.errors import IdError

__all__ = [
    "BOOT_ID_PATTERN",
    "ID_PATTERN",
    "BootId",
    "BoxId",
    "CameraId",
    "CaseId",
    "EventId",
    "check_id",
    "episode_id",
    "new_boot_id",
    "observation_id",
]

BoxId = NewType("BoxId", str)
BootId = NewType("BootId", str)
CameraId = NewType("CameraId", str)
EventId = NewType("EventId", str)
CaseId = NewType("CaseId", str)

ID_PATTERN = r"^[a-z0-9-]{1,64}$(?!\n)"
"""Pattern of every id that appears as a topic level. Source: architecture §4.

Python's ``$`` also matches before a closing newline, ECMAScript's does not; ``(?!\\n)`` makes both agree.
"""

BOOT_ID_PATTERN = r"^[0-9a-f]{16}$(?!\n)"
"""Pattern of a boot id: 16 lower-case hex digits."""

_ID = re.compile(ID_PATTERN)
_NAMESPACE = uuid.UUID("6f0f2a38-6d1c-5a44-9a2c-0c4f5f0a9e11")


def check_id(value: str, what: str = "id") -> str:
    """Return ``value`` when it is a legal id.

    Args:
        value: the text to check.
        what: what the id names, for the message ("box", "district", ...).

    Raises:
        IdError: when the value does not match :data:`ID_PATTERN`.
    """
    if _ID.match(value) is None:
        msg = (
            f"{what} {value[:80]!r}: expected 1 to 64 characters of a-z, 0-9 and '-'; "
            "rename it in the configuration"
        )
        raise IdError(msg)
    return value


def new_boot_id(rng: Random) -> BootId:
    """Return a fresh boot id: 16 lower-case hex digits drawn from ``rng``."""
    return BootId(f"{rng.getrandbits(64):016x}")


def episode_id(rule: str, key: Mapping[str, str], onset_at: datetime) -> EventId:
    """Return the id of an event: UUIDv5 of rule id, key and onset, fixed at first emission.

    The onset enters with microseconds in UTC, the key sorted by name, so that the same episode
    gets the same id on every machine and in every replay. Source: architecture §3.

    Raises:
        ValueError: when ``onset_at`` has no time zone.
    """
    if onset_at.tzinfo is None:
        msg = f"onset_at {onset_at.isoformat()} has no time zone; expected UTC"
        raise ValueError(msg)
    parts = "\x1f".join(f"{name}={key[name]}" for name in sorted(key))
    stamp = onset_at.astimezone(UTC).isoformat(timespec="microseconds")
    return EventId(str(uuid.uuid5(_NAMESPACE, f"{rule}\x1e{parts}\x1e{stamp}")))


def observation_id(box: str, camera: str, kind: str, key: str, started_at: datetime) -> str:
    """Return the id of an observation's episode: UUIDv5 of who saw what, where and since when."""
    stamp = started_at.astimezone(UTC).isoformat(timespec="microseconds")
    return str(uuid.uuid5(_NAMESPACE, f"{box}\x1f{camera}\x1f{kind}\x1f{key}\x1f{stamp}"))

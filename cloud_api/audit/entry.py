"""One line of the audit log, and how lines are chained: pure, no I/O.

The hash of a line is SHA-256 over the hash of the line before it and the line's own bytes, so whoever
changes, removes or inserts a line has to change the hash of every line after it; and those are signed
and kept elsewhere (:mod:`cloud_api.audit.heads`).
"""

import hashlib
from typing import NamedTuple

import msgspec
from msgspec import Struct

__all__ = ["GENESIS", "Draft", "Entry", "StoredLine", "decode_entry", "encode_entry", "line_hash"]

GENESIS = hashlib.sha256(b"cityloop audit log, version 1").hexdigest()
"""What the first line's hash is chained to."""


class Entry(Struct, frozen=True, kw_only=True):
    """One line: who did what to which object, and how it ended."""

    seq: int
    """From 1, without gaps."""
    at_us: int
    """When the answer was given, or the last of several; microseconds since 1970 UTC."""
    actor: str
    """``key:…`` or ``user:…``, an id that says nothing about a person; empty: nobody was known."""
    action: str
    """Method and route, ``GET /v1/cases/{case_ref}``, or a word such as ``evidence.delete``."""
    target: str = ""
    """Which objects: the parameters of the route, or an id."""
    status: int = 0
    """HTTP status; 0 where there is none."""
    count: int = 1
    """How many requests this line stands for: machines are counted by the second."""
    purpose: str = ""
    """Why, as the caller said."""
    sealed: str = ""
    """Personal fields (name, address, query) under the actor's key; see cloud_api.privacy.vault."""


class Draft(NamedTuple):
    """A line that has no place in the chain yet; ``personal`` is sealed when it gets one."""

    at_us: int
    actor: str
    action: str
    target: str = ""
    status: int = 0
    requests: int = 1
    purpose: str = ""
    personal: str = ""


class StoredLine(NamedTuple):
    """A row of the table, as it is found: nothing of it is believed until it is examined."""

    seq: int
    at_us: int
    actor: str
    action: str
    body: bytes
    hash: str


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Entry)


def encode_entry(entry: Entry) -> bytes:
    """Return the bytes of a line, the same for the same line."""
    return _ENCODER.encode(entry)


def decode_entry(body: bytes) -> Entry:
    """Return the line in its bytes.

    Raises:
        msgspec.DecodeError: they are those of no line.
    """
    return _DECODER.decode(body)


def line_hash(previous: str, body: bytes) -> str:
    """Return the hash of a line that follows one with hash ``previous``; both are 64 hex digits."""
    return hashlib.sha256(previous.encode() + b"\n" + body).hexdigest()

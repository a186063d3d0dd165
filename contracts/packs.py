"""Rule packs between API and gateways: what is approved, and what is in force."""

import hashlib
from typing import Annotated

from msgspec import Meta, Struct

from contracts.envelope import Sha256

__all__ = ["PACK_NAME", "DesiredPack", "DesiredPacks", "PackInForce", "PackReport", "pack_sha256"]

PACK_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
"""What packs are called: the name of their file without ``.yaml``."""

PackName = Annotated[str, Meta(pattern=PACK_NAME)]
_Count = Annotated[int, Meta(ge=0)]


class DesiredPack(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A pack that was approved and that gateways shall run."""

    name: PackName
    sha256: Sha256
    text: str
    files: dict[str, str] = {}
    """Name and text of the files that its tables are in, as the pack names them."""


class DesiredPacks(Struct, frozen=True, kw_only=True):
    """Approved packs that changed after one revision, up to another; of each only the newest."""

    revision: _Count
    complete: bool
    packs: tuple[DesiredPack, ...] = ()


class PackInForce(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A pack that a gateway runs."""

    name: str
    sha256: Sha256
    text: str
    files: dict[str, str] = {}


class PackReport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every pack that a gateway runs, and why what it was given is not among them."""

    packs: tuple[PackInForce, ...] = ()
    refused: str = ""
    """File, line, column and what is wrong; empty: what it was given is in force."""
    revision: _Count = 0
    """How far it knows what was approved."""


def pack_sha256(text: str) -> str:
    """Return the SHA-256 in hex of a pack's text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()

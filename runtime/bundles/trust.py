"""Keys that sign models, and the book of those that are trusted.

A key's id is the first 16 hex digits of the SHA-256 of its 32 public bytes. Several keys may be
trusted at a time, so that one takes over from another: trust the new one everywhere, sign with both,
revoke the old one.
"""

import base64
import binascii
import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from contracts.envelope import Moment
from runtime.bundles.errors import KeyFault
from runtime.private_file import write_private

if TYPE_CHECKING:
    # the base install has no cryptography: only who signs or verifies needs it
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = [
    "TrustBook",
    "TrustedKey",
    "key_id_of",
    "load_private_key",
    "load_trust",
    "new_private_key",
    "private_key_text",
    "public_bytes_of",
    "public_line",
    "read_public_line",
    "save_trust",
]

_LINE = "cityloop-ed25519"
_PUBLIC_BYTES = 32


class TrustedKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One public key, trusted or no longer."""

    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$")]
    public: str
    """The 32 public bytes in base64."""
    name: Annotated[str, Meta(max_length=200)] = ""
    """Whose key it is."""
    added_at: Moment
    revoked_at: Moment | None = None
    """Since when it is no longer trusted; None: it is."""
    reason: Annotated[str, Meta(max_length=500)] = ""
    """Why it was revoked."""


class TrustBook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys that are trusted, and those that were."""

    format: Literal[1] = 1
    keys: tuple[TrustedKey, ...] = ()

    def find(self, key_id: str) -> TrustedKey | None:
        """Return the key of this id, revoked or not; None where it is unknown."""
        return next((key for key in self.keys if key.id == key_id), None)

    def trust(self, public: bytes, name: str, now: datetime) -> "TrustBook":
        """Return a book that also trusts a key.

        Raises:
            KeyFault: the key was revoked; what was once revoked stays so.
        """
        key_id = key_id_of(public)
        known = self.find(key_id)
        if known is not None and known.revoked_at is not None:
            msg = f"key {key_id} was revoked at {known.revoked_at.isoformat()}; make a new one"
            raise KeyFault(msg)
        if known is not None:
            return self
        key = TrustedKey(
            id=key_id, public=base64.b64encode(public).decode(), name=name, added_at=now
        )
        return msgspec.structs.replace(self, keys=(*self.keys, key))

    def revoke(self, key_id: str, reason: str, now: datetime) -> "TrustBook":
        """Return a book that no longer trusts a key; one that is revoked already stays as it is.

        Raises:
            KeyFault: there is no such key.
        """
        known = self.find(key_id)
        if known is None:
            ids = ", ".join(key.id for key in self.keys) or "none"
            raise KeyFault(f"key {key_id!r} is not in the book; it has {ids}")
        if known.revoked_at is not None:
            return self
        revoked = msgspec.structs.replace(known, revoked_at=now, reason=reason)
        return msgspec.structs.replace(
            self, keys=tuple(revoked if key is known else key for key in self.keys)
        )


def load_trust(path: Path) -> TrustBook:
    """Return the book in a file; an empty one where there is none.

    Raises:
        KeyFault: the file is no book of keys.
    """
    try:
        book = msgspec.json.decode(path.read_bytes(), type=TrustBook)
    except FileNotFoundError:
        return TrustBook()
    except (OSError, msgspec.DecodeError) as error:
        raise KeyFault(f"{path}: {error}; expected a book of trusted keys") from error
    for key in book.keys:
        if key_id_of(_public(key.public, str(path))) != key.id:
            raise KeyFault(f"{path}: key {key.id} has another public part; somebody changed it")
    return book


def save_trust(path: Path, book: TrustBook) -> None:
    """Write a book, all of it or none."""
    write_private(path, msgspec.json.format(msgspec.json.encode(book)).decode() + "\n")


def new_private_key() -> "Ed25519PrivateKey":
    """Return a new signing key, from the machine's own randomness."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - as above
        Ed25519PrivateKey,
    )

    return Ed25519PrivateKey.generate()


def private_key_text(key: "Ed25519PrivateKey") -> str:
    """Return a signing key as PEM (PKCS #8), for a file of mode 0600."""
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - as above
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def load_private_key(path: Path) -> "Ed25519PrivateKey":
    """Return the signing key in a file.

    Raises:
        KeyFault: it cannot be read, others may read it, or it is no Ed25519 key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - as above
        Ed25519PrivateKey,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - as above
        load_pem_private_key,
    )

    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except OSError as error:
        raise KeyFault(f"key {path}: {error.strerror}; make one with models keygen") from error
    if mode & 0o077:
        raise KeyFault(f"key {path}: others may read it; run chmod 600 {path}")
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError) as error:
        raise KeyFault(f"key {path}: {error}; expected an unencrypted Ed25519 key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFault(f"key {path}: expected an Ed25519 key; make one with models keygen")
    return key


def public_bytes_of(key: "Ed25519PrivateKey") -> bytes:
    """Return the 32 public bytes of a signing key."""
    return key.public_key().public_bytes_raw()


def key_id_of(public: bytes) -> str:
    """Return the id of a public key: 16 hex digits."""
    return hashlib.sha256(public).hexdigest()[:16]


def public_line(public: bytes, name: str) -> str:
    """Return a public key as the one line that its file holds."""
    return f"{_LINE} {base64.b64encode(public).decode()} {name}".rstrip() + "\n"


def read_public_line(path: Path) -> tuple[bytes, str]:
    """Return the public bytes and the name in a ``.pub`` file.

    Raises:
        KeyFault: it is no such file.
    """
    try:
        words = path.read_text("utf-8").split(maxsplit=2)
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFault(f"key {path}: {error}; expected a file made by models keygen") from error
    if len(words) < 2 or words[0] != _LINE:
        raise KeyFault(f"key {path}: expected a line '{_LINE} BASE64 NAME'")
    return _public(words[1], str(path)), words[2].strip() if len(words) > 2 else ""


def _public(text: str, where: str) -> bytes:
    try:
        public = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyFault(f"{where}: {error}; expected base64 of {_PUBLIC_BYTES} bytes") from error
    if len(public) != _PUBLIC_BYTES:
        raise KeyFault(f"{where}: {len(public)} bytes; expected a public key of {_PUBLIC_BYTES}")
    return public

"""Signed heads: what the chain ended with at a moment, so that it cannot be rewritten afterwards."""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from cloud_api.privacy.keybook import KeyBook
from runtime.errors import SecretError

__all__ = ["Head", "HeadSigner", "PublicKeys", "decode_head", "encode_head", "parse_public_key"]

_PURPOSE = "audit-heads"


class Head(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The end of the chain at a moment, signed (Ed25519, RFC 8032)."""

    seq: int
    """The last line."""
    hash: str
    """Its hash."""
    at_us: int
    """When it was signed; microseconds since 1970 UTC."""
    key: str
    """Which key signed: the first 16 hex digits of the public key's SHA-256."""
    signature: str
    """Base64."""


def encode_head(head: Head) -> bytes:
    """Return a head as one line of JSON."""
    return msgspec.json.encode(head)


def decode_head(text: bytes) -> Head:
    """Return the head in a line.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return msgspec.json.decode(text, type=Head)


def _signed_bytes(seq: int, chained: str, at_us: int, key: str) -> bytes:
    return f"cityloop audit head 1\n{seq}\n{chained}\n{at_us}\n{key}".encode()


def _name(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:16]


def parse_public_key(text: str) -> bytes:
    """Return the 32 bytes of a public key in base64, as ``audit key`` prints it.

    Raises:
        SecretError: the text is no such key.
    """
    try:
        public = base64.b64decode(text.strip(), validate=True)
        Ed25519PublicKey.from_public_bytes(public)
    except (binascii.Error, ValueError) as error:
        raise SecretError(
            f"public key {text[:60]!r}: {error}; expected what `cloud_api audit key` prints"
        ) from error
    return public


class PublicKeys:
    """The keys whose signatures are believed."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        self._keys: Mapping[str, Ed25519PublicKey] = {
            _name(public): Ed25519PublicKey.from_public_bytes(public) for public in keys
        }

    def valid(self, head: Head) -> bool:
        """Return whether one of the keys has signed this head."""
        public = self._keys.get(head.key)
        if public is None:
            return False
        try:
            public.verify(
                base64.b64decode(head.signature, validate=True),
                _signed_bytes(head.seq, head.hash, head.at_us, head.key),
            )
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


class HeadSigner:
    """Signs heads with a key derived from the present master key."""

    def __init__(self, book: KeyBook) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(book.derive(_PURPOSE))
        self._public = self._private.public_key().public_bytes_raw()
        self._all = [
            Ed25519PrivateKey.from_private_bytes(book.derive(_PURPOSE, key_id))
            .public_key()
            .public_bytes_raw()
            for key_id in book.ids
        ]

    @property
    def public_key(self) -> str:
        """The public key in base64, to be kept where the database's owner cannot change it."""
        return base64.b64encode(self._public).decode()

    def public_keys(self) -> PublicKeys:
        """Return the keys of all master keys, former ones too."""
        return PublicKeys(self._all)

    def sign(self, seq: int, chained: str, at_us: int) -> Head:
        """Return a signed head for the line ``seq`` with hash ``chained``."""
        key = _name(self._public)
        signature = self._private.sign(_signed_bytes(seq, chained, at_us, key))
        return Head(
            seq=seq,
            hash=chained,
            at_us=at_us,
            key=key,
            signature=base64.b64encode(signature).decode(),
        )

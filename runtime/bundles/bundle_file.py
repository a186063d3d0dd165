"""The file of a bundle: reading, signing and verifying it, in this order of bytes.

=====================  ==========================================================
bytes                  what
=====================  ==========================================================
8                      ``CLMODEL1``
4, big-endian          length of the manifest, 256 KiB at most
...                    the manifest: JSON, the very bytes that are signed
4, big-endian          length of the signatures, 64 KiB at most
...                    JSON list of {key, signature}, base64 of Ed25519's 64 bytes
manifest's sizes       the network, then the golden picture
=====================  ==========================================================

Nothing of a bundle is used before its signature has been verified; the manifest then vouches for
every other byte by its hash.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import msgspec
from msgspec import Meta, Struct

from runtime.bundles.errors import BundleBroken, BundleOversized, BundleUntrusted
from runtime.bundles.manifest import Manifest, Part, decode_manifest, encode_manifest
from runtime.bundles.trust import TrustBook, key_id_of, public_bytes_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["MAGIC", "MOST_BYTES", "Bundle", "Signature", "read_bundle", "write_bundle"]

MAGIC = b"CLMODEL1"
MOST_BYTES = 512 * 1024 * 1024
"""Largest bundle that is taken unless somebody says otherwise: the largest detectors have 250 MB."""

_MOST_MANIFEST = 256 * 1024
_MOST_SIGNATURES = 64 * 1024
_CHUNK = 1024 * 1024
_DOMAIN = b"cityloop model bundle 1\n"
"""Goes before what is signed, so that a signature made for something else never fits."""


class Signature(Struct, frozen=True, kw_only=True):
    """One signature over a manifest."""

    key: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$")]
    signature: Annotated[str, Meta(max_length=100)]


class Bundle(Struct, frozen=True, kw_only=True):
    """A bundle whose beginning was read; its parts are read from the file when asked for.

    Until :meth:`verify` has returned, nothing in it may be believed.
    """

    path: Path
    manifest: Manifest
    signed: bytes
    """The manifest as the very bytes that are signed."""
    signatures: tuple[Signature, ...]
    begins_at: int
    """Where the first part begins."""

    def verify(self, book: TrustBook) -> str:
        """Return the id of the trusted key that signed this, after every byte was checked.

        Raises:
            BundleUntrusted: unsigned, or signed by nobody who is trusted.
            BundleBroken: a part has another hash than the manifest says.
        """
        key_id = self._signer(book)
        with self.path.open("rb") as file:
            file.seek(self.begins_at)
            for name, part in self._parts():
                self._check(name, part, _read(file, part.size_bytes))
        return key_id

    def network(self) -> bytes:
        """Return the ONNX file.

        Raises:
            BundleBroken: it has another hash than the manifest says.
        """
        return self._part("network")

    def golden_picture(self) -> bytes:
        """Return the golden picture, PNG or JPEG.

        Raises:
            BundleBroken: it has another hash than the manifest says.
        """
        return self._part("golden picture")

    def _parts(self) -> tuple[tuple[str, Part], ...]:
        return ("network", self.manifest.network), ("golden picture", self.manifest.golden.picture)

    def _part(self, wanted: str) -> bytes:
        start = self.begins_at
        for name, part in self._parts():
            if name == wanted:
                with self.path.open("rb") as file:
                    file.seek(start)
                    content = file.read(part.size_bytes)
                self._check(name, part, [content])
                return content
            start += part.size_bytes
        raise AssertionError(wanted)

    def _check(self, name: str, part: Part, chunks: Iterable[bytes]) -> None:
        digest = hashlib.sha256()
        for chunk in chunks:
            digest.update(chunk)
        if digest.hexdigest() != part.sha256:
            msg = (
                f"bundle {self.path.name}: its {name} has SHA-256 {digest.hexdigest()[:16]}…, the "
                f"manifest says {part.sha256[:16]}…: it was changed or damaged; fetch it again"
            )
            raise BundleBroken(msg)

    def _signer(self, book: TrustBook) -> str:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - not in the base
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - as above
            Ed25519PublicKey,
        )

        if not self.signatures:
            msg = f"bundle {self.path.name}: it is not signed; sign it with models pack --key"
            raise BundleUntrusted(msg)
        reasons = []
        for one in self.signatures:
            key = book.find(one.key)
            if key is None:
                reasons.append(f"key {one.key} is not trusted here")
                continue
            if key.revoked_at is not None:
                reasons.append(f"key {one.key} was revoked at {key.revoked_at.isoformat()}")
                continue
            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.public))
            try:
                public.verify(base64.b64decode(one.signature, validate=True), _DOMAIN + self.signed)
            except (InvalidSignature, binascii.Error, ValueError):
                reasons.append(f"the signature of key {one.key} does not fit the manifest")
                continue
            return key.id
        msg = f"bundle {self.path.name}: {'; '.join(reasons)}; expected one key that is trusted"
        raise BundleUntrusted(msg)


def read_bundle(path: Path, *, most_bytes: int = MOST_BYTES) -> Bundle:
    """Return a bundle whose shape is sound; nothing in it is verified yet.

    Args:
        path: the file.
        most_bytes: largest bundle that is taken.

    Raises:
        BundleBroken: missing, no bundle, truncated, or longer than it says.
        BundleOversized: larger than allowed.
    """
    try:
        size = path.stat().st_size
        if size > most_bytes:
            msg = f"bundle {path.name}: {size} bytes; expected at most {most_bytes}"
            raise BundleOversized(msg)
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise BundleBroken(f"bundle {path.name}: it does not begin like a model bundle")
            signed = _block(file, path, "manifest", _MOST_MANIFEST)
            signatures = _block(file, path, "signatures", _MOST_SIGNATURES)
            begins_at = file.tell()
    except OSError as error:
        raise BundleBroken(f"bundle {path}: {error.strerror}; check its path") from error
    try:
        bundle = Bundle(
            path=path,
            manifest=decode_manifest(signed),
            signed=signed,
            signatures=msgspec.json.decode(signatures, type=tuple[Signature, ...]),
            begins_at=begins_at,
        )
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        msg = f"bundle {path.name}: its manifest cannot be read ({error}); pack it again"
        raise BundleBroken(msg) from error
    manifest = bundle.manifest
    expected = begins_at + manifest.network.size_bytes + manifest.golden.picture.size_bytes
    if size != expected:
        what = "truncated" if size < expected else "longer than it says"
        msg = f"bundle {path.name}: {what}: {size} bytes, expected {expected}; fetch it again"
        raise BundleBroken(msg)
    return bundle


def write_bundle(
    path: Path,
    manifest: Manifest,
    *,
    network: bytes,
    picture: bytes,
    keys: "Sequence[Ed25519PrivateKey]",
) -> None:
    """Write a bundle, signed with every key; without keys it is unsigned, and no box takes it.

    Args:
        path: the new file.
        manifest: what it says; must name size and hash of the parts.
        network: the ONNX file.
        picture: the golden picture.
        keys: who signs.
    """
    signed = encode_manifest(manifest)
    signatures = tuple(
        Signature(
            key=key_id_of(public_bytes_of(key)),
            signature=base64.b64encode(key.sign(_DOMAIN + signed)).decode(),
        )
        for key in keys
    )
    block = msgspec.json.encode(signatures)
    draft = path.with_name(f"{path.name}.part")
    with draft.open("wb") as file:
        for piece in (
            MAGIC,
            len(signed).to_bytes(4, "big"),
            signed,
            len(block).to_bytes(4, "big"),
            block,
            network,
            picture,
        ):
            file.write(piece)
    draft.replace(path)


def _block(file: BinaryIO, path: Path, what: str, most: int) -> bytes:
    head = file.read(4)
    size = int.from_bytes(head, "big")
    if size > most:
        raise BundleBroken(f"bundle {path.name}: {what} of {size} bytes; expected at most {most}")
    content = file.read(size)
    if len(head) < 4 or len(content) < size:
        raise BundleBroken(f"bundle {path.name}: truncated in its {what}; fetch it again")
    return content


def _read(file: BinaryIO, size: int) -> Iterable[bytes]:
    while size > 0:
        chunk = file.read(min(size, _CHUNK))
        if not chunk:
            return
        size -= len(chunk)
        yield chunk

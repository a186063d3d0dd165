"""Unblurred originals: encrypted on the box, for a short while, within a budget.

One file an original, named by the SHA-256 of the redacted picture that left the box; a clip by its own,
which the observation carries. AES-256-GCM with a
fresh nonce of 12 bytes; the header (what, when, which camera) is in the clear and authenticated, so it
cannot be exchanged. Source: NIST SP 800-38D.
"""

import base64
import binascii
import errno
import os
import struct
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from contracts.envelope import Moment, Sha256
from edge.evidence.errors import OriginalGone, OriginalSealed

__all__ = ["Original", "Vault", "read_key"]

_MAGIC = b"CLO1"
_NONCE_BYTES = 12
_KEY_BYTES = 32
_SUFFIX = ".sealed"
_MEDIA_TYPES = ("image/jpeg", "video/mp4")


class Original(Struct, frozen=True, kw_only=True):
    """What is known of an original without opening it."""

    sha256: Sha256
    """SHA-256 of the redacted picture that left the box; of a clip: its own."""
    camera: str
    captured_at: Moment
    media_type: str
    expires_at: Moment


def read_key(secret: str) -> bytes:
    """Return the 32 bytes of a key written in base64, as ``openssl rand -base64 32`` gives them.

    Raises:
        OriginalSealed: it is anything else.
    """
    try:
        key = base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise OriginalSealed(
            "the key of the originals is not 32 bytes in base64; make one with "
            "`openssl rand -base64 32`"
        )
    return key


class Vault:
    """A folder of encrypted originals. One thread writes; another process may read.

    Args:
        folder: made when it does not exist, for its owner alone.
        key: 32 bytes.
        ttl: how long an original lives.
        budget_bytes: most bytes kept; the oldest go first.
    """

    def __init__(self, folder: Path, key: bytes, *, ttl: timedelta, budget_bytes: int) -> None:
        self.counters: dict[str, int] = {
            "originals_sealed": 0,
            "originals_expired": 0,
            "originals_dropped": 0,
            "originals_failed": 0,
        }
        self.closed = ""
        """Why no original is kept now (the disk guard's reason); empty while they are."""
        self._folder = folder
        self._cipher = AESGCM(key)
        self._ttl = ttl
        self._budget_bytes = budget_bytes
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for torn in folder.glob("*.part"):
            torn.unlink(missing_ok=True)

    def seal(
        self, sha256: str, data: bytes, media_type: str, *, camera: str, captured_at: datetime
    ) -> datetime:
        """Keep an original, and return until when; one that is there already stays as it is.

        Raises:
            OSError: the disk is full, the folder gone, or no original is kept now.
        """
        if self.closed:
            raise OSError(errno.ENOSPC, self.closed)
        path, expires_at = self._path(sha256, media_type), captured_at + self._ttl
        if path.exists():
            return expires_at
        header = msgspec.json.encode(
            Original(
                sha256=sha256,
                camera=camera,
                captured_at=captured_at,
                media_type=media_type,
                expires_at=expires_at,
            )
        )
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, data, header)
        part = path.with_suffix(".part")
        try:
            part.touch(mode=0o600)
            with part.open("wb") as file:
                file.write(_MAGIC + struct.pack(">I", len(header)) + header + nonce + sealed)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        self.counters["originals_sealed"] += 1
        self._enforce()
        return expires_at

    def give_up(self, size_bytes: int) -> int:
        """Drop the oldest originals until so many bytes are free; return how many were dropped."""
        dropped = 0
        for size, path in self._oldest_first():
            if size_bytes <= 0:
                break
            self._drop(path)
            size_bytes -= size
            dropped += 1
        return dropped

    def expire(self, now: datetime) -> int:
        """Delete the originals whose time has run out; return how many."""
        gone = 0
        for path in self._files():
            original = self._header(path)
            if original is None or original.expires_at <= now:
                path.unlink(missing_ok=True)
                gone += 1
        self.counters["originals_expired"] += gone
        return gone

    def kept(self) -> list[Original]:
        """Return what there is, oldest first."""
        found = [original for path in self._files() if (original := self._header(path)) is not None]
        return sorted(found, key=lambda one: (one.captured_at, one.sha256, one.media_type))

    def open(self, sha256: str, now: datetime) -> bytes:
        """Return an original's bytes, picture or clip.

        Raises:
            OriginalGone: there is none, or its time has run out.
            OriginalSealed: it was sealed with another key, or changed since.
        """
        paths = [self._path(sha256, media_type) for media_type in _MEDIA_TYPES]
        path = next((one for one in paths if one.is_file()), paths[0])
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            data = b""
        original = self._header(path)
        if original is None or original.expires_at <= now:
            raise OriginalGone(
                f"original {sha256}: not kept on this box, or no longer; see --list for what is"
            )
        size = struct.unpack(">I", data[4:8])[0]
        header, rest = data[8 : 8 + size], data[8 + size :]
        try:
            return self._cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], header)
        except (InvalidTag, ValueError) as error:
            raise OriginalSealed(
                f"original {sha256}: sealed with another key, or changed since; look for the key "
                "that the box had then"
            ) from error

    def _path(self, sha256: str, media_type: str) -> Path:
        return self._folder / f"{sha256}.{media_type.rpartition('/')[2]}{_SUFFIX}"

    def _files(self) -> Iterator[Path]:
        yield from sorted(self._folder.glob(f"*{_SUFFIX}"))

    @staticmethod
    def _header(path: Path) -> Original | None:
        """Return what a file says of itself; None where it is gone or says nothing sensible."""
        try:
            with path.open("rb") as file:
                magic, size = file.read(4), file.read(4)
                if magic != _MAGIC or len(size) < 4:
                    return None
                return msgspec.json.decode(file.read(struct.unpack(">I", size)[0]), type=Original)
        except (OSError, msgspec.MsgspecError):
            return None

    def _oldest_first(self) -> list[tuple[int, Path]]:
        """Return size and path of every original."""
        aged: list[tuple[int, int, Path]] = []
        for path in self._files():
            try:
                facts = path.stat()
            except FileNotFoundError:
                continue
            aged.append((facts.st_mtime_ns, facts.st_size, path))
        return [(size, path) for _, size, path in sorted(aged)]

    def _drop(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self.counters["originals_dropped"] += 1

    def _enforce(self) -> None:
        aged = self._oldest_first()
        total = sum(size for size, _ in aged)
        for size, path in aged[:-1]:
            if total <= self._budget_bytes:
                return
            self._drop(path)
            total -= size

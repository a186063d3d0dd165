"""Files sealed with AES-256-GCM in frames, so that a part can be read without the rest.

A file has a key of its own, which the master key wraps and binds to the file's address: one file cannot be passed off as another.
Each frame's nonce is its number and whether it is the last one (the STREAM construction, Hoang et al. 2015): frames cannot be
swapped, repeated or left out, and the end cannot be cut off. When the master key is rotated only the head is written anew.
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cloud_api.errors import EvidenceBroken
from cloud_api.privacy.keybook import KEY_BYTES, KeyBook

__all__ = ["FRAME_BYTES", "SealedFile", "SealedWriter", "is_sealed", "rewrap"]

FRAME_BYTES = 65_536
"""Plain bytes of each frame but the last."""

_MAGIC = b"CLSEAL1\n"
_ID_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_WRAPPED_BYTES = _NONCE_BYTES + KEY_BYTES + _TAG_BYTES
_HEAD_BYTES = len(_MAGIC) + _ID_BYTES + _WRAPPED_BYTES
_PURPOSE = "evidence"


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(_NONCE_BYTES - 1, "big") + (b"\x01" if last else b"\x00")


def _head(book: KeyBook, address: str, key: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    wrapped = nonce + AESGCM(book.derive(_PURPOSE)).encrypt(nonce, key, address.encode())
    return _MAGIC + book.current.encode().ljust(_ID_BYTES, b"\0") + wrapped


def _unwrap(book: KeyBook, address: str, head: bytes) -> bytes:
    key_id = head[len(_MAGIC) : len(_MAGIC) + _ID_BYTES].rstrip(b"\0").decode("ascii", "replace")
    wrapped = head[len(_MAGIC) + _ID_BYTES :]
    try:
        return AESGCM(book.derive(_PURPOSE, key_id)).decrypt(
            wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], address.encode()
        )
    except (InvalidTag, ValueError) as error:
        raise EvidenceBroken(
            f"evidence {address}: its file was changed or belongs to another one; restore it"
        ) from error


def is_sealed(path: Path) -> bool:
    """Return whether a file is sealed; those of former versions are not."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def rewrap(path: Path, address: str, book: KeyBook) -> bool:
    """Wrap a file's key with the present master key; return whether it was another one's.

    Raises:
        EvidenceBroken: the file is not what it should be.
        SecretError: the master key that wrapped it is not in the book.
    """
    with path.open("r+b") as file:
        head = file.read(_HEAD_BYTES)
        if head[len(_MAGIC) : len(_MAGIC) + _ID_BYTES].rstrip(b"\0") == book.current.encode():
            return False
        made = _head(book, address, _unwrap(book, address, head))
        file.seek(0)
        file.write(made)  # less than a sector: a power cut leaves the former or the new one
        file.flush()
        os.fsync(file.fileno())
    return True


class SealedWriter:
    """Writes a sealed file as its bytes come."""

    def __init__(self, file: BinaryIO, book: KeyBook, address: str) -> None:
        key = secrets.token_bytes(KEY_BYTES)
        self._cipher = AESGCM(key)
        self._file = file
        self._number = 0
        self._kept = b""
        file.write(_head(book, address, key))

    def write(self, chunk: bytes) -> None:
        """Take some bytes."""
        self._kept += chunk
        at = 0
        # One byte more than a frame has to be there: the last frame is never empty but in an empty file.
        while len(self._kept) - at > FRAME_BYTES:
            self._frame(self._kept[at : at + FRAME_BYTES], last=False)
            at += FRAME_BYTES
        self._kept = self._kept[at:]

    def finish(self) -> None:
        """Write the last frame."""
        self._frame(self._kept, last=True)
        self._kept = b""

    def _frame(self, plain: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), plain, None))
        self._number += 1


class SealedFile:
    """Reads a sealed file, or one that a former version left plain.

    Raises:
        EvidenceBroken: the file was changed.
        SecretError: the master key that wrapped it is not in the book.
    """

    def __init__(self, path: Path, address: str, book: KeyBook) -> None:
        self._path = path
        self._address = address
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        self._cipher: AESGCM | None = None
        if head.startswith(_MAGIC):
            self._cipher = AESGCM(_unwrap(book, address, head))
            stored = size - _HEAD_BYTES
            self._frames = max(1, -(-stored // (FRAME_BYTES + _TAG_BYTES)))
            size = stored - self._frames * _TAG_BYTES
        self.size_bytes = size
        """How many bytes it holds in plain."""

    def read(self) -> bytes:
        """Return everything.

        Raises:
            EvidenceBroken: the file was changed or cut off.
        """
        return b"".join(self.part(0, self.size_bytes))

    def part(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes from ``start`` up to ``stop``, a frame at a time.

        Raises:
            EvidenceBroken: one of the frames was changed, or the end was cut off.
        """
        with self._path.open("rb") as file:
            if self._cipher is None:
                file.seek(start)
                while start < stop and (plain := file.read(min(FRAME_BYTES, stop - start))):
                    start += len(plain)
                    yield plain
                return
            for number in range(start // FRAME_BYTES, self._frames):
                first = number * FRAME_BYTES
                if first >= stop and not (first == stop == 0):
                    return
                plain = self._open(file, number)
                yield plain[max(0, start - first) : max(0, stop - first)]

    def _open(self, file: BinaryIO, number: int) -> bytes:
        assert self._cipher is not None
        file.seek(_HEAD_BYTES + number * (FRAME_BYTES + _TAG_BYTES))
        sealed = file.read(FRAME_BYTES + _TAG_BYTES)
        try:
            return self._cipher.decrypt(
                _nonce(number, last=number == self._frames - 1), sealed, None
            )
        except (InvalidTag, ValueError) as error:
            raise EvidenceBroken(
                f"evidence {self._address}: its file was changed or cut off; restore it"
            ) from error

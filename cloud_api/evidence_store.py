"""Pictures and clips on disk, sealed, each under the SHA-256 of the bytes that came, with a budget.

Metadata are taken out before they are kept: the address stays that of the bytes that were sent, since
events name it; what is given back may be shorter.
"""

import hashlib
import os
import tempfile
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from sqlalchemy import func, insert, select

from cloud_api.database import Lane, Store
from cloud_api.errors import BodyTooLarge, EvidenceFull, HashMismatch, NotFound
from cloud_api.evidence.picture_hash import hash_picture
from cloud_api.evidence.sealed_file import SealedFile, SealedWriter, is_sealed, rewrap
from cloud_api.evidence.stripping import strip_metadata
from cloud_api.instants import to_us
from cloud_api.media import HEAD_BYTES, check_head
from cloud_api.privacy.keybook import KeyBook
from cloud_api.schema import evidence

__all__ = ["EvidenceInfo", "EvidenceStore", "Upload"]


_STRIPPING = threading.BoundedSemaphore(2)
"""A clip is in memory while its metadata are taken out, and so is a picture that is looked at: two at a time."""


class EvidenceInfo(NamedTuple):
    """What is known of one stored picture or clip."""

    sha256: str
    media_type: str
    size_bytes: int
    stored_at_us: int
    stored_by: str
    picture_hash: bytes | None = None
    """Perceptual hash; empty where there is none, None where nobody looked yet."""


class EvidenceStore:
    """Files below one folder, ``{first two digits}/{sha256}``, and their rows in the database."""

    def __init__(
        self, store: Store, folder: Path, book: KeyBook, *, item_bytes: int, budget_bytes: int
    ) -> None:
        self._store = store
        self._folder = folder
        self._book = book
        self._item_bytes = item_bytes
        self._budget_bytes = budget_bytes

    def sweep(self, older_than_s: float) -> int:
        """Remove what uploads left behind that a crash cut off; return how many files it was.

        Args:
            older_than_s: remove temporary files last written before this moment, seconds since 1970.
        """
        removed = 0
        for path in (self._folder / "incoming").glob("*"):
            if path.stat().st_mtime < older_than_s:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def find(self, sha256: str) -> EvidenceInfo | None:
        """Return what is known of a stored item, or None."""
        with self._store.read() as connection:
            row = connection.execute(
                select(evidence).where(evidence.c.sha256 == sha256)
            ).one_or_none()
        return None if row is None else EvidenceInfo(*row)

    def path(self, sha256: str) -> Path:
        """Return where the bytes of an item lie."""
        return self._folder / sha256[:2] / sha256

    def get(self, sha256: str) -> tuple[EvidenceInfo, SealedFile]:
        """Return an item and its bytes, to be read.

        Raises:
            NotFound: nothing is stored under this hash, or its file is gone.
            EvidenceBroken: its file was changed.
        """
        info = self.find(sha256)
        if info is None:
            raise NotFound(f"evidence {sha256} is not stored; its box may not have sent it yet")
        try:
            return info, SealedFile(self.path(sha256), sha256, self._book)
        except FileNotFoundError as error:
            raise NotFound(
                f"evidence {sha256} is listed but its file is gone; restore evidence_dir from a backup"
            ) from error

    def remove_file(self, sha256: str) -> None:
        """Remove the bytes of an item for good, durably; none there is fine."""
        path = self.path(sha256)
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            _sync_folder(path.parent)

    def seal_again(self) -> int:
        """Bring every file under the present master key; return how many were not.

        Those that a former version left plain are sealed.

        Raises:
            EvidenceBroken: a file was changed.
            SecretError: a master key is missing.
        """
        with self._store.read() as connection:
            known = list(connection.execute(select(evidence.c.sha256, evidence.c.media_type)))
        done = 0
        for sha256, media_type in known:
            path = self.path(sha256)
            if not path.is_file():
                continue
            if is_sealed(path):
                done += rewrap(path, sha256, self._book)
                continue
            self._replace(path, sha256, strip_metadata(media_type, path.read_bytes()))
            done += 1
        return done

    def _replace(self, path: Path, sha256: str, content: bytes) -> None:
        """Put content sealed in the place of a file."""
        beside = path.with_name(f"{path.name}.sealing")
        with beside.open("wb") as file:
            writer = SealedWriter(file, self._book, sha256)
            writer.write(content)
            writer.finish()
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    def begin(self, sha256: str, media_type: str) -> "Upload":
        """Return an upload to write the bytes to; see :class:`Upload`."""
        incoming = self._folder / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        return Upload(sha256, media_type, incoming, self._item_bytes, self._book, self._finish)

    def put(
        self, sha256: str, media_type: str, content: bytes, *, now: datetime, by: str
    ) -> EvidenceInfo:
        """Store an item that is in memory; again is fine.

        Raises:
            BodyTooLarge, UnsupportedMedia, HashMismatch, EvidenceFull: as for :class:`Upload`.
        """
        found = self.find(sha256)
        if found is not None:
            return found
        with self.begin(sha256, media_type) as upload:
            upload.write(content)
            return upload.finish(now=now, by=by)

    def _finish(self, info: EvidenceInfo, temporary: Path) -> EvidenceInfo:
        """Take metadata out of a verified upload, look at the picture, then keep it."""
        with _STRIPPING:
            content = SealedFile(temporary, info.sha256, self._book).read()
            stripped = strip_metadata(info.media_type, content)
            if stripped != content:
                self._replace(temporary, info.sha256, stripped)
            picture_hash = hash_picture(info.media_type, stripped)
        return self._keep(info._replace(picture_hash=picture_hash), temporary)

    def _keep(self, info: EvidenceInfo, temporary: Path) -> EvidenceInfo:
        """Move a verified file into place and note it, within the budget."""
        with self._store.write(Lane.EVIDENCE) as connection:
            known = connection.execute(
                select(evidence).where(evidence.c.sha256 == info.sha256)
            ).one_or_none()
            if known is not None:
                return EvidenceInfo(*known)
            used: int = int(connection.scalar(select(func.sum(evidence.c.size_bytes))) or 0)
            if used + info.size_bytes > self._budget_bytes:
                raise EvidenceFull(
                    f"evidence {info.sha256}: {used} of {self._budget_bytes} bytes are used and it has "
                    f"{info.size_bytes}; raise evidence_budget_bytes or remove old evidence",
                    headers={"Retry-After": "600"},
                )
            target = self.path(info.sha256)
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(target)
            _sync_folder(target.parent)
            connection.execute(insert(evidence).values(**info._asdict()))
        return info


class Upload:
    """Bytes on their way in: a temporary file that disappears unless :meth:`finish` succeeds."""

    def __init__(
        self,
        sha256: str,
        media_type: str,
        incoming: Path,
        item_bytes: int,
        book: KeyBook,
        keep: Callable[[EvidenceInfo, Path], EvidenceInfo],
    ) -> None:
        self._sha256 = sha256
        self._media_type = media_type
        self._item_bytes = item_bytes
        self._keep = keep
        self._digest = hashlib.sha256()
        self._size_bytes = 0
        self._head = b""
        handle, name = tempfile.mkstemp(prefix=f"{sha256[:12]}-", dir=incoming)
        self._file = os.fdopen(handle, "wb")
        self._sealed = SealedWriter(self._file, book, sha256)
        self._path = Path(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """Take a part of the bytes.

        Raises:
            BodyTooLarge: there are more than allowed.
            UnsupportedMedia: the first bytes are not of the declared media type.
            EvidenceFull: the disk is full.
        """
        self._size_bytes += len(chunk)
        if self._size_bytes > self._item_bytes:
            raise BodyTooLarge(
                f"evidence {self._sha256}: more than {self._item_bytes} bytes; send a smaller picture "
                "or a shorter clip"
            )
        if len(self._head) < HEAD_BYTES:
            self._head += chunk[: HEAD_BYTES - len(self._head)]
            if len(self._head) == HEAD_BYTES:
                check_head(self._media_type, self._head)
        self._digest.update(chunk)
        try:
            self._sealed.write(chunk)
        except OSError as error:
            raise EvidenceFull(f"evidence {self._sha256}: cannot be written: {error}") from error

    def finish(self, *, now: datetime, by: str) -> EvidenceInfo:
        """Verify the bytes, make them durable and put them in place.

        Raises:
            UnsupportedMedia: there are too few bytes to be of the declared media type.
            HashMismatch: the bytes have another SHA-256.
            EvidenceFull: the budget or the disk is used up.
        """
        check_head(self._media_type, self._head)
        found = self._digest.hexdigest()
        if found != self._sha256:
            raise HashMismatch(
                f"evidence {self._sha256}: the {self._size_bytes} bytes received have SHA-256 {found}; "
                "send the bytes that the path names"
            )
        try:
            self._sealed.finish()
            self._file.flush()
            os.fsync(self._file.fileno())
            info = EvidenceInfo(self._sha256, self._media_type, self._size_bytes, to_us(now), by)
            return self._keep(info, self._path)
        except OSError as error:
            raise EvidenceFull(f"evidence {self._sha256}: cannot be stored: {error}") from error


def _sync_folder(folder: Path) -> None:
    """Make a rename durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""A bundle on its way into the registry."""

import hashlib
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from cloud_api.errors import BodyTooLarge, EvidenceFull

__all__ = ["BundleUpload"]


class BundleUpload:
    """Bytes on their way in: a temporary file that disappears unless it is published."""

    def __init__(self, incoming: Path, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._digest = hashlib.sha256()
        self._size = 0
        handle, name = tempfile.mkstemp(dir=incoming)
        self._file = os.fdopen(handle, "wb")
        self.path = Path(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """Take a part of the bytes.

        Raises:
            BodyTooLarge: there are more than allowed.
            EvidenceFull: the disk is full.
        """
        self._size += len(chunk)
        if self._size > self._most_bytes:
            raise BodyTooLarge(
                f"a bundle of more than {self._most_bytes} bytes; see models_item_bytes"
            )
        self._digest.update(chunk)
        try:
            self._file.write(chunk)
        except OSError as error:
            raise EvidenceFull(f"the bundle cannot be written: {error}") from error

    def finish(self) -> str:
        """Make the bytes durable; return their SHA-256.

        Raises:
            EvidenceFull: the disk is full.
        """
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise EvidenceFull(f"the bundle cannot be written: {error}") from error
        return self._digest.hexdigest()

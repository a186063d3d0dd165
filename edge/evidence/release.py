"""Handing out an original: for a purpose, for a case, by somebody, and never without a line about it."""

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from edge.evidence.errors import OriginalSealed

if TYPE_CHECKING:
    # the command line names the purposes without loading ciphers
    from edge.evidence.vault import Vault

__all__ = ["PURPOSES", "Release", "ReleaseLog"]

PURPOSES = ("evidence", "complaint", "training", "access-request")
"""What an original may be released for: a case's evidence 取证, a complaint about a decision 申诉,
training crops 训练, and a person asking for the own picture 个人信息查阅."""

_FIRST = "0" * 64


class Release(Struct, frozen=True, kw_only=True):
    """One release, as it is written down."""

    at: datetime
    sha256: str
    purpose: str
    case: str
    by: str
    previous: str
    """SHA-256 of the line before this one; zeros for the first."""


class ReleaseLog:
    """A file of one JSON object a line, each holding the hash of the one before it.

    Whoever takes a line out or changes one breaks the chain, which :meth:`check` finds.

    Args:
        path: the file; made for its owner alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def release(
        self, vault: "Vault", sha256: str, *, purpose: str, case: str, by: str, now: datetime
    ) -> bytes:
        """Return an original, after the line about it is safe on disk.

        Raises:
            OriginalError: it cannot be had; nothing is written down then.
            OSError: the line cannot be written; nothing is handed out then.
        """
        data = vault.open(sha256, now)
        self._write(
            Release(at=now, sha256=sha256, purpose=purpose, case=case, by=by, previous=self._last())
        )
        return data

    def check(self) -> int:
        """Return how many lines there are.

        Raises:
            OriginalSealed: a line was taken out, changed or exchanged.
        """
        expected, count = _FIRST, 0
        for number, line in enumerate(self._lines(), start=1):
            try:
                previous = json.loads(line)["previous"]
            except (ValueError, KeyError, TypeError) as error:
                raise OriginalSealed(f"{self._path}:{number}: no release; {error}") from error
            if previous != expected:
                raise OriginalSealed(
                    f"{self._path}:{number}: does not follow the line before it; a line was changed "
                    "or taken out"
                )
            expected, count = _hash(line), count + 1
        return count

    def _lines(self) -> Iterator[str]:
        try:
            yield from self._path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return

    def _last(self) -> str:
        last = _FIRST
        for line in self._lines():
            last = _hash(line)
        return last

    def _write(self, release: Release) -> None:
        facts = {
            "at": release.at.isoformat(),
            "sha256": release.sha256,
            "purpose": release.purpose,
            "case": release.case,
            "by": release.by,
            "previous": release.previous,
        }
        line = json.dumps(facts, ensure_ascii=False) + "\n"
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)


def _hash(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()

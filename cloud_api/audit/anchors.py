"""The two places for heads: an append-only file, and a witness (a second party) over HTTP."""

import os
from pathlib import Path

import httpx
import msgspec

from cloud_api.audit.heads import Head, decode_head, encode_head
from cloud_api.audit.ports import Anchor
from cloud_api.errors import AnchorUnavailable, AuditBroken
from runtime.secret import read_secret

__all__ = ["FileAnchor", "WitnessAnchor", "open_anchor"]

_TIMEOUT_S = 10.0


class FileAnchor:
    """A file of JSON lines, which is only appended to; put it on another disk or a write-once mount."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """The file's path."""
        return str(self._path)

    def keep(self, head: Head) -> None:
        """Append a head and make it durable.

        Raises:
            AnchorUnavailable: the file cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
            try:
                os.write(handle, encode_head(head) + b"\n")
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise AnchorUnavailable(f"audit anchor {self._path}: {error}") from error

    def heads(self) -> list[Head]:
        """Return the heads in the file; none where there is no file.

        Raises:
            AnchorUnavailable: the file cannot be read.
            AuditBroken: a line is no head.
        """
        try:
            content = self._path.read_bytes() if self._path.exists() else b""
        except OSError as error:
            raise AnchorUnavailable(f"audit anchor {self._path}: {error}") from error
        return _decode(content, self.name)


class WitnessAnchor:
    """A second party that keeps heads and refuses those which contradict earlier ones."""

    def __init__(self, url: str, token: str | None) -> None:
        self._url = url
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    @property
    def name(self) -> str:
        """The witness's address."""
        return self._url

    def keep(self, head: Head) -> None:
        """Post a head.

        Raises:
            AnchorUnavailable: the witness does not answer, or refuses it: then the log was rewritten,
                or the witness belongs to another one.
        """
        try:
            answer = httpx.post(
                self._url, content=encode_head(head), headers=self._headers, timeout=_TIMEOUT_S
            )
        except httpx.HTTPError as error:
            raise AnchorUnavailable(f"audit witness {self._url}: {error}") from error
        if answer.status_code != httpx.codes.NO_CONTENT:
            raise AnchorUnavailable(
                f"audit witness {self._url}: refused head {head.seq} with status "
                f"{answer.status_code}: {answer.text[:300]}"
            )

    def heads(self) -> list[Head]:
        """Return the heads that the witness has.

        Raises:
            AnchorUnavailable: the witness does not answer, or not with heads.
            AuditBroken: a line of its answer is no head.
        """
        try:
            answer = httpx.get(self._url, headers=self._headers, timeout=_TIMEOUT_S)
        except httpx.HTTPError as error:
            raise AnchorUnavailable(f"audit witness {self._url}: {error}") from error
        if answer.status_code != httpx.codes.OK:
            raise AnchorUnavailable(
                f"audit witness {self._url}: status {answer.status_code}; check address and token"
            )
        return _decode(answer.content, self._url)


def open_anchor(place: str, token_env: str | None) -> Anchor:
    """Return the anchor for a path or an ``http(s)://`` address.

    Args:
        place: where heads are kept.
        token_env: environment variable with the token for a witness.

    Raises:
        SecretError: the variable is unset.
    """
    if place.startswith(("http://", "https://")):
        return WitnessAnchor(place, read_secret(None, token_env, "audit witness"))
    return FileAnchor(Path(place))


def _decode(content: bytes, name: str) -> list[Head]:
    found: list[Head] = []
    for number, line in enumerate(content.splitlines(), 1):
        try:
            found.append(decode_head(line))
        except msgspec.DecodeError as error:
            raise AuditBroken(f"audit anchor {name}: line {number} is no head: {error}") from error
    return found

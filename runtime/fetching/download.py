"""Fetching one file over HTTP: in pieces, resumed, checked, and put in place in one step.

The bytes go to ``NAME.part``; a later call goes on where the last one stopped (HTTP Range). Only when size
and SHA-256 are right is the file renamed, so whoever finds ``NAME`` has the right one.
Source: RFC 9110 §14 (range requests).
"""

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import httpx

from runtime.backoff import Backoff
from runtime.fetching.catalogue import Entry
from runtime.fetching.errors import DiskFault, FetchFailed, FetchRefused, WrongContent

__all__ = ["Progress", "fetch", "file_sha256"]

Progress = Callable[[int, int], None]
"""Called with (bytes here, bytes in all)."""

_TRIES = 5
"""Tries in a row that bring nothing before we give up; any byte that arrives starts the count anew."""

_RETRIED_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be different a moment later. Source: RFC 9110 §15, RFC 6585."""


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as lower-case hex."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def fetch(
    entry: Entry,
    folder: Path,
    *,
    mirror: str | None = None,
    progress: Progress = lambda _here, _all: None,
    rng: Random,
    timeout_s: float = 20.0,
    backoff_s: float = 0.5,
) -> Path:
    """Return the path of an entry's file in ``folder``, fetched if it is not there yet.

    Args:
        entry: what to fetch.
        folder: where to; made if missing.
        mirror: folder on this machine, or address of one, that holds the files under their names,
            instead of the origin.
        progress: told as bytes arrive.
        rng: jitter of the waits between tries.
        timeout_s: seconds without a byte after which a connection counts as broken.
        backoff_s: ceiling of the first wait, seconds; doubles each time, at most 10.

    Raises:
        FetchFailed: the network failed in every try; what arrived is kept for the next call.
        FetchRefused: the server refused, or offers a file of another size.
        WrongContent: all bytes came and the hash is wrong; they are thrown away.
        DiskFault: the folder or file cannot be written.
    """
    target = folder / entry.file
    part = folder / f"{entry.file}.part"
    shelf = _shelf(mirror)
    url = entry.url if mirror is None else f"{mirror.rstrip('/')}/{entry.file}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if target.exists() and file_sha256(target) == entry.sha256:
            progress(entry.size_bytes, entry.size_bytes)
            return target
        if part.exists() and part.stat().st_size > entry.size_bytes:
            part.unlink()
        if shelf is None:
            _fetch_part(entry, url, part, progress, Backoff(backoff_s, 10.0, rng), timeout_s)
        else:
            _copy_part(entry, shelf / entry.file, part, progress)
        _check(entry, url, part)
        part.replace(target)
        _sync_folder(folder)
    except OSError as error:
        raise DiskFault(
            f"{entry.name}: cannot write {target}: {error.strerror or error}; check folder, "
            "permissions and free space"
        ) from error
    return target


def _shelf(mirror: str | None) -> Path | None:
    """Return the folder on this machine that a mirror names; None where it names a server."""
    if mirror is None or mirror.startswith(("http://", "https://")):
        return None
    return Path(mirror.removeprefix("file://"))


def _copy_part(entry: Entry, source: Path, part: Path, progress: Progress) -> None:
    if not source.is_file():
        raise FetchRefused(
            f"{entry.name}: {source} is not there; a mirror folder holds the files under the names "
            f"that the catalogue gives them: put {entry.file} into it, or take an http(s) address"
        )
    if source.stat().st_size != entry.size_bytes:
        raise FetchRefused(
            f"{entry.name}: {source} has {source.stat().st_size} bytes, expected {entry.size_bytes}; "
            "it is another file, or a copy that was cut off"
        )
    with source.open("rb") as taken, part.open("wb") as sink:
        while chunk := taken.read(1 << 20):
            sink.write(chunk)
            progress(sink.tell(), entry.size_bytes)
        sink.flush()
        os.fsync(sink.fileno())


def _fetch_part(
    entry: Entry, url: str, part: Path, progress: Progress, backoff: Backoff, timeout_s: float
) -> None:
    failures = 0
    with httpx.Client(follow_redirects=True, timeout=timeout_s) as client:
        while (here := part.stat().st_size if part.exists() else 0) < entry.size_bytes:
            try:
                _stream(client, entry, url, part, here, progress)
                reason = "the connection ended early"
            except httpx.HTTPError as error:
                reason = str(error) or type(error).__name__
            now = part.stat().st_size if part.exists() else 0
            if now >= entry.size_bytes:
                return
            if now > here:
                failures = 0
                backoff.reset()
            failures += 1
            if failures >= _TRIES:
                raise FetchFailed(
                    f"{entry.name}: {url}: {reason}, {failures} times in a row at byte {now} of "
                    f"{entry.size_bytes}; the same command goes on from there, --mirror URL takes "
                    "another server"
                )
            time.sleep(backoff.next_delay())


def _stream(
    client: httpx.Client, entry: Entry, url: str, part: Path, here: int, progress: Progress
) -> None:
    headers = {"Range": f"bytes={here}-"} if here else {}
    headers["Accept-Encoding"] = "identity"
    with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code in _RETRIED_STATUS:
            answer.raise_for_status()
        if answer.status_code not in {200, 206}:
            raise FetchRefused(
                f"{entry.name}: {answer.url} answered {answer.status_code} {answer.reason_phrase}; "
                "the file may have moved: see "
                f"{entry.page}, or use --mirror URL"
            )
        resumed = answer.status_code == 206
        if resumed and not answer.headers.get("Content-Range", "").startswith(f"bytes {here}-"):
            raise FetchRefused(
                f"{entry.name}: {answer.url} was asked for the bytes from {here} on and sent "
                f"{answer.headers.get('Content-Range')!r}; use --mirror URL"
            )
        start = here if resumed else 0
        offered = answer.headers.get("Content-Length")
        if offered is not None and start + int(offered) != entry.size_bytes:
            raise FetchRefused(
                f"{entry.name}: {answer.url} offers {start + int(offered)} bytes, expected "
                f"{entry.size_bytes}; it is another file, or an error page"
            )
        with part.open("ab" if resumed else "wb") as sink:
            # as they come, not gathered: what arrived before a break is kept
            for chunk in answer.iter_raw():
                sink.write(chunk)
                start += len(chunk)
                progress(start, entry.size_bytes)
                if start > entry.size_bytes:
                    break
            sink.flush()
            os.fsync(sink.fileno())


def _check(entry: Entry, url: str, part: Path) -> None:
    found = file_sha256(part)
    if found != entry.sha256:
        part.unlink()
        raise WrongContent(
            f"{entry.name}: {url} has sha256 {found}, expected {entry.sha256}; nothing was kept. The "
            "file was changed at its origin or on the way: do not use it"
        )


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

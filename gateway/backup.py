"""Backup of a gateway's folder while it runs, its check, and the way back.

The checkpoint is copied first, every other store after it, the journal last. What the rules found
before the checkpoint was in its store before the checkpoint was; what came after is in the journal
and is found again at the start. So the copies fit together though nothing is held up for them.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import msgspec
from msgspec import Struct

from gateway.checkpoint import CheckpointStore
from gateway.errors import BackupError, StoreError, StoreVersionError
from runtime.errors import JournalBroken
from runtime.journal import read_journal

__all__ = ["FORMAT", "BackupManifest", "StoredFile", "back_up", "restore", "verify"]

FORMAT = 1
"""Format of a backup; a newer one is refused."""
_MANIFEST = "manifest.json"
_CHECKPOINT = "checkpoint.sqlite"
_TELEMETRY = ("telemetry.sqlite", "telemetry-spool.sqlite")
_TRIES = 5


class StoredFile(Struct, frozen=True, kw_only=True):
    """One file of a backup."""

    path: str
    size_bytes: int
    sha256: str


class BackupManifest(Struct, frozen=True, kw_only=True):
    """What a backup holds."""

    format: int
    made_at: datetime
    program: str
    """Version of cityloop that made it."""
    checkpoint_offset: int | None
    """Journal offset of the checkpoint; None where there was none."""
    first_offset: int
    """Oldest journal record."""
    end_offset: int
    """Offset behind the newest journal record."""
    files: tuple[StoredFile, ...]


def back_up(
    state_dir: Path, destination: Path, now: datetime, *, telemetry: bool = True
) -> BackupManifest:
    """Copy a gateway's folder into a new one, whether it runs or not; return what was copied.

    Args:
        state_dir: the gateway's folder.
        destination: the backup; it must not exist.
        now: the moment.
        telemetry: whether telemetry is copied too.

    Raises:
        BackupError: there is no gateway in the folder, the destination exists, or the journal is
            pruned faster than it can be copied.
        OSError: no room, or no permission.
    """
    if not (state_dir / "journal").is_dir():
        raise BackupError(f"{state_dir}: there is no journal; expected a gateway's state_dir")
    if destination.exists():
        raise BackupError(f"{destination} exists already; name a new folder")
    draft = destination.with_name(f".{destination.name}.{os.getpid()}")
    try:
        for _ in range(_TRIES):
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(parents=True, mode=0o700)
            offsets = _copy(state_dir, draft, telemetry=telemetry)
            if offsets is not None:
                break
        else:
            raise BackupError(
                f"{state_dir}: the journal was pruned during each of {_TRIES} copies; "
                "raise journal.budget_bytes"
            )
        manifest = BackupManifest(
            format=FORMAT,
            made_at=now,
            program=version("cityloop"),
            checkpoint_offset=offsets[0],
            first_offset=offsets[1],
            end_offset=offsets[2],
            files=tuple(_describe(draft, path) for path in sorted(_files(draft))),
        )
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        (draft / _MANIFEST).write_bytes(text)
        _sync(draft / _MANIFEST)
        draft.rename(destination)
        _sync(destination.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def _copy(state_dir: Path, draft: Path, *, telemetry: bool) -> tuple[int | None, int, int] | None:
    """Copy everything; return checkpoint's, first and end offset, None if they do not fit."""
    stores = sorted(state_dir.glob("*.sqlite"), key=lambda path: path.name != _CHECKPOINT)
    for store in stores:
        if telemetry or store.name not in _TELEMETRY:
            _copy_store(store, draft / store.name)
    journal = draft / "journal"
    journal.mkdir()
    for segment in sorted((state_dir / "journal").glob("*.journal")):
        try:
            shutil.copyfile(segment, journal / segment.name)
        except FileNotFoundError:
            continue  # pruned meanwhile; whether it was needed shows below
        _sync(journal / segment.name)
    needed = _checkpoint_offset(draft)
    first, end = _journal_offsets(journal)
    # a checkpoint younger than the journal's copy, or a journal pruned beyond the checkpoint
    if needed is not None and not first <= needed <= end:
        return None
    return needed, first, end


def _copy_store(source: Path, target: Path) -> None:
    """Copy a SQLite file as of one moment; writers are not held up (it is in WAL mode)."""
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30.0)) as reading,
        closing(sqlite3.connect(target)) as writing,
    ):
        reading.backup(writing)
        # the backup is one file: whoever restores it needs no log beside it
        writing.execute("PRAGMA journal_mode=DELETE")
    _sync(target)


def _checkpoint_offset(folder: Path) -> int | None:
    path = folder / _CHECKPOINT
    if not path.exists():
        return None
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reading:
        row = reading.execute("SELECT next_offset FROM position").fetchone()
    return None if row is None else int(row[0])


def _journal_offsets(folder: Path, from_offset: int = 0) -> tuple[int, int]:
    """Return the offset of the first record kept, and the one behind the last that is intact."""
    firsts = sorted(int(path.stem) for path in folder.glob("*.journal"))
    if not firsts:
        return 0, 0
    end = max(firsts[0], from_offset)
    for record in read_journal(folder, from_offset):
        end = record.offset + 1
    return firsts[0], end


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != _MANIFEST]


def _describe(folder: Path, path: Path) -> StoredFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    name = path.relative_to(folder).as_posix()
    return StoredFile(path=name, size_bytes=path.stat().st_size, sha256=digest)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def verify(backup: Path) -> BackupManifest:
    """Return what a backup holds, after every byte, store and journal record of it was looked at.

    Raises:
        BackupError: something is missing, damaged, or made by a newer program.
    """
    manifest = _manifest(backup)
    there = {path.relative_to(backup).as_posix() for path in _files(backup)}
    for file in manifest.files:
        path = backup / file.path
        if file.path not in there or _describe(backup, path) != file:
            raise BackupError(f"backup {backup}: {file.path} is missing or not what was written")
    extra = sorted(there - {file.path for file in manifest.files})
    if extra:
        raise BackupError(f"backup {backup}: {extra[0]} does not belong to it; remove it")
    for path in sorted(backup.glob("*.sqlite")):
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as reading:
            try:
                (word,) = reading.execute("PRAGMA quick_check").fetchone()
            except sqlite3.Error as error:
                raise BackupError(f"backup {backup}: {path.name}: {error}") from error
        if word != "ok":
            raise BackupError(f"backup {backup}: {path.name}: {word}")
    try:
        offsets = _journal_offsets(backup / "journal")
    except JournalBroken as error:
        raise BackupError(f"backup {backup}: {error}") from error
    if offsets != (manifest.first_offset, manifest.end_offset):
        raise BackupError(
            f"backup {backup}: the journal holds records {offsets[0]} to {offsets[1]}, expected "
            f"{manifest.first_offset} to {manifest.end_offset}"
        )
    return manifest


def _manifest(backup: Path) -> BackupManifest:
    try:
        raw = (backup / _MANIFEST).read_bytes()
        found = json.loads(raw)
        made_by = found.get("format") if isinstance(found, dict) else None
        if isinstance(made_by, int) and made_by > FORMAT:
            raise BackupError(
                f"backup {backup} has format {made_by}, this gateway knows {FORMAT}; "
                "restore it with the program that made it"
            )
        return msgspec.json.decode(raw, type=BackupManifest)
    except (OSError, ValueError) as error:
        raise BackupError(f"backup {backup}: {_MANIFEST}: {error}; is it a backup?") from error


def restore(backup: Path, state_dir: Path) -> BackupManifest:
    """Put a backup, once verified, into an empty or absent folder; return what it holds.

    Raises:
        BackupError: the backup is not good, or the folder is not empty.
        OSError: no room, or no permission.
    """
    manifest = verify(backup)
    if state_dir.exists() and any(state_dir.iterdir()):
        raise BackupError(
            f"{state_dir} is not empty; stop its gateway, move it away, and restore into a new one"
        )
    draft = state_dir.with_name(f".{state_dir.name}.{os.getpid()}")
    try:
        for file in manifest.files:
            target = draft / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(backup / file.path, target)
            _sync(target)
        _check_versions(draft)
        if state_dir.exists():
            state_dir.rmdir()
        draft.rename(state_dir)
        _sync(state_dir.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def _check_versions(folder: Path) -> None:
    """Refuse state of a newer program before it is put in place.

    Raises:
        BackupError: the checkpoint's format is newer than this program.
    """
    if not (folder / _CHECKPOINT).exists():
        return
    try:
        CheckpointStore(folder / _CHECKPOINT).close()
    except (StoreVersionError, StoreError) as error:
        raise BackupError(f"checkpoint: {error}") from error

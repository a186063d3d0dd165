"""Bundles on the box's disk, and the record of which of them runs; every change survives a power cut."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import msgspec
import structlog
from msgspec import Meta, Struct

from runtime.bundles.bundle_file import Bundle, read_bundle
from runtime.bundles.errors import BundleBroken
from runtime.bundles.trust import TrustBook

__all__ = ["Held", "Record", "Shelf", "sync_folder"]

_LOG = structlog.get_logger("edge.models")
_MOST_FAILED = 32


class Held(Struct, frozen=True, kw_only=True):
    """A bundle that lies on the shelf."""

    sha256: str
    version: str
    counter: int


class Record(Struct, frozen=True, kw_only=True):
    """What the box knows of one model; replaced as a whole."""

    active: Held | None = None
    """What runs; None: the camera's own file."""
    confirmed: bool = True
    """Whether it has passed its probation."""
    boots: Annotated[int, Meta(ge=0)] = 0
    """Starts of the box while it was on probation."""
    previous: Held | None = None
    """What ran before, kept to go back to."""
    floor: Annotated[int, Meta(ge=0)] = 0
    """Highest counter that was ever confirmed: nothing at or below it is taken any more."""
    candidate: Held | None = None
    """What runs in the shadow."""
    failed: dict[str, str] = {}
    """SHA-256 of bundles that are not tried again, with the reason."""

    def fail(self, sha256: str, reason: str) -> "Record":
        """Return the record with one more bundle that is not tried again."""
        kept = dict(list(self.failed.items())[-(_MOST_FAILED - 1) :])
        return msgspec.structs.replace(self, failed=kept | {sha256: reason})

    def swapped_to(self, held: Held) -> "Record":
        """Return the record after a swap: the new one on probation, the old one kept."""
        return msgspec.structs.replace(
            self, active=held, previous=self.active, confirmed=False, boots=0
        )

    def confirm(self) -> "Record":
        """Return the record with what runs confirmed: the counter cannot fall below it any more."""
        assert self.active is not None
        return msgspec.structs.replace(
            self, confirmed=True, boots=0, floor=max(self.floor, self.active.counter)
        )

    def rolled_back(self, reason: str) -> "Record":
        """Return the record with the bundle before in place of the one that runs, which failed."""
        assert self.active is not None
        failed = self.fail(self.active.sha256, reason)
        return msgspec.structs.replace(
            failed, active=self.previous, previous=None, confirmed=True, boots=0
        )


class Shelf:
    """A folder with ``bundles/{sha256}.clmodel``, ``networks/{sha256}/…onnx`` and ``{model}.json``.

    What has its final name is whole: it was written beside its place, synced and renamed.

    Args:
        folder: made when something is first put there.
        most_bytes: largest bundle that is taken.
    """

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    def record(self, model: str) -> Record:
        """Return what is known of a model; nothing where nothing is, or the file is damaged."""
        path = self._folder / f"{model}.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Record)
        except FileNotFoundError:
            return Record()
        except (OSError, msgspec.DecodeError) as error:
            _LOG.error("model_record_unreadable", path=str(path), reason=str(error))
            return Record()

    def save(self, model: str, record: Record) -> None:
        """Keep what is known of a model, durably.

        Raises:
            OSError: it cannot be written; what was known before is still there.
        """
        self._write(self._folder / f"{model}.json", msgspec.json.encode(record))

    def bundle_path(self, sha256: str) -> Path:
        """Return where a bundle lies once it is whole."""
        return self._folder / "bundles" / f"{sha256}.clmodel"

    def part_path(self, sha256: str) -> Path:
        """Return where a bundle grows while it is fetched."""
        return self._folder / "bundles" / f"{sha256}.part"

    def take(self, sha256: str, book: TrustBook) -> Bundle:
        """Return a bundle that lies here, verified.

        Raises:
            BundleError: it is missing, damaged, too large, or signed by nobody who is trusted.
        """
        bundle = read_bundle(self.bundle_path(sha256), most_bytes=self._most_bytes)
        bundle.verify(book)
        return bundle

    def unpack(self, sha256: str, bundle: Bundle) -> Path:
        """Return the path of a verified bundle's network, unpacked afresh.

        Raises:
            BundleBroken: the network is damaged, or cannot be written.
        """
        path = self._folder / "networks" / sha256 / bundle.manifest.file_name
        network = bundle.network()
        try:
            if not path.exists() or path.read_bytes() != network:
                self._write(path, network)
        except OSError as error:
            msg = f"bundle {sha256[:16]}…: its network cannot be unpacked: {error}; free disk space"
            raise BundleBroken(msg) from error
        return path

    def tidy(self, wanted: Collection[str]) -> None:
        """Remove bundles and networks of all but these hashes."""
        for path in [*self._folder.glob("bundles/*.clmodel"), *self._folder.glob("bundles/*.part")]:
            if path.stem not in wanted:
                path.unlink(missing_ok=True)
        for folder in self._folder.glob("networks/*"):
            if folder.name not in wanted:
                for path in folder.glob("*"):
                    path.unlink(missing_ok=True)
                folder.rmdir()

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.draft")
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

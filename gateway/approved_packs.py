"""Packs that were approved at the API, as files on the gateway's disk beside its own.

A pack takes the place of the configured one of the same name; others are added. Files are written
whole, each by a rename, so that whoever reads them meanwhile finds the one or the other.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import structlog

from contracts.packs import DesiredPack, DesiredPacks, PackInForce, PackReport, pack_sha256
from gateway.rule_packs import PackSource

__all__ = ["ApprovedPacks", "pack_report"]

_REVISION = "revision"
_MOST_BYTES = 4_000_000
"""All texts in one report together, in bytes; beyond it packs are told without their text's files."""


class ApprovedPacks:
    """A folder of approved packs.

    Args:
        folder: made when there is something to keep.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def revision(self) -> int:
        """How far the API's list is known; 0 before anything was heard of it."""
        try:
            text = (self.folder / _REVISION).read_text("utf-8").strip()
        except FileNotFoundError:
            return 0
        return int(text) if text.isdecimal() else 0

    def keep(self, page: DesiredPacks) -> None:
        """Write packs, then the revision; a pack that is not as it should be is left out and logged.

        Raises:
            OSError: the disk does not take them; the page is to be asked for again.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for pack in page.packs:
            fault = _fault(pack)
            if fault is not None:
                structlog.get_logger().error("approved_pack_unsound", pack=pack.name, reason=fault)
                continue
            for name, text in pack.files.items():
                _write(self.folder / name, text)
            _write(self.folder / f"{pack.name}.yaml", pack.text)
            structlog.get_logger().info("approved_pack_kept", pack=pack.name, sha256=pack.sha256)
        _write(self.folder / _REVISION, f"{page.revision}\n")

    def over(self, files: Sequence[Path]) -> list[Path]:
        """Return configured files with approved ones in the place of their namesakes, others behind."""
        approved = {path.stem: path for path in sorted(self.folder.glob("*.yaml"))}
        found = [approved.pop(file.stem, file) for file in files]
        return [*found, *approved.values()]


def _fault(pack: DesiredPack) -> str | None:
    if pack_sha256(pack.text) != pack.sha256:
        return "the text does not have its SHA-256"
    for name in pack.files:
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts or place.suffix == ".yaml":
            return f"file {name[:80]!r} does not lie beside the pack"
    return None


def _write(path: Path, text: str) -> None:
    """Write a file whole and durably."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def pack_report(packs: Sequence[PackSource], refused: str | None, revision: int) -> PackReport:
    """Return what a gateway tells of its packs; past 4 MB those that are left have no text."""
    told, used = [], 0
    for source in packs:
        size = len(source.text) + sum(len(text) for _, text in source.files)
        whole = used + size <= _MOST_BYTES
        used += size if whole else 0
        told.append(
            PackInForce(
                name=Path(source.name).stem,
                sha256=pack_sha256(source.text),
                text=source.text if whole else "",
                files=dict(source.files) if whole else {},
            )
        )
    return PackReport(packs=tuple(told), refused=refused or "", revision=revision)

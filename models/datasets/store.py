"""Where data sets lie: pictures once by their hash, versions that never change, names that move on.

::

    var/datasets/
      pictures/ab/abcd….jpg        shared by all versions
      versions/0123456789abcdef/   manifest.json and pictures.jsonl
      names/street                 the versions that a name had, newest last
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from models.datasets.errors import DatasetDamaged, DatasetError, DatasetUnknown
from models.datasets.picture import Manifest, Picture, content_version, ordered

__all__ = ["DEFAULT_ROOT", "Dataset", "DatasetStore"]

DEFAULT_ROOT = Path("var/datasets")
"""Outside of what git keeps."""

_SUFFIXES = (".jpg", ".png")
_NAME_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """One version, read."""

    manifest: Manifest
    pictures: tuple[Picture, ...]
    root: Path
    """Of the store."""

    def path_of(self, picture: Picture) -> Path:
        """Return where a picture lies."""
        return self.root / "pictures" / picture.file

    def part(self, split: str) -> list[Picture]:
        """Return the pictures of one part, ``train``, ``val`` or ``test``."""
        return [one for one in self.pictures if one.split == split]


class DatasetStore:
    """A folder of data sets.

    Args:
        root: the folder; made when something is first written.
    """

    def __init__(self, root: Path = DEFAULT_ROOT) -> None:
        self.root = root

    def put_picture(self, content: bytes, suffix: str) -> str:
        """Keep a picture's bytes and return their SHA-256.

        Raises:
            DatasetError: the suffix is neither ``.jpg`` nor ``.png``.
        """
        if suffix not in _SUFFIXES:
            raise DatasetError(
                f"picture with suffix {suffix!r}: expected {' or '.join(_SUFFIXES)}; convert it first"
            )
        name = hashlib.sha256(content).hexdigest()
        path = self.root / "pictures" / name[:2] / f"{name}{suffix}"
        if not path.exists():
            _write(path, content)
        return name

    def save(
        self,
        name: str,
        pictures: Iterable[Picture],
        classes: Sequence[str],
        *,
        made_by: str,
        parent: str | None = None,
    ) -> Manifest:
        """Keep a version, let a name mean it, and return its manifest.

        A content that is there already keeps its first manifest.

        Args:
            name: lower-case letters, digits and ``-``.
            pictures: their files must be in the store.
            classes: labels in the order in which a network numbers them.
            made_by: the command, for people.
            parent: version that it was made from.

        Raises:
            DatasetError: an impossible name, a label that is no class, or no pictures at all.
        """
        if not name or not set(name) <= _NAME_LETTERS:
            raise DatasetError(
                f"data set name {name!r}: expected lower-case letters, digits and '-'"
            )
        rows = ordered(pictures)
        if not rows:
            raise DatasetError(f"data set {name}: no pictures; there is nothing to keep")
        strange = {box.label for one in rows for box in one.boxes} - set(classes)
        if strange:
            raise DatasetError(
                f"data set {name}: labels {', '.join(sorted(strange))} are no classes of it; "
                f"it has {', '.join(classes)}"
            )
        version = content_version(rows, classes)
        manifest = Manifest(
            version=version,
            parent=None if parent == version else parent,
            made_by=made_by,
            classes=tuple(classes),
            pictures=len(rows),
            boxes=sum(len(one.boxes) for one in rows),
        )
        folder = self.root / "versions" / version
        if (folder / "manifest.json").exists():
            manifest = self._manifest(folder)
        else:
            _write(
                folder / "pictures.jsonl",
                b"".join(msgspec.json.encode(one) + b"\n" for one in rows),
            )
            # the manifest comes last: a version without one was never finished
            _write(folder / "manifest.json", msgspec.json.format(msgspec.json.encode(manifest)))
        self._move_on(name, version)
        return manifest

    def load(self, wanted: str) -> Dataset:
        """Return the newest version of a name, a version ``name@0123…``, or a version by itself.

        Raises:
            DatasetUnknown: there is none.
            DatasetDamaged: the version's content is not what its hash says.
        """
        version = self._resolve(wanted)
        folder = self.root / "versions" / version
        manifest = self._manifest(folder)
        decoder = msgspec.json.Decoder(Picture)
        try:
            lines = (folder / "pictures.jsonl").read_bytes().splitlines()
            pictures = tuple(decoder.decode(line) for line in lines)
        except (OSError, msgspec.DecodeError) as error:
            raise DatasetDamaged(
                f"data set {wanted}: {folder / 'pictures.jsonl'} cannot be read: {error}; import again"
            ) from error
        if content_version(pictures, manifest.classes) != version:
            raise DatasetDamaged(
                f"data set {wanted}: {folder} was changed after it was made; import it again"
            )
        return Dataset(manifest=manifest, pictures=pictures, root=self.root)

    def names(self) -> dict[str, tuple[str, ...]]:
        """Return every name and the versions that it had, newest last."""
        folder = self.root / "names"
        if not folder.is_dir():
            return {}
        return {
            path.name: tuple(path.read_text(encoding="ascii").split())
            for path in sorted(folder.iterdir())
        }

    def manifest_of(self, version: str) -> Manifest:
        """Return a version's manifest without reading its pictures.

        Raises:
            DatasetUnknown: there is none.
        """
        return self._manifest(self.root / "versions" / version)

    def _resolve(self, wanted: str) -> str:
        name, _, version = wanted.partition("@")
        versions = self.names().get(name)
        if versions is None and (self.root / "versions" / name / "manifest.json").exists():
            return name
        if versions is None:
            known = ", ".join(self.names()) or "none yet"
            raise DatasetUnknown(f"data set {name!r} is unknown in {self.root}; there are: {known}")
        if version and version not in versions:
            raise DatasetUnknown(
                f"data set {name} has no version {version}; it had: {', '.join(versions)}"
            )
        return version or versions[-1]

    def _manifest(self, folder: Path) -> Manifest:
        path = folder / "manifest.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Manifest)
        except OSError as error:
            raise DatasetUnknown(f"no data set version at {folder}: {error.strerror}") from error
        except msgspec.DecodeError as error:
            raise DatasetDamaged(f"{path}: {error}; import the data set again") from error

    def _move_on(self, name: str, version: str) -> None:
        had = self.names().get(name, ())
        if had and had[-1] == version:
            return
        lines = [*(one for one in had if one != version), version]
        _write(self.root / "names" / name, "".join(f"{one}\n" for one in lines).encode("ascii"))


def _write(path: Path, content: bytes) -> None:
    """Write a file wholly or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".half-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise

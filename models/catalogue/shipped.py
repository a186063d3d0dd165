"""The detectors that this project trained itself and ships in ``models/zoo``."""

import shutil
from importlib.resources import files
from pathlib import Path

from msgspec import Struct

from runtime.fetching.download import file_sha256
from runtime.fetching.errors import DiskFault

__all__ = ["Shipped", "shipped_models"]


class Shipped(Struct, frozen=True, kw_only=True):
    """A detector that comes with the project."""

    name: str
    """What users call it: the file's stem."""
    title: str
    """The headline of its model card."""
    file: str
    """File name."""
    path: str
    """Where it lies in this installation."""
    card: str
    """Where its model card lies; empty without one."""
    sha256: str
    size_bytes: int
    licence: str = "Apache-2.0"
    """The project's own."""

    def copy_to(self, folder: Path) -> Path:
        """Return the path of a copy in ``folder``, which is made if missing.

        Raises:
            DiskFault: the folder or file cannot be written.
        """
        target = folder / self.file
        try:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.path, target)
        except OSError as error:
            raise DiskFault(
                f"{self.name}: cannot write {target}: {error.strerror or error}; check folder, "
                "permissions and free space"
            ) from error
        return target


def shipped_models(folder: Path | None = None) -> tuple[Shipped, ...]:
    """Return the shipped detectors by name; empty where there are none.

    Args:
        folder: where they lie. Default: ``models/zoo`` of this installation.
    """
    zoo = folder or Path(str(files("models"))) / "zoo"
    return tuple(_shipped(path) for path in sorted(zoo.glob("*.onnx")))


def _shipped(path: Path) -> Shipped:
    card = path.with_suffix(".md")
    title = path.stem
    if card.is_file():
        headlines = [line for line in card.read_text("utf-8").splitlines() if line.startswith("# ")]
        title = headlines[0].removeprefix("# ") if headlines else title
    return Shipped(
        name=path.stem,
        title=title,
        file=path.name,
        path=str(path),
        card=str(card) if card.is_file() else "",
        sha256=file_sha256(path),
        size_bytes=path.stat().st_size,
    )

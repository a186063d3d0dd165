"""Mapping files and device lists: reading them, shipped ones by name, and noticing changes."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import msgspec

from gateway.foreign.declaration import DeviceEntry
from gateway.foreign.mapping import (
    CompiledMapping,
    check_unique,
    compile_devices,
    compile_mapping,
)
from runtime.errors import ConfigError

__all__ = [
    "ForeignFiles",
    "ForeignSet",
    "ForeignSources",
    "compile_sources",
    "decode_sources",
    "encode_sources",
    "shipped_mappings",
]

_FOLDER = "mappings"


class SourceText(msgspec.Struct, frozen=True):
    """One file: its name in errors, and its text."""

    name: str
    text: str


class ForeignSources(msgspec.Struct, frozen=True):
    """The texts of all mappings and device lists; they go to the journal as they are."""

    mappings: tuple[SourceText, ...] = ()
    devices: tuple[SourceText, ...] = ()


class ForeignSet(NamedTuple):
    """Mappings and devices, checked."""

    mappings: list[CompiledMapping]
    devices: list[DeviceEntry]


_DECODER = msgspec.json.Decoder(ForeignSources)


def encode_sources(sources: ForeignSources) -> bytes:
    """Return sources as the payload of a journal record."""
    return msgspec.json.encode(sources)


def decode_sources(payload: bytes) -> ForeignSources:
    """Return the sources in a journal record.

    Raises:
        ConfigError: the payload is none of ours.
    """
    try:
        return _DECODER.decode(payload)
    except msgspec.DecodeError as error:
        raise ConfigError("journal", 1, 1, f"foreign mappings cannot be read: {error}") from error


def compile_sources(sources: ForeignSources) -> ForeignSet:
    """Return mappings and devices, checked one by one and together.

    Raises:
        ConfigError: with file, line and column of what is wrong.
    """
    mappings = [
        (source.name, compile_mapping(source.text, source.name)) for source in sources.mappings
    ]
    by_id = {mapping.id: mapping for _, mapping in mappings}
    devices = [
        (source.name, source.text, compile_devices(source.text, source.name, by_id))
        for source in sources.devices
    ]
    check_unique(devices, [(name, mapping.id) for name, mapping in mappings])
    return ForeignSet(
        [mapping for _, mapping in mappings],
        [device for _, _, found in devices for device in found],
    )


def shipped_mappings() -> tuple[str, ...]:
    """Return the names of the mappings that ship, in order."""
    folder = resources.files("gateway.foreign") / _FOLDER
    return tuple(
        sorted(
            entry.name.removesuffix(".yaml")
            for entry in folder.iterdir()
            if entry.name.endswith(".yaml")
        )
    )


class ForeignFiles:
    """The configured files, and whether they changed.

    Args:
        mappings: paths, or names of shipped mappings.
        devices: paths of device lists.
    """

    def __init__(self, mappings: Sequence[str], devices: Sequence[str]) -> None:
        self._mappings = tuple(mappings)
        self._devices = tuple(devices)
        self._seen: tuple[tuple[str, int, int], ...] | None = None

    @property
    def configured(self) -> bool:
        """Whether there is anything to read."""
        return bool(self._mappings or self._devices)

    def changed(self) -> bool:
        """Return whether a file came, went or was written since this was last asked."""
        signature: list[tuple[str, int, int]] = []
        for name in (*self._mappings, *self._devices):
            try:
                stat = Path(name).stat()
            except OSError:
                signature.append((name, 0, 0))
            else:
                signature.append((name, stat.st_mtime_ns, stat.st_size))
        before, self._seen = self._seen, tuple(signature)
        return before != self._seen

    def forget(self) -> None:
        """Make :meth:`changed` answer yes the next time."""
        self._seen = None

    def read(self) -> ForeignSources:
        """Return the text of every file.

        Raises:
            ConfigError: a file cannot be read, or no shipped mapping has that name.
        """
        return ForeignSources(
            tuple(_mapping_text(name) for name in self._mappings),
            tuple(SourceText(name, _read(Path(name))) for name in self._devices),
        )


def _mapping_text(name: str) -> SourceText:
    if name in shipped_mappings():
        entry = resources.files("gateway.foreign") / _FOLDER / f"{name}.yaml"
        return SourceText(f"{name}.yaml", entry.read_text(encoding="utf-8"))
    if "/" not in name and not name.endswith((".yaml", ".yml")):
        known = ", ".join(shipped_mappings())
        raise ConfigError(name, 1, 1, f"no mapping of that name ships; expected a path or {known}")
    return SourceText(name, _read(Path(name)))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), 1, 1, f"cannot be read: {error}; check the path") from error

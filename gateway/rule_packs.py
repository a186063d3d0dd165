"""Rule packs: reading them from files, compiling them, and noticing that they changed."""

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec
import structlog

from gateway.errors import PacksError
from gateway.pack_cache import PackCache
from gateway.pack_inhibitions import find_inhibition_fault
from gateway.place_files import named_files, read_place_files, table_files
from gateway.quality_defaults import load_quality_defaults
from rules.pack import RulePack, compile_pack, shared_tables
from rules.tables import NO_TABLES, Tables
from runtime.collector import paused_collector
from runtime.errors import ConfigError
from runtime.yaml_document import Document, parse_document

__all__ = [
    "PackFiles",
    "PackSource",
    "compile_packs",
    "decode_packs",
    "encode_packs",
    "packs_digest",
]


class PackSource(msgspec.Struct, frozen=True, omit_defaults=True):
    """The text of one pack; it goes to the journal, so that a replay has the rules it ran with."""

    name: str
    text: str
    files: tuple[tuple[str, str], ...] = ()
    """Name and text of the files that its tables are in."""


_DECODER = msgspec.json.Decoder(tuple[PackSource, ...])
_WORTH_KEEPING = 50_000
"""Characters from which a pack's data is kept: smaller ones are read in milliseconds."""


def encode_packs(packs: Sequence[PackSource]) -> bytes:
    """Return packs as the payload of a journal record."""
    return msgspec.json.encode(packs)


def decode_packs(payload: bytes) -> tuple[PackSource, ...]:
    """Return the packs in a journal record.

    Raises:
        PacksError: the payload is none of ours.
    """
    try:
        return _DECODER.decode(payload)
    except msgspec.DecodeError as error:
        raise PacksError(f"journalled rule packs cannot be read: {error}") from error


def packs_digest(packs: Sequence[PackSource]) -> str:
    """Return the SHA-256 of packs, names included."""
    return hashlib.sha256(encode_packs(packs)).hexdigest()


def compile_packs(packs: Sequence[PackSource], cache: PackCache | None = None) -> list[RulePack]:
    """Return compiled packs; those last compiled are remembered.

    Args:
        packs: their texts.
        cache: what spares reading their YAML; None: nothing does.

    Raises:
        ConfigError: with file, line and column of what is wrong; also when two rules share an id.
    """
    return list(_compiled(tuple(packs), cache))


@lru_cache(maxsize=1)
def _compiled(packs: tuple[PackSource, ...], cache: PackCache | None) -> tuple[RulePack, ...]:
    """Return compiled packs; a gateway checks packs and then puts the very same in force."""
    return tuple(_compile_packs(packs, cache))


def _compile_packs(packs: Sequence[PackSource], cache: PackCache | None) -> list[RulePack]:
    compiled: list[RulePack] = []
    owners: dict[str, str] = {}
    with paused_collector():
        read = [_Read(source, cache) for source in packs]
        shared = NO_TABLES
        for one in read:
            shared = one.share(shared)
        for one in read:
            source, pack = one.source, one.compile(shared)
            for index, rule in enumerate(pack.rules):
                if rule.id in owners:
                    raise parse_document(source.text, source.name).error(
                        ("rules", index, "id"),
                        f"rule {rule.id!r} is also in {owners[rule.id]}; expected unique ids; "
                        "rename one",
                    )
                owners[rule.id] = source.name
            compiled.append(pack)
    fault = find_inhibition_fault(compiled)
    if fault is not None:
        source = packs[fault.pack]
        raise parse_document(source.text, source.name).error(fault.path, fault.reason)
    return compiled


class _Read:
    """One pack that was read: from its kept data, or from its text."""

    def __init__(self, source: PackSource, cache: PackCache | None) -> None:
        self.source = source
        self._cache = cache if len(source.text) >= _WORTH_KEEPING else None
        self._document: Document | None = None
        self._files = table_files(source.files, source.name)
        kept = None if self._cache is None else self._cache.load(source.text)
        self._data = self._parse() if kept is None else kept

    def _parse(self) -> object:
        self._document = parse_document(self.source.text, self.source.name)
        return self._document.data

    def _error(self, path: Sequence[str | int], message: str) -> Exception:
        return (
            _unplaced(path, message)
            if self._document is None
            else self._document.error(path, message)
        )

    def _key_error(self, path: Sequence[str | int], message: str) -> Exception:
        if self._document is None:
            return _unplaced(path, message)
        return self._document.key_error(path, message)

    def share(self, others: Tables) -> Tables:
        """Return what packs share, with what this one does."""
        try:
            return shared_tables(self._data, self._error, self._key_error, self._files, others)
        except PacksError as error:
            self._refuse(error)
            return self.share(others)

    def compile(self, shared: Tables) -> RulePack:
        """Return the pack."""
        try:
            pack = compile_pack(
                self._data,
                self.source.name,
                self._error,
                load_quality_defaults(),
                self._key_error,
                self._files,
                shared,
            )
        except PacksError as error:
            self._refuse(error)
            return self.compile(shared)
        if self._cache is not None and self._document is not None:
            self._cache.keep(self.source.text, self._document.data)
        return pack

    def _refuse(self, error: PacksError) -> None:
        """Read the text after all: it will say where the fault is, if there is one."""
        if self._document is not None:
            raise error
        structlog.get_logger().warning(
            "pack_cache_refused", file=self.source.name, reason=str(error)
        )
        self._data = self._parse()


def _unplaced(path: Sequence[str | int], message: str) -> Exception:
    return PacksError(f"{path}: {message}")


class PackFiles:
    """The files that the configured packs are in, and whether they changed.

    Args:
        paths: files, or folders whose ``*.yaml`` files are all packs.
        over: puts other files in the place of some of them, or adds some; None: leaves them as they are.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        over: Callable[[Sequence[Path]], list[Path]] | None = None,
    ) -> None:
        self._paths = paths
        self._over = over
        self._seen: tuple[tuple[str, int, int], ...] | None = None
        self._beside: tuple[Path, ...] = ()
        """Files that tables of the packs last read are in."""

    def _files(self) -> list[Path]:
        files: list[Path] = []
        for path in self._paths:
            files.extend(sorted(path.glob("*.yaml")) if path.is_dir() else [path])
        return files if self._over is None else self._over(files)

    def changed(self) -> bool:
        """Return whether a file came, went or was written since this was last asked.

        Files that tables of the packs last read are in count too.
        """
        now = tuple(_signature(file) for file in (*self._files(), *self._beside))
        before, self._seen = self._seen, now
        return now != before

    def forget(self) -> None:
        """Make :meth:`changed` answer yes the next time: what was read could not be put in force."""
        self._seen = None

    def read(self) -> tuple[PackSource, ...]:
        """Return the text of every pack, and of the files that its tables are in.

        Raises:
            ConfigError: a file cannot be read or is no UTF-8.
        """
        texts: list[tuple[Path, str]] = []
        for file in self._files():
            try:
                texts.append((file, file.read_text(encoding="utf-8-sig")))
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(
                    str(file), 1, 1, f"rule pack cannot be read: {error}; check the path"
                ) from error
        self._watch_beside(texts)
        return tuple(
            PackSource(str(file), text, read_place_files(text, file)) for file, text in texts
        )

    def _watch_beside(self, texts: Sequence[tuple[Path, str]]) -> None:
        """Note which files lie beside the packs, before they are read: what is written meanwhile counts."""
        beside = tuple(
            dict.fromkeys(
                file.parent / name
                for file, text in texts
                for _, _, name in named_files(text, str(file))
            )
        )
        if beside != self._beside and self._seen is not None:
            known = len(self._seen) - len(self._beside)
            self._seen = (*self._seen[:known], *(_signature(file) for file in beside))
        self._beside = beside


def _signature(file: Path) -> tuple[str, int, int]:
    try:
        stat = file.stat()
    except OSError:
        return str(file), 0, 0
    return str(file), stat.st_mtime_ns, stat.st_size

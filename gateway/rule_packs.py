"""Rule packs: reading them from files, compiling them, and noticing that they changed."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import msgspec
import structlog

from gateway.errors import PacksError
from gateway.pack_cache import PackCache
from gateway.pack_inhibitions import find_inhibition_fault
from gateway.quality_defaults import load_quality_defaults
from rules.pack import RulePack, compile_pack
from runtime.collector import paused_collector
from runtime.errors import ConfigError
from runtime.yaml_document import parse_document

__all__ = [
    "PackFiles",
    "PackSource",
    "compile_packs",
    "decode_packs",
    "encode_packs",
    "packs_digest",
]


class PackSource(msgspec.Struct, frozen=True):
    """The text of one pack; it goes to the journal, so that a replay has the rules it ran with."""

    name: str
    text: str


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
        for source in packs:
            pack = None if cache is None else _from_cache(source, cache)
            if pack is None:
                pack = _from_text(source, cache)
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


def _from_text(source: PackSource, cache: PackCache | None) -> RulePack:
    document = parse_document(source.text, source.name)
    pack = compile_pack(
        document.data,
        source.name,
        document.error,
        load_quality_defaults(),
        document.key_error,
    )
    if cache is not None and len(source.text) >= _WORTH_KEEPING:
        cache.keep(source.text, document.data)
    return pack


def _from_cache(source: PackSource, cache: PackCache) -> RulePack | None:
    """Return a pack from its kept data; None where there is none, or it does not compile."""
    if len(source.text) < _WORTH_KEEPING:
        return None
    data = cache.load(source.text)
    if data is None:
        return None
    try:
        return compile_pack(data, source.name, _unplaced, load_quality_defaults())
    except PacksError as error:
        # it compiled when it was kept: the text will say where the fault is, if there is one
        structlog.get_logger().warning("pack_cache_refused", file=source.name, reason=str(error))
        return None


def _unplaced(path: Sequence[str | int], message: str) -> Exception:
    return PacksError(f"{path}: {message}")


class PackFiles:
    """The files that the configured packs are in, and whether they changed.

    Args:
        paths: files, or folders whose ``*.yaml`` files are all packs.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._seen: tuple[tuple[str, int, int], ...] | None = None

    def _files(self) -> list[Path]:
        files: list[Path] = []
        for path in self._paths:
            files.extend(sorted(path.glob("*.yaml")) if path.is_dir() else [path])
        return files

    def changed(self) -> bool:
        """Return whether a file came, went or was written since this was last asked."""
        signature: list[tuple[str, int, int]] = []
        for file in self._files():
            try:
                stat = file.stat()
            except OSError:
                signature.append((str(file), 0, 0))
            else:
                signature.append((str(file), stat.st_mtime_ns, stat.st_size))
        now = tuple(signature)
        before, self._seen = self._seen, now
        return now != before

    def forget(self) -> None:
        """Make :meth:`changed` answer yes the next time: what was read could not be put in force."""
        self._seen = None

    def read(self) -> tuple[PackSource, ...]:
        """Return the text of every pack.

        Raises:
            ConfigError: a file cannot be read or is no UTF-8.
        """
        sources: list[PackSource] = []
        for file in self._files():
            try:
                sources.append(PackSource(str(file), file.read_text(encoding="utf-8-sig")))
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(
                    str(file), 1, 1, f"rule pack cannot be read: {error}; check the path"
                ) from error
        return tuple(sources)

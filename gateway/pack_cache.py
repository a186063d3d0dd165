"""Packs as data on disk, so that a start does not read megabytes of YAML again.

What is kept is the parsed data of a pack that compiled: lists, mappings, texts and numbers, never code and
never objects. It is compiled anew at every start, which checks it as it was checked before. A file is used
only for the very text it was made from, by the very code that reads packs now, and if its content has the
hash in its head; anything else is said in the log, and the text is read instead.
"""

import hashlib
import math
import os
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import structlog

import contracts
import rules
import runtime

__all__ = ["PackCache", "code_version"]

_MAGIC: Final = b"cityloop-pack 1\n"
_HASH_BYTES: Final = 32
_SUFFIX: Final = ".pack"
_DECODER: Final = msgspec.msgpack.Decoder()
_ENCODER: Final = msgspec.msgpack.Encoder()


@cache
def code_version() -> bytes:
    """Return a hash of the code that reads packs: another one voids what was kept."""
    digest = hashlib.sha256()
    for package, pattern in ((rules, "**/*.py"), (contracts, "*.py"), (runtime, "yaml_*.py")):
        assert package.__file__ is not None
        folder = Path(package.__file__).parent
        for file in sorted(folder.glob(pattern)):
            digest.update(str(file.relative_to(folder)).encode() + b"\x00" + file.read_bytes())
    return digest.digest()


class PackCache:
    """The data of packs by the hash of their text, in a folder of its own.

    Args:
        folder: where files are kept; it is made when there is something to keep.
        budget_bytes: how much all files may take; the longest unused go first.
    """

    def __init__(self, folder: Path, *, budget_bytes: int = 256 * 1024 * 1024) -> None:
        self._folder = folder
        self._budget_bytes = budget_bytes

    def load(self, text: str) -> object | None:
        """Return the data of a pack's text; None where it is not kept, or not to be trusted."""
        path = self._path(text)
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._refuse(path, str(error))
            return None
        head = self._head(text)
        digest, body = raw[len(head) : len(head) + _HASH_BYTES], raw[len(head) + _HASH_BYTES :]
        if not raw.startswith(_MAGIC):
            self._refuse(path, "not of this format")
        elif not raw.startswith(head):
            # another version of the program wrote it: that is no fault
            structlog.get_logger().info("pack_cache_outdated", file=str(path))
        elif hashlib.sha256(body).digest() != digest:
            self._refuse(path, "its content does not have its hash")
        else:
            try:
                data: object = _DECODER.decode(body)
            except msgspec.DecodeError as error:
                self._refuse(path, str(error))
                return None
            self._touch(path)
            return data
        return None

    def keep(self, text: str, data: object) -> None:
        """Keep the data of a pack that compiled; that it cannot be written is only said."""
        if not _plain(data):
            return
        path, body = self._path(text), _ENCODER.encode(data)
        partial = path.with_suffix(f".{os.getpid()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(self._head(text) + hashlib.sha256(body).digest() + body)
            partial.replace(path)
            self._prune(path)
        except OSError as error:
            structlog.get_logger().warning("pack_cache_not_written", error=str(error))

    def _path(self, text: str) -> Path:
        return self._folder / (hashlib.sha256(text.encode()).hexdigest() + _SUFFIX)

    @staticmethod
    def _head(text: str) -> bytes:
        return _MAGIC + code_version() + hashlib.sha256(text.encode()).digest()

    @staticmethod
    def _refuse(path: Path, reason: str) -> None:
        structlog.get_logger().warning("pack_cache_refused", file=str(path), reason=reason)

    @staticmethod
    def _touch(path: Path) -> None:
        """Note that a file was of use; a folder that cannot be written is as good."""
        try:
            os.utime(path, times=(time.time(), time.time()))
        except OSError as error:
            structlog.get_logger().debug("pack_cache_not_touched", error=str(error))

    def _prune(self, newest: Path) -> None:
        files = [(file.stat(), file) for file in self._folder.glob(f"*{_SUFFIX}")]
        left = sum(stat.st_size for stat, _ in files)
        for stat, file in sorted(files, key=lambda one: one[0].st_mtime_ns):
            if left <= self._budget_bytes:
                return
            if file != newest:
                file.unlink(missing_ok=True)
                left -= stat.st_size


def _plain(data: object) -> bool:
    """Whether data comes back from a file as it was: YAML's own kinds, without odd keys."""
    if isinstance(data, dict):
        return all(isinstance(name, str) and _plain(one) for name, one in data.items())
    if isinstance(data, Sequence) and not isinstance(data, str):
        return isinstance(data, list) and all(_plain(one) for one in data)
    if isinstance(data, int) and not isinstance(data, bool):
        return -(2**63) <= data < 2**63
    return (
        data is None
        or isinstance(data, bool | str)
        or (isinstance(data, float) and not math.isnan(data))
    )

"""What a check of packs can find, and loading packs to be run."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from cityloop.rules_tools.advice import advised
from cityloop.rules_tools.errors import PackRefused
from gateway.rule_packs import PackFiles, PackSource, compile_packs
from rules.rule import RulePack
from runtime.errors import ConfigError

__all__ = ["CheckedPack", "Finding", "Severity", "as_finding", "load_packs", "pack_files"]


class Severity(StrEnum):
    """How grave a finding is."""

    ERROR = "error"
    """The gateway would refuse the pack."""
    WARNING = "warning"
    """The pack runs, but hardly as meant."""


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that is wrong in a pack, and where. Line and column count from 1."""

    file: str
    line: int
    column: int
    severity: Severity
    message: str

    @property
    def line_text(self) -> str:
        """The finding as compilers print it, so that editors can jump to it."""
        return f"{self.file}:{self.line}:{self.column}: {self.severity.value}: {self.message}"


class CheckedPack(NamedTuple):
    """A pack that compiled, and what a gateway is given of it."""

    pack: RulePack
    source: PackSource


def as_finding(error: ConfigError, severity: Severity = Severity.ERROR) -> Finding:
    """Return a configuration error as a finding."""
    return Finding(
        file=error.path,
        line=error.line,
        column=error.column,
        severity=severity,
        message=advised(error.message),
    )


def pack_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files that packs are in; a folder stands for its ``*.yaml``, sorted.

    Raises:
        PackRefused: a folder without a pack.
    """
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        inside = sorted(path.glob("*.yaml"))
        if not inside:
            reason = "this folder holds no *.yaml; name a pack or a folder of packs"
            raise PackRefused([as_finding(ConfigError(str(path), 1, 1, reason))])
        files.extend(inside)
    return files


def load_packs(paths: Sequence[Path]) -> list[CheckedPack]:
    """Return packs, compiled as a gateway compiles them.

    Raises:
        PackRefused: one cannot be read or compiled, or two rules share an id.
    """
    try:
        sources = PackFiles(pack_files(paths)).read()
        compiled = compile_packs(sources)
    except ConfigError as error:
        raise PackRefused([as_finding(error)]) from error
    return [CheckedPack(pack, source) for pack, source in zip(compiled, sources, strict=True)]

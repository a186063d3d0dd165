"""The catalogue: entries that users may fetch, each with origin, hash, licence and attribution."""

from collections.abc import Sequence
from importlib.resources import as_file, files
from typing import Annotated, TypeVar

from msgspec import Meta, Struct

from contracts.envelope import Id, Sha256
from runtime.fetching.errors import UnknownEntry
from runtime.yaml_document import load_config

__all__ = ["Catalogue", "Entry", "entry_named", "load_catalogue"]


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file that can be fetched."""

    name: Id
    """What users call it."""
    title: str
    """What it is, in a sentence."""
    file: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$(?!\n)")]
    """File name it gets; no folders."""
    url: Annotated[str, Meta(pattern=r"^https://")]
    """Where its authors publish it."""
    sha256: Sha256
    """Of the bytes at ``url``."""
    size_bytes: Annotated[int, Meta(gt=0)]
    """Of the bytes at ``url``."""
    licence: str
    """Licence, by its SPDX id where it has one."""
    attribution: str
    """Whom to name when showing it."""
    page: str
    """Where licence and origin can be read."""
    research_only: bool = False
    """The terms forbid commercial use; the user has to agree before it is fetched."""
    note: str = ""
    """What else one should know; among others, who observed the hash."""


EntryT = TypeVar("EntryT", bound=Entry)
DocumentT = TypeVar("DocumentT")


class Catalogue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All entries of one kind."""

    entries: tuple[Entry, ...]

    def entry(self, name: str) -> Entry:
        """Return the entry called ``name``.

        Raises:
            UnknownEntry: there is none; the message lists those that there are.
        """
        return entry_named(self.entries, name)


def entry_named(entries: Sequence[EntryT], name: str) -> EntryT:
    """Return the entry called ``name``.

    Raises:
        UnknownEntry: there is none; the message lists those that there are.
    """
    for entry in entries:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in entries)
    raise UnknownEntry(f"{name!r} is not in the catalogue: expected one of {known}")


def load_catalogue(package: str, kind: type[DocumentT], name: str = "catalogue.yaml") -> DocumentT:
    """Return the catalogue that ships inside a package.

    Args:
        package: the import package.
        kind: the Struct of the document, :class:`Catalogue` or one with more about each entry.
        name: of the file.

    Raises:
        ConfigError: the file is not a valid catalogue.
    """
    with as_file(files(package) / name) as path:
        return load_config(path, kind)

"""Files that the tables of a pack are in: found beside the pack, read with it, kept with it in the journal."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

from rules.place_compiler import PLACE_FILES
from rules.table_files import TableFile
from runtime.errors import ConfigError
from runtime.yaml_document import MAX_DOCUMENT_BYTES, Document, parse_document

__all__ = ["named_files", "read_place_files", "table_files"]

_MENTIONS: Final = re.compile(r"""\bfile["']?\s*:""")
"""Packs without it name no file, and need not be parsed to know that."""

_Path = tuple[str | int, ...]


def named_files(text: str, name: str) -> list[tuple[Document, _Path, str]]:
    """Return the files that the tables of a pack name, each with its document and path there.

    A pack that cannot be parsed names none: who compiles it says what is wrong with it.
    """
    if _MENTIONS.search(text) is None:
        return []
    try:
        document = parse_document(text, name)
    except ConfigError:
        return []
    return [(document, path, file) for path, file in _named(document.data)]


def _named(data: Any) -> Iterator[tuple[_Path, str]]:
    sections: list[tuple[_Path, Any]] = [(("places",), _part(data, "places"))]
    sections.append((("shared", "places"), _part(_part(data, "shared"), "places")))
    for path, tables in sections:
        for name, table in tables.items() if isinstance(tables, dict) else ():
            file = _part(table, "file")
            if isinstance(file, str):
                yield (*path, name, "file"), file


def _part(data: Any, name: str) -> Any:
    return data.get(name) if isinstance(data, dict) else None


def read_place_files(text: str, pack: Path) -> tuple[tuple[str, str], ...]:
    """Return name and text of every file that the tables of a pack name.

    Args:
        text: the pack.
        pack: where it is; files are looked for beside it.

    Raises:
        ConfigError: a name that leads out of the pack's folder, or a file that cannot be read.
    """
    found: dict[str, str] = {}
    for document, path, name in named_files(text, str(pack)):
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts or not name.lower().endswith(PLACE_FILES):
            raise document.error(
                path,
                f"{name[:80]!r}: expected a {', '.join(PLACE_FILES)} file beside the pack or in a folder "
                "there",
            )
        try:
            raw = (pack.parent / place).read_bytes()
            if len(raw) > MAX_DOCUMENT_BYTES:
                raise document.error(
                    path,
                    f"{name[:80]!r} has {len(raw)} bytes; expected at most {MAX_DOCUMENT_BYTES}",
                )
            found[name] = raw.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise document.error(
                path, f"{name[:80]!r} cannot be read: {error}; check the path beside the pack"
            ) from error
    return tuple(found.items())


def table_files(files: Sequence[tuple[str, str]], pack: str) -> Mapping[str, TableFile]:
    """Return the files of a pack as its compiler takes them.

    Args:
        files: their names and texts.
        pack: name of the pack; errors name the file as it lies beside it.
    """
    return {name: _table_file(str(Path(pack).parent / name), text) for name, text in files}


def _table_file(shown: str, text: str) -> TableFile:
    def line_error(line: int, message: str) -> ConfigError:
        return ConfigError(shown, line, 1, message)

    def parse() -> tuple[object, Any]:
        document = parse_document(text, shown)
        return document.data, document.error

    return TableFile(text, line_error, parse)

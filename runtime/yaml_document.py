"""The one YAML loader: text to data to typed configuration, with errors that give line and column.

``edge.yaml:12:9: cameras[0].fps: expected int, got str``
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from runtime.config_fault import ConfigFault, explain
from runtime.errors import ConfigError
from runtime.yaml_nodes import Node, compose

__all__ = ["Document", "convert", "load_config", "load_document", "parse_document"]

T = TypeVar("T")

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
"""Largest file that is read; ten thousand rules take about 4 MB."""


def dotted(path: Sequence[str | int]) -> str:
    """Return a path as people write it: ``cameras[0].fps``; empty for the root."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


class Document:
    """A parsed YAML document: its data, and where each value of it stands.

    Attributes:
        name: what it is called in errors, mostly a file name.
        data: dicts with text keys, lists, text, numbers, booleans and None.
    """

    def __init__(self, name: str, root: Node) -> None:
        self.name = name
        self.data: Any = root.data
        self._root = root

    def _nearest(self, path: Sequence[str | int]) -> tuple[Node, tuple[int, int]]:
        """Return the deepest node on a path and its mark, or the mark of the key that lacks it."""
        node = self._root
        for step in path:
            child = node.children.get(step)
            if child is None:
                break
            node = child
        return node, (node.line, node.column)

    def locate(self, path: Sequence[str | int]) -> tuple[int, int]:
        """Return line and column, from 1, of the value at ``path``.

        Where nothing stands there (a missing key), those of the nearest value around it.
        """
        return self._nearest(path)[1]

    def locate_key(self, path: Sequence[str | int]) -> tuple[int, int]:
        """Return line and column, from 1, of the key that ends ``path`` (or of the value's)."""
        parent, mark = self._nearest(path[:-1])
        last = path[-1] if path else ""
        return parent.key_marks.get(str(last), self.locate(path) if path else mark)

    def error(self, path: Sequence[str | int], message: str) -> ConfigError:
        """Return (not raise) a ConfigError about the value at ``path``."""
        return self._error(self.locate(path), path, message)

    def key_error(self, path: Sequence[str | int], message: str) -> ConfigError:
        """Return (not raise) a ConfigError about the key that ends ``path``."""
        return self._error(self.locate_key(path), path, message)

    def _error(self, mark: tuple[int, int], path: Sequence[str | int], message: str) -> ConfigError:
        where = dotted(path)
        return ConfigError(self.name, *mark, f"{where}: {message}" if where else message)


def parse_document(text: str, name: str) -> Document:
    """Return the document in a YAML text.

    Raises:
        ConfigError: malformed text, a duplicate key, a tag, or aliases that grow too large.
    """
    return Document(name, compose(text, name))


def load_document(path: Path) -> Document:
    """Return the document in a YAML file, named by the path as given.

    Raises:
        ConfigError: the file cannot be read, is too large, no UTF-8, or not valid (see
            :func:`parse_document`).
    """
    name = str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(
            name, 1, 1, f"cannot be read: {reason}; check the path and its permissions"
        ) from error
    if len(raw) > MAX_DOCUMENT_BYTES:
        raise ConfigError(
            name, 1, 1, f"{len(raw)} bytes; expected at most {MAX_DOCUMENT_BYTES}; split it"
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig")
        column = len(before) - before.rfind("\n")
        raise ConfigError(
            name, before.count("\n") + 1, column, "not UTF-8; save the file as UTF-8"
        ) from error
    return parse_document(text, name)


def convert(document: Document, type: type[T]) -> T:  # noqa: A002 - msgspec's own name for it
    """Return a document's data as ``type``, strictly: no text becomes a number by itself.

    Dates and times are ISO 8601 text. Unknown keys are refused where the Struct forbids them, with
    the nearest known key as a suggestion.

    Raises:
        ConfigError: the first value that does not fit, with its line and column.
    """
    try:
        return msgspec.convert(document.data, type, strict=True, str_keys=True)
    except msgspec.ValidationError as error:
        fault: ConfigFault = explain(error, document.data, type)
        if fault.about_key:
            raise document.key_error(fault.path, fault.message) from error
        raise document.error(fault.path, fault.message) from error


def load_config(path: Path, type: type[T]) -> T:  # noqa: A002 - msgspec's own name for it
    """Return the configuration in a YAML file as ``type``.

    Raises:
        ConfigError: see :func:`load_document` and :func:`convert`.
    """
    return convert(load_document(path), type)

"""Paths in JSON documents: ``deviceInfo.devEui``, ``rxInfo[0].rssi``; empty for the whole."""

import re
from contextlib import suppress
from typing import Any

__all__ = ["MISSING", "Path", "flatten", "look", "parse_path"]

Path = tuple[str | int, ...]
MISSING: Any = object()
"""What :func:`look` returns where nothing stands."""

_FIRST = re.compile(r"(?P<name>[^.\[\]]+)|\[(?P<index>\d{1,4})\]")
_NEXT = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<index>\d{1,4})\]")
_MAX_VALUES = 500
_MAX_DEPTH = 8


def parse_path(text: str) -> Path:
    """Return the steps of a path.

    Raises:
        ValueError: it is malformed.
    """
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        found = (_NEXT if position else _FIRST).match(text, position)
        if found is None:
            msg = f"path {text!r}: character {position + 1} is wrong; expected name.name[0].name"
            raise ValueError(msg)
        steps.append(found["name"] if found["index"] is None else int(found["index"]))
        position = found.end()
    return tuple(steps)


def look(document: Any, path: Path) -> Any:
    """Return what stands at a path, or :data:`MISSING`."""
    node = document
    for step in path:
        if isinstance(step, int):
            if not isinstance(node, list) or step >= len(node):
                return MISSING
            node = node[step]
        else:
            if not isinstance(node, dict) or step not in node:
                return MISSING
            node = node[step]
    return node


def flatten(record: dict[str, Any]) -> dict[str, float | bool | str]:
    """Return the plain values of a record by dotted name; null and what is too deep are left out.

    At most 500 values and eight levels are looked at: a foreign system is not trusted.
    """
    found: dict[str, float | bool | str] = {}
    waiting: list[tuple[str, Any, int]] = [(str(key), value, 1) for key, value in record.items()]
    waiting.reverse()
    while waiting and len(found) < _MAX_VALUES:
        name, value, depth = waiting.pop()
        if isinstance(value, bool | str):
            found[name] = value
        elif isinstance(value, int | float):
            with suppress(OverflowError):  # a whole number of 400 digits is no measurement
                found[name] = float(value)
        elif isinstance(value, dict) and depth < _MAX_DEPTH:
            waiting.extend(
                (f"{name}.{key}", inner, depth + 1) for key, inner in reversed(value.items())
            )
        elif isinstance(value, list) and depth < _MAX_DEPTH:
            waiting.extend(
                (f"{name}[{index}]", inner, depth + 1)
                for index, inner in reversed(list(enumerate(value[:_MAX_VALUES])))
            )
    return found

"""JSON Pointer: which value of a document is meant. Source: RFC 6901."""

import re
from typing import Any

__all__ = ["MISSING", "find", "parse_pointer"]

MISSING: Any = object()
"""What :func:`find` returns where nothing stands."""

_INDEX = re.compile(r"0|[1-9][0-9]{0,5}")
_BAD_ESCAPE = re.compile(r"~(?![01])")


def parse_pointer(text: str) -> tuple[str, ...]:
    """Return the reference tokens of a pointer such as ``/data/0/depth``; none for the whole.

    Raises:
        ValueError: it does not start with a slash, or has a tilde that escapes nothing.
    """
    if not text:
        return ()
    if not text.startswith("/"):
        msg = f"pointer {text!r}: expected a slash first, as in /data/0/depth"
        raise ValueError(msg)
    if _BAD_ESCAPE.search(text):
        msg = f"pointer {text!r}: a tilde is written ~0, a slash within a name ~1"
        raise ValueError(msg)
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/"))


def find(document: Any, tokens: tuple[str, ...]) -> Any:
    """Return what stands at a pointer's tokens, or :data:`MISSING`."""
    node = document
    for token in tokens:
        if isinstance(node, dict) and token in node:
            node = node[token]
        elif isinstance(node, list) and _INDEX.fullmatch(token) and int(token) < len(node):
            node = node[int(token)]
        else:
            return MISSING
    return node

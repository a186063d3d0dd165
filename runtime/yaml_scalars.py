"""What a plain YAML scalar means: the YAML 1.2 core schema, without its octal and hex integers.

``on``, ``no`` and ``22:00`` are text, which YAML 1.1 readers turn into True, False and 1320.
``0o17`` and ``0x1F`` stay text as well: nobody writes a street's settings in them.
Source: YAML 1.2.2 §10.3.2.
"""

import re

__all__ = ["Scalar", "resolve_scalar"]

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_NAN = frozenset({".nan", ".NaN", ".NAN"})
_MAX_DIGITS = 300
"""Longer numbers stay text: no quantity has them, and Python refuses ints past 4,300 digits."""


def resolve_scalar(text: str) -> Scalar:
    """Return the value of an unquoted scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _MAX_DIGITS:
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    infinity = _INFINITY.fullmatch(text)
    if infinity:
        return float(f"{infinity[1]}inf")
    return float("nan") if text in _NAN else text

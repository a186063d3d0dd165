"""What msgspec says of a value that does not fit, in the words of people who write packs."""

import re
from typing import Final

__all__ = ["plain_words"]

_KINDS: Final = {
    "array": "a list",
    "object": "a mapping",
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing",
}
_LIMITS: Final = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
_EXPECTED = re.compile(r"^Expected `(?P<wanted>[^`]+)`, got `(?P<found>[^`]+)`$")
_LIMITED = re.compile(r"^Expected `(?P<kind>[^`]+)` (?P<sign>[<>]=?) (?P<limit>\S+)$")
_LENGTH = re.compile(r"^Expected `(?P<kind>[^`]+)` of length (?P<sign>[<>]=?) (?P<limit>\S+)$")
_MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]+)`$")


def plain_words(message: str) -> str:
    """Return msgspec's message with kinds as people call them, and a missing key as something to add."""
    if found := _EXPECTED.match(message):
        return f"expected {_kinds(found['wanted'])}, found {_kinds(found['found'])}"
    if found := _LIMITED.match(message):
        return f"expected {_kinds(found['kind'])}, {_LIMITS[found['sign']]} {found['limit']}"
    if found := _LENGTH.match(message):
        what = "characters" if found["kind"] == "str" else "entries"
        return f"expected {_LIMITS[found['sign']]} {found['limit']} {what}"
    if found := _MISSING.match(message):
        return f"{found['name']!r} is missing; add it"
    return message


def _kinds(types: str) -> str:
    """Return a union of msgspec's types; that nothing may stand there goes without saying."""
    names = [name for name in types.split(" | ") if name != "null"] or ["null"]
    # a whole number is a number
    if "float" in names and "int" in names:
        names.remove("int")
    order = [name for name in ("str", "float", "int", "bool", "array", "object") if name in names]
    return " or ".join(_KINDS.get(name, name) for name in order or names)

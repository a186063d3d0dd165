"""The version of a rule: a hash of what it does."""

import hashlib
from collections.abc import Iterator, Mapping

import msgspec

__all__ = ["rule_version"]

_DIGITS = 12
_NAMING = ("for_each", "members", "where", "signals")
"""Parts of a rule that name tables of places and areas: what those hold is part of what the rule does."""


def rule_version(data: object, index: int) -> str:
    """Return a short hash of a rule's content, the same however the YAML is laid out."""
    whole = _mapping(data)
    rules = whole["rules"]
    assert isinstance(rules, list)
    content = dict(_mapping(rules[index]))
    content.pop("tests", None)
    if "active" in content:
        content["active"] = [content["active"], whole.get("calendars"), whole.get("holidays")]
    named = {text for part in _NAMING for text in _texts(content.get(part))}
    for kind in ("places", "areas"):
        tables = whole.get(kind)
        used = (
            {name: tables[name] for name in tables if name in named}
            if isinstance(tables, Mapping)
            else {}
        )
        if used:
            content[f"these {kind}"] = used
    encoded = msgspec.json.encode(content, order="deterministic")
    return hashlib.sha256(encoded).hexdigest()[:_DIGITS]


def _texts(part: object) -> Iterator[str]:
    """Yield every text that is a value somewhere in a part."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, Mapping):
        for value in part.values():
            yield from _texts(value)


def _mapping(data: object) -> Mapping[str, object]:
    # not converted: that would copy all rules for each of them
    assert isinstance(data, Mapping)
    return data

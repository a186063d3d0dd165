"""The version of a rule: a hash of what it does."""

import hashlib
from collections.abc import Mapping

import msgspec

__all__ = ["rule_version"]

_DIGITS = 12
_TABLES = ("for_each", "members")
"""Parts of a rule that name a table of places: its content is part of what the rule does."""


def rule_version(data: object, index: int) -> str:
    """Return a short hash of a rule's content, the same however the YAML is laid out."""
    whole = _mapping(data)
    rules = whole["rules"]
    assert isinstance(rules, list)
    content = dict(_mapping(rules[index]))
    content.pop("tests", None)
    if "active" in content:
        content["active"] = [content["active"], whole.get("calendars"), whole.get("holidays")]
    tables = [name for part in _TABLES if isinstance(name := content.get(part), str)]
    places = whole.get("places")
    if tables and isinstance(places, Mapping):
        content["places"] = [places.get(name) for name in tables]
    where, areas = content.get("where"), whole.get("areas")
    if isinstance(where, Mapping) and (isinstance(areas, Mapping) or isinstance(places, Mapping)):
        named = {
            name
            for part in where.values()
            if isinstance(part, Mapping)
            for name in (part.get("areas"), part.get("of"))
            if isinstance(name, str)
        }
        both = {
            **(places if isinstance(places, Mapping) else {}),
            **(areas if isinstance(areas, Mapping) else {}),
        }
        content["named"] = {name: both.get(name) for name in named}
    encoded = msgspec.json.encode(content, order="deterministic")
    return hashlib.sha256(encoded).hexdigest()[:_DIGITS]


def _mapping(data: object) -> Mapping[str, object]:
    # not converted: that would copy all rules for each of them
    assert isinstance(data, Mapping)
    return data

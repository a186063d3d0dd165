"""The version of a rule: a hash of what it does."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import msgspec

__all__ = ["rule_version"]

_DIGITS = 12
_NAMING = ("for_each", "members", "where", "signals")
"""Parts of a rule that name tables of places and areas: what those hold is part of what the rule does."""


def rule_version(
    data: object,
    index: int,
    tables: Mapping[str, Mapping[str, object]],
    implied: Sequence[str] = (),
) -> str:
    """Return a short hash of a rule's content, the same however the YAML is laid out.

    Args:
        data: the parsed pack.
        index: which of its rules.
        tables: by section and name what the rules of the pack may name, shared tables among them.
        implied: tables that the rule uses although it does not name them.
    """
    whole = _mapping(data)
    rules = whole["rules"]
    assert isinstance(rules, list)
    content = dict(_mapping(rules[index]))
    content.pop("tests", None)
    if "active" in content:
        shared = _shared_calendars(content["active"], whole, tables)
        content["active"] = [content["active"], whole.get("calendars"), whole.get("holidays")]
        if shared:
            content["shared"] = shared
    named = {*implied, *(text for part in _NAMING for text in _texts(content.get(part)))}
    for kind in ("places", "areas"):
        used = {name: one for name, one in tables.get(kind, {}).items() if name in named}
        if used:
            content[f"these {kind}"] = used
    encoded = msgspec.json.encode(content, order="deterministic")
    return hashlib.sha256(encoded).hexdigest()[:_DIGITS]


def _shared_calendars(
    active: object, whole: Mapping[str, object], tables: Mapping[str, Mapping[str, object]]
) -> list[object]:
    """Return the calendars and holiday tables of other packs that a rule is active by."""
    own, own_holidays = (_section(whole, name) for name in ("calendars", "holidays"))
    calendars, holidays = tables.get("calendars", {}), tables.get("holidays", {})
    found: list[object] = []
    for name in [active] if isinstance(active, str) else active if isinstance(active, list) else []:
        calendar = calendars.get(str(name))
        days = calendar.get("except") if isinstance(calendar, Mapping) else None
        if name not in own:
            found += [calendar, holidays.get(str(days))]
        elif days is not None and days not in own_holidays:
            found.append(holidays.get(str(days)))
    return found


def _section(whole: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = whole.get(name)
    return found if isinstance(found, Mapping) else {}


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

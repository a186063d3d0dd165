"""JSON Schema of packs, for editors: completion, hints and red lines while typing."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from contracts.profiles import PROFILES
from rules.baseline import SEASONS
from rules.declaration import PackDeclaration
from rules.signals import TAKES
from rules.watch_compiler import WATCHABLE
from rules.windows import AGGREGATES
from runtime.struct_docs import field_docs, structs_within

__all__ = ["pack_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DURATION = r"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$"
_DURATIONS = frozenset({"for", "clear_for", "within", "gap", "fresh", "over"})
_DISTANCE = r"^[0-9]+(\.[0-9]+)? ?(m|km)$"
_CHOICES: Mapping[tuple[str, str], Sequence[str]] = {
    ("LetDeclaration", "agg"): tuple(AGGREGATES),
    ("SignalDeclaration", "profile"): tuple(PROFILES),
    ("SignalDeclaration", "stream"): WATCHABLE,
    ("SignalDeclaration", "take"): tuple(TAKES),
    ("UsualDeclaration", "same"): tuple(SEASONS),
    ("WatchDeclaration", "profile"): tuple(PROFILES),
    ("WatchDeclaration", "stream"): WATCHABLE,
}
"""Texts of which only some are legal, by Struct and field."""
_PATTERNS: Mapping[tuple[str, str], str] = {
    ("NearDeclaration", "within"): _DISTANCE,
    ("SignalDeclaration", "near"): _DISTANCE,
    ("ActionDeclaration", "at_most"): r"^[0-9]{1,3} per [0-9]+(\.[0-9]+)?(ms|s|m|h|d)$",
}
"""Texts of a form that is not a duration, by Struct and field."""


def pack_schema() -> dict[str, Any]:
    """Return the JSON Schema of a pack, made from the Structs that packs are read into.

    It knows names, kinds and choices. Types, units and whether a ladder can work need the check.
    """
    (reference,), components = msgspec.json.schema_components(
        (PackDeclaration,), schema_hook=_free, ref_template="#/$defs/{name}"
    )
    structs = {struct.__name__: struct for struct in structs_within(PackDeclaration)}
    for name, schema in components.items():
        struct = structs.get(name)
        properties = schema.get("properties")
        if properties is None or struct is None:
            continue
        hints = field_docs(struct)
        for field, encoded in zip(
            struct.__struct_fields__, struct.__struct_encode_fields__, strict=True
        ):
            if field in hints:
                properties[encoded].setdefault("description", hints[field])
            if (name, encoded) in _PATTERNS:
                _limit_texts(properties[encoded], {"pattern": _PATTERNS[name, encoded]})
            elif encoded in _DURATIONS:
                _limit_texts(properties[encoded], {"pattern": _DURATION})
            if (name, encoded) in _CHOICES:
                _limit_texts(properties[encoded], {"enum": list(_CHOICES[name, encoded])})
    root = components.pop(reference["$ref"].rpartition("/")[2])
    return {
        "$schema": _DIALECT,
        **root,
        "title": "cityloop rule pack",
        "$defs": dict(sorted(components.items())),
    }


def _free(_: type) -> dict[str, Any]:
    """Return the schema of parts that have a reader of their own: anything goes for an editor."""
    return {"type": ["object", "array", "string", "number", "boolean", "null"]}


def _limit_texts(schema: dict[str, Any], limit: dict[str, Any]) -> None:
    """Add a limit to the text alternative of a property."""
    for part in (schema, *schema.get("anyOf", ())):
        if part.get("type") == "string":
            part.update(limit)

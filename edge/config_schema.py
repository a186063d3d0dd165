"""JSON Schema of a box's configuration, for editors: names in two languages, units, defaults, hints."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from edge.config import EdgeConfig
from runtime.struct_docs import field_docs, structs_within
from runtime.yaml_document import parse_document

__all__ = ["FieldWords", "edge_schema", "unit_of", "words_of"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

_UNITS: Mapping[str, str] = {
    "_bytes": "B",
    "_rows": "messages",
    "_hz": "1/s",
    "_per_s": "1/s",
    "_s": "s",
    "_m2": "m2",
    "_m": "m",
    "_c": "°C",
    "_ratio": "share 0..1",
    "_iou": "share 0..1",
    "confidence": "share 0..1",
    "fps": "frames/s",
    "lon": "°",
    "lat": "°",
}
"""Unit by the end of a field's name, the first that fits."""


class FieldWords(msgspec.Struct, frozen=True, array_like=True):
    """What a field is called."""

    english: str
    chinese: str


@cache
def _words() -> dict[str, FieldWords]:
    text = files("edge").joinpath("config_words.yaml").read_text(encoding="utf-8")
    return msgspec.convert(parse_document(text, "config_words.yaml").data, dict[str, FieldWords])


def words_of(struct: str, field: str) -> FieldWords | None:
    """Return what people call a field; None where nobody has named it yet.

    Args:
        struct: name of the Struct.
        field: name of the field as YAML has it.
    """
    words = _words()
    return words.get(f"{struct}.{field}") or words.get(field)


def unit_of(field: str) -> str | None:
    """Return the unit of a field by the end of its name; None for what has none."""
    return next((unit for end, unit in _UNITS.items() if field.endswith(end)), None)


def edge_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``edge.yaml``.

    ``title`` is English and Chinese, ``x-title-en`` and ``x-title-zh`` each alone, ``x-unit`` the unit;
    ``description`` and ``default`` come from the code. What two fields together make wrong needs
    ``cityloop edge check``.
    """
    (reference,), components = msgspec.json.schema_components(
        (EdgeConfig,), ref_template="#/$defs/{name}"
    )
    structs = {struct.__name__: struct for struct in structs_within(EdgeConfig)}
    for name, schema in components.items():
        struct = structs.get(name)
        if struct is None:
            continue
        docs = field_docs(struct)
        for field, encoded in zip(
            struct.__struct_fields__, struct.__struct_encode_fields__, strict=True
        ):
            hints = _hints(name, encoded, docs.get(field))
            schema["properties"][encoded] = {**schema["properties"][encoded], **hints}
    root = components.pop(reference["$ref"].rpartition("/")[2])
    return {
        "$schema": _DIALECT,
        **root,
        "title": "cityloop edge box 边缘盒",
        "$defs": dict(sorted(components.items())),
    }


def _hints(struct: str, field: str, doc: str | None) -> dict[str, str]:
    hints: dict[str, str] = {}
    words = words_of(struct, field)
    if words is not None:
        hints |= {
            "title": f"{words.english} {words.chinese}",
            "x-title-en": words.english,
            "x-title-zh": words.chinese,
        }
    if doc is not None:
        hints["description"] = doc
    unit = unit_of(field)
    if unit is not None:
        hints["x-unit"] = unit
    return hints

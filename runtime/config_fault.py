"""Says in plain words what msgspec found wrong with a configuration, and where.

msgspec names the place as ``$.cameras[0].fps`` and gives ``[...]`` for any key of a mapping; this
finds the very key, the nearest known name for an unknown one, and the choices an enum offers.
"""

import difflib
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

__all__ = ["ConfigFault", "explain"]

_Path = tuple[str | int, ...]

_PLACE = re.compile(r" - at (?P<key>`key` in )?`\$(?P<path>.*)`$")
_STEP = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>\d+)\]|\[(?P<any>\.\.\.)\]")
_EXPECTED = re.compile(r"^Expected `(?P<want>.+)`, got `(?P<got>.+)`$")
_UNKNOWN = re.compile(r"^Object contains unknown field `(?P<field>.+)`$")
_MISSING = re.compile(r"^Object missing required field `(?P<field>.+)`$")
_ENUM = re.compile(r"^Invalid (?:enum )?value (?P<value>.+)$")


class ConfigFault(NamedTuple):
    """What is wrong, at which path, and whether the key there is meant rather than its value."""

    path: _Path
    message: str
    about_key: bool = False


def explain(error: msgspec.ValidationError, data: object, wanted: Any) -> ConfigFault:
    """Return what a failed ``msgspec.convert(data, wanted)`` is about.

    Args:
        error: what msgspec raised.
        data: what was converted.
        wanted: the type it was converted to.
    """
    text = str(error)
    place = _PLACE.search(text)
    summary = text[: place.start()] if place else text
    in_key = bool(place and place["key"])
    # where a key is at fault, msgspec names the mapping around it
    steps = (place["path"] if place else "") + ("[...]" if in_key else "")
    path = _resolve(steps, data, wanted, text)
    info = inspect.type_info(wanted)
    if unknown := _UNKNOWN.match(summary):
        field = unknown["field"]
        known = _fields(_types_at(info, data, path))
        return ConfigFault((*path, field), f"unknown key{_nearest(field, known)}", about_key=True)
    if missing := _MISSING.match(summary):
        return ConfigFault((*path, missing["field"]), "missing; add this key")
    if expected := _EXPECTED.match(summary):
        words = f"expected {_plain(expected['want'])}, got {_plain(expected['got'])}"
        return ConfigFault(path, words, in_key)
    if _ENUM.match(summary):
        choices = _choices(_types_at(info, data, path)) or _tags(info, data, path)
        hint = f"; expected one of {', '.join(choices)}" if choices else ""
        return ConfigFault(path, f"{summary[0].lower()}{summary[1:]}{hint}", in_key)
    return ConfigFault(path, f"{summary[0].lower()}{summary[1:]}".replace("`", ""), in_key)


def _plain(words: str) -> str:
    return words.replace("array", "list").replace("object", "mapping")


def _nearest(field: str, known: list[str]) -> str:
    close = difflib.get_close_matches(field, known, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; expected one of {', '.join(known)}" if known else ""


def _resolve(place: str, data: object, wanted: Any, text: str) -> _Path:
    """Return msgspec's place as a path, with every ``[...]`` replaced by the key it stands for."""
    path: list[str | int] = []
    here: Any = data
    for step in _STEP.finditer(place):
        if step["any"] is None:
            name: str | int = int(step["index"]) if step["index"] else step["name"]
        else:
            name = _culprit(path, here, data, wanted, text)
        path.append(name)
        try:
            here = here[name]
        except (KeyError, IndexError, TypeError):
            break
    return tuple(path)


def _culprit(path: list[str | int], here: Any, data: object, wanted: Any, text: str) -> str | int:
    """Return the key (or index) of ``here`` that alone causes the same complaint."""
    entries = here.items() if isinstance(here, dict) else enumerate(here)
    first: str | int = ""
    for key, value in entries:
        alone: Any = {key: value} if isinstance(here, dict) else [value]
        first = first or key
        try:
            msgspec.convert(_with(data, path, alone), wanted, strict=True, str_keys=True)
        except msgspec.ValidationError as error:
            if str(error) == text:
                return str(key) if isinstance(here, dict) else int(key)
    return first


def _with(data: Any, path: list[str | int], value: object) -> object:
    """Return ``data`` with the value at ``path`` replaced; what is not on the path is shared."""
    if not path:
        return value
    copy = data.copy()
    copy[path[0]] = _with(data[path[0]], path[1:], value)
    return copy


def _types_at(info: inspect.Type, data: Any, path: _Path) -> list[inspect.Type]:
    """Return the types that the value at ``path`` may have."""
    types = list(_alternatives(info, data))
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return []
        inner = [child for kind in types for child in _inside(kind, step)]
        types = [kind for child in inner for kind in _alternatives(child, data)]
    return types


def _alternatives(info: inspect.Type, data: Any) -> Iterator[inspect.Type]:
    """Yield the members of a union that ``data`` may be meant as; a tag narrows them to one."""
    if isinstance(info, inspect.Metadata):
        yield from _alternatives(info.type, data)
    elif isinstance(info, inspect.UnionType):
        members = [kind for member in info.types for kind in _alternatives(member, data)]
        tagged = [
            kind
            for kind in members
            if isinstance(kind, inspect.StructType)
            and kind.tag_field is not None
            and isinstance(data, dict)
            and data.get(kind.tag_field) == kind.tag
        ]
        yield from tagged or members
    else:
        yield info


def _inside(info: inspect.Type, step: str | int) -> Iterator[inspect.Type]:
    if isinstance(info, inspect.StructType):
        yield from (field.type for field in info.fields if field.encode_name == step)
    elif isinstance(info, inspect.DictType):
        yield info.value_type
    elif isinstance(info, inspect.ListType | inspect.VarTupleType | inspect.SetType):
        yield info.item_type
    elif isinstance(info, inspect.TupleType) and isinstance(step, int):
        yield from info.item_types[step : step + 1]


def _fields(types: list[inspect.Type]) -> list[str]:
    structs = [kind for kind in types if isinstance(kind, inspect.StructType)]
    return sorted({field.encode_name for kind in structs for field in kind.fields})


def _choices(types: list[inspect.Type]) -> list[str]:
    found: list[str] = []
    for kind in types:
        if isinstance(kind, inspect.EnumType):
            found += [str(member.value) for member in kind.cls]
        elif isinstance(kind, inspect.LiteralType):
            found += [str(value) for value in kind.values]
    return found


def _tags(info: inspect.Type, data: object, path: _Path) -> list[str]:
    """Return the tags of a union when ``path`` is the key that tells its members apart."""
    structs = [
        kind for kind in _types_at(info, data, path[:-1]) if isinstance(kind, inspect.StructType)
    ]
    return [str(kind.tag) for kind in structs if path and kind.tag_field == path[-1]]

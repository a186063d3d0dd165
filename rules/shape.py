"""Names in a pack's YAML against those that its Structs have: unknown ones, with the nearest known.

msgspec would refuse them too, but names no place of the key and no other key to take instead.
"""

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

import msgspec
from msgspec import inspect

__all__ = ["ErrorFactory", "Path", "check_names", "find_fault", "part_name"]

Path = Sequence[str | int]
ErrorFactory = Callable[[Path, str], Exception]
"""Makes the error for the value at a path of the document; the caller knows file and line."""

_AT = re.compile(r" - at `\$([^`]*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[([0-9]+)\]|(\[\.\.\.\])")
_CHOICE = re.compile(r"^Invalid enum value (.+)$")
_MAPPINGS: Final = (inspect.StructType, inspect.DictType)
_SUFFIX: Final = "Declaration"
_NAMES: Final = {
    "Holiday": "holiday table",
    "Escalate": "escalation",
    "NoData": "no_data",
    "Tally": "condition",
    "Usual": "'to'",
    "Places": "table of places",
    "Areas": "table of areas",
    "Inside": "'inside'",
    "Overlap": "'overlap'",
    "Near": "'near'",
    "Where": "'where'",
    "Shared": "'shared'",
}
"""What a part is called where its Struct has another name."""


class _Checker:
    def __init__(self, error: ErrorFactory) -> None:
        self._error = error

    def check(self, data: object, info: inspect.Type, path: tuple[str | int, ...]) -> None:
        if isinstance(data, dict):
            found = _pick(info, _MAPPINGS)
            if isinstance(found, inspect.StructType):
                self._names(data, found.cls, path)
            elif isinstance(found, inspect.DictType):
                for name, one in data.items():
                    self.check(one, found.value_type, (*path, str(name)))
        elif isinstance(data, list):
            found = _pick(info, (inspect.ListType,))
            if isinstance(found, inspect.ListType):
                for index, one in enumerate(data):
                    self.check(one, found.item_type, (*path, index))

    def _names(
        self,
        data: Mapping[object, object],
        struct: type[msgspec.Struct],
        path: tuple[str | int, ...],
    ) -> None:
        what, fields = part_name(struct), _fields(struct)
        for name, one in data.items():
            here = (*path, str(name))
            if name in fields:
                self.check(one, fields[str(name)], here)
                continue
            close = get_close_matches(str(name), fields, n=1, cutoff=0.6)
            hint = f"did you mean {close[0]!r}? " if close else ""
            article = "an" if what[0] in "aeiou" else "a"
            known = ", ".join(fields)
            raise self._error(
                here, f"{str(name)[:40]!r} is unknown; {hint}{article} {what} has {known}"
            )


def check_names(
    data: object,
    struct: type[msgspec.Struct],
    error: ErrorFactory,
) -> None:
    """Refuse the first key that a Struct, or one inside it, does not have.

    Args:
        data: the parsed YAML.
        struct: what it is to become.
        error: makes the error for the key at a path.

    Raises:
        Exception: what ``error`` makes.
    """
    _Checker(error).check(data, _info(struct), ())


def find_fault(message: str, data: object, struct: type[msgspec.Struct]) -> tuple[Path, str]:
    """Return where in a document msgspec found a fault, and what it said of it.

    msgspec does not name the key of a mapping in whose value the fault is (``$.places[...].key``): the
    first one whose value does not fit is meant.

    Args:
        message: msgspec's message.
        data: what was converted.
        struct: what to.
    """
    place = _AT.search(message)
    path: list[str | int] = []
    info: inspect.Type | None = _info(struct)
    for name, index, _ in _STEP.findall(place.group(1)) if place else ():
        step: str | int = name or (int(index) if index else "")
        if not name and not index:
            step = next((key for key in _bad_keys(data, info)), "")
        path.append(step)
        info = None if info is None else _below(info, step)
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
    reason = _AT.sub("", message)
    bad = _CHOICE.match(reason)
    choices = None if info is None else _pick(info, (inspect.EnumType, inspect.LiteralType))
    if bad and isinstance(choices, inspect.EnumType | inspect.LiteralType):
        known = ", ".join(map(str, _choices(choices)))
        reason = f"{bad.group(1)}: expected one of {known}"
    return path, reason


def _choices(info: inspect.EnumType | inspect.LiteralType) -> Sequence[object]:
    return info.values if isinstance(info, inspect.LiteralType) else tuple(info.cls)


def _bad_keys(data: object, info: inspect.Type | None) -> Iterator[str]:
    """Yield the keys of a mapping whose values are not what they should be."""
    found = None if info is None else _pick(info, (inspect.DictType,))
    if not isinstance(data, dict) or not isinstance(found, inspect.DictType):
        return
    value = _pick(found.value_type, (inspect.StructType,))
    for name, one in data.items():
        if not isinstance(value, inspect.StructType):
            return
        try:
            msgspec.convert(one, value.cls)
        except msgspec.ValidationError:
            yield str(name)


def _below(info: inspect.Type, step: str | int) -> inspect.Type | None:
    """Return the type of what stands at a step."""
    found = _pick(info, (inspect.ListType,) if isinstance(step, int) else _MAPPINGS)
    if isinstance(found, inspect.StructType):
        return _fields(found.cls).get(str(step))
    if isinstance(found, inspect.DictType):
        return found.value_type
    return found.item_type if isinstance(found, inspect.ListType) else None


def part_name(struct: type[msgspec.Struct]) -> str:
    """Return what a part of a pack is called in messages: RuleDeclaration is a rule."""
    name = struct.__name__.removesuffix(_SUFFIX)
    return _NAMES.get(name, name.lower())


def _pick(info: inspect.Type, wanted: tuple[type[inspect.Type], ...]) -> inspect.Type | None:
    """Return what a value of a kind is read into, among the alternatives there are."""
    if isinstance(info, inspect.Metadata):
        return _pick(info.type, wanted)
    if isinstance(info, inspect.UnionType):
        found = (_pick(one, wanted) for one in info.types)
        return next((one for one in found if one is not None), None)
    return info if isinstance(info, wanted) else None


@functools.cache
def _info(struct: type[msgspec.Struct]) -> inspect.Type:
    return inspect.type_info(struct)


@functools.cache
def _fields(struct: type[msgspec.Struct]) -> Mapping[str, inspect.Type]:
    info = _info(struct)
    assert isinstance(info, inspect.StructType)
    return {field.encode_name: field.type for field in info.fields}

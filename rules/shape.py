"""Names in a pack's YAML against those that its Structs have: unknown ones, with the nearest known.

msgspec would refuse them too, but names no place of the key and no other key to take instead.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

import msgspec
from msgspec import inspect

__all__ = ["ErrorFactory", "Path", "check_names", "part_name"]

Path = Sequence[str | int]
ErrorFactory = Callable[[Path, str], Exception]
"""Makes the error for the value at a path of the document; the caller knows file and line."""

_SUFFIX: Final = "Declaration"
_NAMES: Final = {
    "Holiday": "holiday table",
    "Escalate": "escalation",
    "NoData": "no_data",
    "Tally": "condition",
}
"""What a part is called where its Struct has another name."""


class _Checker:
    def __init__(self, error: ErrorFactory, planned: Mapping[str, Sequence[str]]) -> None:
        self._error = error
        self._planned = planned

    def check(self, data: object, info: inspect.Type, path: tuple[str | int, ...]) -> None:
        if isinstance(data, dict):
            found = _pick(info, (inspect.StructType, inspect.DictType))
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
            if name in self._planned.get(what, ()):
                raise self._error(
                    here,
                    f"{name!r} is not supported yet; remove it, nothing in a pack is silently ignored",
                )
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
    planned: Mapping[str, Sequence[str]],
) -> None:
    """Refuse the first key that a Struct, or one inside it, does not have.

    Args:
        data: the parsed YAML.
        struct: what it is to become.
        error: makes the error for the key at a path.
        planned: by part, keys that are known but not built yet.

    Raises:
        Exception: what ``error`` makes.
    """
    _Checker(error, planned).check(data, _info(struct), ())


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

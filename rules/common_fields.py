"""What several device profiles have in common: the fields that a rule over all of them may name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from contracts.profiles import DeviceProfile, ProfileField
from rules.action_declaration import ActionDeclaration
from rules.declaration import RuleDeclaration
from rules.errors import ExpressionError
from rules.expression import field_names, parse
from rules.tally_declaration import TallyDeclaration
from rules.vocabulary import FieldTable
from rules.where_declaration import WhereDeclaration

__all__ = ["CommonFields", "common_fields", "named_fields"]

_Path = tuple[str | int, ...]


class CommonFields(NamedTuple):
    """The fields of several profiles.

    Attributes:
        fields: those that all of them have, of one kind and unit. A range holds what any of them
            can report.
        apart: by name those that not all have, or not alike, each with the reason.
    """

    fields: FieldTable
    apart: Mapping[str, str]


def common_fields(profiles: Sequence[DeviceProfile]) -> CommonFields:
    """Return what profiles have in common."""
    fields: dict[str, ProfileField] = {}
    apart: dict[str, str] = {}
    for name in dict.fromkeys(field.name for profile in profiles for field in profile.fields):
        owners = [(profile.name, profile.field(name)) for profile in profiles]
        found = [field for _, field in owners if field is not None]
        if len(found) < len(owners):
            lacking = ", ".join(owner for owner, field in owners if field is None)
            apart[name] = f"{lacking} has no field {name!r}"
        elif len({(field.kind, field.unit) for field in found}) > 1:
            units = ", ".join(
                f"{field.unit or field.kind} in {owner}"
                for owner, field in owners
                if field is not None
            )
            apart[name] = f"field {name!r} is not the same everywhere: {units}"
        else:
            fields[name] = _widest(found)
    return CommonFields(fields, apart)


def _widest(found: Sequence[ProfileField]) -> ProfileField:
    first = found[0]
    low = [field.minimum for field in found if field.minimum is not None]
    high = [field.maximum for field in found if field.maximum is not None]
    return ProfileField(
        name=first.name,
        kind=first.kind,
        unit=first.unit,
        minimum=min(low) if len(low) == len(found) else None,
        maximum=max(high) if len(high) == len(found) else None,
    )


def named_fields(declared: RuleDeclaration) -> Iterator[tuple[_Path, str]]:
    """Yield the names in the expressions of a rule, each with the path of its expression.

    Expressions that do not parse are left out: who compiles them says so.
    """
    for path, text in _texts(declared):
        try:
            names = field_names(parse(text))
        except ExpressionError:
            continue
        for name in names:
            yield path, name


def _texts(declared: RuleDeclaration) -> Iterator[tuple[_Path, str]]:
    for name, let in declared.let.items():
        for part, text in (("of", let.of), ("rate", let.rate), ("ratio", let.ratio)):
            if text is not None:
                yield ("let", name, part), text
        usual = let.to
        for text in () if usual is None else (usual.median, usual.mean, usual.min, usual.max):
            if text is not None:
                yield ("let", name, "to"), text
    where = declared.where
    if isinstance(where, str):
        yield ("where",), where
    elif isinstance(where, WhereDeclaration) and where.when is not None:
        yield ("where", "when"), where.when
    for index, step in enumerate(declared.ladder or ()):
        for part, given in (("when", step.when), ("clear", step.clear)):
            for path, text in _conditions(given):
                yield ("ladder", index, part, *path), text
    yield from _guards(declared.actions)


def _conditions(given: str | bool | TallyDeclaration | None) -> Iterator[tuple[_Path, str]]:
    if isinstance(given, str):
        yield (), given
    elif isinstance(given, TallyDeclaration):
        for index, one in enumerate(given.of):
            if isinstance(one, str):
                yield ("of", index), one


def _guards(actions: Sequence[ActionDeclaration]) -> Iterator[tuple[_Path, str]]:
    for index, action in enumerate(actions):
        if isinstance(action.guard, str):
            yield ("actions", index, "guard"), action.guard

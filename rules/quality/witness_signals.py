"""Signals as witnesses: an ``unless`` may name a signal of the same pack instead of a field."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from contracts.profiles import PROFILES
from rules.declaration import RuleDeclaration
from rules.errors import ExpressionError
from rules.expression import parse
from rules.expression.tree import Field, walk

__all__ = ["Witness", "with_witnesses", "witnesses_of"]


class Witness(NamedTuple):
    """What a signal's name stands for."""

    profile: str
    field: str


def witnesses_of(rules: Iterable[RuleDeclaration]) -> dict[str, Witness]:
    """Return what the names of signals stand for: those that are one field of one profile everywhere."""
    found: dict[str, Witness] = {}
    apart: set[str] = set()
    for rule in rules:
        for name, signal in rule.signals.items():
            profile = PROFILES.get(signal.profile or "")
            if (
                profile is None
                or profile.field(signal.of) is None
                or found.setdefault(name, Witness(profile.name, signal.of))
                != (
                    profile.name,
                    signal.of,
                )
            ):
                apart.add(name)
    return {name: one for name, one in found.items() if name not in apart}


def with_witnesses(given: object, signals: Mapping[str, Witness]) -> object:
    """Return an ``unless`` with signals replaced by their fields; as it is where it names none.

    Args:
        given: the ``unless`` as written: a condition, or a mapping with ``when``.
        signals: what the names of signals stand for.
    """
    parts = dict(given) if isinstance(given, dict) else {"when": given}
    source = parts.get("when")
    if not isinstance(source, str) or not signals:
        return given
    try:
        fields = [node for node in walk(parse(source)) if isinstance(node, Field)]
    except ExpressionError:
        return given
    own = {name for profile in PROFILES.values() for name in (one.name for one in profile.fields)}
    named = [node for node in fields if node.name in signals and node.name not in own]
    profiles = {signals[node.name].profile for node in named}
    if len(profiles) != 1:
        return given
    for node in sorted(named, key=lambda one: -one.start):
        source = source[: node.start] + signals[node.name].field + source[node.end :]
    return {"profile": profiles.pop(), **parts, "when": source}

"""Rules that say the same thing twice: the same input, key and event type."""

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rules.rule import Rule
from runtime.yaml_document import Document

__all__ = ["Placed", "overlaps"]

_CONDITIONS = ("active", "where", "signals", "members", "for_each")
"""Parts of a rule that say when, where or by which values it holds."""


class Placed(NamedTuple):
    """A rule and where it is declared."""

    rule: Rule
    document: Document
    number: int
    """Index of the rule in its pack."""


def overlaps(placed: Sequence[Placed]) -> list[tuple[Placed, str]]:
    """Return every rule that overlaps an earlier one, and what to do about it.

    Two rules overlap where they watch the same profile or stream, their filters let a common sample
    through, they keep state for the same key and raise the same event type: one thing would be
    reported twice. Of rules that differ in ``active`` or ``where``, in what they correlate or in their
    table of places nothing is claimed.
    """
    found: list[tuple[Placed, str]] = []
    groups: dict[tuple[object, ...], list[Placed]] = {}
    for one in placed:
        rule = one.rule
        for profile in rule.profiles or (None,):
            same = (rule.stream, profile, frozenset(rule.key), rule.event.type, *_when(one))
            groups.setdefault(same, []).append(one)
    told: set[tuple[str, str]] = set()
    for group in groups.values():
        for first, second in itertools.combinations(group, 2):
            pair = (first.rule.id, second.rule.id)
            if pair not in told and _share_input(first.rule, second.rule):
                told.add(pair)
                line, _ = first.document.locate(("rules", first.number))
                reason = (
                    f"rule {second.rule.id!r} overlaps {first.rule.id!r} "
                    f"({first.document.name}:{line}): same input, key and event type "
                    f"{second.rule.event.type!r}, so one thing is reported twice; make one ladder "
                    "of both, or give one another event type"
                )
                found.append((second, reason))
    return found


def _when(one: Placed) -> tuple[str, ...]:
    """Return what else a rule depends on: a day's and a night's limit are not the same thing."""
    declared = one.document.data["rules"][one.number]
    return tuple(repr(declared.get(part)) for part in _CONDITIONS)


def _share_input(first: Rule, second: Rule) -> bool:
    """Whether some sample passes the filters of both rules."""
    if _apart(first.kinds, second.kinds):
        return False
    wanted = dict(first.filters)
    return not any(_apart(wanted.get(name, ()), values) for name, values in second.filters)


def _apart(first: Iterable[str], second: Iterable[str]) -> bool:
    """Whether two lists of wanted values exclude each other; an empty one wants any."""
    one, other = set(first), set(second)
    return bool(one) and bool(other) and one.isdisjoint(other)

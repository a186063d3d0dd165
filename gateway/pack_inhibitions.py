"""Inhibitions across packs: each names a rule that there is, and can work."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import NamedTuple

from rules.errors import PackError
from rules.inhibition import Inhibition
from rules.judge import RunningRule
from rules.rule import Rule, RulePack

__all__ = ["InhibitionFault", "find_inhibition_fault"]

_Path = tuple[str | int, ...]


class InhibitionFault(NamedTuple):
    """What is wrong with one inhibition."""

    pack: int
    """Index of its pack."""
    path: _Path
    """Where in the pack's document."""
    reason: str


def find_inhibition_fault(packs: Sequence[RulePack]) -> InhibitionFault | None:
    """Return the first inhibition of or by a rule that is nowhere, or that cannot work."""
    rules = {rule.id: rule for pack in packs for rule in pack.rules}
    involved: dict[str, RunningRule] = {}
    for number, pack in enumerate(packs):
        for index, rule in enumerate(pack.rules):
            for part, names in _named(rule):
                path = ("rules", index, *part)
                for place, name in enumerate(names):
                    if name not in rules:
                        close = get_close_matches(name, rules, n=1, cutoff=0.6)
                        hint = f"; did you mean {close[0]!r}?" if close else ""
                        reason = f"rule {name[:64]!r} is in none of the packs{hint}"
                        return InhibitionFault(number, (*path, place), reason)
                    involved |= {one: RunningRule(rules[one]) for one in (rule.id, name)}
                try:
                    Inhibition(involved)
                except PackError as error:
                    return InhibitionFault(number, path, str(error))
    return None


def _named(rule: Rule) -> list[tuple[_Path, tuple[str, ...]]]:
    """Return the inhibitions that a rule declares, and where."""
    absence = rule.operators.absence
    found: list[tuple[_Path, tuple[str, ...]]] = [(("event", "inhibits"), rule.event.inhibits)]
    if absence is not None:
        found.append((("absence", "inhibit_by"), absence.inhibit_by))
    return [(path, names) for path, names in found if names]

"""Why a rule spoke, or did not: the tree of its conditions with every value, as HTML."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from html import escape
from pathlib import Path

from cityloop.rules_tools.explanation import Value, explain_rule
from cityloop.rules_tools.findings import load_packs
from rules.rule import Rule

__all__ = ["ReasonTrees"]


class ReasonTrees:
    """Explains by the packs of a sitting; they are compiled when first asked.

    Args:
        packs: paths of the rule packs that were in force.
    """

    def __init__(self, packs: Sequence[str]) -> None:
        self._packs = tuple(packs)

    @cached_property
    def _rules(self) -> dict[str, Rule]:
        paths = [Path(pack) for pack in self._packs]
        return {rule.id: rule for one in load_packs(paths) for rule in one.pack.rules}

    def of_rule(self, rule_id: str, values: Mapping[str, Value]) -> str:
        """Return a rule's conditions with the values that it had; empty for one that no pack has."""
        rule = self._rules.get(rule_id)
        return "" if rule is None else _tree(rule, values)

    def of_events(self, event_types: Iterable[str], values: Mapping[str, Value]) -> str:
        """Return what the rules for some events make of values, those that read any of them."""
        wanted = set(event_types)
        rules = [
            rule
            for rule in self._rules.values()
            if rule.event.type in wanted and values.keys() & rule.fields.keys()
        ]
        return "".join(_tree(rule, values) for rule in rules)


def _tree(rule: Rule, values: Mapping[str, Value]) -> str:
    told = explain_rule(rule, values)
    lines = [f"{told.rule}: these values raise {told.raises or 'nothing'}"]
    for step in told.steps:
        lines.append(f"{step.level} when, for {step.for_s:g} s:")
        lines += step.when.lines(1)
    return f"<pre class=why>{escape(chr(10).join(lines))}</pre>"

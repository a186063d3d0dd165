"""The constants that a rule compares a field with: the lines in a picture of its curve."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from contracts.levels import Level
from rules.expression.tree import Binary, Field, Literal, Node, walk
from rules.places import NO_ROW
from rules.row_proof import fill_row
from rules.rule import Rule

__all__ = ["Threshold", "thresholds"]


class Threshold(NamedTuple):
    """A constant that a step compares a field with, in the field's unit."""

    level: Level
    part: str
    """when or clear."""
    value: float


def thresholds(
    rule: Rule, field: str, key: Mapping[str, str] = MappingProxyType({})
) -> list[Threshold]:
    """Return the constants that a rule's steps compare a field with, in the order of the ladder.

    Args:
        rule: the rule.
        field: the field.
        key: of the place whose constants are meant, where they are in a table of places.
    """
    values: Mapping[str, float | bool | str] = {}
    if rule.table is not None:
        values = rule.table.rows.get(key.get(rule.table.key, ""), NO_ROW).values
    found: list[Threshold] = []
    for step in rule.steps:
        for part, condition in (("when", step.when), ("clear", step.clear)):
            for value in dict.fromkeys(_constants(fill_row(condition.node, values), field)):
                found.append(Threshold(step.level, part, value))
    return found


def _constants(node: Node, field: str) -> list[float]:
    values: list[float] = []
    for part in walk(node):
        if not isinstance(part, Binary):
            continue
        for one, other in ((part.left, part.right), (part.right, part.left)):
            if isinstance(one, Field) and one.name == field and isinstance(other, Literal):
                values.append(float(other.value))
    return values

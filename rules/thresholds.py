"""The constants that a rule compares a field with: the lines in a picture of its curve."""

from typing import NamedTuple

from contracts.levels import Level
from rules.expression.tree import Binary, Field, Literal, Node, walk
from rules.rule import Rule

__all__ = ["Threshold", "thresholds"]


class Threshold(NamedTuple):
    """A constant that a step compares a field with, in the field's unit."""

    level: Level
    part: str
    """when or clear."""
    value: float


def thresholds(rule: Rule, field: str) -> list[Threshold]:
    """Return the constants that a rule's steps compare a field with, in the order of the ladder."""
    found: list[Threshold] = []
    for step in rule.steps:
        for part, condition in (("when", step.when), ("clear", step.clear)):
            for value in dict.fromkeys(_constants(condition.node, field)):
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

"""A rule's condition as a sentence in both languages, and the constants that it compares with."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from cloud_api.causes.words import FieldNames, shown_literal, shown_number
from rules.errors import ExpressionError
from rules.expression import parse
from rules.expression.tree import (
    Binary,
    Call,
    Field,
    Literal,
    Membership,
    Node,
    Unary,
    field_names,
    walk,
)

__all__ = ["Bound", "Sentence", "bounds_of", "condition_of", "fields_of", "measured"]

_TALLY = re.compile(r"at least (?P<least>\d+) of \[(?P<parts>.*)\]", re.DOTALL)
"""How a rule's tally is written in a cause. Source: rules/ladder_compiler.py."""

_COMPARED = {
    ">=": ("不低于", "is at least"),
    ">": ("超过", "is above"),
    "<=": ("不高于", "is at most"),
    "<": ("低于", "is below"),
    "==": ("为", "is"),
    "!=": ("不为", "is not"),
}
_MIRRORED = {">=": "<=", ">": "<", "<=": ">=", "<": ">", "==": "==", "!=": "!="}
_JOINED = {"&&": ("，且", " and "), "||": ("，或", " or ")}
_REPORTED = ("发现即成立", "it was observed")
_CALLED = {
    "abs": ("{0} 的绝对值", "the absolute value of {0}"),
    "min": ("{0} 中的最小值", "the least of {0}"),
    "max": ("{0} 中的最大值", "the greatest of {0}"),
    "has": ("{0} 已知", "{0} is known"),
}


class Sentence(NamedTuple):
    """One text in both languages."""

    zh: str
    en: str


class Bound(NamedTuple):
    """A constant that a condition compares a field with; ``value`` is in the field's base unit."""

    field: str
    operator: str
    value: float
    text: str
    """As people write it, in the unit that the rule uses."""


def condition_of(expression: str, names: FieldNames) -> Sentence:
    """Return a condition in words; what cannot be read is shown as it is written."""
    tally = _TALLY.fullmatch(expression.strip())
    if tally is not None:
        parts = [condition_of(part, names) for part in _parts(tally["parts"])]
        least = tally["least"]
        return Sentence(
            f"以下至少满足 {least} 项：" + "；".join(part.zh for part in parts),
            f"at least {least} of these hold: " + "; ".join(part.en for part in parts),
        )
    node = _tree(expression)
    return (
        Sentence(expression, expression) if node is None else _Teller(expression, names).say(node)
    )


def measured(values: Mapping[str, float | bool | str | None], names: FieldNames) -> Sentence:
    """Return the values that a rule has seen, in words."""
    told = []
    for field, value in values.items():
        name, unit = names.of(field), names.unit(field)
        if isinstance(value, bool):
            told.append(Sentence(f"{name.zh}：{'是' if value else '否'}", _flag(name.en, value)))
        elif value is None:
            told.append(Sentence(f"{name.zh} 未知", f"{name.en}: unknown"))
        else:
            shown = value if isinstance(value, str) else shown_number(value, unit)
            told.append(Sentence(f"{name.zh} {shown}", f"{name.en} {shown}"))
    return Sentence("，".join(part.zh for part in told), ", ".join(part.en for part in told))


def _flag(name: str, value: bool) -> str:
    return f"{name}: {'yes' if value else 'no'}"


def fields_of(expression: str) -> tuple[str, ...]:
    """Return the fields that a condition reads, in the order of its text; none where it cannot be read."""
    nodes = [node for part in _written(expression) if (node := _tree(part)) is not None]
    return field_names(*nodes)


def bounds_of(expression: str) -> list[Bound]:
    """Return the numbers that a condition compares fields with, in the order of its text."""
    found: list[Bound] = []
    for part in _written(expression):
        node = _tree(part)
        for each in () if node is None else walk(node):
            bound = _bound(part, each)
            if bound is not None:
                found.append(bound)
    return found


def _bound(text: str, node: Node) -> Bound | None:
    if not isinstance(node, Binary) or node.operator not in _COMPARED:
        return None
    sides = ((node.left, node.right, node.operator),
             (node.right, node.left, _MIRRORED[node.operator]))  # fmt: skip
    for field, constant, operator in sides:
        if isinstance(field, Field) and isinstance(constant, Literal):
            if isinstance(constant.value, bool | str):
                return None
            shown = shown_literal(text[constant.start : constant.end].strip(), constant.unit)
            return Bound(field.name, operator, float(constant.value), shown)
    return None


def _written(expression: str) -> list[str]:
    tally = _TALLY.fullmatch(expression.strip())
    return [expression] if tally is None else _parts(tally["parts"])


def _parts(listed: str) -> list[str]:
    """Return the conditions of a tally; a comma inside brackets belongs to one of them."""
    parts, depth, begin = [], 0, 0
    for index, letter in enumerate(listed):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append(listed[begin:index].strip())
            begin = index + 1
    return [*parts, listed[begin:].strip()]


def _tree(expression: str) -> Node | None:
    try:
        return parse(expression)
    except ExpressionError:
        return None


class _Teller:
    """Tells one expression."""

    def __init__(self, source: str, names: FieldNames) -> None:
        self._source = source
        self._names = names

    def say(self, node: Node, *, inside: bool = False) -> Sentence:
        """Return a node in words; ``inside`` another joint, a joint stands in brackets."""
        if isinstance(node, Literal):
            return self._literal(node)
        if isinstance(node, Field):
            name = self._names.of(node.name)
            return Sentence(name.zh, name.en)
        if isinstance(node, Binary) and node.operator in _JOINED:
            return self._joint(node, inside=inside)
        if isinstance(node, Binary) and node.operator in _COMPARED:
            left, right = self.say(node.left), self.say(node.right)
            zh, en = _COMPARED[node.operator]
            return Sentence(f"{left.zh} {zh} {right.zh}", f"{left.en} {en} {right.en}")
        if isinstance(node, Binary):
            left, right = self.say(node.left), self.say(node.right)
            between = f" {node.operator} "
            return Sentence(left.zh + between + right.zh, left.en + between + right.en)
        if isinstance(node, Unary) and node.operator == "!":
            told = self.say(node.operand, inside=True)
            return Sentence(f"并非{told.zh}", f"not: {told.en}")
        if isinstance(node, Membership):
            told, items = self.say(node.operand), [self._literal(item) for item in node.items]
            return Sentence(
                f"{told.zh}为 {'、'.join(item.zh for item in items)} 之一",
                f"{told.en} is one of {', '.join(item.en for item in items)}",
            )
        if isinstance(node, Call):
            parts = [self.say(part) for part in node.arguments]
            zh, en = _CALLED[node.function]
            return Sentence(
                zh.format("、".join(part.zh for part in parts)),
                en.format(", ".join(part.en for part in parts)),
            )
        written = self._source[node.start : node.end]
        return Sentence(written, written)

    def _joint(self, node: Binary, *, inside: bool) -> Sentence:
        left, right = self.say(node.left, inside=True), self.say(node.right, inside=True)
        zh, en = _JOINED[node.operator]
        told = Sentence(left.zh + zh + right.zh, left.en + en + right.en)
        return Sentence(f"（{told.zh}）", f"({told.en})") if inside else told

    def _literal(self, node: Literal) -> Sentence:
        if node.value is True:
            return Sentence(*_REPORTED)
        written = shown_literal(self._source[node.start : node.end].strip(), node.unit)
        return Sentence(written, written)

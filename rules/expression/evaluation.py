"""Walking a tree with values: the plain evaluator and the explanation it gives."""

from collections.abc import Mapping
from typing import NamedTuple

from rules.expression import kleene
from rules.expression.kleene import Value
from rules.expression.tree import (
    Binary,
    Call,
    Choice,
    Field,
    Literal,
    Membership,
    Node,
    Tally,
    Unary,
    children,
)
from rules.vocabulary import FieldTable

__all__ = ["Explained", "evaluate", "explain", "known_value"]

_KNOWN = {
    "number": kleene.known_number,
    "flag": kleene.known_flag,
    "text": kleene.known_text,
}


class Explained(NamedTuple):
    """One line of an explanation: a part of the expression, its value and how deep it stands."""

    text: str
    value: Value
    depth: int


def known_value(name: str, values: Mapping[str, object], fields: FieldTable) -> Value:
    """Return a field's value where it is present and of its kind, else None: unknown."""
    return _KNOWN[fields[name].kind](values.get(name))


def evaluate(node: Node, values: Mapping[str, object], fields: FieldTable) -> Value:
    """Return the value of a checked tree; None where it cannot be known.

    Args:
        node: a tree that passed :func:`rules.expression.types.check` against ``fields``.
        values: the sample's fields; an absent one is unknown.
        fields: the field table, for the kind of each field.
    """
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Field):
        return known_value(node.name, values, fields)
    parts = [evaluate(child, values, fields) for child in children(node)]
    return _apply(node, parts)


def _apply(node: Node, parts: list[Value]) -> Value:
    if isinstance(node, Unary):
        operation = kleene.opposite if node.operator == "!" else kleene.negative
        return operation(parts[0])
    if isinstance(node, Binary):
        left, right = parts
        if node.operator == "&&":
            return kleene.both(left, right)
        if node.operator == "||":
            return kleene.either(left, right)
        if node.operator in kleene.COMPARISONS:
            return kleene.COMPARISONS[node.operator](left, right)
        return kleene.ARITHMETIC[node.operator](left, right)
    if isinstance(node, Choice):
        return kleene.choose(*parts)
    if isinstance(node, Membership):
        return kleene.member(parts[0], tuple(item.value for item in node.items))
    if isinstance(node, Tally):
        return kleene.at_least(node.least, *parts)
    assert isinstance(node, Call)
    return kleene.call(node.function, *parts)


def explain(
    node: Node, source: str, values: Mapping[str, object], fields: FieldTable
) -> list[Explained]:
    """Return every part of an expression with its value, the whole first, constants left out."""
    lines: list[Explained] = []

    def visit(part: Node, depth: int) -> None:
        if isinstance(part, Literal):
            return
        value = evaluate(part, values, fields)
        lines.append(Explained(source[part.start : part.end], value, depth))
        for child in children(part):
            visit(child, depth + 1)

    visit(node, 0)
    return lines

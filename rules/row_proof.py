"""Checks of a ladder with the thresholds of each place: what :mod:`rules.hysteresis` proves, row by row."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import structs

from rules.expression import Node, evaluate, field_names
from rules.expression.tree import (
    Binary,
    Call,
    Choice,
    Field,
    Literal,
    Membership,
    Tally,
    Unary,
)
from rules.hysteresis import StepConditions, find_flaws
from rules.places import PlaceTable
from rules.vocabulary import FieldTable

__all__ = ["fill_row", "find_row_flaw"]

_MOST_PROOFS: Final = 500
"""Most different rows that are proven: more would make loading slow, and are left unproven."""

_Value = float | bool | str


def find_row_flaw(
    steps: Sequence[StepConditions], table: PlaceTable, fields: FieldTable, *, must_clear: bool
) -> tuple[str, int, str, str] | None:
    """Return the first row with which a ladder cannot work; None where none is found.

    Args:
        steps: the conditions of every step, ascending.
        table: the places.
        fields: the field table that the conditions were checked against.
        must_clear: as in :func:`rules.hysteresis.find_flaws`.

    Returns:
        The row's key, the index of the step, ``when`` or ``clear``, and what is wrong.
    """
    columns = [name for name in field_names(*(n for s in steps for n in s)) if name in table.fields]
    if not columns:
        return None
    proven: set[tuple[_Value | None, ...]] = set()
    for key, row in table.rows.items():
        values = tuple(row.values.get(name) for name in columns)
        if values in proven or None in values:
            continue
        if len(proven) >= _MOST_PROOFS:
            return None
        proven.add(values)
        known = dict(row.values)
        filled = [(fill_row(when, known), fill_row(clear, known)) for when, clear in steps]
        for index, part, reason in find_flaws(filled, fields, must_clear=must_clear):
            return key, index, part, reason
    return None


def fill_row(node: Node, values: Mapping[str, _Value]) -> Node:
    """Return a condition with a row's values in place of its columns, sums of constants reckoned.

    Args:
        node: the condition.
        values: the row's, by column.
    """
    if isinstance(node, Field):
        value = values.get(node.name)
        return node if value is None else Literal(start=node.start, end=node.end, value=value)
    if isinstance(node, Literal):
        return node
    if isinstance(node, Binary):
        left, right = fill_row(node.left, values), fill_row(node.right, values)
        return _reckoned(structs.replace(node, left=left, right=right), left, right)
    if isinstance(node, Unary):
        operand = fill_row(node.operand, values)
        return _reckoned(structs.replace(node, operand=operand), operand)
    if isinstance(node, Choice):
        return structs.replace(
            node,
            condition=fill_row(node.condition, values),
            then=fill_row(node.then, values),
            otherwise=fill_row(node.otherwise, values),
        )
    if isinstance(node, Membership):
        return structs.replace(node, operand=fill_row(node.operand, values))
    if isinstance(node, Tally):
        return structs.replace(node, of=tuple(fill_row(part, values) for part in node.of))
    assert isinstance(node, Call)
    arguments = tuple(fill_row(part, values) for part in node.arguments)
    return _reckoned(structs.replace(node, arguments=arguments), *arguments)


def _reckoned(node: Node, *parts: Node) -> Node:
    """Return the value of a node whose parts are all constants, where it has one."""
    if not all(isinstance(part, Literal) for part in parts):
        return node
    value = evaluate(node, {}, {})
    return node if value is None else Literal(start=node.start, end=node.end, value=value)

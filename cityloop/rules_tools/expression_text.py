"""A tree back to text: in base units, with no more parentheses than it needs."""

from typing import Final

from contracts.units import base_unit
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
)

__all__ = ["expression_text", "value_text"]

_BINDING: Final = {
    "||": 2,
    "&&": 3,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), 4),
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}
_CHOICE, _RELATION, _UNARY, _ATOM = 1, 4, 7, 8
"""How strongly a node binds its parts. Source: rules/expression/parser.py."""


def expression_text(node: Node) -> str:
    """Return an expression as text that parses to the same tree, if it is no tally, which has no syntax.

    Quantities appear in the base unit of theirs (``15 cm`` as ``0.15 m``): what was compared is shown,
    not what was typed.
    """
    if isinstance(node, Literal):
        return _literal(node)
    if isinstance(node, Field):
        return node.name
    if isinstance(node, Unary):
        return f"{node.operator}{_part(node.operand, _ATOM)}"
    if isinstance(node, Binary):
        power = _BINDING[node.operator]
        left, right = _part(node.left, power), _part(node.right, power + 1)
        return f"{left} {node.operator} {right}"
    if isinstance(node, Choice):
        condition = _part(node.condition, _CHOICE + 1)
        return f"{condition} ? {expression_text(node.then)} : {expression_text(node.otherwise)}"
    if isinstance(node, Membership):
        items = ", ".join(_literal(item) for item in node.items)
        return f"{_part(node.operand, _RELATION)} in [{items}]"
    if isinstance(node, Tally):
        return f"at least {node.least} of [{', '.join(expression_text(part) for part in node.of)}]"
    arguments = ", ".join(expression_text(argument) for argument in node.arguments)
    return f"{node.function}({arguments})"


def value_text(value: float | bool | str | None) -> str:
    """Return a value as people read it; None is unknown."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.12g}" if isinstance(value, float) else repr(value)


def _literal(node: Literal) -> str:
    if isinstance(node.value, str):
        quote = "'" if '"' in node.value else '"'
        return f"{quote}{node.value}{quote}"
    if isinstance(node.value, bool):
        return str(node.value).lower()
    unit = "" if node.unit is None else base_unit(node.unit)
    short = f"{node.value:.12g}"
    number = short if float(short) == node.value else repr(node.value)
    return number if unit in {"", "/"} else f"{number} {unit}"


def _part(node: Node, wanted: int) -> str:
    text = expression_text(node)
    return text if _power(node) >= wanted else f"({text})"


def _power(node: Node) -> int:
    if isinstance(node, Binary):
        return _BINDING[node.operator]
    if isinstance(node, Choice):
        return _CHOICE
    if isinstance(node, Membership):
        return _RELATION
    if isinstance(node, Unary):
        return _UNARY
    negative = isinstance(node, Literal) and not isinstance(node.value, str) and node.value < 0
    # Call, Field and other literals stand by themselves
    assert isinstance(node, Literal | Field | Call | Tally)
    return _UNARY if negative else _ATOM

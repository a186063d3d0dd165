"""The type check: every node gets a kind, every number a unit, or the expression is refused."""

from difflib import get_close_matches
from typing import NamedTuple

from contracts.units import UNITS, base_unit
from rules.errors import ExpressionError
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
from rules.vocabulary import FieldTable

__all__ = ["Type", "check"]


class Type(NamedTuple):
    """A node's type: kind number, flag or text.

    ``unit`` is the base unit of a number. None is a plain number, which may stand beside any unit:
    a bare literal (``depth_m > 0.3`` means the field's base unit), or a product whose unit the
    table of units does not know.
    """

    kind: str
    unit: str | None = None


_FLAG = Type("flag")
_TEXT = Type("text")
_KIND_NAMES = {"number": "a number", "flag": "true or false", "text": "a text"}


def check(node: Node, source: str, fields: FieldTable, *, expected: str = "flag") -> Type:
    """Return the type of an expression.

    Args:
        node: the tree.
        source: the text it came from, for the error's position.
        fields: the fields it may name.
        expected: the kind that the whole must have; conditions are flags.

    Raises:
        ExpressionError: an unknown field, operands that do not fit, or units that do not.
    """
    checker = _Checker(source, fields)
    found = checker.type_of(node)
    if found.kind != expected:
        raise checker.fail(
            f"expected {_KIND_NAMES[expected]}, this is {_KIND_NAMES[found.kind]}", node
        )
    return found


class _Checker:
    def __init__(self, source: str, fields: FieldTable) -> None:
        self._source = source
        self._fields = fields

    def fail(self, reason: str, node: Node) -> ExpressionError:
        return ExpressionError(reason, self._source, node.start, node.end)

    def type_of(self, node: Node) -> Type:
        if isinstance(node, Literal):
            return self._literal(node)
        if isinstance(node, Field):
            return self._field(node)
        if isinstance(node, Unary):
            kind = "flag" if node.operator == "!" else "number"
            return self._demand(node.operand, kind, f"operand of {node.operator!r}")
        if isinstance(node, Binary):
            return self._binary(node)
        if isinstance(node, Choice):
            self._demand(node.condition, "flag", "condition of '?'")
            then, otherwise = self.type_of(node.then), self.type_of(node.otherwise)
            return self._same(
                (node.then, then), (node.otherwise, otherwise), "the two results of '?'"
            )
        if isinstance(node, Membership):
            operand = self.type_of(node.operand)
            for item in node.items:
                self._same((node.operand, operand), (item, self.type_of(item)), "'in'")
            return _FLAG
        if isinstance(node, Tally):
            for part in node.of:
                self._demand(part, "flag", "one of 'at_least'")
            return _FLAG
        return self._call(node)

    def _literal(self, node: Literal) -> Type:
        if isinstance(node.value, bool):
            return _FLAG
        if isinstance(node.value, str):
            return _TEXT
        return Type("number", None if node.unit is None else base_unit(node.unit))

    def _field(self, node: Field) -> Type:
        field = self._fields.get(node.name)
        if field is None:
            close = get_close_matches(node.name, self._fields, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]!r}? " if close else ""
            known = ", ".join(self._fields) or "none"
            raise self.fail(
                f"field {node.name[:40]!r} is unknown; {hint}the fields here are: {known}", node
            )
        return Type(field.kind, None if field.unit is None else base_unit(field.unit))

    def _demand(self, node: Node, kind: str, role: str) -> Type:
        found = self.type_of(node)
        if found.kind != kind:
            raise self.fail(
                f"{role}: expected {_KIND_NAMES[kind]}, found {_KIND_NAMES[found.kind]}", node
            )
        return found

    def _same(self, left: tuple[Node, Type], right: tuple[Node, Type], role: str) -> Type:
        """Return the type that two operands share; types come along so that each is found once."""
        (one, first), (other, second) = left, right
        if first.kind != second.kind:
            raise self.fail(
                f"{role}: {self._shown(one)} is {_KIND_NAMES[first.kind]}, "
                f"{self._shown(other)} is {_KIND_NAMES[second.kind]}; expected the same",
                other,
            )
        if first.unit is None or second.unit is None or first.unit == second.unit:
            return Type(first.kind, first.unit or second.unit)
        raise self.fail(
            f"{role}: {self._shown(one)} is {_measure(first.unit)}, "
            f"{self._shown(other)} is {_measure(second.unit)}; expected the same dimension",
            other,
        )

    def _shown(self, node: Node) -> str:
        return repr(self._source[node.start : node.end][:40])

    def _binary(self, node: Binary) -> Type:
        role = repr(node.operator)
        if node.operator in {"==", "!="}:
            self._same(
                (node.left, self.type_of(node.left)), (node.right, self.type_of(node.right)), role
            )
            return _FLAG
        kind = "flag" if node.operator in {"&&", "||"} else "number"
        left = self._demand(node.left, kind, f"left of {role}")
        right = self._demand(node.right, kind, f"right of {role}")
        if kind == "flag":
            return _FLAG
        if node.operator in {"*", "/"}:
            return Type("number", _product(node.operator, left.unit, right.unit))
        shared = self._same((node.left, left), (node.right, right), role)
        return _FLAG if node.operator in {"<", "<=", ">", ">="} else shared

    def _call(self, node: Call) -> Type:
        if node.function == "has":
            self.type_of(node.arguments[0])
            return _FLAG
        role = f"argument of {node.function}"
        first = node.arguments[0]
        shared = self._demand(first, "number", role)
        for argument in node.arguments[1:]:
            found = self._demand(argument, "number", role)
            shared = self._same((first, shared), (argument, found), node.function)
        return shared


def _measure(unit: str) -> str:
    return f"a {UNITS[unit].dimension} ({unit})"


def _product(operator: str, left: str | None, right: str | None) -> str | None:
    """Return the unit of a product or quotient, None where the table of units has none."""
    if right is None or right == "/":
        return left
    if operator == "/":
        if left == right:
            return "/"
        return "1/m2" if (left, right) == ("count", "m2") else None
    return right if left is None or left == "/" else None

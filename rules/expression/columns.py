"""The back-test back end: a checked tree over whole columns at once, with numpy.

Every column is values beside a mask of what is known, so that Kleene's logic holds row by row as it
does in :mod:`rules.expression.kleene`. numpy is imported here and nowhere else in this package: a
gateway that never back-tests does not need it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rules.expression import kleene
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

__all__ = ["Column", "evaluate_columns", "known_column"]

_DTYPES: Mapping[str, Any] = {"number": np.float64, "flag": np.bool_, "text": np.object_}
_EMPTY: Mapping[str, object] = {"number": 0.0, "flag": False, "text": ""}
_KNOWN = {
    "number": kleene.known_number,
    "flag": kleene.known_flag,
    "text": kleene.known_text,
}
_COMPARE: Mapping[str, Any] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
_COMPUTE: Mapping[str, Any] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
}


class Column(NamedTuple):
    """One value per row.

    Attributes:
        values: shape (n,): float64 for numbers, bool for flags, objects for texts; where a row is
            not known its value means nothing.
        known: shape (n,), bool: whether the row's value is known.
    """

    values: NDArray[Any]
    known: NDArray[np.bool_]


def known_column(values: Sequence[object] | NDArray[np.float64], kind: str) -> Column:
    """Return a column of a field's values; what is absent, not finite or of another kind is unknown.

    Args:
        values: one per row: plain Python values with None for absent, or float64 with NaN for it.
        kind: number, flag or text.
    """
    if isinstance(values, np.ndarray) and kind == "number":
        known = np.isfinite(values)
        return Column(np.where(known, values, 0.0), known)
    read = _KNOWN[kind]
    found = [read(value) for value in values]
    known = np.fromiter((value is not None for value in found), dtype=np.bool_, count=len(found))
    filled = np.empty(len(found), dtype=_DTYPES[kind])
    filled[:] = [_EMPTY[kind] if value is None else value for value in found]
    return Column(filled, known)


def evaluate_columns(
    node: Node, columns: Mapping[str, Column], fields: FieldTable, rows: int
) -> Column:
    """Return a checked tree's value in every row.

    Args:
        node: a tree that passed :func:`rules.expression.types.check` against ``fields``.
        columns: the columns there are, each of ``rows`` rows; a field without one is unknown.
        fields: the field table, for the kind of an absent column.
        rows: number of rows.
    """
    with np.errstate(all="ignore"):
        return _Table(columns, fields, rows).value(node)


class _Table:
    def __init__(self, columns: Mapping[str, Column], fields: FieldTable, rows: int) -> None:
        self._columns = columns
        self._fields = fields
        self._rows = rows

    def value(self, node: Node) -> Column:
        if isinstance(node, Literal):
            return self._constant(node.value)
        if isinstance(node, Field):
            return self._field(node.name)
        if isinstance(node, Unary):
            values, known = self.value(node.operand)
            return Column(~values if node.operator == "!" else -values, known)
        if isinstance(node, Binary):
            return _binary(node.operator, self.value(node.left), self.value(node.right))
        if isinstance(node, Choice):
            parts = (self.value(part) for part in (node.condition, node.then, node.otherwise))
            return _choose(*parts)
        if isinstance(node, Membership):
            return self._member(node)
        if isinstance(node, Tally):
            return self._tally(node)
        return self._call(node)

    def _constant(self, value: float | bool | str) -> Column:
        known = np.ones(self._rows, dtype=np.bool_)
        dtype = np.object_ if isinstance(value, str) else np.asarray(value).dtype
        return Column(np.full(self._rows, value, dtype=dtype), known)

    def _field(self, name: str) -> Column:
        found = self._columns.get(name)
        if found is not None:
            return found
        kind = self._fields[name].kind
        empty = np.full(self._rows, _EMPTY[kind], dtype=_DTYPES[kind])
        return Column(empty, np.zeros(self._rows, dtype=np.bool_))

    def _member(self, node: Membership) -> Column:
        values, known = self.value(node.operand)
        inside = np.zeros(self._rows, dtype=np.bool_)
        for item in node.items:
            inside |= np.asarray(values == item.value, dtype=np.bool_)
        return Column(inside, known)

    def _tally(self, node: Tally) -> Column:
        parts = [self.value(part) for part in node.of]
        true = np.sum([part.values & part.known for part in parts], axis=0)
        unknown = np.sum([~part.known for part in parts], axis=0)
        enough = np.asarray(true >= node.least, np.bool_)
        return Column(enough, enough | np.asarray(true + unknown < node.least, np.bool_))

    def _call(self, node: Call) -> Column:
        parts = [self.value(argument) for argument in node.arguments]
        if node.function == "has":
            return Column(parts[0].known, np.ones(self._rows, dtype=np.bool_))
        values, known = parts[0]
        if node.function == "abs":
            return Column(np.abs(values), known)
        pick = np.minimum if node.function == "min" else np.maximum
        for other, other_known in parts[1:]:
            values, known = pick(values, other), known & other_known
        return Column(values, known)


def _binary(operator: str, left: Column, right: Column) -> Column:
    known = left.known & right.known
    if operator == "&&":
        false = (left.known & ~left.values) | (right.known & ~right.values)
        return Column(known & ~false, known | false)
    if operator == "||":
        true = (left.known & left.values) | (right.known & right.values)
        return Column(true, known | true)
    if operator in _COMPARE:
        return Column(np.asarray(_COMPARE[operator](left.values, right.values), np.bool_), known)
    result = _COMPUTE[operator](left.values, right.values)
    finite = known & np.isfinite(result)
    return Column(np.where(finite, result, 0.0), finite)


def _choose(condition: Column, then: Column, otherwise: Column) -> Column:
    """Return one of two results; unknown when the condition is and the results differ."""
    same = then.known & otherwise.known & np.asarray(then.values == otherwise.values, np.bool_)
    first = np.where(condition.known, condition.values, same).astype(np.bool_)
    values = np.where(first, then.values, otherwise.values)
    known = np.where(first, then.known, otherwise.known)
    return Column(values, known & (condition.known | same))

"""The live back end: conditions become one Python function, built as a tree, never as text.

The function is assembled from :mod:`ast` nodes of a fixed set; user text enters only as the value
of constants and as keys of ``fields.get``. It first tries the two-valued form, which is valid when
every field is present and of its kind and no calculation gets out of hand, and falls back to the
three-valued operators otherwise; conditions with a remainder use the latter only.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

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
    field_names,
    walk,
)
from rules.vocabulary import FieldTable

__all__ = ["UNKNOWN_SHIFT", "Conditions", "compile_conditions"]

Conditions = Callable[[Mapping[str, Any]], int]
"""Bit i of the result: condition i is true. Bit ``UNKNOWN_SHIFT + i``: it is unknown."""

UNKNOWN_SHIFT: Final = 8

_COMPARE: Final[Mapping[str, type[ast.cmpop]]] = MappingProxyType(
    {
        "<": ast.Lt,
        "<=": ast.LtE,
        ">": ast.Gt,
        ">=": ast.GtE,
        "==": ast.Eq,
        "!=": ast.NotEq,
    }
)
_COMPUTE: Final[Mapping[str, type[ast.operator]]] = MappingProxyType(
    {"+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div}
)
_NAMESPACE: Final[Mapping[str, object]] = MappingProxyType(
    {
        "__builtins__": MappingProxyType({}),
        "float": float,
        "str": str,
        "known_number": kleene.known_number,
        "known_flag": kleene.known_flag,
        "known_text": kleene.known_text,
        "opposite": kleene.opposite,
        "negative": kleene.negative,
        "both": kleene.both,
        "either": kleene.either,
        "choose": kleene.choose,
        "at_least": kleene.at_least,
        "member": kleene.member,
        "call": kleene.call,
        "compare": kleene.COMPARISONS,
        "compute": kleene.ARITHMETIC,
    }
)
_FIELDS: Final = "fields"


def _load(name: str) -> ast.expr:
    return ast.Name(id=name, ctx=ast.Load())


def _invoke(function: ast.expr, *arguments: ast.expr) -> ast.expr:
    return ast.Call(func=function, args=list(arguments), keywords=[])


def _get(name: str) -> ast.expr:
    getter = ast.Attribute(value=_load(_FIELDS), attr="get", ctx=ast.Load())
    return _invoke(getter, ast.Constant(name))


def _assign(variable: str, value: ast.expr) -> ast.stmt:
    return ast.Assign(targets=[ast.Name(id=variable, ctx=ast.Store())], value=value)


def compile_conditions(nodes: Sequence[Node], fields: FieldTable) -> Conditions:
    """Return one function that judges several conditions over the same fields.

    Args:
        nodes: up to eight trees that passed the type check as flags.
        fields: the field table they were checked against.
    """
    names = field_names(*nodes)
    return _compiled(tuple(nodes), tuple((name, fields[name].kind) for name in names))


@lru_cache(maxsize=4096)
def _compiled(nodes: tuple[Node, ...], kinds: tuple[tuple[str, str], ...]) -> Conditions:
    """Return the function; the same conditions in several rules, or after a reload, share it."""
    variables = {name: f"v{index}" for index, (name, _) in enumerate(kinds)}
    by_name = dict(kinds)
    slow = _function("slow", _slow_body(nodes, variables, by_name))
    body: list[ast.stmt] = [slow]
    quick = all(_two_valued(part) for node in nodes for part in walk(node))
    if quick:
        body.append(_function("fast", _fast_body(nodes, variables, by_name)))
    module = ast.fix_missing_locations(ast.Module(body=body, type_ignores=[]))
    namespace = dict(_NAMESPACE)
    # the tree is built above from a fixed set of nodes: no text of a user is ever compiled
    exec(compile(module, "<rule>", "exec"), namespace)  # noqa: S102
    function: Conditions = namespace["fast" if quick else "slow"]  # type: ignore[assignment]
    return function


def _function(name: str, body: list[ast.stmt]) -> ast.FunctionDef:
    parameters = ast.arguments(
        posonlyargs=[], args=[ast.arg(arg=_FIELDS)], kwonlyargs=[], kw_defaults=[], defaults=[]
    )
    function = ast.FunctionDef(name=name, args=parameters, body=body, decorator_list=[])
    function.type_params = []  # type: ignore[attr-defined,unused-ignore]  # wanted from 3.12 on
    return function


def _two_valued(node: Node) -> bool:
    """Whether a node has a two-valued form: the remainder is a function of its own."""
    return not (isinstance(node, Binary) and node.operator == "%")


def _union(parts: list[ast.expr]) -> ast.expr:
    whole: ast.expr = parts[0] if parts else ast.Constant(0)
    for part in parts[1:]:
        whole = ast.BinOp(left=whole, op=ast.BitOr(), right=part)
    return whole


def _sum(parts: list[ast.expr]) -> ast.expr:
    whole = parts[0]
    for part in parts[1:]:
        whole = ast.BinOp(left=whole, op=ast.Add(), right=part)
    return whole


def _pick(test: ast.expr, then: int, otherwise: ast.expr | int) -> ast.expr:
    final = ast.Constant(otherwise) if isinstance(otherwise, int) else otherwise
    return ast.IfExp(test=test, body=ast.Constant(then), orelse=final)


def _fast_body(
    nodes: Sequence[Node], variables: Mapping[str, str], kinds: Mapping[str, str]
) -> list[ast.stmt]:
    body: list[ast.stmt] = []
    fall_back = ast.Return(value=_invoke(_load("slow"), _load(_FIELDS)))
    for name, variable in variables.items():
        body.append(_assign(variable, _get(name)))
        body.append(ast.If(test=_doubtful(variable, kinds[name]), body=[fall_back], orelse=[]))
    sums: dict[int, str] = {}
    for node in nodes:
        # innermost first: what a calculation builds on is there before it
        for part in reversed(list(walk(node))):
            if isinstance(part, Binary) and part.operator in _COMPUTE and id(part) not in sums:
                body += _reckoned(part, f"s{len(sums)}", variables, sums, fall_back)
                sums[id(part)] = f"s{len(sums)}"
    bits = [_pick(_fast(node, variables, sums), 1 << i, 0) for i, node in enumerate(nodes)]
    body.append(ast.Return(value=_union(bits)))
    return body


def _reckoned(
    node: Binary,
    variable: str,
    variables: Mapping[str, str],
    sums: Mapping[int, str],
    fall_back: ast.stmt,
) -> list[ast.stmt]:
    """Return what puts a calculation of known numbers into a variable, unless it gets out of hand.

    It is done even where its result is not needed: what overflows or divides by zero is left to the
    three-valued form, which knows whether that matters.
    """
    left, right = _fast(node.left, variables, sums), _fast(node.right, variables, sums)
    body: list[ast.stmt] = []
    if node.operator == "/":
        zero = ast.Compare(left=right, ops=[ast.Eq()], comparators=[ast.Constant(0.0)])
        body.append(ast.If(test=zero, body=[fall_back], orelse=[]))
    result = ast.BinOp(left=left, op=_COMPUTE[node.operator](), right=right)
    body.append(_assign(variable, result))
    residue = ast.BinOp(left=_load(variable), op=ast.Sub(), right=_load(variable))
    body.append(ast.If(test=residue, body=[fall_back], orelse=[]))
    return body


def _doubtful(variable: str, kind: str) -> ast.expr:
    """Return the test that a variable is missing, of another kind, NaN or infinite."""
    if kind == "flag":
        tests = [
            ast.Compare(left=_load(variable), ops=[ast.IsNot()], comparators=[ast.Constant(value)])
            for value in (True, False)
        ]
        return ast.BoolOp(op=ast.And(), values=list(tests))
    owner = ast.Attribute(value=_load(variable), attr="__class__", ctx=ast.Load())
    wanted = _load("float" if kind == "number" else "str")
    other: ast.expr = ast.Compare(left=owner, ops=[ast.IsNot()], comparators=[wanted])
    if kind == "text":
        return other
    # x - x is 0 for a finite x, and NaN, which counts as true, for a NaN or an infinity
    residue = ast.BinOp(left=_load(variable), op=ast.Sub(), right=_load(variable))
    return ast.BoolOp(op=ast.Or(), values=[other, residue])


def _fast(node: Node, variables: Mapping[str, str], sums: Mapping[int, str]) -> ast.expr:
    if isinstance(node, Literal):
        return ast.Constant(node.value)
    if isinstance(node, Field):
        return _load(variables[node.name])
    if isinstance(node, Unary):
        operator: ast.unaryop = ast.Not() if node.operator == "!" else ast.USub()
        return ast.UnaryOp(op=operator, operand=_fast(node.operand, variables, sums))
    if id(node) in sums:
        return _load(sums[id(node)])
    if isinstance(node, Binary):
        left, right = _fast(node.left, variables, sums), _fast(node.right, variables, sums)
        if node.operator in {"&&", "||"}:
            logic: ast.boolop = ast.And() if node.operator == "&&" else ast.Or()
            return ast.BoolOp(op=logic, values=[left, right])
        return ast.Compare(left=left, ops=[_COMPARE[node.operator]()], comparators=[right])
    if isinstance(node, Choice):
        return ast.IfExp(
            test=_fast(node.condition, variables, sums),
            body=_fast(node.then, variables, sums),
            orelse=_fast(node.otherwise, variables, sums),
        )
    if isinstance(node, Membership):
        left = _fast(node.operand, variables, sums)
        return ast.Compare(left=left, ops=[ast.In()], comparators=[_items(node)])
    if isinstance(node, Tally):
        # the parts are true or false, which add up as 1 and 0
        total = _sum([_fast(part, variables, sums) for part in node.of])
        return ast.Compare(left=total, ops=[ast.GtE()], comparators=[ast.Constant(node.least)])
    if node.function == "has":
        return ast.Constant(value=True)
    arguments = [_fast(argument, variables, sums) for argument in node.arguments]
    return _invoke(_load("call"), ast.Constant(node.function), *arguments)


def _items(node: Membership) -> ast.expr:
    return ast.Tuple(elts=[ast.Constant(item.value) for item in node.items], ctx=ast.Load())


def _arithmetic(operator: str, left: ast.expr, right: ast.expr) -> ast.expr:
    table = ast.Subscript(value=_load("compute"), slice=ast.Constant(operator), ctx=ast.Load())
    return _invoke(table, left, right)


def _slow_body(
    nodes: Sequence[Node], variables: Mapping[str, str], kinds: Mapping[str, str]
) -> list[ast.stmt]:
    body: list[ast.stmt] = []
    for name, variable in variables.items():
        body.append(_assign(variable, _invoke(_load(f"known_{kinds[name]}"), _get(name))))
    bits: list[ast.expr] = []
    for index, node in enumerate(nodes):
        body.append(_assign(f"c{index}", _slow(node, variables)))
        unknown = ast.Compare(
            left=_load(f"c{index}"), ops=[ast.Is()], comparators=[ast.Constant(None)]
        )
        truth = _pick(_load(f"c{index}"), 1 << index, 0)
        bits.append(
            ast.IfExp(test=unknown, body=ast.Constant(1 << (UNKNOWN_SHIFT + index)), orelse=truth)
        )
    body.append(ast.Return(value=_union(bits)))
    return body


def _slow(node: Node, variables: Mapping[str, str]) -> ast.expr:
    if isinstance(node, Literal):
        return ast.Constant(node.value)
    if isinstance(node, Field):
        return _load(variables[node.name])
    if isinstance(node, Unary):
        name = "opposite" if node.operator == "!" else "negative"
        return _invoke(_load(name), _slow(node.operand, variables))
    if isinstance(node, Binary):
        left, right = _slow(node.left, variables), _slow(node.right, variables)
        if node.operator in {"&&", "||"}:
            return _invoke(_load("both" if node.operator == "&&" else "either"), left, right)
        if node.operator in kleene.ARITHMETIC:
            return _arithmetic(node.operator, left, right)
        table = ast.Subscript(
            value=_load("compare"), slice=ast.Constant(node.operator), ctx=ast.Load()
        )
        return _invoke(table, left, right)
    if isinstance(node, Choice):
        parts = (node.condition, node.then, node.otherwise)
        return _invoke(_load("choose"), *(_slow(part, variables) for part in parts))
    if isinstance(node, Membership):
        return _invoke(_load("member"), _slow(node.operand, variables), _items(node))
    if isinstance(node, Tally):
        conditions = [_slow(part, variables) for part in node.of]
        return _invoke(_load("at_least"), ast.Constant(node.least), *conditions)
    assert isinstance(node, Call)
    arguments = [_slow(argument, variables) for argument in node.arguments]
    return _invoke(_load("call"), ast.Constant(node.function), *arguments)

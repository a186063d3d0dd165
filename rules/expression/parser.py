"""The Pratt parser: tokens to tree, bounded in size and depth.

Operators and precedence are CEL's (https://github.com/google/cel-spec/blob/master/doc/langdef.md),
from weak to strong: ``?:``, ``||``, ``&&``, relations and ``in``, ``+ -``, ``* / %``, unary.
"""

from functools import lru_cache
from typing import Final

from msgspec import structs

from contracts.units import to_base
from rules.errors import ExpressionError
from rules.expression.tokens import Token, TokenKind, tokenize
from rules.expression.tree import (
    Binary,
    Call,
    Choice,
    Field,
    Literal,
    Membership,
    Node,
    Unary,
)

__all__ = ["FUNCTIONS", "MAX_DEPTH", "MAX_NODES", "parse"]

MAX_DEPTH = 32
"""How deep operands may nest."""
MAX_NODES = 200
"""How many nodes one expression may have."""

FUNCTIONS: Final = {"abs": (1, 1), "min": (2, 8), "max": (2, 8), "has": (1, 1)}
"""The functions there are, each with the fewest and the most arguments."""

_BINDING: Final = {
    "?": 1,
    "||": 2,
    "&&": 3,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 4),
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}
_UNARY_BINDING = 7
_CONSTANTS: Final = {"true": True, "false": False}
_SIGNIFICANT_DIGITS = 12
"""A converted literal is rounded to this, so that 35 cm is 0.35 and not 0.35000000000000003."""


def parse(source: str) -> Node:
    """Return the tree of an expression.

    Numbers are doubles throughout: CEL's integers, whose division truncates, are not part of the
    subset. Takes time linear in the length, which is bounded.

    Raises:
        ExpressionError: what cannot be parsed, with its position.
    """
    return _parsed(source)


@lru_cache(maxsize=8_192)
def _parsed(source: str) -> Node:
    """Return the tree; rules that say the same share it, which spares memory and time."""
    return _Parser(source).whole()


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = tokenize(source)
        self._index = 0
        self._depth = 0
        self._nodes = 0

    def whole(self) -> Node:
        node = self._expression(0)
        if self._peek.kind is not TokenKind.END:
            raise self._fail(f"unexpected {self._shown(self._peek)} after a complete expression")
        return node

    @property
    def _peek(self) -> Token:
        return self._tokens[self._index]

    def _next(self) -> Token:
        token = self._tokens[self._index]
        if token.kind is not TokenKind.END:
            self._index += 1
        return token

    def _is(self, text: str) -> bool:
        token = self._peek
        return token.kind in {TokenKind.OPERATOR, TokenKind.NAME} and token.value == text

    def _fail(self, reason: str, token: Token | None = None) -> ExpressionError:
        token = token or self._peek
        return ExpressionError(reason, self._source, token.start, token.end)

    def _shown(self, token: Token) -> str:
        if token.kind is TokenKind.END:
            return "end of the expression"
        return repr(self._source[token.start : token.end][:40])

    def _expect(self, text: str, why: str) -> Token:
        if not self._is(text):
            raise self._fail(f"expected {text!r} {why}, found {self._shown(self._peek)}")
        return self._next()

    def _grow(self) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._fail(f"more than {MAX_NODES} operands and operators; split the rule")

    def _expression(self, binding: int) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._fail(f"nested deeper than {MAX_DEPTH}; simplify or split the rule")
        left = self._prefix()
        while True:
            token = self._peek
            power = _BINDING.get(str(token.value), 0) if self._is_infix(token) else 0
            if power == 0 or power <= binding:
                break
            left = self._infix(left, power)
        self._depth -= 1
        return left

    @staticmethod
    def _is_infix(token: Token) -> bool:
        return token.kind is TokenKind.OPERATOR or (
            token.kind is TokenKind.NAME and token.value == "in"
        )

    def _infix(self, left: Node, power: int) -> Node:
        self._grow()
        operator = str(self._next().value)
        if operator == "?":
            then = self._expression(0)
            self._expect(":", "between the two results of '?'")
            otherwise = self._expression(0)
            return Choice(
                start=left.start, end=otherwise.end, condition=left, then=then, otherwise=otherwise
            )
        if operator == "in":
            return self._membership(left)
        right = self._expression(power)
        return Binary(start=left.start, end=right.end, operator=operator, left=left, right=right)

    def _membership(self, operand: Node) -> Node:
        self._expect("[", "after 'in': a list of constants")
        items: list[Literal] = []
        while not self._is("]"):
            token = self._peek
            item = self._prefix()
            if not isinstance(item, Literal):
                raise self._fail("a list holds constants only", token)
            items.append(item)
            if not self._is(","):
                break
            self._next()
        if not items:
            raise self._fail("expected a constant: the list is empty")
        end = self._expect("]", "at the end of the list").end
        return Membership(start=operand.start, end=end, operand=operand, items=tuple(items))

    def _prefix(self) -> Node:
        self._grow()
        token = self._next()
        if token.kind is TokenKind.NUMBER:
            return self._quantity(token, token.start, sign=1.0)
        if token.kind is TokenKind.TEXT:
            return Literal(start=token.start, end=token.end, value=str(token.value))
        if token.kind is TokenKind.NAME:
            return self._name(token)
        if token.value == "(" and token.kind is TokenKind.OPERATOR:
            node = self._expression(0)
            end = self._expect(")", "to close '('").end
            return structs.replace(node, start=token.start, end=end)
        if token.value in {"!", "-"} and token.kind is TokenKind.OPERATOR:
            if token.value == "-" and self._peek.kind is TokenKind.NUMBER:
                return self._quantity(self._next(), token.start, sign=-1.0)
            operand = self._expression(_UNARY_BINDING)
            return Unary(
                start=token.start, end=operand.end, operator=str(token.value), operand=operand
            )
        raise self._fail(f"expected a value, found {self._shown(token)}", token)

    @staticmethod
    def _quantity(token: Token, start: int, *, sign: float) -> Literal:
        value = sign * float(token.value)
        if token.unit is not None:
            value = float(f"{to_base(value, token.unit):.{_SIGNIFICANT_DIGITS}g}")
        return Literal(start=start, end=token.end, value=value, unit=token.unit)

    def _name(self, token: Token) -> Node:
        name = str(token.value)
        if name in _CONSTANTS:
            return Literal(start=token.start, end=token.end, value=_CONSTANTS[name])
        if name in {"in", "null"}:
            raise self._fail(f"expected a value, found {name!r}", token)
        if self._is("("):
            return self._call(name, token)
        if self._is("["):
            raise self._fail("indexing is not part of the subset")
        return Field(start=token.start, end=token.end, name=name)

    def _call(self, name: str, token: Token) -> Node:
        if name not in FUNCTIONS:
            raise self._fail(
                f"function {name[:40]!r} is unknown; expected one of {', '.join(FUNCTIONS)}", token
            )
        self._next()
        arguments: list[Node] = []
        while not self._is(")"):
            arguments.append(self._expression(0))
            if not self._is(","):
                break
            self._next()
        end = self._expect(")", f"to close the call of {name}").end
        fewest, most = FUNCTIONS[name]
        if not fewest <= len(arguments) <= most:
            count = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            raise self._fail(f"{name} takes {count} arguments, found {len(arguments)}", token)
        if name == "has" and not isinstance(arguments[0], Field):
            raise self._fail("has takes the name of a field", token)
        return Call(start=token.start, end=end, function=name, arguments=tuple(arguments))

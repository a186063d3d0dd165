"""The lexer: text to tokens, unit suffixes included."""

import re
from enum import Enum, auto
from typing import NamedTuple

from contracts.units import UNITS
from rules.errors import ExpressionError

__all__ = ["MAX_LENGTH", "Token", "TokenKind", "tokenize"]

MAX_LENGTH = 1000
"""Longest expression in characters; a condition that needs more is several rules."""


class TokenKind(Enum):
    """What a token is."""

    NUMBER = auto()
    TEXT = auto()
    NAME = auto()
    OPERATOR = auto()
    END = auto()


class Token(NamedTuple):
    """One token: ``value`` is the number, the text without quotes, the name or the operator."""

    kind: TokenKind
    value: float | str
    unit: str | None
    start: int
    end: int


_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TEXT = re.compile(r"\"([^\"\\\n]*)\"|'([^'\\\n]*)'")
_OPERATOR = re.compile(r"&&|\|\||==|!=|<=|>=|[<>!+\-*/%()\[\],?:]")
_SPACE = re.compile(r"[ \t\r\n]*")
_WORD = re.compile(r"[A-Za-z0-9_]")
_OPERAND = re.compile(r"[ \t\r\n]*[A-Za-z0-9_(\"'!\-]")
_SUFFIXES = sorted((unit for unit in UNITS if unit != "/"), key=len, reverse=True)
"""Longest first, so that ``m/s`` wins over ``m``. ``/`` alone is a division."""


def _suffix(source: str, start: int) -> str | None:
    """Return the unit that begins at ``start``, or None.

    A ``%`` that an operand follows is the remainder operator: ``50 % 3``.
    """
    for unit in _SUFFIXES:
        end = start + len(unit)
        if not source.startswith(unit, start) or _WORD.match(source, end):
            continue
        if unit == "%" and _OPERAND.match(source, end):
            continue
        return unit
    return None


def _number(source: str, match: re.Match[str]) -> Token:
    after = _space(source, match.end())
    unit = _suffix(source, after)
    if unit is not None:
        value = float(match.group())
        return Token(TokenKind.NUMBER, value, unit, match.start(), after + len(unit))
    word = _NAME.match(source, after)
    if word is not None and word.group() != "in":
        raise ExpressionError(
            f"unit {word.group()[:20]!r} is unknown; expected one of {', '.join(_SUFFIXES)}",
            source,
            word.start(),
            word.end(),
        )
    return Token(TokenKind.NUMBER, float(match.group()), None, match.start(), match.end())


def _space(source: str, start: int) -> int:
    match = _SPACE.match(source, start)
    return start if match is None else match.end()


def tokenize(source: str) -> list[Token]:
    """Return the tokens of an expression, closed by one of kind END.

    Raises:
        ExpressionError: too long, a character that begins nothing, an unknown unit, an open quote.
    """
    if len(source) > MAX_LENGTH:
        raise ExpressionError(
            f"expression of {len(source)} characters; expected at most {MAX_LENGTH}; split the rule",
            source,
            MAX_LENGTH,
            len(source),
        )
    tokens: list[Token] = []
    at = _space(source, 0)
    while at < len(source):
        if match := _NUMBER.match(source, at):
            token = _number(source, match)
        elif match := _NAME.match(source, at):
            token = Token(TokenKind.NAME, match.group(), None, at, match.end())
        elif match := _TEXT.match(source, at):
            token = Token(TokenKind.TEXT, match.group()[1:-1], None, at, match.end())
        elif match := _OPERATOR.match(source, at):
            token = Token(TokenKind.OPERATOR, match.group(), None, at, match.end())
        else:
            raise ExpressionError(_unexpected(source[at]), source, at, at + 1)
        tokens.append(token)
        at = _space(source, token.end)
    tokens.append(Token(TokenKind.END, "", None, len(source), len(source)))
    return tokens


def _unexpected(character: str) -> str:
    if character in "\"'":
        return "text without a closing quote on its line (escapes are not part of the subset)"
    hint = {
        "=": "; compare with ==",
        "&": "; write && for and",
        "|": "; write || for or",
        ".": "; numbers begin with a digit, and members are not part of the subset",
        "{": "; maps are not part of the subset",
    }.get(character, "")
    return f"unexpected character {character!r}{hint}"

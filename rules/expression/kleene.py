"""Three-valued operators: true, false and unknown (None), after Kleene's strong logic.

Numbers are finite doubles or unknown: a NaN, an infinity, an overflow or a division by zero is
unknown, and so is every comparison with it. Source: S. C. Kleene, Introduction to Metamathematics
(1952), §64.
"""

import math
from collections.abc import Callable, Mapping
from typing import Final

__all__ = [
    "ARITHMETIC",
    "COMPARISONS",
    "Value",
    "at_least",
    "both",
    "call",
    "choose",
    "either",
    "equal",
    "known_flag",
    "known_number",
    "known_text",
    "member",
    "negative",
    "opposite",
    "unequal",
]

Value = float | bool | str | None
"""What a node evaluates to; None is unknown."""


def known_number(value: object) -> float | None:
    """Return a field's value as a finite double, or unknown."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def known_flag(value: object) -> bool | None:
    """Return a field's value when it is true or false, or unknown."""
    return value if isinstance(value, bool) else None


def known_text(value: object) -> str | None:
    """Return a field's value when it is a text, or unknown."""
    return value if isinstance(value, str) else None


def opposite(value: Value) -> bool | None:
    """Return not ``value``."""
    return None if value is None else not value


def both(left: Value, right: Value) -> bool | None:
    """Return ``left && right``: false as soon as one is false."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def either(left: Value, right: Value) -> bool | None:
    """Return ``left || right``: true as soon as one is true."""
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def at_least(least: int, *values: Value) -> bool | None:
    """Return whether at least so many are true; unknown while that hangs on those that are unknown."""
    true = sum(value is True for value in values)
    if true >= least:
        return True
    return None if true + sum(value is None for value in values) >= least else False


def equal(left: Value, right: Value) -> bool | None:
    """Return ``left == right``."""
    return None if left is None or right is None else left == right


def unequal(left: Value, right: Value) -> bool | None:
    """Return ``left != right``."""
    return None if left is None or right is None else left != right


def choose(condition: Value, then: Value, otherwise: Value) -> Value:
    """Return one of two results; unknown when the condition is and the results differ."""
    if condition is None:
        return then if then == otherwise else None
    return then if condition else otherwise


def member(value: Value, items: tuple[Value, ...]) -> bool | None:
    """Return whether a value is one of the constants."""
    return None if value is None else value in items


def negative(value: Value) -> float | None:
    """Return ``-value``."""
    return None if value is None else -float(value)


def _compare(test: Callable[[float, float], bool]) -> Callable[[Value, Value], bool | None]:
    def compare(left: Value, right: Value) -> bool | None:
        if left is None or right is None:
            return None
        return test(float(left), float(right))

    return compare


def _compute(operation: Callable[[float, float], float]) -> Callable[[Value, Value], float | None]:
    def compute(left: Value, right: Value) -> float | None:
        if left is None or right is None:
            return None
        try:
            result = operation(float(left), float(right))
        except (ZeroDivisionError, ValueError):
            return None
        return result if math.isfinite(result) else None

    return compute


COMPARISONS: Final[Mapping[str, Callable[[Value, Value], bool | None]]] = {
    "<": _compare(lambda left, right: left < right),
    "<=": _compare(lambda left, right: left <= right),
    ">": _compare(lambda left, right: left > right),
    ">=": _compare(lambda left, right: left >= right),
    "==": equal,
    "!=": unequal,
}
"""Relations by operator."""

ARITHMETIC: Final[Mapping[str, Callable[[Value, Value], float | None]]] = {
    "+": _compute(lambda left, right: left + right),
    "-": _compute(lambda left, right: left - right),
    "*": _compute(lambda left, right: left * right),
    "/": _compute(lambda left, right: left / right),
    "%": _compute(math.fmod),
}
"""Arithmetic by operator; ``%`` takes the sign of its left side, as CEL's does."""


def call(function: str, *arguments: Value) -> Value:
    """Return the result of one of the functions; ``has`` is never unknown."""
    if function == "has":
        return arguments[0] is not None
    numbers = [float(argument) for argument in arguments if argument is not None]
    if len(numbers) < len(arguments):
        return None
    if function == "abs":
        return abs(numbers[0])
    return min(numbers) if function == "min" else max(numbers)

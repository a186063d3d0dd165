"""``ratio``: a value compared with what is usual at this hour, from its declaration."""

from collections.abc import Callable, Mapping, Sequence

from rules.baseline import BASELINES, MAX_HOURS, SEASONS
from rules.durations import parse_duration
from rules.errors import ExpressionError
from rules.expression import Node, check, field_names, parse
from rules.expression.tree import Binary
from rules.operator_declaration import LetDeclaration, UsualDeclaration
from rules.vocabulary import FieldTable
from rules.windows import Let

__all__ = ["compile_ratio", "watched_names"]

Fail = Callable[[Sequence[str | int], str], Exception]

_HOUR_S = 3600.0


def compile_ratio(
    name: str,
    declared: LetDeclaration,
    table: FieldTable,
    earlier: Mapping[str, Let],
    fail: Fail,
) -> tuple[Let, str | None]:
    """Return a ratio, and the unit of it.

    Args:
        name: its name.
        declared: one of ``let`` with a ``ratio``.
        table: the fields that it may name.
        earlier: derived values before it.
        fail: makes the error for a path below the rule.

    Raises:
        Exception: what ``fail`` makes.
    """
    here = ("let", name)
    source, to = declared.ratio or "", declared.to
    if to is None:
        raise fail(here, "a ratio has 'to': what is usual, like {median: x, over: 28d}")
    if declared.over is not None or declared.window or declared.of is not None:
        raise fail(here, "a ratio has 'to' and no 'of', 'over' or 'window' beside it")
    given = [(one, getattr(to, one)) for one in BASELINES if getattr(to, one) is not None]
    if len(given) != 1:
        raise fail((*here, "to"), f"expected exactly one of {', '.join(BASELINES)}")
    ((aggregate, usual_source),) = given
    node = _number((*here, "ratio"), source, table, fail)
    usual = _number((*here, "to", aggregate), usual_source, table, fail)
    names = watched_names(node, earlier) | watched_names(usual, earlier)
    if not names:
        raise fail((*here, "ratio"), "this reads no field; name one of those that are watched")
    hours, season = _history((*here, "to"), to, fail)
    quotient = Binary(start=0, end=0, operator="/", left=node, right=usual)
    unit = check(quotient, source, table, expected="number").unit
    return Let(
        name=name,
        text=(
            f"{name}: ratio({source}) to {aggregate}({usual_source}) over {hours} h same {to.same} "
            f"min {declared.min_samples}"
        ),
        node=node,
        names=names,
        aggregate=aggregate,
        kind="ratio",
        span=float(hours),
        fewest=declared.min_samples,
        usual=usual,
        season=season,
    ), unit


def _number(where: Sequence[str | int], source: str, table: FieldTable, fail: Fail) -> Node:
    try:
        node = parse(source)
        check(node, source, table, expected="number")
    except ExpressionError as failure:
        raise fail(where, str(failure)) from failure
    return node


def _history(
    here: tuple[str | int, ...], declared: UsualDeclaration, fail: Fail
) -> tuple[int, int]:
    """Return the length of the history, and how far apart those are that are alike, in hours."""
    season = SEASONS.get(declared.same)
    if season is None:
        known = ", ".join(SEASONS)
        raise fail((*here, "same"), f"{declared.same[:40]!r}: expected one of {known}")
    try:
        hours = int(parse_duration(declared.over) // _HOUR_S)
    except ValueError as failure:
        raise fail((*here, "over"), str(failure)) from failure
    if not season <= hours <= MAX_HOURS:
        shortest = f"{season // 24}d" if season >= 24 else "1h"
        raise fail(
            (*here, "over"),
            f"{declared.over!r}: expected {shortest} to {MAX_HOURS // 24}d: an hour that is alike must "
            "lie in it",
        )
    return hours, season


def watched_names(node: Node, earlier: Mapping[str, Let]) -> frozenset[str]:
    """Return the fields of a sample that an expression reads, directly or through earlier values."""
    names: set[str] = set()
    for field in field_names(node):
        names |= earlier[field].names if field in earlier else {field}
    return frozenset(names)

"""``let``: declared aggregates and rates become derived fields that conditions may name."""

import re
from collections.abc import Callable, Mapping, Sequence

from contracts.profiles import ProfileField
from rules.durations import parse_duration
from rules.errors import ExpressionError
from rules.expression import Node, check, parse
from rules.operator_declaration import LetDeclaration
from rules.ratio_compiler import compile_ratio, watched_names
from rules.vocabulary import FieldTable
from rules.windows import AGGREGATES, MAX_SAMPLES, Let

__all__ = ["compile_lets"]

Fail = Callable[[Sequence[str | int], str], Exception]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_WINDOWS = ("tumbling", "sliding", "session", "count")


def compile_lets(
    declared: Mapping[str, LetDeclaration], fields: FieldTable, fail: Fail
) -> tuple[tuple[Let, ...], FieldTable]:
    """Return the derived values of a rule, and the field table with them in it.

    Args:
        declared: the ``let`` section, in its order; one may build on those before it.
        fields: the fields of what is watched.
        fail: makes the error for a path below the rule.

    Raises:
        Exception: what ``fail`` makes.
    """
    table = dict(fields)
    lets: list[Let] = []
    for name, one in declared.items():
        if _NAME.fullmatch(name) is None or name in table:
            raise fail(("let", name), f"{name[:40]!r}: expected a new name of a-z, 0-9 and '_'")
        let, unit = _let(name, one, table, {made.name: made for made in lets}, fail)
        lets.append(let)
        table[name] = ProfileField(name=name, unit=unit)
    return tuple(lets), table


def _let(
    name: str,
    declared: LetDeclaration,
    table: FieldTable,
    earlier: Mapping[str, Let],
    fail: Fail,
) -> tuple[Let, str | None]:
    here = ("let", name)
    if sum(one is not None for one in (declared.rate, declared.agg, declared.ratio)) != 1:
        raise fail(here, "expected exactly one of 'agg', 'rate' and 'ratio'")
    if declared.ratio is not None:
        return compile_ratio(name, declared, table, earlier, fail)
    if declared.to is not None:
        raise fail((*here, "to"), "only a ratio is to something; remove it")
    part = "of" if declared.rate is None else "rate"
    source = declared.of if declared.rate is None else declared.rate
    if source is None:
        raise fail(here, "expected 'of': what is aggregated")
    try:
        node = parse(source)
        found = check(node, source, table, expected="number")
    except ExpressionError as failure:
        raise fail((*here, part), str(failure)) from failure
    names = watched_names(node, earlier)
    if not names:
        raise fail((*here, part), "this reads no field; name one of those that are watched")
    if declared.rate is not None:
        return _rate(name, declared, node, names, fail), None
    let = _aggregate(name, declared, node, names, fail)
    unit = found.unit
    if declared.agg == "leq" and unit != "dBA":
        raise fail((*here, "of"), "leq is of sound levels in dB; expected a field in dBA")
    return let, "count" if declared.agg == "count" else unit


def _rate(
    name: str, declared: LetDeclaration, node: Node, names: frozenset[str], fail: Fail
) -> Let:
    here = ("let", name)
    if declared.over is None or declared.window or declared.of is not None:
        raise fail(here, "a rate has 'over' and no 'of' or 'window': {rate: depth_m, over: 10m}")
    span = _span((*here, "over"), declared.over, fail)
    return Let(
        name=name,
        text=f"{name}: rate({declared.rate}) over {span:g} s",
        node=node,
        names=names,
        aggregate="rate",
        kind="rate",
        span=span,
    )


def _aggregate(
    name: str, declared: LetDeclaration, node: Node, names: frozenset[str], fail: Fail
) -> Let:
    here = ("let", name)
    if declared.agg is None or declared.agg not in AGGREGATES:
        known = ", ".join(AGGREGATES)
        raise fail((*here, "agg"), f"{str(declared.agg)[:40]!r}: expected one of {known}")
    if declared.over is not None:
        raise fail((*here, "over"), "only a rate has 'over'; an aggregate has a 'window'")
    if len(declared.window) != 1 or not set(declared.window) <= set(_WINDOWS):
        raise fail((*here, "window"), f"expected exactly one of {', '.join(_WINDOWS)}")
    ((kind, length),) = declared.window.items()
    where = (*here, "window", kind)
    if kind == "count":
        if not isinstance(length, int) or not 1 <= length <= MAX_SAMPLES:
            raise fail(where, f"expected a number of samples from 1 to {MAX_SAMPLES}")
        span = float(length)
    else:
        span = _span(where, str(length), fail)
    if (declared.agg == "quantile") != (declared.q is not None):
        raise fail(here, "a quantile has 'q' from 0 to 1, and nothing else does")
    quantile = 0.5 if declared.q is None else declared.q
    what = f"{name}: {declared.agg}({declared.of}) {kind} {span:g}"
    return Let(
        name=name,
        text=f"{what} min {declared.min_samples} q {quantile:g}",
        node=node,
        names=names,
        aggregate=declared.agg,
        kind=kind,
        span=span,
        fewest=declared.min_samples,
        quantile=quantile,
    )


def _span(where: Sequence[str | int], text: str, fail: Fail) -> float:
    try:
        span = parse_duration(text)
    except ValueError as failure:
        raise fail(where, str(failure)) from failure
    if span <= 0:
        raise fail(where, f"{text!r}: expected more than no time")
    return span

"""The ladder: declared steps and conditions become typed, checked ones."""

import itertools
import math
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from contracts.levels import Level, level_rank
from rules.declaration import RuleDeclaration, StepDeclaration
from rules.durations import parse_duration
from rules.errors import ExpressionError
from rules.expression import Node, Tally, check, parse
from rules.expression.tree import Binary, Unary
from rules.hysteresis import find_flaws
from rules.ladder import Delays
from rules.places import PlaceTable
from rules.row_proof import find_row_flaw
from rules.rule import Condition, Step
from rules.tally_declaration import TallyDeclaration
from rules.vocabulary import FieldTable

__all__ = ["compile_condition", "compile_ladder"]

Fail = Callable[[Sequence[str | int], str], Exception]

_Here = tuple[str | int, ...]


def compile_ladder(
    declared: RuleDeclaration,
    fields: FieldTable,
    where: Condition | None,
    fail: Fail,
    *,
    must_clear: bool,
    table: PlaceTable | None = None,
) -> tuple[Step, ...]:
    """Return the steps of a rule; ``where`` is part of both conditions of each.

    Args:
        declared: the rule as written.
        fields: what conditions may name.
        where: what must hold beside each ``when``; None: nothing.
        fail: makes the error for a path below the rule.
        must_clear: whether each step must be able to clear, because its subjects do not end.
        table: the places whose values stand in the conditions.

    Raises:
        Exception: what ``fail`` makes.
    """
    steps = _declared_steps(declared, fail)
    compiler = _LadderCompiler(fields, fail)
    raw = [compiler.conditions(index, step) for index, step in enumerate(steps)]
    for index, part, reason in find_flaws(
        [(when.node, clear.node) for when, clear in raw], fields, must_clear=must_clear
    ):
        shown = "when" if part == "clear" and steps[index].clear is None else part
        raise fail(("ladder", index, shown), reason)
    if table is not None:
        nodes = [(when.node, clear.node) for when, clear in raw]
        flaw = find_row_flaw(nodes, table, fields, must_clear=must_clear)
        if flaw is not None:
            row, index, part, reason = flaw
            shown = "when" if part == "clear" and steps[index].clear is None else part
            place = f"with the values of {row[:40]!r} in table {table.name!r}"
            raise fail(("ladder", index, shown), f"{place}: {reason}")
    return tuple(
        replace(
            compiler.step(index, step, conditions, where), source=step.source or declared.source
        )
        for index, (step, conditions) in enumerate(zip(steps, raw, strict=True))
    )


def compile_condition(
    where: _Here, text: str | bool | TallyDeclaration, fields: FieldTable, fail: Fail
) -> Condition:
    """Return a checked condition.

    Args:
        where: its path below the rule.
        text: the condition as written.
        fields: what it may name.
        fail: makes the error for a path below the rule.

    Raises:
        Exception: what ``fail`` makes.
    """
    if isinstance(text, TallyDeclaration):
        return _tally(where, text, fields, fail)
    source = str(text).lower() if isinstance(text, bool) else text
    try:
        node = parse(source)
        check(node, source, fields)
    except ExpressionError as failure:
        raise fail(where, str(failure)) from failure
    return Condition(node, source)


def _tally(where: _Here, declared: TallyDeclaration, fields: FieldTable, fail: Fail) -> Condition:
    parts = [
        compile_condition((*where, "of", index), text, fields, fail)
        for index, text in enumerate(declared.of)
    ]
    if declared.at_least > len(parts):
        raise fail(
            (*where, "at_least"),
            f"{declared.at_least} of {len(parts)} conditions can never be true; expected 1 to "
            f"{len(parts)}",
        )
    node = Tally(start=0, end=0, least=declared.at_least, of=tuple(part.node for part in parts))
    shown = ", ".join(part.text for part in parts)
    return Condition(node, f"at least {declared.at_least} of [{shown}]")


def _declared_steps(declared: RuleDeclaration, fail: Fail) -> Sequence[StepDeclaration]:
    steps: Sequence[StepDeclaration] | None = declared.ladder
    if steps is None and declared.quality is None:
        raise fail((), "'ladder' is missing; add it")
    if not steps and declared.quality is not None:
        level = declared.event.level or Level.YELLOW
        steps = [StepDeclaration(level=level, when="bad")]
    if not steps:
        raise fail(("ladder",), "expected at least one step")
    for index, (low, high) in enumerate(itertools.pairwise(steps), start=1):
        if level_rank(high.level) <= level_rank(low.level):
            raise fail(
                ("ladder", index, "level"),
                f"{high.level.value} after {low.level.value}; expected ascending levels, each once",
            )
    return steps


class _LadderCompiler:
    def __init__(self, fields: FieldTable, fail: Fail) -> None:
        self._fields = fields
        self._fail = fail

    def conditions(self, index: int, step: StepDeclaration) -> tuple[Condition, Condition]:
        when = self._condition(("ladder", index, "when"), step.when)
        if step.clear is None:
            return when, Condition(_not(when.node), f"!({when.text})")
        return when, self._condition(("ladder", index, "clear"), step.clear)

    def step(
        self,
        index: int,
        step: StepDeclaration,
        conditions: tuple[Condition, Condition],
        where: Condition | None,
    ) -> Step:
        when, clear = conditions
        if where is not None:
            when = Condition(_join("&&", where.node, when.node), f"({where.text}) && ({when.text})")
            clear = Condition(
                _join("||", _not(where.node), clear.node), f"!({where.text}) || ({clear.text})"
            )
        times, within_s = 1, math.inf
        if step.repeat is not None:
            times = step.repeat.count
            within_s = self._duration(("ladder", index, "repeat", "within"), step.repeat.within)
        delays = Delays(
            self._duration(("ladder", index, "for"), step.for_),
            self._duration(("ladder", index, "clear_for"), step.clear_for),
            times,
            within_s,
        )
        return Step(step.level, when, clear, delays)

    def _condition(self, where: _Here, text: str | bool | TallyDeclaration) -> Condition:
        return compile_condition(where, text, self._fields, self._fail)

    def _duration(self, where: _Here, text: str) -> float:
        try:
            return parse_duration(text)
        except ValueError as failure:
            raise self._fail(where, str(failure)) from failure


def _not(node: Node) -> Node:
    return Unary(start=node.start, end=node.end, operator="!", operand=node)


def _join(operator: str, left: Node, right: Node) -> Node:
    return Binary(start=0, end=0, operator=operator, left=left, right=right)

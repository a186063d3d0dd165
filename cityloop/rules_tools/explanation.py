"""Why a rule would speak, or not: every part of its conditions with its value."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from msgspec import Struct

from cityloop.rules_tools.errors import NotFound, RulesToolError
from cityloop.rules_tools.expression_text import expression_text, value_text
from rules.errors import ExpressionError
from rules.expression import check, evaluate, known_value, parse
from rules.expression.tree import Literal, Node, children
from rules.rule import Rule, RulePack
from rules.vocabulary import FieldTable

__all__ = [
    "ConditionTree",
    "RuleExplanation",
    "StepExplanation",
    "explain_rule",
    "find_rule",
    "read_values",
    "row_values",
]

Value = float | bool | str | None


class ConditionTree(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a condition, its value, and the parts that make it."""

    text: str
    value: Value
    """None: unknown."""
    parts: tuple["ConditionTree", ...] = ()

    def lines(self, depth: int = 0) -> list[str]:
        """Return the tree as indented text."""
        own = f"{'  ' * depth}{self.text}  →  {value_text(self.value)}"
        return [own, *(line for part in self.parts for line in part.lines(depth + 1))]


class StepExplanation(Struct, frozen=True, kw_only=True):
    """One step of the ladder, judged."""

    level: str
    for_s: float
    clear_for_s: float
    when: ConditionTree
    clear: ConditionTree
    source: str | None = None
    """Where its numbers come from, as the pack says."""


class RuleExplanation(Struct, frozen=True, kw_only=True):
    """A rule judged with given values."""

    rule: str
    version: str
    values: dict[str, Value]
    """The fields that the rule reads, as it sees them; None: unknown."""
    raises: str | None
    """Level that the values raise once ``for`` is over; None: none."""
    clears: tuple[str, ...]
    """Levels that the values let go, where they are held, once ``clear_for`` is over."""
    steps: tuple[StepExplanation, ...]
    since: str | None = None
    """Date from which its numbers are in force."""


def find_rule(packs: Sequence[RulePack], rule_id: str | None) -> Rule:
    """Return the rule of an id; None: the only one there is.

    Raises:
        NotFound: there is none of this id, or several to choose from.
    """
    rules = {rule.id: rule for pack in packs for rule in pack.rules}
    if rule_id is None and len(rules) == 1:
        return next(iter(rules.values()))
    if rule_id not in rules:
        what = "say --rule" if rule_id is None else f"no rule {rule_id!r}"
        raise NotFound(f"{what}; expected one of {', '.join(rules)}")
    return rules[rule_id]


def read_values(texts: Sequence[str], fields: FieldTable) -> dict[str, Value]:
    """Return field values written like ``depth_m=0.3``, ``depth_m=30 cm`` or ``source=rail``.

    Several may stand in one text, separated by commas.

    Raises:
        NotFound: a field that the rule's input does not have.
        RulesToolError: a value of another kind or unit.
    """
    values: dict[str, Value] = {}
    for part in (part for text in texts for part in text.split(",") if part.strip()):
        name, equals, given = (piece.strip() for piece in part.partition("="))
        if not equals or not given:
            raise RulesToolError(f"--values {part.strip()[:40]!r}: expected name=value")
        field = fields.get(name)
        if field is None:
            raise NotFound(f"field {name[:40]!r} is unknown; expected one of {', '.join(fields)}")
        if field.kind == "text":
            values[name] = given.strip("\"'")
            continue
        source = f"{name} == {given}"
        try:
            check(parse(source), source, fields)
            values[name] = evaluate(parse(given), {}, fields)
        except ExpressionError as error:
            raise RulesToolError(f"--values {part.strip()[:40]!r}: {error.reason}") from error
    return values


def row_values(rule: Rule, place: str | None) -> dict[str, Value]:
    """Return what a rule's table of places says of a place; nothing where none is asked for.

    Raises:
        NotFound: the rule has no table, or the table not this place.
    """
    if place is None:
        return {}
    if rule.table is None:
        raise NotFound(f"rule {rule.id!r} has no table of places ('for_each'); leave --place out")
    row = rule.table.rows.get(place)
    if row is None:
        close = get_close_matches(place, rule.table.rows, n=1, cutoff=0.5)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise NotFound(f"table {rule.table.name!r} has no row {place[:40]!r}{hint}")
    return dict(row.values)


def explain_rule(rule: Rule, values: Mapping[str, Value]) -> RuleExplanation:
    """Return a rule's conditions with every sub-value; what is not given is unknown."""
    steps = tuple(
        StepExplanation(
            level=step.level.value,
            for_s=step.delays.for_s,
            clear_for_s=step.delays.clear_for_s,
            when=_tree(step.when.node, values, rule.fields),
            clear=_tree(step.clear.node, values, rule.fields),
            source=step.source,
        )
        for step in rule.steps
    )
    raised = [step.level for step in steps if step.when.value is True]
    return RuleExplanation(
        rule=rule.id,
        version=rule.version,
        values={
            name: known_value(name, values, rule.fields)
            for name in (*rule.names, *(test.name for test in rule.spatial))
        },
        raises=raised[-1] if raised else None,
        clears=tuple(step.level for step in steps if step.clear.value is True),
        steps=steps,
        since=rule.since,
    )


def _tree(node: Node, values: Mapping[str, Value], fields: FieldTable) -> ConditionTree:
    parts = (part for part in children(node) if not isinstance(part, Literal))
    return ConditionTree(
        text=expression_text(node),
        value=evaluate(node, values, fields),
        parts=tuple(_tree(part, values, fields) for part in parts),
    )

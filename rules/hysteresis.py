"""Checks of a ladder at sample points: dead hysteresis, steps that never fire or never clear.

Whether one condition implies another is not decidable here in general. Where all conditions of a
ladder compare one and the same number with constants, they can only change at those constants, so
judging them at, just below, just above and between the constants is a proof; elsewhere nothing is
claimed.
"""

import itertools
import math
from collections.abc import Sequence
from functools import lru_cache

from contracts.profiles import ProfileField
from rules.cuts import cuts_of
from rules.expression import Node, evaluate, field_names
from rules.vocabulary import FieldTable

__all__ = ["Finding", "StepConditions", "find_flaws"]

_REMEMBERED = 4_096
"""Ladders whose proof is kept."""

StepConditions = tuple[Node, Node]
"""``when`` and ``clear`` of one step."""

Finding = tuple[int, str, str]
"""Index of the step, ``when`` or ``clear``, and what is wrong with it."""


def find_flaws(
    steps: Sequence[StepConditions], fields: FieldTable, *, must_clear: bool
) -> list[Finding]:
    """Return what can be proven wrong with a ladder; empty where nothing can be.

    Args:
        steps: the conditions of every step, ascending.
        fields: the field table they were checked against.
        must_clear: whether only ``clear`` ends an episode; false where subjects also go away.
    """
    nodes = [node for step in steps for node in step]
    names, cuts = field_names(*nodes), cuts_of(nodes)
    if not names:
        reason = "this condition reads no field; name one of those that are watched"
        return [(0, "when", reason)] if must_clear else []
    if len(names) > 1 or cuts is None:
        return []
    field = fields[names[0]]
    if field.kind != "number":
        return []
    return list(_proof(tuple(steps), field, must_clear=must_clear))


@lru_cache(maxsize=_REMEMBERED)
def _proof(
    steps: tuple[StepConditions, ...], field: ProfileField, *, must_clear: bool
) -> tuple[Finding, ...]:
    """Return what is wrong with conditions that compare one number with constants.

    Of ten thousand rules most share their thresholds with others.
    """
    nodes = [node for step in steps for node in step]
    fields = {field.name: field}
    points = _points(cuts_of(nodes) or (), field)
    flaws: list[Finding] = []
    truths: list[tuple[list[float], list[float]]] = []
    for when, clear in steps:
        truths.append((_true(when, field, points, fields), _true(clear, field, points, fields)))
    for index, (when_true, clear_true) in enumerate(truths):
        flaws += _step_flaws(index, field, when_true, clear_true, must_clear=must_clear)
        if index and (wider := sorted(set(when_true) - set(truths[index - 1][0]))):
            flaws.append(
                (
                    index,
                    "when",
                    f"fires at {field.name} = {wider[0]:g}, where the step below does not; be stricter",
                )
            )
    return tuple(flaws)


def _step_flaws(
    index: int,
    field: ProfileField,
    when: Sequence[float],
    clear: Sequence[float],
    *,
    must_clear: bool,
) -> list[Finding]:
    span = f"{field.name} from {_shown(field.minimum)} to {_shown(field.maximum)}"
    if not when:
        return [(index, "when", f"this step never fires: no {span} makes it true")]
    if must_clear and not clear:
        return [(index, "clear", f"this step never clears: no {span} makes it true")]
    if shared := sorted(set(when) & set(clear)):
        return [
            (
                index,
                "clear",
                f"at {field.name} = {shared[0]:g} this and 'when' are both true: it would flap; leave a gap",
            )
        ]
    return []


def _shown(limit: float | None) -> str:
    return "any" if limit is None else f"{limit:g}"


def _points(cuts: Sequence[float], field: ProfileField) -> list[float]:
    low = -math.inf if field.minimum is None else field.minimum
    high = math.inf if field.maximum is None else field.maximum
    points = {low, high, cuts[0] - 1.0, cuts[-1] + 1.0} if cuts else {low, high}
    for mark in cuts:
        points |= {mark, math.nextafter(mark, -math.inf), math.nextafter(mark, math.inf)}
    points |= {(one + other) / 2 for one, other in itertools.pairwise(cuts)}
    return sorted(point for point in points if math.isfinite(point) and low <= point <= high)


def _true(
    node: Node, field: ProfileField, points: Sequence[float], fields: FieldTable
) -> list[float]:
    return [point for point in points if evaluate(node, {field.name: point}, fields) is True]

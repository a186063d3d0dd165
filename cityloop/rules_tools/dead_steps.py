"""Ladder steps that compile but can never be what raises an event.

The compiler refuses what it can prove wrong about single conditions over one number. Here are proofs
that hold for any ladder: a condition that is false whatever the values, and a step that a graver one
always overtakes.
"""

from rules.expression import evaluate
from rules.expression.tree import Call, Node, walk
from rules.rule import Rule, Step

__all__ = ["dead_steps"]


def dead_steps(rule: Rule) -> list[tuple[int, str]]:
    """Return the index of every dead step of a rule's ladder, and why it is dead."""
    found: list[tuple[int, str]] = []
    for index, step in enumerate(rule.steps):
        graver = next((one for one in rule.steps[index + 1 :] if _overtakes(one, step)), None)
        if _never(step.when.node, rule):
            reason = f"{step.when.text!r} is false whatever the values are; correct or remove it"
        elif graver is not None:
            reason = (
                f"{graver.level.value} has the same condition and comes no later, so "
                f"{step.level.value} never opens an event; give {graver.level.value} a stricter "
                "condition or a longer 'for'"
            )
        else:
            continue
        found.append((index, f"rule {rule.id!r}: dead step: {reason}"))
    return found


def _never(node: Node, rule: Rule) -> bool:
    """Whether a condition is false for all values.

    Kleene's logic is monotone: what is false while everything is unknown stays false once it is
    known. ``has`` is the one function that is not.
    """
    if any(isinstance(part, Call) and part.function == "has" for part in walk(node)):
        return False
    return evaluate(node, {}, rule.fields) is False


def _overtakes(graver: Step, step: Step) -> bool:
    """Whether a graver step is always held when a step would be raised."""
    if graver.when.text != step.when.text:
        return False
    mine, other = step.delays, graver.delays
    if other.times > mine.times or (other.times > 1 and other.within_s < mine.within_s):
        return False
    return other.for_s <= mine.for_s

"""Escalation: an event that nobody takes up grows graver."""

from msgspec import Struct

from contracts.levels import Level, level_rank
from rules.key_state import NEVER, KeyState

__all__ = ["ESCALATED", "REMINDER", "Escalation", "next_escalation", "next_reminder"]

ESCALATED = "escalated"
"""Flag of a cause that is an escalation."""


REMINDER = "reminder"
"""Flag of a cause that says nothing new."""


class Escalation(Struct, frozen=True, kw_only=True):
    """One entry of ``escalate``."""

    after_s: float
    level: Level
    unless_acked: bool
    text: str
    """As shown in a cause."""


def next_reminder(state: KeyState) -> float:
    """Return when, in arrival time, a key's event is told again; never where nobody need be told."""
    more, remind_s = state.more, state.running.rule.operators.remind_s
    if more is None or more.opened_at is None or more.acked or remind_s is None:
        return NEVER
    return (more.opened_at if more.reminded_at is None else more.reminded_at) + remind_s


def next_escalation(state: KeyState) -> tuple[float, Escalation | None]:
    """Return when, in arrival time, a key's event escalates next, and to what; never and None if not.

    The time runs from when the event was opened, on the arrival clock: people answer to what they
    are told, not to when it happened.
    """
    more = state.more
    if more is None or more.opened_at is None:
        return NEVER, None
    reached = level_rank(more.floor)
    waiting = [
        (more.opened_at + entry.after_s, entry)
        for entry in state.running.rule.operators.escalations
        if level_rank(entry.level) > reached and not (entry.unless_acked and more.acked)
    ]
    return min(waiting, key=lambda one: one[0], default=(NEVER, None))

"""When something is due for a key, if nothing arrives."""

import math

from rules.escalation import next_escalation, next_reminder
from rules.key_state import NEVER, KeyState
from rules.ladder import next_deadline
from rules.operator_state import OperatorState
from rules.silence import absence_due, no_data_due, silence_s
from rules.standing import Standing

__all__ = [
    "FORGET_S",
    "forgets_at",
    "fresh_until",
    "is_judgeable",
    "leaves_at",
    "next_due",
    "turns_at_of",
]

FORGET_S = 600.0
"""A track or observation that has been gone this long leaves no state behind."""


def fresh_until(state: KeyState) -> float:
    """Until when the last value stands for the present; a subject that is away has no present."""
    if state.running.correlates and state.more is not None:
        return -math.inf if state.more.stands_until is None else state.more.stands_until
    return state.last_at + state.running.rule.fresh_s if state.gone_at is None else state.gone_at


def leaves_at(state: KeyState) -> float:
    """When a subject that stays away counts as gone."""
    if state.gone_at is not None:
        return state.gone_at + state.running.rule.gap_s
    return state.last_at + state.running.rule.silence_s if state.live else NEVER


def forgets_at(state: KeyState) -> float:
    """When the state of a subject that comes and goes is dropped."""
    passing = state.running.rule.stream in {"tracks", "observations"}
    idle = not state.live and state.gone_at is None and not state.members
    return state.last_at + max(FORGET_S, state.running.rule.late_s) if passing and idle else NEVER


def is_judgeable(state: KeyState, at: float) -> bool:
    """Whether the last sample still stands for the present at ``at``."""
    return state.sample is not None and at <= fresh_until(state)


def turns_at_of(more: OperatorState) -> float:
    """Return when a key's calendar may turn; at once where it was not asked yet."""
    return -math.inf if more.turns_at is None else more.turns_at


def next_due(state: KeyState, standing: Standing, after: float = -math.inf) -> float:
    """Return when a key must next be looked at, in arrival time and later than ``after``."""
    lag = state.lag
    moments = [
        next_deadline(state.running.delays, state.ladder) + lag,
        leaves_at(state) + lag,
        forgets_at(state) + lag,
    ]
    if state.more is not None:
        rule = state.running.rule
        if rule.operators.no_data is not None:
            moments.append(
                no_data_due(state, standing.resumed_at(silence_s(rule.operators.no_data, state)))
            )
        if rule.operators.schedule is not None and (state.live or not state.more.active):
            turns_at = state.more.turns_at
            moments.append(NEVER if turns_at is None else turns_at + lag)
        if rule.operators.absence is not None:
            moments.append(
                absence_due(state, standing.resumed_at(silence_s(rule.operators.absence, state)))
            )
        if rule.operators.handled:
            moments.append(next_escalation(state)[0])
            moments.append(next_reminder(state))
    return min((moment for moment in moments if moment > after), default=NEVER)

"""What an open event says on the arrival clock while nobody takes it up: escalations and reminders."""

from typing import Protocol

from contracts.levels import Level, level_rank
from rules.breach import Breach
from rules.escalation import ESCALATED, REMINDER, next_escalation, next_reminder
from rules.key_state import KeyState
from rules.statement import Turn, in_force

__all__ = ["press"]


class _Voice(Protocol):
    """Makes statements."""

    def say(
        self,
        state: KeyState,
        turn: Turn,
        breaches: list[Breach],
        *,
        tick: bool,
        again: bool = False,
    ) -> None:
        """Make the statement that a turn amounts to, if any."""


def press(voice: _Voice, state: KeyState, now: float, breaches: list[Breach]) -> None:
    """Escalate and tell again what is due for a key's event by ``now``."""
    _escalate(voice, state, now, breaches)
    _remind(voice, state, now, breaches)


def _escalate(voice: _Voice, state: KeyState, now: float, breaches: list[Breach]) -> None:
    """Raise an event that nobody has taken up by ``now``."""
    due, entry = next_escalation(state)
    while entry is not None and due <= now:
        state.operators().floor = entry.level
        level = in_force(state, _held(state))
        if level is None and state.episode is not None and state.running.rule.operators.latch:
            # it is over, and waits for somebody all the same
            level = max(state.episode.level, entry.level, key=level_rank)
        voice.say(state, Turn(due, due, level, entry.text, (), (ESCALATED,)), breaches, tick=True)
        due, entry = next_escalation(state)


def _remind(voice: _Voice, state: KeyState, now: float, breaches: list[Breach]) -> None:
    """Tell an event again that nobody has taken up by ``now``; once, however long it was."""
    due = next_reminder(state)
    if due > now or state.episode is None:
        return
    more, remind_s = state.operators(), state.running.rule.operators.remind_s or 0.0
    due += (now - due) // remind_s * remind_s
    more.reminded_at = due
    turn = Turn(due, due, state.episode.level, "still open", (), (REMINDER,))
    voice.say(state, turn, breaches, tick=True, again=True)


def _held(state: KeyState) -> Level | None:
    held = state.ladder.held.bit_length() - 1
    return state.running.rule.steps[held].level if held >= 0 else None

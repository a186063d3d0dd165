"""When marks are set in the past of a key, and when that past begins anew."""

from typing import Final

from rules.drafts import Drafts
from rules.key_past import Mark, Past
from rules.key_state import KeyState
from rules.statement import holding

__all__ = ["KeyMarks"]

_MARK_EVERY: Final = 16
"""Samples between two marks of a key whose state moves with every sample."""


class KeyMarks:
    """Sets marks in the pasts of keys."""

    def __init__(self) -> None:
        self.drafts: Drafts | None = None
        """Where statements go while a past is gone through anew; None: they are made."""

    def take(self, state: KeyState) -> Mark | None:
        """Return what a key is before something may happen to it; None where nobody goes back."""
        if state.running.book is None:
            return None
        return state.mark(holding(state) if self.drafts is None else self.drafts.holding)

    def keep(self, state: KeyState, mark: Mark | None) -> None:
        """Keep a mark if something did happen."""
        running = state.running
        if mark is None or not (
            state.ladder is not mark.ladder
            or running.merges
            or running.operates
            or (running.passes and _was_elsewhere(state, mark))
        ):
            return
        if state.past is None:
            state.past = Past()
        state.past.push(mark, running.rule.late_s)

    def take_often(self, state: KeyState) -> None:
        """Set a mark every so many samples, for a rule whose state moves with each of them."""
        if state.past is not None:
            state.past.since_mark += 1
            if state.past.since_mark < _MARK_EVERY:
                return
        self.keep(state, self.take(state))

    def bar(self, state: KeyState) -> None:
        """Let a key's past begin here: late samples from before are no longer judged."""
        untouched = state.past is None and state.more is None and not state.live
        if state.running.book is None or untouched:
            return
        if state.past is None:
            state.past = Past()
        state.past.bar(state.mark(holding(state)))


def _was_elsewhere(state: KeyState, mark: Mark) -> bool:
    """Whether who stands behind a key, or since when it is away, is not what it was."""
    return state.gone_at != mark.gone_at or state.members != frozenset(mark.members)

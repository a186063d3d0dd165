"""When marks are set in the past of a key, and when that past begins anew."""

import math
from typing import Final

from msgspec.structs import replace

from rules.drafts import Drafts
from rules.key_past import Mark, Past
from rules.key_state import KeyState
from rules.statement import holding

__all__ = ["MARK_EVERY", "KeyMarks"]

MARK_EVERY: Final = 16
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
        if state.running.correlates and (not _is_due(state) or _was_settled(state)):
            return None
        return state.mark(holding(state) if self.drafts is None else self.drafts.holding)

    def keep(self, state: KeyState, mark: Mark | None, moved_at: float = math.inf) -> None:
        """Keep a mark if something did happen, at ``moved_at`` in event time."""
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
        state.past.push(replace(mark, moved_at=moved_at), running.rule.late_s)
        if running.correlates and running.book is not None:
            state.past.forget(running.book.floor(state.value))

    def take_often(self, state: KeyState, at: float) -> None:
        """Set a mark every so many samples, for a rule whose state moves with each of them.

        Args:
            state: the key.
            at: event time of the sample that moves it next. No mark is set, or left, in the midst of
                samples of one moment: whoever goes back to it would miss the rest of them.
        """
        past = state.past
        if past is not None:
            past.since_mark += 1
            if at == state.last_at:
                past.unmark(at)
                return
            if not _is_due(state):
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


def _is_due(state: KeyState) -> bool:
    """Whether so many samples came since the last mark of a key that it needs another one.

    A mark of a key with signals holds what every member said; as many words lie between two of them,
    so that marks take no more room and time than the words do.
    """
    past, more = state.past, state.more
    if past is None or not past.marks:
        return True
    words = sum(map(len, more.signals.values())) if more is not None and more.signals else 0
    return past.since_mark >= max(MARK_EVERY, words)


def _was_settled(state: KeyState) -> bool:
    """Whether the clock has moved a key on since its last sample.

    What it is now is then not what it was just after that sample. Of other keys a mark was set before
    the clock moved them.
    """
    return state.past is not None and state.past.settled_at > state.last_at


def _was_elsewhere(state: KeyState, mark: Mark) -> bool:
    """Whether who stands behind a key, or since when it is away, is not what it was."""
    return state.gone_at != mark.gone_at or state.members != frozenset(mark.members)

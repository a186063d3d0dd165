"""What a key was: marks to go back to, and the episodes that were told of late.

A mark is the state just after one sample and before anything else happened. Marks are only set where
something changed, so most keys have none: between two of them a plain ladder stands still.
"""

import math
from typing import Any, Final

import msgspec
from msgspec import Struct

from contracts.levels import Level
from rules.ladder import LadderState
from rules.operator_state import Episode, OperatorState

__all__ = ["MOST_MARKS", "Held", "Mark", "Past", "decode_operators", "encode_operators"]

MOST_MARKS: Final = 64
"""Most marks of a key; where more are set, the oldest go and the floor rises."""


class Held(Struct, frozen=True, array_like=True):
    """An episode as its key has it, whatever was told of it."""

    onset_at: float
    level: Level
    ended_at: float | None = None
    """When it was over; None: it holds."""


class Mark(Struct, frozen=True, array_like=True):
    """The state of a key just after one sample."""

    after: float
    """Event time of that sample; minus infinity: before the first one."""
    ladder: LadderState
    fields: dict[str, Any] | None = None
    """Last known values, where a rule reads several fields."""
    times: dict[str, float] | None = None
    operators: bytes | None = None
    """State of the operators beside the ladder."""
    held: Held | None = None
    """The episode that held then, or the last one that did."""
    gone_at: float | None = None
    """Since when the subject was away."""
    members: tuple[str, ...] = ()
    """The observations behind the key."""
    moved_at: float = -math.inf
    """Event time of what the key was something else after."""


class Past(Struct, array_like=True):
    """The past of one key, as far as a late sample may reach back."""

    marks: list[Mark] = []
    """In order of ``after``."""
    told: tuple[Episode, ...] = ()
    """Episodes that ended of late, in order, without the key's latest."""
    floor: float = -math.inf
    """Nothing from before this moment can be judged any more."""
    settled_at: float = -math.inf
    """Event time up to which the clock has brought something about without a sample."""
    since_mark: int = 0
    """Samples since the last mark, where marks are set every so often."""

    def push(self, mark: Mark, reach_s: float) -> None:
        """Add a mark, unless there is one after the same sample; forget those out of reach."""
        marks = self.marks
        if marks and marks[-1].after >= mark.after:
            return
        marks.append(mark)
        self.since_mark = 0
        begins = mark.after - reach_s
        while len(marks) > 1 and marks[1].after <= begins:
            del marks[0]
        if len(marks) > MOST_MARKS:
            del marks[0]
            self.floor = max(self.floor, marks[0].after)
        if self.told:
            oldest = marks[0].after
            self.told = tuple(one for one in self.told if one.closed_at > oldest)

    def forget(self, floor: float) -> None:
        """Drop the marks that no trail reaches back to any more: all before the last one up to its floor."""
        while len(self.marks) > 1 and self.marks[1].after <= floor:
            del self.marks[0]

    def unmark(self, at: float) -> None:
        """Drop the mark after a moment that was not over yet."""
        if self.marks and self.marks[-1].after == at:
            del self.marks[-1]

    def bar(self, mark: Mark) -> None:
        """Let the past begin with a mark: what was before can no longer be gone back to."""
        self.marks, self.floor, self.since_mark, self.told = [mark], mark.after, 0, ()

    def mark_before(self, at: float) -> int:
        """Return the index of the last mark before a moment; -1 where there is none."""
        index = len(self.marks) - 1
        while index >= 0 and self.marks[index].after >= at:
            index -= 1
        return index


_ENCODER: Final = msgspec.msgpack.Encoder(order="deterministic")
_DECODER: Final = msgspec.msgpack.Decoder(OperatorState)


def encode_operators(more: OperatorState) -> bytes:
    """Return the state of a key's operators as bytes, apart from the present."""
    return _ENCODER.encode(more)


def decode_operators(blob: bytes, present: OperatorState) -> OperatorState:
    """Return the operators of a mark, with all that runs on the arrival clock as it is now."""
    found = _DECODER.decode(blob)
    for name in _OF_ARRIVAL:
        setattr(found, name, getattr(present, name))
    return found


_OF_ARRIVAL: Final = (
    "heard_at",
    "absence",
    "opened_at",
    "acked",
    "floor",
    "hidden_since",
    "reminded_at",
    "actions",
    "pictures",
    "whereabouts",
)
"""What people and the clock of arrival have brought about; no late sample undoes it."""

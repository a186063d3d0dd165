"""How long a sensor usually stands still: learnt from its own healthy life, so that the gate need not wait for hours."""

from typing import Final

from msgspec import Struct

__all__ = ["LEAST_MOVES", "StillPace"]

LEAST_MOVES: Final = 24
"""Stretches that a window has to hold before it counts: of fewer the longest says little, and a sensor that moves
so rarely is naturally flat."""


class StillPace(Struct, frozen=True, array_like=True):
    """The longest stretches that ended by themselves, of the running window and the one before it.

    The longest of many stretches is where their distribution ends: if a healthy value repeats with probability p, and n values
    make a window, it is about ln n / ln(1/p) values long, and one ``times`` as long begins at a given value with probability
    p^(times ln n / ln(1/p)) = n^-times. Four times is one false alarm in n^3 windows, without p being reckoned; and where
    values repeat by the hour, at night say, the longest stretch of a whole day knows it, which no mean rate does.
    Source: P. Erdos and A. Renyi, "On a new law of large numbers", 1970, for the longest run.
    """

    since: float
    """When the running window began, event time."""
    moves: int = 0
    """How many stretches ended in it."""
    longest_s: float = 0.0
    """The longest of them, up to the value that ended it."""
    usual_s: float = float("inf")
    """The longest of the window before; infinite while there is none."""

    def moved(self, at: float, stood_s: float, window_s: float) -> "StillPace":
        """Return the pace after a stretch ended.

        Args:
            at: event time of the value that ended it.
            stood_s: from its first value to the one that ended it; 0 teaches nothing but that it moved.
            window_s: how long a window lasts at least.
        """
        moves, longest_s = self.moves + 1, max(self.longest_s, stood_s)
        if at - self.since >= window_s and moves >= LEAST_MOVES:
            return StillPace(at, 0, 0.0, longest_s)
        return StillPace(self.since, moves, longest_s, self.usual_s)

    def limit_s(self, times: float) -> float:
        """Return how long it may stand still; infinite while nothing is learnt."""
        return times * max(self.longest_s, self.usual_s)

"""How often a check may fail before the sensor, and not the value, is the matter."""

from msgspec import Struct

__all__ = ["Recurrence"]

Times = tuple[float, ...]


class Recurrence(Struct, frozen=True):
    """``count`` bad values within ``within_s`` seconds raise the alarm; fewer let it go."""

    count: int = 1
    within_s: float = 0.0

    def observe(self, state: Times, at: float, *, bad: bool) -> tuple[Times, bool]:
        """Return the times of the last bad values, and whether there are too many of them.

        Args:
            state: those times so far, at most ``count``.
            at: the moment, not before any of them.
            bad: whether the value of that moment is one.
        """
        if bad:
            state = (*state, at)[-self.count :]
        return state, len(state) == self.count and at - state[0] <= self.within_s

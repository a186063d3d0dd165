"""Messages that the disk has no room for, kept in memory until it has."""

from collections.abc import Sequence

from contracts.envelope import Channel
from runtime.outbox import Letter

__all__ = ["Holdback"]

_GIVE_UP_FIRST = (Channel.TRACKS, Channel.COUNTS, Channel.READINGS, Channel.OBSERVATIONS)
"""What goes first when there is no room even here; urgent messages go last."""


class Holdback:
    """A bounded queue; beyond its limit the oldest of the least important lane go, and are counted.

    Args:
        limit: most messages held.
    """

    def __init__(self, limit: int = 20_000) -> None:
        self._limit = limit
        self._letters: list[Letter] = []
        self.counters: dict[str, int] = {"letters_lost": 0}

    def __len__(self) -> int:
        return len(self._letters)

    @property
    def letters(self) -> Sequence[Letter]:
        """What is held, oldest first."""
        return self._letters

    def add(self, letters: Sequence[Letter]) -> None:
        """Hold more."""
        self._letters.extend(letters)
        over = len(self._letters) - self._limit
        if over <= 0:
            return
        self.counters["letters_lost"] += over
        for channel in _GIVE_UP_FIRST:
            over = self._give_up(channel, over)
        if over > 0:
            del self._letters[:over]

    def clear(self) -> None:
        """Let go of everything: it is on disk."""
        self._letters.clear()

    def _give_up(self, channel: Channel, over: int) -> int:
        """Drop up to ``over`` of the oldest of a lane; returns how many are still too many."""
        if over <= 0:
            return 0
        kept: list[Letter] = []
        for letter in self._letters:
            if over > 0 and letter.channel is channel:
                over -= 1
            else:
                kept.append(letter)
        self._letters = kept
        return over

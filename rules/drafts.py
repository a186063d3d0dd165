"""What a key would have said, had its samples come in order: episodes as they should have been."""

from msgspec import Struct

from contracts.levels import Level
from rules.breach import Breach
from rules.key_past import Held
from rules.key_state import KeyState
from rules.statement import Turn, draft_turn

__all__ = ["DraftEpisode", "Drafts"]


class DraftEpisode(Struct):
    """One episode as it should have been."""

    onset_at: float
    level: Level
    open: bool = True
    ended_at: float | None = None
    statements: list[Breach] = []
    """What would have been said of it since the key went back; without ids."""
    opening: Level | None = None
    """Level at which it already held when the key went back; None: it began after that."""

    @property
    def is_old(self) -> bool:
        """Whether nothing was said of it since the key went back, and it was over then."""
        return not self.open and not self.statements

    @property
    def over_at(self) -> float:
        """When it was over; infinity while it is open."""
        return float("inf") if self.ended_at is None else self.ended_at


class Drafts:
    """Takes down the turns of one key in place of statements.

    Args:
        held: the episode that holds at the beginning, or the last one that did.
    """

    def __init__(self, held: Held | None) -> None:
        self.episodes: list[DraftEpisode] = []
        if held is not None:
            self.episodes.append(
                DraftEpisode(
                    held.onset_at,
                    held.level,
                    open=held.ended_at is None,
                    ended_at=held.ended_at,
                    opening=held.level,
                )
            )

    @property
    def holding(self) -> Held | None:
        """The episode that holds now, or the last one that did."""
        if not self.episodes:
            return None
        last = self.episodes[-1]
        return Held(last.onset_at, last.level, last.ended_at)

    def take(self, state: KeyState, turn: Turn, *, tick: bool) -> None:
        """Take down one turn."""
        last = self.episodes[-1] if self.episodes else None
        if last is None or not last.open:
            if turn.level is None:
                return
            if last is None or last.onset_at != turn.since:
                last = DraftEpisode(turn.since, turn.level)
                self.episodes.append(last)
            # one that begins where the one before did goes on with it
            last.level, last.open, last.ended_at = turn.level, True, None
        elif turn.level is last.level:
            return
        elif turn.level is None:
            last.open, last.ended_at = False, max(turn.since, last.onset_at)
        else:
            last.level = turn.level
        last.statements.append(draft_turn(state, turn, tick=tick))

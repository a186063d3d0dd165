"""Whether a scenario says the same in virtual time and with real processes."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from contracts.event import Event

__all__ = ["CrossCheck", "Said", "crosscheck", "said_of"]

Said = tuple[str, str, str, str, str, float]
"""Event type, rule, key, phase, level and second of the scenario of one statement."""


class CrossCheck(Struct, frozen=True, kw_only=True):
    """Statements of two runs, compared."""

    same: int
    only_virtual: tuple[Said, ...]
    only_processes: tuple[Said, ...]

    @property
    def agrees(self) -> bool:
        """Whether both runs said the same, and something."""
        return self.same > 0 and not self.only_virtual and not self.only_processes


def said_of(events: Iterable[Event], start: datetime, until_s: float) -> list[Said]:
    """Return what was said up to a second of the scenario, in order.

    Args:
        events: statements; each revision counts by itself, and one that is given twice counts once.
        start: the scenario's second 0.
        until_s: later statements are left out: the clock goes on when the scenario is over.
    """
    found: dict[tuple[str, int], Said] = {}
    for event in events:
        at_s = round((event.at - start).total_seconds(), 3)
        if at_s <= until_s:
            key = " ".join(f"{name}={value}" for name, value in sorted(event.key.items()))
            found[(event.event_id, event.rev)] = (
                event.event_type,
                event.rule,
                key,
                event.phase.value,
                event.level.value,
                at_s,
            )
    return sorted(found.values())


def crosscheck(virtual: Iterable[Said], processes: Iterable[Said]) -> CrossCheck:
    """Return where two runs differ."""
    one, other = sorted(virtual), sorted(processes)
    left, same = list(other), 0
    only = []
    for said in one:
        if said in left:
            left.remove(said)
            same += 1
        else:
            only.append(said)
    return CrossCheck(same=same, only_virtual=tuple(only), only_processes=tuple(left))

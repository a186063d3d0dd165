"""Signals: what several sensors say about one key at one time, each value for as long as it is fresh."""

import math
import statistics
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from rules.expression import Node
from rules.vocabulary import FieldTable

__all__ = ["MAX_MEMBERS", "MEMBER", "TAKES", "Member", "Signal", "Taken", "take_in"]

MEMBER: Final = "member"
"""Key name under which a sample of a signal says whose word it is."""

MAX_MEMBERS: Final = 256
"""Most members of one signal of one key; a further one is refused and counted."""


class Member(Struct, frozen=True, array_like=True):
    """What a member last said, and when in event time."""

    value: float
    at: float


Held = MutableMapping[str, dict[str, Member]]
"""What a key holds: per signal its members by name."""


class Signal(Struct, frozen=True, kw_only=True):
    """One signal of a rule, compiled."""

    name: str
    stream: str
    profile: str | None
    kinds: tuple[str, ...]
    filters: tuple[tuple[str, frozenset[str]], ...]
    node: Node
    """What a member says."""
    fields: FieldTable
    """Fields that ``node`` was checked against."""
    reads: frozenset[str]
    """Fields that it reads."""
    near_m: float | None
    """How far from the key's place a member may be; None: it has the key."""
    inside: str | None
    """Table of areas in whose areas a member lies; None: it has the key."""
    take: str
    fresh_s: float
    fewest: int


class Taken(Struct, frozen=True):
    """What a key's signals amount to."""

    fields: dict[str, float]
    """By name; a signal that is not known is not in it."""
    until: float
    """Until when that holds if nothing arrives: then the first value is no longer fresh."""
    crowded: bool
    """The member was refused because there are too many."""


TAKES: Final[Mapping[str, Callable[[Sequence[Member]], float]]] = MappingProxyType(
    {
        "max": lambda members: max([one.value for one in members]),
        "min": lambda members: min([one.value for one in members]),
        "mean": lambda members: statistics.fmean([one.value for one in members]),
        "median": lambda members: statistics.median([one.value for one in members]),
        "sum": lambda members: math.fsum([one.value for one in members]),
        "count": lambda members: math.fsum([one.value for one in members]),
        "newest": lambda members: max(members, key=lambda one: one.at).value,
    }
)
"""What the values of a signal's members can be brought down to. ``count`` adds up ones and zeroes."""


def take_in(
    signals: Sequence[Signal],
    held: Held,
    said: Mapping[str, float | bool | str],
    member: str,
    said_at: float,
    at: float,
) -> Taken:
    """Take in what a member said; return what the signals of its key amount to at ``at``.

    A word older than the member's last one is not taken in; one that is not a finite number means
    that the member has nothing to say any more.

    Args:
        signals: the rule's.
        held: the key's members; changed.
        said: by signal.
        member: who said it.
        said_at: when, in event time.
        at: the key's present.
    """
    crowded = False
    for name, value in said.items():
        members = held.setdefault(name, {})
        before = members.get(member)
        if before is not None and before.at > said_at:
            continue
        if not isinstance(value, float) or not math.isfinite(value):
            members.pop(member, None)
            continue
        if before is None and len(members) >= MAX_MEMBERS:
            _forget(members, _fresh_s(signals, name), at)
            if len(members) >= MAX_MEMBERS:
                crowded = True
                continue
        members[member] = Member(value, said_at)
    fields: dict[str, float] = {}
    until = math.inf
    for signal in signals:
        present = held.get(signal.name)
        if not present:
            continue
        oldest = min([one.at for one in present.values()])
        if oldest < at - signal.fresh_s:
            _forget(present, signal.fresh_s, at)
            oldest = min([one.at for one in present.values()], default=math.inf)
        if len(present) >= signal.fewest:
            # by name, so that nothing hangs on the order of arrival
            fields[signal.name] = TAKES[signal.take]([present[name] for name in sorted(present)])
            until = min(until, oldest + signal.fresh_s)
    return Taken(fields, until, crowded)


def _fresh_s(signals: Sequence[Signal], name: str) -> float:
    return next((one.fresh_s for one in signals if one.name == name), 0.0)


def _forget(members: dict[str, Member], fresh_s: float, at: float) -> None:
    """Drop the members whose last word is no longer fresh."""
    for name in [name for name, one in members.items() if one.at < at - fresh_s]:
        del members[name]

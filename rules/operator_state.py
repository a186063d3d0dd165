"""What a key remembers for the operators beside its ladder; most keys have nothing of it."""

import math

from msgspec import Struct

from contracts.envelope import Evidence
from contracts.levels import Level
from rules.actions import ActionState
from rules.signals import Member
from rules.windows import WindowState

__all__ = ["Episode", "OperatorState"]


class Episode(Struct, frozen=True, array_like=True):
    """The latest episode of a key. It stays known after its end, so that its id is never reused."""

    event_id: str
    rev: int
    onset_at: float
    level: Level
    open: bool
    ended_at: float | None = None
    """When what it is about was over; None while it is open."""
    closed_at: float = -math.inf
    """When, in event time, that was certain; minus infinity while it is open."""
    withdrawn: bool = False
    """Late data showed that it never should have been."""


class OperatorState(Struct, array_like=True):
    """The state of one key's operators; the wire form is this, new fields come last."""

    dark_since: float | None = None
    """Event time of the last known sample, while those after it said nothing; None: it is the last."""
    heard_at: float | None = None
    """Arrival of a sign of life that is not the last sample: one out of order, or a new rule."""
    silent: bool = False
    """``no_data`` was carried out and no known sample has come since."""
    absence: Episode | None = None
    """The latest episode of ``absence``."""
    active: bool = True
    """Whether the rule's calendar holds for the key."""
    turns_at: float | None = None
    """Event time at which that may change; None: the calendar was not asked yet."""
    opened_at: float | None = None
    """When the open event was opened, in arrival time; kept where it may escalate."""
    acked: bool = False
    """Somebody has acknowledged the open event."""
    floor: Level | None = None
    """Level that the open event was escalated to; it does not fall below."""
    hidden_since: float | None = None
    """Onset of a breach that was not told because the key is shelved."""
    windows: dict[str, WindowState] = {}
    """What the rule's ``let`` section holds, by the text of each window."""
    reminded_at: float | None = None
    """When the open event was last told again, in arrival time."""
    actions: dict[str, ActionState] = {}
    """What devices were told and not yet told back, by the text of each action."""
    signals: dict[str, dict[str, Member]] = {}
    """What the members of each signal last said, by signal and member."""
    stands_until: float | None = None
    """Until when the signals stand as they were judged; None: no signal is known."""
    pictures: tuple[Evidence, ...] = ()
    """The first pictures of the open event, where its rule asks for them."""
    whereabouts: dict[str, str] = {}
    """Box, site and district that the key was last heard from, where its silence is grouped or inhibited."""
    district: str | None = None
    """District that the key was last heard from, where its rule's calendars depend on the mode."""
    grid: str | None = None
    """Cell of the unit grid, as ``district``."""

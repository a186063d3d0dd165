"""The shape of a rule's operators as written: what stands beside its ladder."""

import msgspec

from contracts.event import Title
from contracts.levels import Level

__all__ = ["AbsenceDeclaration", "Declared", "NoDataDeclaration"]


class Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what a pack declares: unknown keys are refused."""


class NoDataDeclaration(Declared, frozen=True, kw_only=True):
    """``no_data``: what happens to the rule's event when its key says nothing any more."""

    after: str
    """After how much silence: a duration, or cadences of the profile like ``2.5 cadence``."""
    do: str
    """hold, clear or raise."""
    level: Level | None = None
    """Level to raise to; default that of the lowest step. For raise only."""


class AbsenceDeclaration(Declared, frozen=True, kw_only=True):
    """``absence``: the event that a silent key is, for keys that were heard before."""

    after: str
    """After how much silence: a duration, or cadences of the profile like ``2.5 cadence``."""
    level: Level
    """Level of the event."""
    type: str = "device.offline"
    """Event type; default device.offline."""
    title: Title | None = None
    """Title template in both languages, of key names; default the event type."""

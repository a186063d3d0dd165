"""What silence means: ``no_data`` for a rule's own event, ``absence`` for an event of its own."""

import math

from msgspec import Struct

from contracts.levels import Level
from rules.breach import GroupSection
from rules.key_state import NEVER, KeyState
from rules.titles import TitleTemplate

__all__ = ["Absence", "NoData", "absence_due", "last_known_at", "no_data_due", "silence_s"]


class NoData(Struct, frozen=True, kw_only=True):
    """What happens to a rule's event when its key says nothing any more."""

    after_s: float
    cadences: float | None = None
    """The same in cadences of the profile, where it was given so."""
    do: str
    """hold, clear or raise."""
    level: Level | None = None
    """Level that silence raises to; None unless it raises."""
    text: str
    """As shown in a cause."""


class Absence(Struct, frozen=True, kw_only=True):
    """The event that a silent key is."""

    after_s: float
    cadences: float | None = None
    """The same in cadences of the profile, where it was given so."""
    level: Level
    type: str
    title_zh: TitleTemplate
    title_en: TitleTemplate
    text: str
    """As shown in a cause."""
    inhibit_by: tuple[str, ...] = ()
    """Ids of rules whose open events keep it quiet."""
    group: GroupSection | None = None
    """Which keys share one event; default each has its own."""


def silence_s(part: NoData | Absence, state: KeyState) -> float:
    """Return after how many seconds a key is silent: by its subject's own cadence where it has one."""
    running = state.running
    if part.cadences is None or not running.cadences or "subject" not in running.rule.key:
        return part.after_s
    subject = running.key_values(state.value)[running.rule.key.index("subject")]
    cadence_s = running.cadences.get(subject)
    return part.after_s if cadence_s is None else part.cadences * cadence_s


def last_known_at(state: KeyState) -> float:
    """Return the event time of the last sample that said something."""
    more = state.more
    return state.last_at if more is None or more.dark_since is None else more.dark_since


def no_data_due(state: KeyState, resumed_at: float) -> float:
    """Return when, in arrival time, a key counts as without data; never where that means nothing.

    Args:
        state: the key.
        resumed_at: when the engine was last back from a time in which it heard nobody.
    """
    more, no_data = state.more, state.running.rule.operators.no_data
    if no_data is None or no_data.do == "hold" or more is None:
        return NEVER
    if more.silent or not more.active:
        return NEVER
    heard_at = max(last_known_at(state) + state.lag, _heard_at(state), resumed_at)
    return heard_at + silence_s(no_data, state)


def absence_due(state: KeyState, resumed_at: float) -> float:
    """Return when, in arrival time, a key counts as absent; never where it already does."""
    more, absence = state.more, state.running.rule.operators.absence
    if absence is None or more is None or (more.absence is not None and more.absence.open):
        return NEVER
    heard_at = max(state.last_at + state.lag, _heard_at(state), resumed_at)
    return heard_at + silence_s(absence, state)


def _heard_at(state: KeyState) -> float:
    heard_at = None if state.more is None else state.more.heard_at
    return -math.inf if heard_at is None else heard_at

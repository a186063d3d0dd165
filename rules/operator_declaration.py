"""The shape of a rule's operators as written: what stands beside its ladder."""

from typing import Annotated

import msgspec

from contracts.event import Title
from contracts.levels import Level

__all__ = [
    "AbsenceDeclaration",
    "CalendarDeclaration",
    "Declared",
    "EscalateDeclaration",
    "GroupDeclaration",
    "HolidayDeclaration",
    "LateDeclaration",
    "LetDeclaration",
    "MigrateDeclaration",
    "NoDataDeclaration",
    "UsualDeclaration",
]


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


class GroupDeclaration(Declared, frozen=True, kw_only=True):
    """``group``: one event for all keys that agree in some names."""

    by: list[str]
    """Those names: of the key, or box, site and district."""
    wait: str = "30s"
    """How long the first member waits for others, and news of members for more; default 30s."""


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
    inhibit_by: list[str] = []
    """Ids of rules whose open events, of the same box say, explain the silence; default none."""
    group: GroupDeclaration | None = None
    """One event for several silent keys; default each has its own."""


class MigrateDeclaration(Declared, frozen=True, kw_only=True):
    """``migrate``: names that an older version of the rule had; its states go on under the new ones."""

    rule: str | None = None
    """Id that the rule had; default the same."""
    key: dict[str, str] = {}
    """Names of the key that are called otherwise now, old to new; default none."""
    levels: dict[Level, Level] = {}
    """Levels that are no more and which is theirs now, old to new; default none."""


class LateDeclaration(Declared, frozen=True, kw_only=True):
    """``late``: samples that come after newer ones of their key."""

    allow: str
    """How far behind the newest one may lie and still be judged in its place; 0s: not at all."""


class EscalateDeclaration(Declared, frozen=True, kw_only=True):
    """One of ``escalate``: what an open event becomes when nobody takes it up."""

    after: str
    """How long after the event was opened."""
    level: Level
    """Level that it then has at least, until it ends."""
    unless: str | None = None
    """acked: not if it was acknowledged by then; default in any case."""


class UsualDeclaration(Declared, frozen=True, kw_only=True):
    """``to`` of a ratio: what is usual, as one of four aggregates over a history of whole hours."""

    over: str
    """How long the history is: up to 84d, whole hours."""
    same: str = "any"
    """Which hours are alike: hour_of_week, hour_of_day (in UTC) or any; default any."""
    median: str | None = None
    """Expression whose median is usual; one of the four."""
    mean: str | None = None
    """Expression whose mean is usual."""
    min: str | None = None
    """Expression whose least value is usual."""
    max: str | None = None
    """Expression whose greatest value is usual."""


class LetDeclaration(Declared, frozen=True, kw_only=True):
    """One of ``let``: an aggregate over a window, or a rate, under a name for conditions."""

    agg: str | None = None
    """min, max, mean, median, leq, count or quantile."""
    of: str | None = None
    """What is aggregated: an expression of numbers."""
    window: dict[str, str | int] = {}
    """One of tumbling, sliding, session (a duration) and count (a number of samples)."""
    min_samples: Annotated[int, msgspec.Meta(ge=1)] = 1
    """With fewer samples the value is unknown; default 1."""
    q: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    """Share of a quantile, 0 to 1."""
    rate: str | None = None
    """Instead of ``agg``: an expression whose change per minute is meant."""
    over: str | None = None
    """Over which time a rate is measured."""
    ratio: str | None = None
    """Instead of ``agg``: an expression that is compared with what is usual."""
    to: UsualDeclaration | None = None
    """What is usual, for a ratio."""


class CalendarDeclaration(Declared, frozen=True, kw_only=True):
    """One of ``calendars``: when rules that name it are active."""

    tz: str
    """Time zone of the other fields, like Asia/Shanghai."""
    days: list[str] = []
    """Days on which spans start: mon, tue, wed, thu, fri, sat, sun; default all."""
    daily: list[str] = []
    """Spans like 22:00-06:00; default the whole day."""
    except_: str | None = msgspec.field(default=None, name="except")
    """Name of a holiday table; no span starts on its days off. Default none."""
    mode: str | None = None
    """平急: normal or emergency; default both."""


class HolidayDeclaration(Declared, frozen=True, kw_only=True):
    """One of ``holidays``: a table of days off and of days worked instead."""

    off: list[str]
    """Days off, like 2026-10-01."""
    work: list[str] = []
    """Days that count as work days 调休 whatever their weekday; default none."""

"""Calendars: when a rule is active, by local time of day, weekday, holidays and mode 平急."""

import math
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from contracts.control import Mode

__all__ = ["Calendar", "Holidays", "Schedule", "Span"]

DAY_MINUTES = 24 * 60
_HORIZON_DAYS = 400
"""How far a calendar looks for its next turn; one without any within a year never turns."""


class Holidays(Struct, frozen=True):
    """A holiday table 节假日表: days off, and days that are worked although they are no weekdays 调休."""

    off: frozenset[date]
    work: frozenset[date]


class Span(Struct, frozen=True):
    """A part of a day in minutes after local midnight; one that ends over 1440 ends the day after."""

    start: int
    end: int


class Calendar(Struct, frozen=True, kw_only=True):
    """One calendar. Both ends of a span belong to it, to the instant."""

    zone: str
    days: frozenset[int]
    """Weekdays, Monday 0; all seven without a choice."""
    spans: tuple[Span, ...]
    holidays: Holidays | None = None
    """Days on which no span starts, and days on which one does in any case."""
    mode: Mode | None = None
    """Only in this mode of operation; None: in both."""

    def spans_from(self, at: float) -> Iterator[tuple[float, float]]:
        """Yield start and end of the spans that end at ``at`` or later, in order of their start."""
        zone = ZoneInfo(self.zone)
        first = datetime.fromtimestamp(at, zone).date() - timedelta(days=1)
        for offset in range(_HORIZON_DAYS):
            day = first + timedelta(days=offset)
            if not self._has(day):
                continue
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
            for span in self.spans:
                start = (midnight + timedelta(minutes=span.start)).timestamp()
                end = (midnight + timedelta(minutes=span.end)).timestamp()
                if end >= at:
                    yield start, end

    def _has(self, day: date) -> bool:
        if self.holidays is not None:
            if day in self.holidays.off:
                return False
            if day in self.holidays.work:
                return True
        return day.weekday() in self.days

    def window(self, at: float, mode: Mode) -> tuple[bool, float]:
        """Return whether the calendar holds at a moment, and the first moment at which it may not be so.

        Args:
            at: event time in seconds since 1970.
            mode: the mode of operation that holds.
        """
        if self.mode is not None and self.mode is not mode:
            return False, math.inf
        if len(self.days) == len(range(7)) and self.holidays is None and _whole(self.spans):
            return True, math.inf
        last: float | None = None
        for start, end in self.spans_from(at):
            if last is None:
                if start > at:
                    return False, start
                last = end
            elif start <= last:
                last = max(last, end)
            else:
                break
            if last > at + 7 * 86_400.0:
                break
        if last is None:
            return False, math.inf
        return True, math.nextafter(last, math.inf)


class Schedule(Struct, frozen=True):
    """The calendars of a rule: it is active while any of them holds."""

    calendars: tuple[Calendar, ...]
    text: str
    """Their names, as shown in a cause."""

    def window(self, at: float, mode: Mode) -> tuple[bool, float]:
        """Return whether the rule is active at a moment, and when to ask again."""
        windows = [calendar.window(at, mode) for calendar in self.calendars]
        return any(active for active, _ in windows), min(turn for _, turn in windows)


def _whole(spans: tuple[Span, ...]) -> bool:
    return any(span.start == 0 and span.end >= DAY_MINUTES for span in spans)

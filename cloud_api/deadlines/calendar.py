"""Working time: what counts as an hour or a day of it, over a dated table of holidays.

Four units that city handbooks use (city.md §5; the lengths are the profile's, cities differ):
紧急工作时 urgent working hour, 工作时 working hour, 工作日 working day, 自然日 natural day; and plain
minutes. Each unit counts time inside *windows* of the day: a working day is as much as all working
windows of one day together, so a limit of one 工作日 that begins at noon ends at noon of the next one.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from cloud_api.errors import ProfileError

__all__ = ["Hours", "Limit", "Unit", "WorkCalendar", "day_kinds", "parse_limit"]

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_LONGEST_DAYS = 3_660
"""A limit that ends later than in ten years is a mistake in the data."""

_WINDOW = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
_LIMIT = re.compile(r"([0-9]+(?:\.[0-9]+)?) ([a-z_]+)")


class Unit(StrEnum):
    """What a limit is counted in."""

    MINUTE = "minute"
    """分钟: sixty seconds, day and night."""
    URGENT_HOUR = "urgent_hour"
    """紧急工作时: an hour inside the urgent windows, on every day."""
    WORK_HOUR = "work_hour"
    """工作时: an hour inside the working windows of a working day."""
    WORK_DAY = "work_day"
    """工作日: as much as all working windows of one working day."""
    NATURAL_DAY = "natural_day"
    """自然日: twenty-four hours, day and night."""


class Limit(Struct, frozen=True):
    """A length of working time: ``span_us`` microseconds of the windows of ``unit``."""

    unit: Unit
    span_us: int


class Hours(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When people work; windows are ``HH:MM-HH:MM`` in local time, in order, not overlapping."""

    work: tuple[str, ...] = ("08:30-12:00", "14:00-18:30")
    """Working windows of a working day. Default 8 hours."""
    urgent: tuple[str, ...] = ("00:00-24:00",)
    """Windows of every day in which urgent hours run. Default day and night."""
    days_off: tuple[int, ...] = (6, 7)
    """ISO weekdays that are no working days, unless the table says so. Default Saturday, Sunday."""


def day_kinds(rows: Iterable[Mapping[str, str]], name: str) -> dict[int, bool]:
    """Return, by day number, whether a day of a holiday table is a working day.

    Args:
        rows: with ``date`` (ISO) and ``kind``: ``off`` 休, or ``work`` 班 (a weekend worked in exchange).
        name: what the table is called in errors.

    Raises:
        ProfileError: a date or kind is not one, or a date stands twice.
    """
    kinds: dict[int, bool] = {}
    for number, row in enumerate(rows, 2):
        try:
            day = date.fromisoformat(row["date"]).toordinal()
        except (KeyError, ValueError) as error:
            raise ProfileError(
                f"{name}:{number}: date: {error}; expected like 2026-10-01"
            ) from error
        if row.get("kind") not in {"off", "work"}:
            raise ProfileError(f"{name}:{number}: kind {row.get('kind')!r}; expected off or work")
        if day in kinds:
            raise ProfileError(f"{name}:{number}: {row['date']} stands twice; remove one")
        kinds[day] = row["kind"] == "work"
    return kinds


def _windows(texts: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for text in texts:
        match = _WINDOW.fullmatch(text)
        if match is None:
            raise ProfileError(f"hours: {text!r}; expected like 08:30-12:00")
        begin, end = (
            int(hour) * HOUR_US + int(minute) * MINUTE_US
            for hour, minute in ((match[1], match[2]), (match[3], match[4]))
        )
        if begin >= end or end > DAY_US or (found and begin < found[-1][1]):
            raise ProfileError(f"hours: {text!r}: expected windows in order within one day")
        found.append((begin, end))
    if not found:
        raise ProfileError("hours: no window; expected at least one, like 08:30-12:00")
    return tuple(found)


class WorkCalendar:
    """Adds working time to moments and measures it between them.

    Moments are microseconds since 1970 UTC. Days that the table does not name are working days by
    their weekday alone; :meth:`covers` says whether a year has been looked up.

    Args:
        hours: when people work.
        kinds: by ordinal of the day, whether it is a working day; from :func:`day_kinds`.
        utc_offset_minutes: minutes east of UTC of local time.

    Raises:
        ProfileError: the hours contradict themselves.
    """

    def __init__(self, hours: Hours, kinds: Mapping[int, bool], utc_offset_minutes: int) -> None:
        self._kinds = dict(kinds)
        self._years = {date.fromordinal(day).year for day in self._kinds}
        self._off = frozenset(hours.days_off)
        self._offset_us = utc_offset_minutes * MINUTE_US
        self._work = _windows(hours.work)
        self._urgent = _windows(hours.urgent)
        if self._off >= set(range(1, 8)):
            raise ProfileError("hours: days_off: every weekday is off; expected a working day")
        self._work_day_us = sum(end - begin for begin, end in self._work)
        self._day_of = lru_cache(maxsize=4096)(self._windows_of)
        # Cases of one step begin at one moment, so most of what is asked was asked just before.
        self._added = lru_cache(maxsize=4096)(self._add)

    def covers(self, year: int) -> bool:
        """Return whether the holiday table names any day of a year."""
        return year in self._years

    def is_working_day(self, day: date) -> bool:
        """Return whether people work on a day."""
        return self._works(day.toordinal())

    def limit(self, amount: float, unit: Unit) -> Limit:
        """Return a length of working time; a working day is as long as its windows together."""
        unit_us = {
            Unit.MINUTE: MINUTE_US,
            Unit.URGENT_HOUR: HOUR_US,
            Unit.WORK_HOUR: HOUR_US,
            Unit.WORK_DAY: self._work_day_us,
            Unit.NATURAL_DAY: DAY_US,
        }[unit]
        return Limit(unit, round(amount * unit_us))

    def add(self, unit: Unit, start_us: int, span_us: int) -> int:
        """Return the first moment at which ``span_us`` of working time have passed since ``start_us``.

        Raises:
            ProfileError: that is not within ten years.
        """
        if unit in {Unit.MINUTE, Unit.NATURAL_DAY} or span_us == 0:
            return start_us + span_us
        return self._added(unit, start_us, span_us)

    def _add(self, unit: Unit, start_us: int, span_us: int) -> int:
        left = span_us
        first, of_day = divmod(start_us + self._offset_us, DAY_US)
        for day in range(first, first + _LONGEST_DAYS):
            for begin, end in self._day_of(unit, day):
                begins = max(begin, of_day) if day == first else begin
                if begins >= end:
                    continue
                if left <= end - begins:
                    return day * DAY_US + begins + left - self._offset_us
                left -= end - begins
        raise ProfileError(
            f"deadline: {span_us / HOUR_US:g} h of {unit} do not end within ten years"
        )

    def elapsed(self, unit: Unit, start_us: int, end_us: int) -> int:
        """Return how much working time lies between two moments; 0 where the second is not later."""
        if end_us <= start_us:
            return 0
        if unit in {Unit.MINUTE, Unit.NATURAL_DAY}:
            return end_us - start_us
        local_start, local_end = start_us + self._offset_us, end_us + self._offset_us
        total = 0
        for day in range(local_start // DAY_US, local_end // DAY_US + 1):
            midnight = day * DAY_US
            for begin, end in self._day_of(unit, day):
                total += max(0, min(midnight + end, local_end) - max(midnight + begin, local_start))
        return total

    def _windows_of(self, unit: Unit, day: int) -> tuple[tuple[int, int], ...]:
        if unit is Unit.URGENT_HOUR:
            return self._urgent
        return self._work if self._works(day + _EPOCH_DAY) else ()

    def _works(self, ordinal: int) -> bool:
        known = self._kinds.get(ordinal)
        return date.fromordinal(ordinal).isoweekday() not in self._off if known is None else known


def parse_limit(text: str, calendar: WorkCalendar) -> Limit:
    """Return the limit in a text like ``30 minute`` or ``1.5 work_day``.

    Raises:
        ProfileError: the text is no limit.
    """
    match = _LIMIT.fullmatch(text)
    units = ", ".join(Unit)
    if match is None or match[2] not in set(Unit):
        raise ProfileError(f"limit {text!r}: expected an amount and one of {units}")
    if float(match[1]) <= 0:
        raise ProfileError(f"limit {text!r}: expected more than nothing")
    return calendar.limit(float(match[1]), Unit(match[2]))

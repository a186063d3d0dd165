"""Calendars and holiday tables as written become checked ones."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contracts.control import Mode
from rules.calendars import DAY_MINUTES, Calendar, Holidays, Span
from rules.operator_declaration import CalendarDeclaration, HolidayDeclaration

__all__ = ["compile_calendars", "compile_holidays"]

Fail = Callable[[Sequence[str | int], str], Exception]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")
_WHOLE_DAY = Span(0, DAY_MINUTES)


def compile_calendars(
    declared: Mapping[str, CalendarDeclaration], holidays: Mapping[str, Holidays], fail: Fail
) -> dict[str, Calendar]:
    """Return the calendars of a pack by name.

    Args:
        declared: as written.
        holidays: the tables that they may name.
        fail: makes the error for a path of the document.

    Raises:
        Exception: what ``fail`` makes for the path of the first fault.
    """
    return {name: _calendar(name, one, holidays, fail) for name, one in declared.items()}


def compile_holidays(declared: Mapping[str, HolidayDeclaration], fail: Fail) -> dict[str, Holidays]:
    """Return the holiday tables of a pack by name.

    Raises:
        Exception: what ``fail`` makes for the path of the first fault.
    """
    return {name: _holidays(name, table, fail) for name, table in declared.items()}


def _holidays(name: str, declared: HolidayDeclaration, fail: Fail) -> Holidays:
    found: list[frozenset[date]] = []
    for part, texts in (("off", declared.off), ("work", declared.work)):
        days: set[date] = set()
        for index, text in enumerate(texts):
            try:
                days.add(date.fromisoformat(text))
            except ValueError as failure:
                raise fail(
                    ("holidays", name, part, index),
                    f"{text[:40]!r}: expected a date like 2026-10-01",
                ) from failure
        found.append(frozenset(days))
    return Holidays(found[0], found[1])


def _calendar(
    name: str, declared: CalendarDeclaration, tables: Mapping[str, Holidays], fail: Fail
) -> Calendar:
    here = ("calendars", name)
    try:
        ZoneInfo(declared.tz)
    except (ZoneInfoNotFoundError, ValueError, OSError) as failure:
        raise fail(
            (*here, "tz"),
            f"time zone {declared.tz[:40]!r} is unknown; expected one like Asia/Shanghai",
        ) from failure
    days: set[int] = set()
    for index, day in enumerate(declared.days):
        if day not in _DAYS:
            raise fail((*here, "days", index), f"{day[:40]!r}: expected one of {', '.join(_DAYS)}")
        days.add(_DAYS.index(day))
    if declared.except_ is not None and declared.except_ not in tables:
        raise fail(
            (*here, "except"),
            f"holiday table {declared.except_[:40]!r} is unknown; "
            f"'holidays' here has {', '.join(tables) or 'none'}; add it, or put a pack in force that "
            "has it in 'shared'",
        )
    modes = [mode.value for mode in Mode]
    if declared.mode is not None and declared.mode not in modes:
        raise fail((*here, "mode"), f"{declared.mode[:40]!r}: expected one of {', '.join(modes)}")
    spans = [_span((*here, "daily", at), text, fail) for at, text in enumerate(declared.daily)]
    return Calendar(
        zone=declared.tz,
        days=frozenset(days or range(7)),
        spans=tuple(sorted(spans, key=lambda span: span.start)) or (_WHOLE_DAY,),
        holidays=None if declared.except_ is None else tables[declared.except_],
        mode=None if declared.mode is None else Mode(declared.mode),
    )


def _span(here: Sequence[str | int], text: str, fail: Fail) -> Span:
    match = _SPAN.fullmatch(text)
    expected = "expected a span like 22:00-06:00; one that ends earlier ends the day after"
    if match is None:
        raise fail(here, f"{text[:40]!r}: {expected}")
    hours = [int(part) for part in match.groups()]
    start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if hours[1] > 59 or hours[3] > 59 or start >= DAY_MINUTES or end > DAY_MINUTES or start == end:
        raise fail(here, f"{text[:40]!r}: {expected}; a whole day is 00:00-24:00")
    return Span(start, end if end > start else end + DAY_MINUTES)

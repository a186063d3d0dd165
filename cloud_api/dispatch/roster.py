"""The duty roster 值班: who of a unit is there at a moment, and who of them should go."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from cloud_api.dispatch.dated import Period, demand, period_of
from cloud_api.errors import ProfileError
from cloud_api.system_reasons import told
from contracts.geometry import distance_m

__all__ = ["ROSTER_COLUMNS", "Duty", "Roster", "choose"]

ROSTER_COLUMNS = ("unit", "person", "days", "from", "to", "lon", "lat", "valid_from", "valid_to")
"""Fields of a line; ``days`` are ISO weekdays like ``12345``; a shift may pass midnight."""

_NEAR_M = 500.0
"""Distances are compared in steps of this: who has less to do goes, unless another is clearly nearer.
This project's choice."""


class Duty(NamedTuple):
    """One shift of one person; minutes of the local day, the place in WGS 84 where it is known."""

    unit: str
    person: str
    days: frozenset[int]
    begin_min: int
    end_min: int
    place: tuple[float, float] | None
    period: Period


class Roster:
    """The shifts of one city.

    Args:
        rows: lines with the fields of ``ROSTER_COLUMNS``.
        name: what the table is called in errors.
        utc_offset_minutes: minutes east of UTC of local time.

    Raises:
        ProfileError: a field is missing or cannot be read.
    """

    def __init__(
        self, rows: Sequence[Mapping[str, str]], name: str, utc_offset_minutes: int
    ) -> None:
        self._offset = timedelta(minutes=utc_offset_minutes)
        self.duties = tuple(_duty(row, f"{name}:{number}") for number, row in enumerate(rows, 2))

    def on_duty(self, unit: str, now: datetime) -> list[Duty]:
        """Return the shifts of a unit that run at a moment, in the table's order."""
        local = now + self._offset
        return [duty for duty in self.duties if duty.unit == unit and _runs(duty, local)]

    def present(self, now: datetime) -> list[Duty]:
        """Return the shifts of every unit that run at a moment, in the table's order."""
        local = now + self._offset
        return [duty for duty in self.duties if _runs(duty, local)]


def _runs(duty: Duty, local: datetime) -> bool:
    """Return whether a shift runs at a moment of local time; one of yesterday may still."""
    minute = local.hour * 60 + local.minute
    today, yesterday = local.date(), (local - timedelta(days=1)).date()
    overnight = duty.end_min <= duty.begin_min
    began_today = minute >= duty.begin_min and (overnight or minute < duty.end_min)
    began_before = overnight and minute < duty.end_min
    return any(
        runs and day.isoweekday() in duty.days and duty.period.holds(day)
        for day, runs in ((today, began_today), (yesterday, began_before))
    )


def choose(
    duties: Sequence[Duty], place: tuple[float, float] | None, loads: Mapping[str, int]
) -> tuple[str, str] | None:
    """Return who should go and why: the nearest 就近, among equally near ones the least loaded.

    Args:
        duties: shifts that run now.
        place: where it is, lon and lat; None where that is not known.
        loads: open cases by person.
    """
    if not duties:
        return None

    def rank(duty: Duty) -> tuple[float, int, str]:
        away = math.inf
        if place is not None and duty.place is not None:
            away = distance_m(place, duty.place) // _NEAR_M
        return away, loads.get(duty.person, 0), duty.person

    first = min(duties, key=rank)
    load = loads.get(first.person, 0)
    if place is not None and first.place is not None:
        away_m = distance_m(place, first.place)
        return first.person, told("nearest", metres=f"{away_m:.0f}", load=load)
    return first.person, told("on_duty", load=load)


def _duty(row: Mapping[str, str], place: str) -> Duty:
    demand(row, ("unit", "person", "days", "from", "to"), place)
    days = frozenset(int(digit) for digit in row["days"] if digit.isdigit())
    if not days or not days <= set(range(1, 8)) or len(days) != len(row["days"]):
        raise ProfileError(f"{place}: days {row['days']!r}; expected ISO weekdays like 12345")
    try:
        begin, end = (_minutes(row[name]) for name in ("from", "to"))
        where = None
        if row.get("lon") and row.get("lat"):
            where = (float(row["lon"]), float(row["lat"]))
    except ValueError as error:
        raise ProfileError(f"{place}: {error}; expected HH:MM and degrees") from error
    return Duty(row["unit"], row["person"], days, begin, end, where, period_of(row, place))


def _minutes(text: str) -> int:
    hour, _, minute = text.partition(":")
    value = int(hour) * 60 + int(minute)
    if not 0 <= value <= 24 * 60:
        raise ValueError(f"{text!r} is no time of day")
    return value

"""Working time: adding it and measuring it agree, over any hours and holidays."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.city_profile import PROFILE_FOLDER
from cloud_api.csv_table import rows_of
from cloud_api.deadlines.calendar import (
    DAY_US,
    HOUR_US,
    Hours,
    Unit,
    WorkCalendar,
    day_kinds,
    parse_limit,
)
from cloud_api.errors import ProfileError
from cloud_api.instants import from_us, to_us

CHINA = 480
HOLIDAYS = day_kinds(rows_of(PROFILE_FOLDER / "national" / "holidays.csv"), "holidays.csv")
CALENDAR = WorkCalendar(Hours(), HOLIDAYS, CHINA)

moments = st.integers(
    to_us(datetime(2025, 1, 1, tzinfo=UTC)), to_us(datetime(2027, 1, 1, tzinfo=UTC))
)
spans = st.integers(0, 40 * 8 * HOUR_US)
units = st.sampled_from(Unit)


def _at(text: str) -> int:
    """Return a moment given as Chinese local time."""
    return to_us(datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(minutes=CHINA))


def _local(moment_us: int) -> str:
    return (from_us(moment_us) + timedelta(minutes=CHINA)).strftime("%Y-%m-%d %H:%M")


@given(units, moments, spans)
def test_what_is_added_has_elapsed(unit: Unit, start_us: int, span_us: int) -> None:
    """Between a moment and its deadline lies exactly the limit."""
    due_us = CALENDAR.add(unit, start_us, span_us)

    assert span_us == CALENDAR.elapsed(unit, start_us, due_us)


@given(units, moments, spans, spans)
def test_a_pause_at_any_point_costs_nothing(
    unit: Unit, start_us: int, first_us: int, rest_us: int
) -> None:
    """Two stretches in a row end where one of their length ends."""
    middle = CALENDAR.add(unit, start_us, first_us)

    together = CALENDAR.add(unit, start_us, first_us + rest_us)
    in_two = CALENDAR.add(unit, middle, rest_us) if rest_us else middle
    assert together == in_two


@given(units, moments, moments, spans)
def test_who_starts_later_is_due_later(unit: Unit, one: int, other: int, span_us: int) -> None:
    """Deadlines keep the order of their beginnings."""
    early, late = sorted((one, other))

    assert CALENDAR.add(unit, early, span_us) <= CALENDAR.add(unit, late, span_us) or span_us == 0


@given(moments, spans)
def test_the_deadline_is_in_working_time(start_us: int, span_us: int) -> None:
    """No working hour ends on a day off, nor at night."""
    if span_us == 0:
        return
    local = from_us(CALENDAR.add(Unit.WORK_HOUR, start_us, span_us)) + timedelta(minutes=CHINA)

    assert CALENDAR.is_working_day(local.date())
    clock = local.hour + local.minute / 60
    assert 8.5 <= clock <= 12 or 14 <= clock <= 18.51


@pytest.mark.parametrize(
    ("unit", "amount", "start", "due"),
    [
        pytest.param("minute", 30, "2026-10-01 02:00", "2026-10-01 02:30", id="minutes at night"),
        pytest.param(
            "urgent_hour", 2, "2026-02-20 23:00", "2026-02-21 01:00", id="urgent, holiday"
        ),
        pytest.param("work_hour", 4, "2026-06-01 10:30", "2026-06-01 16:30", id="over lunch"),
        pytest.param("work_hour", 4, "2026-06-01 17:30", "2026-06-02 11:30", id="overnight"),
        pytest.param("work_hour", 1, "2026-06-05 18:30", "2026-06-08 09:30", id="over a weekend"),
        pytest.param("work_day", 1, "2026-06-01 16:00", "2026-06-02 16:00", id="a working day"),
        pytest.param("work_day", 1, "2026-09-30 16:00", "2026-10-08 16:00", id="over golden week"),
        pytest.param("work_day", 1, "2026-02-13 16:00", "2026-02-14 16:00", id="a worked Saturday"),
        pytest.param("natural_day", 1, "2026-02-28 10:00", "2026-03-01 10:00", id="natural day"),
    ],
)
def test_known_deadlines(unit: Unit, amount: float, start: str, due: str) -> None:
    """Limits end where a person with a calendar says that they do."""
    limit = CALENDAR.limit(amount, Unit(unit))

    assert due == _local(CALENDAR.add(limit.unit, _at(start), limit.span_us))


def test_years_beyond_the_table_go_by_weekday() -> None:
    """An unknown year has weekends and no holidays, and says that it is unknown."""
    assert not CALENDAR.covers(2031)
    assert CALENDAR.is_working_day(date(2031, 10, 1))
    assert not CALENDAR.is_working_day(date(2031, 10, 4))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("2 weeks", "expected an amount and one of minute", id="unit"),
        pytest.param("soon", "expected an amount", id="no amount"),
        pytest.param("0 minute", "more than nothing", id="nothing"),
    ],
)
def test_a_limit_that_is_none_is_refused(text: str, message: str) -> None:
    """The error lists the units."""
    with pytest.raises(ProfileError, match=message):
        parse_limit(text, CALENDAR)


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param(Hours(work=()), id="no window"),
        pytest.param(Hours(work=("9-17",)), id="form"),
        pytest.param(Hours(work=("12:00-08:00",)), id="backwards"),
        pytest.param(Hours(work=("08:00-12:00", "11:00-13:00")), id="overlapping"),
        pytest.param(Hours(days_off=tuple(range(1, 8))), id="never"),
    ],
)
def test_impossible_hours_are_refused(hours: Hours) -> None:
    """Hours in which nobody ever works are a mistake."""
    with pytest.raises(ProfileError, match="hours"):
        WorkCalendar(hours, {}, CHINA)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({"date": "2026-13-01", "kind": "off"}, id="date"),
        pytest.param({"date": "2026-10-01", "kind": "holiday"}, id="kind"),
    ],
)
def test_a_bad_holiday_is_refused_with_its_line(row: dict[str, str]) -> None:
    """The error names table and line."""
    with pytest.raises(ProfileError, match=r"t\.csv:2: "):
        day_kinds([row], "t.csv")


def test_a_holiday_stands_once() -> None:
    """Two lines for one day contradict each other."""
    row = {"date": "2026-10-01", "kind": "off"}

    with pytest.raises(ProfileError, match=r"t\.csv:3: 2026-10-01 stands twice"):
        day_kinds([row, row], "t.csv")


def test_a_limit_longer_than_ten_years_is_a_mistake() -> None:
    """The search for a deadline ends."""
    with pytest.raises(ProfileError, match="ten years"):
        CALENDAR.add(Unit.WORK_HOUR, 0, 4000 * DAY_US)

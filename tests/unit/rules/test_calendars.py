"""Calendars: active windows of rules over event time, and the schedule bugs of others as tests."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.control import Mode
from rules.breach import Breach
from rules.engine import Engine
from rules.pack import RulePack, compile_pack
from rules.sample import Sample
from tests.unit.rules.scenario import PackFault, reading, rule, step

NIGHT = {"tz": "Asia/Shanghai", "daily": ["22:00-06:00"]}
WORK = {
    "tz": "Asia/Shanghai",
    "days": ["mon", "tue", "wed", "thu", "fri"],
    "daily": ["08:00-12:00", "14:00-20:00"],
    "except": "holidays_cn",
}
# 2026: National Day off from Thursday 1 to Wednesday 7 October, worked on Saturday 10 October
HOLIDAYS = {"off": [f"2026-10-0{day}" for day in range(1, 8)], "work": ["2026-10-10"]}
WET = [step("blue", "depth_m > 10 cm", for_="60s")]


def compiled(calendar: dict[str, Any], **changes: Any) -> RulePack:
    """Return a pack whose one rule is active in the given calendar."""
    data = {
        "calendars": {"when": calendar},
        "holidays": {"holidays_cn": HOLIDAYS},
        "rules": [rule(**{"ladder": WET, "active": "when", **changes})],
    }
    return compile_pack(data, "test", PackFault)


def holds(calendar: dict[str, Any], local: str, mode: Mode = Mode.NORMAL) -> bool:
    """Return whether a calendar holds at a local time of its zone."""
    schedule = compiled(calendar).rules[0].operators.schedule
    assert schedule is not None
    return schedule.window(shanghai(local), mode)[0]


def shanghai(local: str) -> float:
    """Return a time of Shanghai as seconds since 1970."""
    return datetime.fromisoformat(f"{local}+08:00").timestamp()


def wet(local: str, depth_m: float = 0.2) -> Sample:
    """Return a reading at a local time."""
    return reading(shanghai(local) - 1_700_000_000.0, depth_m)


def fed(engine: Engine, *samples: Sample) -> list[Breach]:
    """Return what samples that arrive at once bring."""
    return [found for sample in samples for found in engine.apply(sample, sample.at)]


def told(breaches: list[Breach]) -> list[tuple[str, str]]:
    """Return phase and local time of each breach, to the second."""
    zone = timedelta(hours=8)
    return [
        (b.phase.value, f"{datetime.fromtimestamp(b.at, UTC) + zone:%m-%d %H:%M:%S}")
        for b in breaches
    ]


def test_thingsboard_overnight_span_belongs_to_the_day_it_starts() -> None:
    """Friday 22:00-06:00 holds on Saturday until 06:00; ThingsBoard asks today's weekday."""
    friday = {**NIGHT, "days": ["fri"]}

    assert holds(friday, "2026-11-20T23:00:00")
    assert holds(friday, "2026-11-21T03:00:00")
    assert not holds(friday, "2026-11-20T03:00:00")
    assert not holds(friday, "2026-11-21T23:00:00")


@pytest.mark.parametrize(
    "local", ["2026-11-20T22:00:00", "2026-11-21T00:00:00", "2026-11-21T06:00:00"]
)
def test_thingsboard_exact_instants_belong_to_the_span(local: str) -> None:
    """22:00:00.000, 00:00:00.000 and 06:00:00.000 are inside; ThingsBoard leaves them out."""
    assert holds(NIGHT, local)


def test_the_next_instant_does_not() -> None:
    """A microsecond before and after is outside."""
    assert not holds(NIGHT, "2026-11-20T21:59:59.999999")
    assert not holds(NIGHT, "2026-11-21T06:00:00.000001")


def test_thingsboard_a_delay_starts_when_the_window_opens() -> None:
    """What was true before 22:00 is a breach 60 s after it: thingsboard PR #16118 never fires."""
    engine = Engine([compiled(NIGHT)])
    samples = [wet(f"2026-11-20T21:59:{second:02}") for second in range(0, 60, 10)]
    later = [wet(f"2026-11-20T22:0{second // 60}:{second % 60:02}") for second in range(5, 90, 10)]

    found = fed(engine, *samples, *later)

    assert told(found) == [("open", "11-20 22:01:00")]
    assert found[0].onset_at == shanghai("2026-11-20T22:00:00")


def test_the_window_opens_by_the_clock_too() -> None:
    """Without a new sample the tick at 22:00 judges the last one, while it is fresh."""
    engine = Engine([compiled(NIGHT, ladder=[step("blue", "depth_m > 10 cm")])])
    found = fed(engine, wet("2026-11-20T21:59:50"))

    found += engine.tick(shanghai("2026-11-20T21:59:59"))
    found += engine.tick(shanghai("2026-11-20T22:00:00"))

    assert told(found) == [("open", "11-20 22:00:00")]
    assert found[0].cause.values == {"depth_m": 0.2}


def test_a_stale_value_opens_nothing() -> None:
    """Who fell silent an hour before the window opened says nothing about the night."""
    engine = Engine([compiled(NIGHT, ladder=[step("blue", "depth_m > 10 cm")])])
    found = fed(engine, wet("2026-11-20T21:00:00"))

    found += engine.tick(shanghai("2026-11-20T22:00:00"))
    found += fed(engine, wet("2026-11-20T22:30:00"))

    assert told(found) == [("open", "11-20 22:30:00")]


def test_a_sample_at_the_opening_decides_itself() -> None:
    """At 22:00:00.000 the new value counts, not the one before."""
    engine = Engine([compiled(NIGHT, ladder=[step("blue", "depth_m > 10 cm")])])

    assert fed(engine, wet("2026-11-20T21:59:55"), wet("2026-11-20T22:00:00", 0.0)) == []


def test_the_event_ends_when_the_window_closes() -> None:
    """After 06:00 the rule of the night holds nothing, by the clock or by the next sample."""
    by_clock, by_sample = Engine([compiled(NIGHT)]), Engine([compiled(NIGHT)])
    night = [
        wet(f"2026-11-21T05:{minute:02}:{s:02}") for minute in (58, 59) for s in range(0, 60, 5)
    ]

    found = [fed(engine, *night) for engine in (by_clock, by_sample)]
    for second in range(3):
        found[0] += by_clock.tick(shanghai(f"2026-11-21T06:00:0{second}"))
    found[1] += fed(by_sample, wet("2026-11-21T06:00:10"))

    assert told(found[0]) == [("open", "11-21 05:59:00"), ("end", "11-21 06:00:00")]
    assert told(found[0]) == told(found[1])
    assert (found[0][1].cause.expression, found[0][1].cause.flags) == ("not when", ("inactive",))


def test_a_late_batch_is_judged_by_its_own_time_of_day() -> None:
    """Readings of the night that arrive at noon are readings of the night."""
    engine = Engine([compiled(NIGHT)])
    noon = shanghai("2026-11-21T12:00:00")
    night = [wet(f"2026-11-21T03:0{s // 60}:{s % 60:02}") for s in range(0, 100, 10)]

    found = [breach for sample in night for breach in engine.apply(sample, noon)]

    assert told(found) == [("open", "11-21 03:01:00")]


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-09-30T09:00:00", True),
        ("2026-09-30T13:00:00", False),
        ("2026-10-01T09:00:00", False),
        ("2026-10-08T09:00:00", True),
        ("2026-10-10T09:00:00", True),
        ("2026-10-11T09:00:00", False),
        ("2026-10-17T09:00:00", False),
    ],
    ids=["work day", "noon", "holiday", "after it", "make-up day", "Sunday", "Saturday"],
)
def test_holidays_and_make_up_days_come_from_the_table(local: str, expected: bool) -> None:
    """``except`` names a table of days off, and of days worked instead."""
    assert holds(WORK, local) is expected


def test_a_span_goes_on_into_a_holiday() -> None:
    """The night before the holiday lasts until its morning."""
    nights = {**NIGHT, "except": "holidays_cn"}

    assert holds(nights, "2026-10-01T03:00:00")
    assert not holds(nights, "2026-10-01T23:00:00")


def test_a_mode_calendar_holds_in_its_mode_only() -> None:
    """平急: what is for emergencies sleeps in normal times."""
    storm = {"tz": "Asia/Shanghai", "mode": "emergency"}

    assert holds(storm, "2026-10-01T03:00:00", Mode.EMERGENCY)
    assert not holds(storm, "2026-10-01T03:00:00", Mode.NORMAL)


def test_daylight_saving_moves_the_window_with_the_wall_clock() -> None:
    """22:00 in Berlin is 20:00 UTC in summer and 21:00 UTC in winter."""
    schedule = (
        compiled({"tz": "Europe/Berlin", "daily": ["22:00-06:00"]}).rules[0].operators.schedule
    )
    assert schedule is not None
    summer, winter = (datetime(2026, 10, day, 20, 30, tzinfo=UTC) for day in (24, 25))

    assert schedule.window(summer.timestamp(), Mode.NORMAL)[0]
    assert not schedule.window(winter.timestamp(), Mode.NORMAL)[0]


@settings(max_examples=100, deadline=None)
@given(
    st.floats(0.0, 4e9),
    st.lists(
        st.sampled_from(["22:00-06:00", "05:30-08:00", "12:00-12:30", "00:00-24:00"]), max_size=3
    ),
    st.lists(st.sampled_from(["mon", "wed", "sat"]), max_size=2),
)
def test_nothing_changes_before_the_next_turn(at: float, daily: list[str], days: list[str]) -> None:
    """Until the moment that a window names, the calendar says the same."""
    schedule = (
        compiled({"tz": "Asia/Shanghai", "daily": daily, "days": days}).rules[0].operators.schedule
    )
    assert schedule is not None
    active, turns_at = schedule.window(at, Mode.NORMAL)
    turns_at = min(turns_at, at + 10 * 86_400)

    for part in (0.0, 0.3, 0.9, 0.999999):
        before = min(at + (turns_at - at) * part, math.nextafter(turns_at, -math.inf))
        assert schedule.window(before, Mode.NORMAL)[0] is active


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"tz": "Mars/Olympus"}, ("calendars", "when", "tz"), "expected one like Asia/Shanghai"),
        ({"days": ["monday"]}, ("calendars", "when", "days", 0), "expected one of mon"),
        ({"daily": ["22:00"]}, ("calendars", "when", "daily", 0), "expected a span"),
        ({"daily": ["22:00-22:00"]}, ("calendars", "when", "daily", 0), "00:00-24:00"),
        ({"daily": ["24:00-25:00"]}, ("calendars", "when", "daily", 0), "expected a span"),
        ({"except": "feasts"}, ("calendars", "when", "except"), "has holidays_cn"),
        ({"mode": "panic"}, ("calendars", "when", "mode"), "panic"),
        ({"zone": "x"}, ("calendars", "when", "zone"), "'zone' is unknown"),
    ],
)
def test_faults_of_a_calendar_name_their_place(
    changes: dict[str, Any], path: tuple[str | int, ...], reason: str
) -> None:
    """A faulty calendar is refused when the pack is loaded."""
    with pytest.raises(PackFault) as caught:
        compiled({**NIGHT, **changes})

    assert caught.value.path == path
    assert reason in caught.value.message


def test_a_rule_names_calendars_of_its_pack() -> None:
    """An unknown name is refused at the rule; a list means any of them."""
    with pytest.raises(PackFault, match="'calendars' here has when") as caught:
        compiled(NIGHT, active="nite")

    assert caught.value.path == ("rules", 0, "active")
    assert compiled(NIGHT, active=["when"]).rules[0].operators.schedule is not None


def test_a_holiday_table_holds_dates() -> None:
    """What is no date is refused."""
    data = {"holidays": {"cn": {"off": ["1 October"]}}, "rules": [rule()]}

    with pytest.raises(PackFault) as caught:
        compile_pack(data, "test", PackFault)

    assert caught.value.path == ("holidays", "cn", "off", 0)


def test_a_version_follows_the_calendar() -> None:
    """Another calendar under the same name is another version of the rules that use it."""
    later = {**NIGHT, "daily": ["23:00-06:00"]}

    assert compiled(NIGHT).rules[0].version != compiled(later).rules[0].version

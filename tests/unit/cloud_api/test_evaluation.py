"""Indicators: the traps that make figures lie, targets with history, periods."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.case_projection import Case, Subtask
from cloud_api.deadlines.calendar import Unit
from cloud_api.deadlines.clocks import CaseClock
from cloud_api.errors import InvalidInput
from cloud_api.evaluation.indicators import INDICATOR_FILE, load_indicators
from cloud_api.evaluation.measures import MEASURES, Measured, Period
from cloud_api.evaluation.months import last_day_of, period_of
from cloud_api.evaluation.scorecard import Online, scorecard
from cloud_api.flow import State
from contracts.envelope import Discovery, Place
from contracts.event import Title
from contracts.levels import Level
from runtime.errors import ConfigError

HOUR_US = 3_600_000_000
PERIOD = Period(begin_us=0, end_us=720 * HOUR_US)
LAST_DAY = date(2026, 11, 30)


def _clock(*, due_h: float | None = None, late: bool = False, done: bool = False) -> CaseClock:
    return CaseClock(
        name="resolve",
        unit=Unit.NATURAL_DAY,
        span_us=24 * HOUR_US,
        started_at_us=0,
        since_us=0,
        due_at_us=None if due_h is None else round(due_h * HOUR_US),
        next_at_us=None,
        source="test",
        late=late,
        done_at_us=1 if done else None,
    )


def _case(number: int, **changes: Any) -> Case:
    closed_h = changes.pop("closed_h", None)
    values: dict[str, Any] = {
        "case_id": f"c{number}",
        "version": 1,
        "number": f"N{number}",
        "day": "20261101",
        "day_number": number,
        "opened_seq": number,
        "district": "futian",
        "event_type": "water.ponding",
        "dedupe": None,
        "title": Title(zh="积水", en="ponding"),
        "subject": None,
        "place": Place(lon=114.0, lat=30.5),
        "discovery": Discovery.AUTOMATIC,
        "preplan": None,
        "flow": "general",
        "state": State.HANDLING if closed_h is None else State.CLOSED,
        "previous": None,
        "level": Level.YELLOW,
        "events": (),
        "evidence": (),
        "opened_at_us": HOUR_US,
        "changed_at_us": HOUR_US,
        "closed_at_us": None if closed_h is None else round(closed_h * HOUR_US),
        "first_department": "water",
    }
    return Case(**(values | changes))


def _measure(name: str, *cases: Case) -> Measured:
    return MEASURES[name](cases, PERIOD)


def test_what_is_open_and_overdue_counts_against_being_on_time() -> None:
    """One closed on time and one overdue are a half: closing only what is easy is no 100 %."""
    closed = _case(1, closed_h=5.0, clocks=(_clock(done=True),))
    overdue = _case(2, clocks=(_clock(due_h=30.0),))
    found = _measure("on_time", closed, overdue)

    assert found.value == 0.5
    assert (found.numerator, found.denominator) == (("c1",), ("c1", "c2"))


def test_what_is_overdue_from_an_earlier_period_still_counts() -> None:
    """A case of last month that is still overdue does not vanish with the month."""
    old = _case(1, opened_at_us=-100 * HOUR_US, clocks=(_clock(due_h=-50.0, late=True),))

    assert _measure("on_time", old).value == 0.0


def test_what_has_time_left_or_is_paused_is_not_overdue() -> None:
    """A clock that is due after the period, or stands still, is neither for nor against."""
    waiting = _case(1, clocks=(_clock(due_h=800.0),))
    paused = _case(2, state=State.SUSPENDED, clocks=(_clock(due_h=None),))

    assert _measure("on_time", waiting, paused).value is None


def test_closing_late_is_not_on_time() -> None:
    """A clock that ran out before the case was closed says so for ever."""
    assert _measure("on_time", _case(1, closed_h=90.0, clocks=(_clock(late=True),))).value == 0.0


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_of_nothing_nothing_is_measured(name: str) -> None:
    """No case is neither 0 nor 100 %."""
    assert _measure(name) == Measured(value=None, numerator=(), denominator=())


def test_resolution_is_not_closure() -> None:
    """Closed, but reopened once, come again, or somebody is dissatisfied: closed is not resolved."""
    cases = [
        _case(1, closed_h=5.0),
        _case(2, closed_h=5.0, reopened=1),
        _case(3, closed_h=5.0, recurrences=1),
        _case(4, closed_h=5.0, satisfied=False),
    ]

    assert _measure("closure", *cases).value == 1.0
    assert _measure("resolution", *cases).numerator == ("c1",)


def test_only_who_was_asked_can_be_satisfied() -> None:
    """Nobody's answer is no answer: two were asked, one was content."""
    cases = [
        _case(1, closed_h=5.0, satisfied=True),
        _case(2, closed_h=5.0, satisfied=False),
        _case(3, closed_h=5.0),
    ]

    assert _measure("satisfaction", *cases).value == 0.5
    assert _measure("satisfaction", cases[2]).value is None


def test_joined_and_void_cases_are_counted_once_or_not_at_all() -> None:
    """What was joined to another is counted there; what was void was none."""
    merged = _case(2, state=State.MERGED, merged_into="c1")
    void = _case(3, state=State.VOID, closed_at_us=2 * HOUR_US)
    found = _measure("closure", _case(1, closed_h=5.0), merged, void)

    assert found.denominator == ("c1",)
    assert _measure("valid", _case(1, closed_h=5.0), merged, void).value == 0.5


def test_times_are_means_over_what_is_over() -> None:
    """An open case has no time to close yet; the mean says over how many it is."""
    cases = [_case(1, closed_h=5.0), _case(2, closed_h=11.0), _case(3)]
    found = _measure("disposal", *cases)

    assert (found.value, len(found.denominator), found.numerator) == (7.0, 2, ())


def test_joint_handling_is_what_has_sub_tasks() -> None:
    """Only those count for the complex ones, and an overdue one counts against them."""
    task = (Subtask(subtask_id="s", department="power", what="cut the current"),)
    joint = _case(1, closed_h=5.0, subtasks=task)
    late = _case(2, subtasks=task, clocks=(_clock(due_h=3.0),))

    assert _measure("complex", joint, late, _case(3, closed_h=2.0)).value == 0.5
    assert _measure("joint_disposal", joint, late).value == 4.0


def test_repeats_bounces_and_places() -> None:
    """Shares of what was opened, and of what was given to a department."""
    cases = [
        _case(1, recurrence_of="c0", bounced_by=("water",)),
        _case(2, place=None),
        _case(3, first_department=None, discovery=Discovery.PASSIVE),
        _case(4),
    ]

    assert _measure("repeat", *cases).value == 0.25
    assert _measure("bounced", *cases).value == pytest.approx(1.0 / 3.0)
    assert _measure("located", *cases).value == 0.75
    assert _measure("automatic", *cases).value == 0.75


@given(
    st.lists(
        st.builds(
            _case,
            st.integers(1, 10**6),
            closed_h=st.none() | st.floats(1.0, 900.0),
            reopened=st.integers(0, 1),
            satisfied=st.none() | st.booleans(),
            clocks=st.lists(
                st.builds(_clock, due_h=st.none() | st.floats(0.0, 900.0), late=st.booleans()),
                max_size=1,
            ).map(tuple),
        ),
        unique_by=lambda case: case.case_id,
        max_size=12,
    )
)
def test_a_ratio_is_the_share_of_its_own_rows(cases: list[Case]) -> None:
    """Whatever the cases: numerator within denominator, value their ratio, never above 1."""
    for name, measure in MEASURES.items():
        found = measure(cases, PERIOD)
        if name not in {"disposal", "joint_disposal", "response"} and found.value is not None:
            assert set(found.numerator) <= set(found.denominator)
            assert found.value == len(found.numerator) / len(found.denominator)


def test_targets_have_a_history() -> None:
    """A month is judged by what was aimed at then; before the first target nothing is."""
    (one, *_) = load_indicators()

    assert one.target(date(2025, 12, 31)) is None
    assert one.target(date(2026, 1, 1)) is not None
    assert one.attainment(0.5, date(2025, 12, 31)) is None


def test_lower_may_be_better() -> None:
    """Twice the hours aimed at reach the target by half; fewer reach it whole."""
    disposal = next(one for one in load_indicators() if one.id == "disposal_h")

    assert disposal.attainment(24.0, LAST_DAY) == 0.5
    assert disposal.attainment(6.0, LAST_DAY) == 1.0


def test_the_score_rests_on_what_was_measured() -> None:
    """Unmeasured indicators neither help nor harm, and the weights say how much is missing."""
    card = scorecard(load_indicators(), [_case(1, closed_h=5.0)], PERIOD, LAST_DAY, None)
    by_id = {line.indicator.id: line for line in card.lines}

    assert by_id["satisfaction"].value is None
    assert card.score is not None
    assert 0.0 < card.score <= 100.0
    assert 0.0 < card.weight_measured < card.weight_all


def test_a_score_of_nothing_is_not_measured() -> None:
    """An empty month has no score."""
    assert scorecard(load_indicators(), [], PERIOD, LAST_DAY, None).score is None


def test_devices_online_are_told_where_they_are_known() -> None:
    """Nine of ten; and not measured where no gateway speaks."""
    online = next(one for one in load_indicators() if one.id == "online")
    known = scorecard((online,), [], PERIOD, LAST_DAY, Online(devices=10, online=9))
    unknown = scorecard((online,), [], PERIOD, LAST_DAY, None)

    assert (known.lines[0].value, unknown.lines[0].value) == (0.9, None)


@pytest.mark.parametrize(
    ("name", "hours", "last"),
    [
        ("2026-11", 720, date(2026, 11, 30)),
        ("2026-12", 744, date(2026, 12, 31)),
        ("2026-Q4", 2208, date(2026, 12, 31)),
        ("2028", 8784, date(2028, 12, 31)),
    ],
)
def test_periods_are_the_citys_own(name: str, hours: int, last: date) -> None:
    """A month begins at local midnight, eight hours before it does in UTC."""
    found = period_of(name, 480)

    assert (found.end_us - found.begin_us) // HOUR_US == hours
    assert (found.begin_us // HOUR_US) % 24 == 16
    assert last_day_of(found, 480) == last


@pytest.mark.parametrize("name", ["2026-13", "2026-Q5", "november", "1999", "2026-1"])
def test_what_is_no_period_is_refused(name: str) -> None:
    """With what was expected."""
    with pytest.raises(InvalidInput, match="expected a month like"):
        period_of(name, 480)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("measure: on_time", "measure: on_tim", "no measure 'on_tim'"),
        ("id: disposal_h", "id: on_time", "is there twice"),
        ("better: lower", "better: fewer", "better"),
    ],
)
def test_a_file_with_a_fault_names_its_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    """Line, column, and what there is."""
    path = tmp_path / "indicators.yaml"
    path.write_text(INDICATOR_FILE.read_text("utf-8").replace(old, new, 1), encoding="utf-8")

    with pytest.raises(ConfigError, match=words):
        load_indicators(path)

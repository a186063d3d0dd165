"""Tallies kept up change by change say what the measures say of the cases."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_api.case_projection import Case, Subtask
from cloud_api.deadlines.calendar import Unit
from cloud_api.deadlines.clocks import CaseClock
from cloud_api.evaluation.measures import MEASURES
from cloud_api.evaluation.months import period_of
from cloud_api.evaluation.tally import COUNTS, Spans, Tallies, figures, kind_of
from cloud_api.flow import State
from cloud_api.instants import to_us
from contracts.envelope import Discovery, Place
from contracts.event import Title
from contracts.levels import Level

OFFSET = 480
START = datetime(2025, 11, 20, tzinfo=UTC)
PERIODS = ("2025-11", "2025-12", "2026-01", "2026-02", "2025-Q4", "2026-Q1", "2025", "2026")
CLOSED = {State.CLOSED, State.EVALUATED}


def _opened(number: int, at_us: int, *, automatic: bool, located: bool) -> Case:
    return Case(
        case_id=f"c{number}", version=1, number=f"n{number}", day="20251120", day_number=number,
        opened_seq=number, district="futian" if number % 2 else "nanshan", event_type="water.ponding",
        dedupe=None, title=Title(zh="", en=""), subject=None,
        place=Place(lon=114.0, lat=22.5) if located else None,
        discovery=Discovery.AUTOMATIC if automatic else Discovery.PASSIVE, preplan=None,
        flow="general", state=State.COLLECTED, previous=None, level=Level.BLUE, events=(), evidence=(),
        opened_at_us=at_us, changed_at_us=at_us,
    )  # fmt: skip


def _clock(due_us: int | None, *, late: bool, done_us: int | None) -> CaseClock:
    return CaseClock(
        name="resolve", unit=Unit.MINUTE, span_us=1, started_at_us=0, since_us=0, due_at_us=due_us,
        next_at_us=None, source="test", late=late, done_at_us=done_us,
    )  # fmt: skip


@st.composite
def _change(draw: st.DrawFn) -> tuple[int, int, dict[str, object]]:
    """Return a case's number, how many hours pass before, and what becomes of it."""
    state = draw(st.sampled_from(list(State)))
    late = draw(st.booleans())
    due_h = draw(st.none() | st.integers(0, 2500))
    fields: dict[str, object] = {
        "state": state,
        "department": draw(st.sampled_from([None, "water", "traffic-police"])),
        "first_department": draw(st.sampled_from([None, "water"])),
        "bounced_by": draw(st.sampled_from([(), ("water",)])),
        "reopened": draw(st.integers(0, 1)),
        "recurrences": draw(st.integers(0, 1)),
        "satisfied": draw(st.sampled_from([None, True, False])),
        "subtasks": draw(
            st.sampled_from([(), (Subtask(subtask_id="t1", department="water", what="x"),)])
        ),
        "due": due_h,
        "late": late,
    }
    return draw(st.integers(0, 3)), draw(st.integers(0, 900)), fields


def _apply(case: Case, at_us: int, fields: dict[str, object]) -> Case:
    fields = dict(fields)
    due_h, late, state = fields.pop("due"), fields.pop("late"), fields["state"]
    due_us = case.opened_at_us + int(due_h) * 3_600_000_000 if isinstance(due_h, int) else None
    ended = state in CLOSED
    clock = _clock(None if ended else due_us, late=bool(late), done_us=at_us if ended else None)
    return msgspec.structs.replace(
        case, version=case.version + 1, changed_at_us=at_us, clocks=(clock,),
        closed_at_us=at_us if ended or state is State.VOID else None,
        acknowledged_at_us=case.acknowledged_at_us or (at_us if due_h is None else None),
        **fields,
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(changes=st.lists(_change(), min_size=1, max_size=14))
def test_tallies_say_what_the_measures_say(
    changes: list[tuple[int, int, dict[str, object]]],
) -> None:
    """For every month, quarter and year, for a department, and for what was and was not over."""
    tallies = Tallies(Spans(OFFSET))
    now: dict[int, Case] = {}
    history: list[Case] = []
    at = START
    for number, hours, fields in changes:
        at += timedelta(hours=hours, seconds=1)
        before = now.get(number)
        after = (
            _opened(number, to_us(at), automatic=bool(hours % 2), located=bool(hours % 3))
            if before is None
            else _apply(before, to_us(at), fields)
        )
        tallies.change(before, after)
        now[number] = after
        history.append(after)
    for name in PERIODS:
        period = period_of(name, OFFSET)
        standing = {case.case_id: case for case in history if case.changed_at_us < period.end_us}
        for department in (None, "water"):
            cases = [c for c in standing.values() if department in {None, c.department}]
            counts = _counts(tallies, name, department)
            for measure, reckon in MEASURES.items():
                rows = reckon(cases, period)
                value, numerator, denominator = figures(counts, measure)

                assert value == pytest.approx(rows.value) if rows.value is not None else not value
                assert (value is None) == (rows.value is None)
                assert denominator == len(rows.denominator), (name, measure)
                assert numerator in {None, len(rows.numerator)}


def _counts(tallies: Tallies, period: str, department: str | None) -> dict[str, int]:
    counts = dict.fromkeys(COUNTS, 0)
    for key, row in tallies.changes.items():
        if key.kind != kind_of(period) or department not in {None, key.department}:
            continue
        for name, number in zip(COUNTS, row, strict=True):
            within = key.period <= period if name.startswith("overdue") else key.period == period
            counts[name] += number if within else 0
    return counts


def test_changes_of_one_month_may_be_noted_together() -> None:
    """From how it began to how it ended is the same as step by step."""
    opened = _opened(1, to_us(START), automatic=True, located=True)
    fields: dict[str, object] = {
        "state": State.FILED,
        "due": 5,
        "late": False,
        "department": "water",
    }
    filed = _apply(opened, to_us(START) + 1, fields)
    closed = _apply(filed, to_us(START) + 2, fields | {"state": State.CLOSED})
    step, leap = Tallies(Spans(OFFSET)), Tallies(Spans(OFFSET))
    for before, after in ((None, opened), (opened, filed), (filed, closed)):
        step.change(before, after)
    leap.change(None, closed)

    assert {k: v for k, v in step.changes.items() if any(v)} == leap.changes


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        (datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC), "2025-12"),
        (datetime(2025, 12, 31, 16, 0, 0, tzinfo=UTC), "2026-01"),
    ],
    ids=["last-second", "first-second"],
)
def test_a_month_begins_at_the_city_s_midnight(moment: datetime, name: str) -> None:
    """Eight hours before that of Greenwich."""
    assert Spans(OFFSET).of(to_us(moment))[0].name == name

"""Measures: pure functions from cases, as they stood at a period's end, to a value and its rows.

What cannot be reckoned is not measured: it is no 0 and no 100 %. Cases that were joined to another are
counted there, not here; void ones were none. An overdue case that is still open counts against being
on time, or whoever closes only what is easy would always be at 100 %.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from cloud_api.case_projection import Case
from cloud_api.deadlines.clocks import CaseClock
from cloud_api.flow import State
from contracts.envelope import Discovery

__all__ = ["MEASURES", "Measured", "Period"]

_HOUR_US = 3_600_000_000
_RESOLVE = "resolve"
"""The clock of the whole case, see docs/deadlines.md."""
_ENDED = frozenset({State.CLOSED, State.EVALUATED})
_NO_CASES = frozenset({State.MERGED, State.VOID})
_UNDECIDED = frozenset({State.COLLECTED, State.MERGED})


class Period(Struct, frozen=True, kw_only=True):
    """From a moment, up to but not including another; microseconds since 1970 UTC."""

    begin_us: int
    end_us: int

    def has(self, at_us: int | None) -> bool:
        """Return whether a moment lies in it."""
        return at_us is not None and self.begin_us <= at_us < self.end_us


class Measured(Struct, frozen=True, kw_only=True):
    """A value and the cases it rests on. ``value`` is None where nothing could be measured.

    A ratio is the share of ``denominator`` that is in ``numerator``; a mean of hours rests on
    ``denominator`` alone, and ``numerator`` is empty.
    """

    value: float | None
    numerator: tuple[str, ...]
    denominator: tuple[str, ...]


def _is_case(case: Case) -> bool:
    return case.state not in _NO_CASES


def _opened(cases: Sequence[Case], period: Period) -> list[Case]:
    return [case for case in cases if _is_case(case) and period.has(case.opened_at_us)]


def _closed(cases: Sequence[Case], period: Period) -> list[Case]:
    return [case for case in cases if case.state in _ENDED and period.has(case.closed_at_us)]


def _resolving(case: Case) -> list[CaseClock]:
    """Return the clock that the whole case has to keep; a late response is another matter."""
    return [clock for clock in case.clocks if clock.name == _RESOLVE]


def _was_late(case: Case) -> bool:
    return any(clock.late for clock in _resolving(case))


def _overdue(cases: Sequence[Case], period: Period) -> list[Case]:
    """Return what is open and overdue at the period's end, whenever it was opened; a paused clock waits."""
    return [
        case
        for case in cases
        if _is_case(case)
        and case.state not in _ENDED
        and any(
            clock.done_at_us is None
            and (clock.late or (clock.due_at_us is not None and clock.due_at_us < period.end_us))
            for clock in _resolving(case)
        )
    ]


def _is_resolved(case: Case) -> bool:
    """Return whether a closed case solved what it was opened for, as far as is known."""
    return not (case.reopened or case.recurrences or case.satisfied is False)


def _ratio(part: Sequence[Case], whole: Sequence[Case]) -> Measured:
    return Measured(
        value=len(part) / len(whole) if whole else None,
        numerator=tuple(case.case_id for case in part),
        denominator=tuple(case.case_id for case in whole),
    )


def _mean_h(pairs: Sequence[tuple[Case, int]]) -> Measured:
    """Return the mean of (case, microseconds) in hours."""
    whole_us = sum(spent_us for _, spent_us in pairs)
    return Measured(
        value=whole_us / len(pairs) / _HOUR_US if pairs else None,
        numerator=(),
        denominator=tuple(case.case_id for case, _ in pairs),
    )


def _on_time(cases: Sequence[Case], period: Period) -> Measured:
    closed = _closed(cases, period)
    return _ratio(
        [case for case in closed if not _was_late(case)], [*closed, *_overdue(cases, period)]
    )


def _time_to_close(cases: Sequence[Case]) -> list[tuple[Case, int]]:
    return [
        (case, case.closed_at_us - case.opened_at_us)
        for case in cases
        if case.closed_at_us is not None
    ]


def _disposal(cases: Sequence[Case], period: Period) -> Measured:
    return _mean_h(_time_to_close(_closed(cases, period)))


def _joint_disposal(cases: Sequence[Case], period: Period) -> Measured:
    return _mean_h(_time_to_close([case for case in _closed(cases, period) if case.subtasks]))


def _response(cases: Sequence[Case], period: Period) -> Measured:
    return _mean_h(
        [
            (case, case.acknowledged_at_us - case.opened_at_us)
            for case in _opened(cases, period)
            if case.acknowledged_at_us is not None
        ]
    )


def _automatic(cases: Sequence[Case], period: Period) -> Measured:
    opened = _opened(cases, period)
    return _ratio([case for case in opened if case.discovery is Discovery.AUTOMATIC], opened)


def _closure(cases: Sequence[Case], period: Period) -> Measured:
    opened = _opened(cases, period)
    return _ratio([case for case in opened if case.state in _ENDED], opened)


def _resolution(cases: Sequence[Case], period: Period) -> Measured:
    closed = _closed(cases, period)
    return _ratio([case for case in closed if _is_resolved(case)], closed)


def _satisfaction(cases: Sequence[Case], period: Period) -> Measured:
    asked = [case for case in _closed(cases, period) if case.satisfied is not None]
    return _ratio([case for case in asked if case.satisfied], asked)


def _repeat(cases: Sequence[Case], period: Period) -> Measured:
    opened = _opened(cases, period)
    return _ratio([case for case in opened if case.recurrence_of or case.reopened], opened)


def _complex(cases: Sequence[Case], period: Period) -> Measured:
    closed = [case for case in _closed(cases, period) if case.subtasks]
    overdue = [case for case in _overdue(cases, period) if case.subtasks]
    return _ratio([case for case in closed if _is_resolved(case)], [*closed, *overdue])


def _bounced(cases: Sequence[Case], period: Period) -> Measured:
    given = [case for case in _opened(cases, period) if case.first_department is not None]
    return _ratio([case for case in given if case.bounced_by], given)


def _located(cases: Sequence[Case], period: Period) -> Measured:
    opened = _opened(cases, period)
    return _ratio([case for case in opened if case.place is not None], opened)


def _valid(cases: Sequence[Case], period: Period) -> Measured:
    decided = [
        case for case in cases if period.has(case.opened_at_us) and case.state not in _UNDECIDED
    ]
    return _ratio([case for case in decided if case.state is not State.VOID], decided)


MEASURES: Mapping[str, Callable[[Sequence[Case], Period], Measured]] = {
    "on_time": _on_time,
    "disposal": _disposal,
    "joint_disposal": _joint_disposal,
    "response": _response,
    "automatic": _automatic,
    "closure": _closure,
    "resolution": _resolution,
    "satisfaction": _satisfaction,
    "repeat": _repeat,
    "complex": _complex,
    "bounced": _bounced,
    "located": _located,
    "valid": _valid,
}
"""Measures by name."""

"""Tallies: what a month's, quarter's or year's scorecard counts, kept up with each change of a case; pure.

A change counts for the periods that it falls into and for no earlier one, so a period that is over stays as
its cases stood at its end: the same as reckoning it from the logs (:mod:`cloud_api.evaluation.standing`), and a
test compares the two. Whole numbers only, so that adding up again gives the same.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

from cloud_api.case_projection import Case
from cloud_api.evaluation.measures import Period
from cloud_api.evaluation.months import period_of
from cloud_api.flow import State
from contracts.envelope import Discovery

__all__ = ["COUNTS", "KINDS", "Spans", "Tallies", "TallyKey", "figures", "kind_of"]

COUNTS = (
    "opened",
    "automatic",
    "opened_ended",
    "repeated",
    "located",
    "given",
    "bounced",
    "responded",
    "response_us",
    "closed",
    "closed_on_time",
    "resolved",
    "disposal_us",
    "joint",
    "joint_us",
    "joint_resolved",
    "asked",
    "satisfied",
    "decided",
    "valid",
    "overdue",
    "overdue_joint",
)
"""What is counted; the last two are changes: how many more are overdue at this period's end and later ones."""

KINDS = ("month", "quarter", "year")

_OVERDUE = COUNTS.index("overdue")
_RESOLVE = "resolve"
_ENDED = frozenset({State.CLOSED, State.EVALUATED})
_NO_CASES = frozenset({State.MERGED, State.VOID})
_UNDECIDED = frozenset({State.COLLECTED, State.MERGED})


class TallyKey(NamedTuple):
    """Whose tally: of a period, a district and a department as it stood; empty where there is none."""

    kind: str
    period: str
    district: str
    department: str


class _Span(NamedTuple):
    kind: str
    name: str
    period: Period


def kind_of(period: str) -> str:
    """Return the kind of a period by its name."""
    if len(period) == 4:
        return "year"
    return "quarter" if "Q" in period else "month"


class Spans:
    """The periods of a moment in a city's own time.

    Args:
        utc_offset_minutes: minutes east of UTC.
    """

    def __init__(self, utc_offset_minutes: int) -> None:
        self._offset_minutes = utc_offset_minutes
        self._zone = timezone(timedelta(minutes=utc_offset_minutes))
        self._named = lru_cache(maxsize=512)(self._of_month)
        self._last: tuple[_Span, ...] | None = None

    def of(self, at_us: int) -> tuple[_Span, ...]:
        """Return month, quarter and year of a moment; the same object for one month."""
        last = self._last
        if last is None or not last[0].period.has(at_us):
            # minutes are enough, and whole seconds are exact in a float
            local = datetime.fromtimestamp(at_us // 1_000_000, UTC).astimezone(self._zone)
            last = self._last = self._named(local.year, local.month)
        return last

    def _of_month(self, year: int, month: int) -> tuple[_Span, ...]:
        names = (f"{year:04d}-{month:02d}", f"{year:04d}-Q{(month + 2) // 3}", f"{year:04d}")
        return tuple(
            _Span(kind, name, period_of(name, self._offset_minutes))
            for kind, name in zip(KINDS, names, strict=True)
        )


class Tallies:
    """Changes of tallies, added up.

    Args:
        spans: the city's periods.
    """

    def __init__(self, spans: Spans) -> None:
        self._spans = spans
        self.changes: dict[TallyKey, list[int]] = {}
        self._rows: dict[tuple[str, str, str, str], list[int]] = {}

    def same_month(self, one_us: int, other_us: int) -> bool:
        """Return whether two moments lie in one month of the city."""
        return self._spans.of(one_us)[0].period.has(other_us)

    def change(self, before: Case | None, after: Case) -> None:
        """Note that a case changed, once or several times in one month.

        Args:
            before: how it stood before the first of these changes; None where it was opened by it.
            after: how it stands after the last one.
        """
        spans = self._spans.of(after.changed_at_us)
        if before is not None:
            self._add(before, spans, -1)
        self._add(after, spans, 1)

    def _add(self, case: Case, spans: tuple[_Span, ...], sign: int) -> None:
        """Count a case in the month, quarter and year; what it adds is found once for all three."""
        opened, closed = _opened(case), _closed(case)
        since_us = _overdue_since_us(case)
        for at, span in enumerate(spans):
            has = span.period.has
            row = None
            if opened and has(case.opened_at_us):
                row = self._row(span.kind, span.name, case)
                for place, count in opened:
                    row[place] += sign * count
            if closed and case.closed_at_us is not None and has(case.closed_at_us):
                row = self._row(span.kind, span.name, case) if row is None else row
                for place, count in closed:
                    row[place] += sign * count
            if since_us is not None:
                self._overdue(case, since_us, span, at, sign)

    def _overdue(self, case: Case, since_us: int, span: _Span, at: int, sign: int) -> None:
        name = max(span.name, self._spans.of(since_us)[at].name if since_us else span.name)
        row = self._row(span.kind, name, case)
        row[_OVERDUE] += sign
        if case.subtasks:
            row[_OVERDUE + 1] += sign

    def _row(self, kind: str, period: str, case: Case) -> list[int]:
        # A plain tuple finds what its named kin put there, and is made in a third of the time.
        key: tuple[str, str, str, str] = (kind, period, case.district, case.department or "")
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = self.changes[TallyKey(*key)] = [0] * len(COUNTS)
        return row


def _overdue_since_us(case: Case) -> int | None:
    """Return from when on an open case is overdue; 0 where it is already, None where it never will be."""
    if case.state in _NO_CASES or case.state in _ENDED:
        return None
    since: list[int] = []
    for clock in case.clocks:
        if clock.name == _RESOLVE and clock.done_at_us is None:
            if clock.late:
                return 0
            if clock.due_at_us is not None:
                since.append(clock.due_at_us)
    return min(since, default=None)


def _opened(case: Case) -> list[tuple[int, int]]:
    """Return what a case adds to which count of the periods in which it was opened, as the measures have it."""
    found: list[tuple[int, int]] = []
    if case.state not in _UNDECIDED:
        found.append((18, 1))
        if case.state is not State.VOID:
            found.append((19, 1))
    if case.state in _NO_CASES:
        return found
    found.append((0, 1))
    if case.discovery is Discovery.AUTOMATIC:
        found.append((1, 1))
    if case.state in _ENDED:
        found.append((2, 1))
    if case.recurrence_of or case.reopened:
        found.append((3, 1))
    if case.place is not None:
        found.append((4, 1))
    if case.first_department is not None:
        found.append((5, 1))
        if case.bounced_by:
            found.append((6, 1))
    if case.acknowledged_at_us is not None:
        found += ((7, 1), (8, case.acknowledged_at_us - case.opened_at_us))
    return found


def _closed(case: Case) -> list[tuple[int, int]]:
    """Return what a case adds to which count of the periods in which it was closed; nothing where it was not."""
    if case.state not in _ENDED or case.closed_at_us is None:
        return []
    took_us = case.closed_at_us - case.opened_at_us
    resolved = not (case.reopened or case.recurrences or case.satisfied is False)
    found = [(9, 1), (12, took_us)]
    if not any(clock.late for clock in case.clocks if clock.name == _RESOLVE):
        found.append((10, 1))
    if resolved:
        found.append((11, 1))
    if case.subtasks:
        found += ((13, 1), (14, took_us))
        if resolved:
            found.append((15, 1))
    if case.satisfied is not None:
        found.append((16, 1))
        if case.satisfied:
            found.append((17, 1))
    return found


def figures(counts: Mapping[str, int], measure: str) -> tuple[float | None, int | None, int]:
    """Return value, numerator (None for a mean) and denominator of a measure.

    Args:
        counts: a period's tally, ``overdue`` and ``overdue_joint`` summed up to its end.
        measure: name, as in :data:`cloud_api.evaluation.measures.MEASURES`.
    """
    if measure in _MEANS:
        whole_us, number = (counts[name] for name in _MEANS[measure])
        return (whole_us / number / 3_600_000_000 if number else None), None, number
    part, *wholes = _RATIOS[measure]
    whole = sum(counts[name] for name in wholes)
    return (counts[part] / whole if whole else None), counts[part], whole


_MEANS = {
    "disposal": ("disposal_us", "closed"),
    "joint_disposal": ("joint_us", "joint"),
    "response": ("response_us", "responded"),
}
_RATIOS = {
    "on_time": ("closed_on_time", "closed", "overdue"),
    "automatic": ("automatic", "opened"),
    "closure": ("opened_ended", "opened"),
    "resolution": ("resolved", "closed"),
    "satisfaction": ("satisfied", "asked"),
    "repeat": ("repeated", "opened"),
    "complex": ("joint_resolved", "joint", "overdue_joint"),
    "bounced": ("bounced", "given"),
    "located": ("located", "opened"),
    "valid": ("valid", "decided"),
}

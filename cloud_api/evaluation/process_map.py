"""The process map 流程图: which way cases really went from state to state, how often and how slowly.

It is reckoned from the log of cases alone (OPS: process mining), so it shows what was done, not what a flow allows.
"""

from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

from sqlalchemy import Connection, or_, select

from cloud_api.case_record import Moved, Opened, decode_record
from cloud_api.evaluation.measures import Period
from cloud_api.flow import State
from cloud_api.people.scope import Scope, scoped_cases
from cloud_api.schema import case_log, cases

__all__ = ["Arrival", "Passage", "Way", "arrivals", "passages"]

_CHUNK = 500
"""Cases whose logs are read together."""
_STATES = {state: place for place, state in enumerate(State)}


class Arrival(NamedTuple):
    """A case came into a state; arrivals of one case follow each other in the order of its log."""

    case_id: str
    at_us: int
    state: State


class Passage(NamedTuple):
    """A way that cases took within a period.

    Attributes:
        before: the state they came from; None: they were opened.
        after: the state they came to.
        times: how often.
        median_s: half of them had been in ``before`` for no longer, seconds; None for openings.
    """

    before: State | None
    after: State
    times: int
    median_s: float | None


class Way(NamedTuple):
    """Arrivals of a period's cases; ``truncated`` says that there were more cases than asked for."""

    arrivals: list[Arrival]
    cases: int
    truncated: bool


def passages(arrived: Iterable[Arrival], period: Period) -> tuple[Passage, ...]:
    """Return the ways that were taken within a period, in the order of the states.

    A way belongs to the moment at which it ended; how long a case had stood before may reach back behind the period.
    """
    last: dict[str, Arrival] = {}
    spans: dict[tuple[State | None, State], list[float]] = {}
    for one in arrived:
        before = last.get(one.case_id)
        last[one.case_id] = one
        if not period.has(one.at_us):
            continue
        stood_s = 0.0 if before is None else (one.at_us - before.at_us) / 1e6
        spans.setdefault((None if before is None else before.state, one.state), []).append(stood_s)
    return tuple(
        Passage(before, after, len(found), None if before is None else median(found))
        for (before, after), found in sorted(spans.items(), key=lambda item: _place(*item[0]))
    )


def _place(before: State | None, after: State) -> tuple[int, int]:
    return -1 if before is None else _STATES[before], _STATES[after]


def arrivals(
    connection: Connection,
    period: Period,
    scope: Scope,
    *,
    district: str | None = None,
    most: int = 20_000,
) -> Way:
    """Return the arrivals of the cases that lived in a period, from their logs.

    Args:
        connection: to the store.
        period: cases that ended before it or were opened after it are left out.
        scope: whose cases may be seen.
        district: only of this district.
        most: cases looked at, the latest ones first.
    """
    wanted = [
        scoped_cases(scope),
        cases.c.opened_at_us < period.end_us,
        or_(cases.c.closed_at_us.is_(None), cases.c.closed_at_us >= period.begin_us),
    ]
    if district is not None:
        wanted.append(cases.c.district == district)
    found = [
        row.case_id
        for row in connection.execute(
            select(cases.c.case_id)
            .where(*wanted)
            .order_by(cases.c.opened_seq.desc())
            .limit(most + 1)
        )
    ]
    chosen = found[:most]
    arrived: list[Arrival] = []
    for at in range(0, len(chosen), _CHUNK):
        rows = connection.execute(
            select(case_log.c.case_id, case_log.c.at_us, case_log.c.body)
            .where(
                case_log.c.case_id.in_(chosen[at : at + _CHUNK]),
                case_log.c.at_us < period.end_us,
            )
            .order_by(case_log.c.seq)
        )
        for case_id, at_us, body in rows:
            detail = decode_record(body).detail
            if isinstance(detail, Opened):
                arrived.append(Arrival(case_id, at_us, detail.state))
            elif isinstance(detail, Moved):
                arrived.append(Arrival(case_id, at_us, detail.to_state))
    return Way(arrived, len(chosen), len(found) > most)

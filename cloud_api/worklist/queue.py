"""The queue of open cases: red lamps first, then the one that is due first; with what it counts."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from cloud_api.case_projection import Case, decode_case
from cloud_api.flow import State
from cloud_api.people.scope import Scope, scoped_cases
from cloud_api.schema import cases
from contracts.levels import Lamp, Level

__all__ = ["QueueCounts", "QueueFilter", "count_queue", "read_queue"]

_ORDER = {Lamp.RED.value: 0, Lamp.YELLOW.value: 1, Lamp.GREEN.value: 2}


class QueueFilter(NamedTuple):
    """What the queue is narrowed to; None matches everything."""

    lamp: Lamp | None = None
    state: State | None = None
    level: Level | None = None
    district: str | None = None
    department: str | None = None
    """Department; an empty text is none."""
    person: str | None = None
    """Person; an empty text is nobody."""
    tier: str | None = None
    grid: str | None = None
    """Beginning of a grid code."""


class QueueCounts(NamedTuple):
    """How many open cases there are, by lamp and by state."""

    lamps: dict[str, int]
    states: dict[str, int]
    overdue: int
    """Those whose next deadline has passed."""


def read_queue(
    connection: Connection, chosen: QueueFilter, scope: Scope, *, limit: int, skip: int = 0
) -> tuple[list[Case], int]:
    """Return a part of the queue, and how many cases it has altogether.

    Args:
        connection: a read transaction.
        chosen: filters.
        scope: what the caller may see.
        limit: how many at most.
        skip: how many of the front are left out.
    """
    wanted = _clauses(chosen, scope)
    total = connection.scalar(select(func.count()).select_from(cases).where(*wanted)) or 0
    query = (
        select(cases.c.document)
        .where(*wanted)
        .order_by(
            case(_ORDER, value=cases.c.lamp, else_=3),
            func.coalesce(cases.c.due_at_us, 2**62),
            cases.c.opened_seq,
        )
        .limit(limit)
        .offset(skip)
    )
    return [decode_case(document) for document in connection.scalars(query)], int(total)


def count_queue(
    connection: Connection, chosen: QueueFilter, scope: Scope, now_us: int
) -> QueueCounts:
    """Return what the queue counts whatever lamp and state are chosen; the other filters hold.

    Args:
        connection: a read transaction.
        chosen: filters.
        scope: what the caller may see.
        now_us: the moment, microseconds since 1970 UTC.
    """
    wanted = _clauses(chosen._replace(lamp=None, state=None), scope)
    late = func.sum(case((cases.c.due_at_us < now_us, 1), else_=0))
    query = (
        select(cases.c.lamp, cases.c.state, func.count(), late)
        .where(*wanted)
        .group_by(cases.c.lamp, cases.c.state)
    )
    lamps, states, overdue = dict.fromkeys(_ORDER, 0), dict[str, int](), 0
    for lamp, state, count, passed in connection.execute(query):
        lamps[lamp or Lamp.GREEN.value] += count
        states[state] = states.get(state, 0) + count
        overdue += int(passed or 0)
    return QueueCounts(lamps, states, overdue)


def _clauses(chosen: QueueFilter, scope: Scope) -> list[ColumnElement[bool]]:
    clauses = [cases.c.is_open == 1, scoped_cases(scope)]
    exact = (
        (cases.c.lamp, chosen.lamp),
        (cases.c.state, chosen.state),
        (cases.c.level, chosen.level),
        (cases.c.district, chosen.district),
        (cases.c.tier, chosen.tier),
    )
    clauses += [column == str(value) for column, value in exact if value is not None]
    for column, value in ((cases.c.department, chosen.department), (cases.c.person, chosen.person)):
        if value is not None:
            clauses.append(column == value if value else or_(column.is_(None), column == ""))
    if chosen.grid:
        clauses.append(cases.c.grid.startswith(chosen.grid, autoescape=True))
    return clauses

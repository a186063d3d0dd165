"""The queue of open cases: red lamps first, then the one that is due first; with what it counts."""

from itertools import product
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from cloud_api.case_projection import Case, decode_case
from cloud_api.flow import State
from cloud_api.narrowing import IS_OPEN, Compared, equal
from cloud_api.people.scope import Scope, scoped_cases
from cloud_api.schema import cases
from contracts.levels import Lamp, Level

__all__ = ["QueueCounts", "QueueFilter", "count_queue", "read_queue"]

_ORDER = (Lamp.RED, Lamp.YELLOW, Lamp.GREEN)
"""The worst first. Every case has a lamp: :func:`cloud_api.case_rows.case_row` lights the green one at least."""


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

    total: int
    """Those that all filters leave."""
    lamps: dict[str, int]
    """By lamp, whatever lamp and state are chosen."""
    states: dict[str, int]
    """By state, whatever lamp and state are chosen."""
    overdue: int
    """Those whose next deadline has passed, whatever lamp and state are chosen."""


def read_queue(
    connection: Connection, chosen: QueueFilter, scope: Scope, *, limit: int, skip: int = 0
) -> list[Case]:
    """Return a part of the queue.

    It is read lamp by lamp, with the cases that have a deadline before those that have none: so an index has the order,
    and what comes after the part is not looked at.

    Args:
        connection: a read transaction.
        chosen: filters.
        scope: what the caller may see.
        limit: how many at most.
        skip: how many of the front are left out.
    """
    wanted = _clauses(chosen, scope)
    found: list[Case] = []
    for lamp, due in product(_ORDER, (cases.c.due_at_us.is_not(None), cases.c.due_at_us.is_(None))):
        if len(found) == limit:
            break
        if chosen.lamp not in {None, lamp}:
            continue
        clauses = [*wanted, cases.c.lamp == lamp.value, due]
        query = (
            select(cases.c.document)
            .where(*clauses)
            .order_by(cases.c.due_at_us, cases.c.opened_seq)
            .limit(limit - len(found))
            .offset(skip)
        )
        part = [decode_case(document) for document in connection.scalars(query)]
        if part:
            skip = 0
        elif skip:
            count = select(func.count()).select_from(cases).where(*clauses)
            skip -= connection.scalar(count) or 0
        found += part
    return found


def count_queue(
    connection: Connection, chosen: QueueFilter, scope: Scope, now_us: int
) -> QueueCounts:
    """Return what the queue counts; arguments as for :func:`read_queue`.

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
    total, overdue = 0, 0
    lamps, states = dict.fromkeys((lamp.value for lamp in _ORDER), 0), dict[str, int]()
    for lamp, state, count, passed in connection.execute(query):
        lamps[lamp] += count
        states[state] = states.get(state, 0) + count
        overdue += int(passed or 0)
        if chosen.lamp in {None, lamp} and chosen.state in {None, state}:
            total += count
    return QueueCounts(total, lamps, states, overdue)


def _clauses(chosen: QueueFilter, scope: Scope) -> list[ColumnElement[bool]]:
    """Return the clauses of every filter but the lamp."""
    exact = (
        (cases.c.state, chosen.state),
        (cases.c.level, chosen.level),
        (cases.c.district, chosen.district),
        (cases.c.tier, chosen.tier),
    )
    clauses = [IS_OPEN, scoped_cases(scope), *equal(exact, searched=False)]
    department = Compared(cases.c.department)
    for column, value in ((department, chosen.department), (cases.c.person, chosen.person)):
        if value is not None:
            clauses.append(column == value if value else or_(column.is_(None), column == ""))
    if chosen.grid:
        clauses.append(cases.c.grid.startswith(chosen.grid, autoescape=True))
    return clauses

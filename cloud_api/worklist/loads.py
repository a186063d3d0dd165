"""Who has how much to do, and who is there: open cases by department and person, and the roster of now."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, case, func, select

from cloud_api.dispatch.advice import Dispatcher
from cloud_api.dispatch.roster import Duty
from cloud_api.narrowing import IS_OPEN
from cloud_api.people.scope import Scope, scoped_cases
from cloud_api.schema import cases
from contracts.levels import Lamp

__all__ = ["Load", "OnDuty", "Workload", "on_duty_now", "read_workload"]


class Load(NamedTuple):
    """Open cases of somebody."""

    open: int = 0
    red: int = 0
    yellow: int = 0
    unseen: int = 0
    """Dispatched, and nobody has begun."""

    def plus(self, other: "Load") -> "Load":
        """Return both together."""
        return Load(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class OnDuty(NamedTuple):
    """Somebody whose shift runs."""

    person: str
    unit: str
    department: str | None
    until: datetime
    place: tuple[float, float] | None
    """Where he stands, lon and lat; None where the roster does not say."""


class Workload(NamedTuple):
    """Open cases by department (empty: none has it) and by (department, person)."""

    departments: dict[str, Load]
    people: dict[tuple[str, str], Load]


def read_workload(connection: Connection, scope: Scope) -> Workload:
    """Return how much everybody has to do, of the cases in a scope."""
    unseen = func.sum(case((cases.c.state == "dispatched", 1), else_=0))
    query = (
        select(cases.c.department, cases.c.person, cases.c.lamp, func.count(), unseen)
        .where(IS_OPEN, scoped_cases(scope))
        .group_by(cases.c.department, cases.c.person, cases.c.lamp)
    )
    departments: dict[str, Load] = defaultdict(Load)
    people: dict[tuple[str, str], Load] = defaultdict(Load)
    for department, person, lamp, count, waiting in connection.execute(query):
        red, yellow = (count if lamp == each else 0 for each in (Lamp.RED, Lamp.YELLOW))
        load = Load(count, red, yellow, int(waiting or 0))
        named = department or ""
        departments[named] = departments[named].plus(load)
        if person:
            people[named, person] = people[named, person].plus(load)
    return Workload(dict(departments), dict(people))


def on_duty_now(dispatcher: Dispatcher, now: datetime, utc_offset_minutes: int) -> list[OnDuty]:
    """Return whose shift runs, in the order of the roster; a unit works for the department that names it."""
    today = dispatcher.day(now)
    owners = {
        row.unit: row.department
        for row in reversed(dispatcher.listed.rows)
        if row.unit is not None and row.period.holds(today)
    }
    units = dict.fromkeys(duty.unit for duty in dispatcher.roster.duties)
    return [
        OnDuty(
            duty.person,
            duty.unit,
            owners.get(duty.unit),
            _end_of(duty, now, utc_offset_minutes),
            duty.place,
        )
        for unit in units
        for duty in dispatcher.roster.on_duty(unit, now)
    ]


def _end_of(duty: Duty, now: datetime, utc_offset_minutes: int) -> datetime:
    """Return when a shift that runs at ``now`` ends."""
    local = now + timedelta(minutes=utc_offset_minutes)
    minute = local.hour * 60 + local.minute
    left = (duty.end_min - minute) % (24 * 60) or 24 * 60
    return now.replace(second=0, microsecond=0) + timedelta(minutes=left)

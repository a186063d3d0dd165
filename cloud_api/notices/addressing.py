"""Addressing: from what happened to who is told of it, through what, and when; pure."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import NamedTuple

from cloud_api.case_projection import Case
from cloud_api.case_record import Detail, SubtaskAdded
from cloud_api.dispatch.roster import Roster
from cloud_api.notices.occasions import Occasion
from cloud_api.notices.plan import Audience, NoticePlan, Person, QuietHours, Route
from contracts.levels import Level

__all__ = ["Addressed", "Addressing", "quiet_until"]


class Addressed(NamedTuple):
    """Somebody to be told: ``person`` is None where the channel is a group's.

    ``stage`` is 0 for the message itself and counts escalations from 1; those are sent only while
    nobody has acknowledged the case.
    """

    route: str
    stage: int
    channel: str
    person: Person | None
    due_at: datetime


class Addressing:
    """Who is told, by a plan and a duty roster.

    Args:
        plan: who is told of what.
        roster: who of a unit is on duty.
        utc_offset_minutes: minutes east of UTC of local time, for quiet hours.
    """

    def __init__(self, plan: NoticePlan, roster: Roster, utc_offset_minutes: int) -> None:
        self._plan = plan
        self._roster = roster
        self._offset = timedelta(minutes=utc_offset_minutes)

    def addressed(
        self, occasion: Occasion, case: Case, detail: Detail, now: datetime
    ) -> list[Addressed]:
        """Return who is told of a case, each person and group once for a channel and stage."""
        found: dict[tuple[int, str, str], Addressed] = {}
        for route in self._plan.routes:
            if not _fits(route, occasion, case):
                continue
            stages = [(0, 0.0, route.to, route.channels)]
            stages += [
                (number, stage.after_s, stage.to, stage.channels)
                for number, stage in enumerate(route.escalate, 1)
            ]
            for number, after_s, audience, channels in stages:
                at = now + timedelta(seconds=after_s)
                people = list(self._people(audience, case, detail, at))
                for name in channels:
                    for one in self._through(name, people, route.id, number, at, case):
                        key = (number, name, "" if one.person is None else one.person.id)
                        found.setdefault(key, one)
        return list(found.values())

    def _through(
        self,
        name: str,
        people: list[Person],
        route: str,
        stage: int,
        at: datetime,
        case: Case,
    ) -> Iterator[Addressed]:
        channel = self._plan.channel(name)
        if channel.address is None:
            due = self._waits(self._plan.quiet, at, case)
            yield Addressed(route, stage, name, None, due)
            return
        for person in people:
            if channel.address in person.addresses:
                due = self._waits(person.quiet or self._plan.quiet, at, case)
                yield Addressed(route, stage, name, person, due)

    def _waits(self, quiet: QuietHours | None, at: datetime, case: Case) -> datetime:
        if quiet is None or Level(case.level) in quiet.except_levels:
            return at
        return quiet_until(quiet, at, self._offset)

    def _people(
        self, audience: Audience, case: Case, detail: Detail, at: datetime
    ) -> Iterator[Person]:
        duty = {each.person for unit in audience.on_duty for each in self._roster.on_duty(unit, at)}
        department = detail.department if isinstance(detail, SubtaskAdded) else case.department
        assignee = detail.person if isinstance(detail, SubtaskAdded) else case.person
        for person in self._plan.people:
            if (
                person.id in audience.people
                or person.id in duty
                or set(person.roles) & set(audience.roles)
                or (
                    (audience.department and department is not None)
                    and person.department == department
                )
                or (audience.assignee and person.id == assignee)
            ):
                yield person


def _fits(route: Route, occasion: Occasion, case: Case) -> bool:
    return (
        occasion in route.occasions
        and Level(case.level) in route.levels
        and (not route.districts or case.district in route.districts)
        and (
            not route.event_types
            or any(fnmatchcase(case.event_type, pattern) for pattern in route.event_types)
        )
    )


def quiet_until(quiet: QuietHours, at: datetime, offset: timedelta) -> datetime:
    """Return ``at``, or the end of the quiet hours that it falls into."""
    local = at + offset
    begin, end = time.fromisoformat(quiet.begin), time.fromisoformat(quiet.end)
    minute = local.time()
    overnight = end <= begin
    within = (minute >= begin or minute < end) if overnight else begin <= minute < end
    if not within:
        return at
    day = local.date()
    if overnight and minute >= begin:
        day += timedelta(days=1)
    return datetime.combine(day, end, tzinfo=at.tzinfo) - offset

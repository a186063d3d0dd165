"""Advice: who should handle a case, how sure that is, and why; pure over a city's tables."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache

from msgspec import Struct

from cloud_api.case_projection import Case
from cloud_api.dispatch.classes import ClassEntry, ClassTable
from cloud_api.dispatch.grid import GridCell, GridMap
from cloud_api.dispatch.preplans import Preplan, Preplans
from cloud_api.dispatch.responsibility import Candidate, ResponsibilityList
from cloud_api.dispatch.roster import Roster, choose
from cloud_api.flow import State
from cloud_api.system_reasons import told
from contracts.envelope import Place
from contracts.levels import Level

__all__ = ["Advice", "Dispatcher"]

_UNSURE = 0.5
"""Below this confidence a person decides, and the fallback department holds the case meanwhile."""

_PING_PONG = 2
"""After so many bounces the first receiver 首接 takes the case back and finds the one who handles it."""

_NAMED = 0.9
"""Confidence in a department that another one names when it bounces a case."""


class Advice(Struct, frozen=True, kw_only=True):
    """Who should handle a case; ``confidence`` is 0..1, ``fallback`` that a person should look first."""

    department: str
    unit: str | None
    person: str | None
    supervisor: str | None
    confidence: float
    fallback: bool
    reasons: tuple[str, ...]
    others: tuple[str, ...] = ()


class Dispatcher:
    """Classes, responsibilities, grid, roster and pre-plans of one city.

    Args:
        classes: its code table.
        listed: its responsibility list.
        roster: its duty roster.
        preplans: its pre-plans.
        grid: its grid; None where it has none.
        fallback: department that holds what nobody answers for.
        utc_offset_minutes: minutes east of UTC, for the day on which a line holds.
    """

    def __init__(
        self,
        *,
        classes: ClassTable,
        listed: ResponsibilityList,
        roster: Roster,
        preplans: Preplans,
        grid: GridMap | None,
        fallback: str,
        utc_offset_minutes: int,
    ) -> None:
        self.classes = classes
        self.listed = listed
        self.roster = roster
        self.preplans = preplans
        self.grid = grid
        self._fallback = fallback
        self._offset = timedelta(minutes=utc_offset_minutes)
        self._classify = lru_cache(maxsize=4096)(classes.classify)
        self._candidates = lru_cache(maxsize=16384)(listed.candidates)
        self._cells = {} if grid is None else {cell.code: cell for cell in grid.cells}

    def day(self, now: datetime) -> date:
        """Return the local day of a moment."""
        return (now + self._offset).date()

    def class_of(self, event_type: str, now: datetime) -> tuple[ClassEntry, float] | None:
        """Return the class of an event type and how sure that is."""
        return self._classify(event_type, self.day(now))

    def cell_of(self, place: Place | None) -> GridCell | None:
        """Return the grid cell of a place: the one that it names, else the one that it lies in."""
        if place is None or self.grid is None:
            return None
        if place.grid is not None and place.grid in self._cells:
            return self._cells[place.grid]
        return self.grid.locate(place.lon, place.lat)

    def preplan_of(self, case: Case) -> Preplan | None:
        """Return what starts with a case."""
        return self.preplans.find(case.preplan, case.event_type, case.level)

    def units_of(self, case: Case, now: datetime) -> list[str]:
        """Return the people on duty who may be sent to a case, so that their loads can be counted."""
        found = self._matching(case, now)
        return [
            duty.person
            for each in found
            if each.row.unit is not None
            for duty in self.roster.on_duty(each.row.unit, now)
        ]

    def advise(self, case: Case, now: datetime, loads: Mapping[str, int]) -> Advice:
        """Return who should handle a case.

        Args:
            case: the case; who has bounced it is not asked again.
            now: the moment, for dated lines and shifts.
            loads: open cases by person.
        """
        if len(case.bounced_by) >= _PING_PONG and case.first_department is not None:
            return self._plain(
                case.first_department,
                1.0,
                told("bounced", count=len(case.bounced_by)),
            )
        refused = set(case.bounced_by)
        named = case.department
        if case.state is State.BOUNCED and named is not None and named not in refused:
            return self._plain(named, _NAMED, told("named_by", department=case.bounced_by[-1]))
        classified = self._class_of_case(case, now)
        if classified is None:
            return self._plain(
                self._fallback, 0.2, told("no_class", event_type=case.event_type), unsure=True
            )
        entry, sure = classified
        found = [each for each in self._matching(case, now) if each.row.department not in refused]
        if not found:
            reason = told("no_line", class_code=entry.code)
            return self._plain(self._fallback, 0.2, reason, unsure=True)
        return self._by_list(case, found, entry, sure, now, loads)

    def _class_of_case(self, case: Case, now: datetime) -> tuple[ClassEntry, float] | None:
        """Return a case's class and how sure that is: a person's word 1.0, a model's what it said."""
        if case.class_code is None:
            return None
        read = None if case.suggested is None else case.suggested.confidence
        by_type = self.class_of(case.event_type, now)
        if by_type is not None and by_type[0].code == case.class_code:
            entry, sure = by_type
        else:
            found = self.classes.entry(case.class_code, self.day(now))
            if found is None:
                return None
            entry, sure = found, 1.0
        if case.class_by_person:
            return entry, 1.0
        return entry, sure if read is None else sure * read

    def _by_list(
        self,
        case: Case,
        found: list[Candidate],
        entry: ClassEntry,
        sure: float,
        now: datetime,
        loads: Mapping[str, int],
    ) -> Advice:
        row, closeness = found[0].row, found[0].confidence
        confidence = sure * closeness
        reasons = [
            told("class", class_code=entry.code, name=entry.zh),
            told(
                "line",
                line=row.line,
                class_code=row.class_code,
                area=row.area,
                basis=row.basis,
            ),
        ]
        others = tuple(
            dict.fromkeys(
                each.row.department for each in found if each.row.department != row.department
            )
        )
        rivals = [e for e in found if e.confidence == closeness and e.row.department in others]
        if rivals:
            confidence /= 2
            reasons.append(told("overlap", line=rivals[0].row.line))
        person = row.person
        if row.unit is not None and person is None:
            place = None if case.place is None else (case.place.lon, case.place.lat)
            chosen = choose(self.roster.on_duty(row.unit, now), place, loads)
            if chosen is None:
                reasons.append(told("nobody_on_duty", unit=row.unit))
            else:
                person = chosen[0]
                reasons.append(chosen[1])  # not who: a reason is a text that others read, too
        return Advice(
            department=row.department,
            unit=row.unit,
            person=person,
            supervisor=row.supervisor,
            confidence=round(confidence, 3),
            fallback=confidence < _UNSURE,
            reasons=tuple(reasons),
            others=others,
        )

    def _matching(self, case: Case, now: datetime) -> list[Candidate]:
        if case.class_code is None:
            return []
        cell = self._cells.get(case.grid or "")
        areas = (case.district,) if cell is None else (*cell.areas, case.district)
        return self._candidates(case.class_code, areas, Level(case.level), self.day(now))

    @staticmethod
    def _plain(department: str, confidence: float, reason: str, *, unsure: bool = False) -> Advice:
        return Advice(
            department=department,
            unit=None,
            person=None,
            supervisor=None,
            confidence=confidence,
            fallback=unsure,
            reasons=(reason,),
        )

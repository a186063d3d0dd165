"""What a report would become, while somebody still takes it down: its class, its cell, and cases near by."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from cloud_api.case_projection import Case, decode_case
from cloud_api.case_rows import neighbour_cells
from cloud_api.database import Store
from cloud_api.dispatch.advice import Dispatcher
from cloud_api.dispatch.classes import ClassEntry, event_type_of
from cloud_api.dispatch.grid import GridCell
from cloud_api.duplicates.finder import DuplicateFinder, Sought
from cloud_api.errors import InvalidInput
from cloud_api.instants import to_us
from cloud_api.people.scope import Scope, scoped_cases
from cloud_api.schema import cases
from cloud_api.wording.suggesting import Suggester, Suggestion
from contracts.envelope import Place
from contracts.geometry import distance_m

__all__ = ["NEAR_M", "NearCase", "Preview", "ReportPreview"]

NEAR_M = 150.0
"""How far away cases are shown, metres: as far as the neighbour cells of the index surely reach."""

_MOST = 8
"""Most cases that are shown: more than somebody on the telephone reads."""

_READ = 200
"""Most cases of the neighbour cells that are looked at; the youngest are."""


class NearCase(NamedTuple):
    """An open case near by; ``odds`` as in ``duplicates``, None where it is of another class."""

    case: Case
    distance_m: float
    odds: float | None


class Preview(NamedTuple):
    """What a report would become."""

    suggestion: Suggestion | None
    cell: GridCell | None
    near: list[NearCase]


class ReportPreview:
    """Looks ahead for whoever takes a report down; stores nothing.

    Args:
        store: the database.
        dispatcher: the code table and the grid.
        finder: judges duplicates.
        suggester: reads classes in words; None where nothing does.
    """

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        finder: DuplicateFinder,
        suggester: Suggester | None,
    ) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._finder = finder
        self._suggester = suggester

    def look(
        self, service_code: str | None, text: str, place: Place | None, scope: Scope, now: datetime
    ) -> Preview:
        """Return what a report would become, of what somebody may see.

        Without a class the one that the words suggest is used, where that is sure.

        Raises:
            InvalidInput: there is no such class today.
            StoreUnavailable: the database does not answer.
        """
        day = self._dispatcher.day(now)
        entry: ClassEntry | None = None
        if service_code is not None:
            entry = self._dispatcher.classes.entry(service_code, day)
            if entry is None:
                raise InvalidInput(
                    f"service_code {service_code[:64]!r} is no class of today's code table; see "
                    "GET /v1/classes"
                )
        found = None if self._suggester is None else self._suggester.suggest(text, now)
        if entry is None and found is not None and found.sure:
            entry = found.entry
        if place is None:
            return Preview(found, None, [])
        near = self._near(entry, place, scope, now)
        return Preview(found, self._dispatcher.cell_of(place), near)

    def _near(
        self, entry: ClassEntry | None, place: Place, scope: Scope, now: datetime
    ) -> list[NearCase]:
        query = (
            select(cases.c.document)
            .where(
                cases.c.cell.in_(neighbour_cells(place.lon, place.lat)),
                cases.c.is_open == 1,
                cases.c.merged_into.is_(None),
                scoped_cases(scope),
            )
            .order_by(cases.c.opened_at_us.desc())
            .limit(_READ)
        )
        odds: dict[str, float] = {}
        with self._store.read() as connection:
            around = [decode_case(document) for document in connection.scalars(query)]
            if entry is not None:
                sought = Sought(event_type_of(entry), entry.code, place, to_us(now), entry.zh)
                for twin in self._finder.twins_of(connection, sought):
                    odds[twin.case.case_id] = twin.likeness.odds
        here = (place.lon, place.lat)
        near = [
            NearCase(case, away_m, odds.get(case.case_id))
            for case in around
            if case.place is not None
            and (away_m := distance_m(here, (case.place.lon, case.place.lat))) <= NEAR_M
        ]
        near.sort(
            key=lambda each: (-(each.odds if each.odds is not None else -1e9), each.distance_m)
        )
        return near[:_MOST]

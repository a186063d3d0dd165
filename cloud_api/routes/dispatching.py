"""Dispatch: advice for a case, and the tables that it comes from."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from cloud_api.access import Gate
from cloud_api.case_book import CaseBook
from cloud_api.case_opening import find_case
from cloud_api.errors import Forbidden, InvalidInput, NotFound, StoreUnavailable, Unauthenticated
from cloud_api.keys import Identity
from cloud_api.people.scope import case_in_scope
from cloud_api.rendering import said_view
from cloud_api.routes.answers import documented, storable
from cloud_api.services import Services
from cloud_api.views import SystemReasonView

__all__ = ["dispatch_router"]


class AdviceView(BaseModel):
    """Who should handle a case, and why."""

    department: str
    unit: str | None
    person: str | None
    supervisor: str | None
    confidence: float = Field(description="0 to 1.")
    fallback: bool = Field(description="Nobody is sure: a person should look first.")
    reasons: list[str]
    said: list[SystemReasonView | None] = Field(
        description="The same reasons in both languages; null: of no known form."
    )
    others: list[str] = Field(description="Other departments whose lines fit less closely.")
    preplan: str | None = Field(description="Pre-plan that belongs to class and level.")


class TwinView(BaseModel):
    """A case that may be about the same matter."""

    case_id: str
    number: str
    odds: float = Field(
        description="Natural logarithm of the odds; above 0 rather the same matter."
    )
    distance_m: float
    hours: float = Field(description="Between its reports.")
    words: float = Field(description="Likeness of the texts, 0 to 1; 0.5 says nothing.")
    same_picture: bool = Field(description="Somebody sent the same picture to both.")


class ClassView(BaseModel):
    """One class of the code table."""

    code: str
    kind: str
    zh: str
    en: str
    event_types: list[str]


class CellView(BaseModel):
    """A cell of the grid, and where it is."""

    code: str
    name: str
    community: str
    street: str
    district: str
    owner: str | None


class ProfileView(BaseModel):
    """The city profile, and what it is."""

    profile: str
    version: str
    zh: str
    en: str
    what: str
    classes: int
    responsibilities: int
    cells: int
    deadline_policy: str


def dispatch_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes about who handles what."""
    router = APIRouter(tags=["dispatch"])
    reader = Annotated[Identity, Depends(gate.read)]
    anybody = Annotated[Identity, Depends(gate.read_common)]
    profile = services.profile
    dispatcher = profile.dispatcher

    @router.get(
        "/v1/cases/{case_ref}/advice",
        summary="Ask who should handle the case",
        responses=documented(Unauthenticated, Forbidden, NotFound, InvalidInput, StoreUnavailable),
    )
    def advice(case_ref: str, _caller: reader) -> AdviceView:
        """Return department, unit and person with confidence and reasons."""
        case_ref = storable(case_ref) or ""
        now = services.clock.now()
        with services.store.read() as connection:
            case = find_case(connection, case_ref)
            if case is None:
                raise NotFound(f"case {case_ref[:80]!r} does not exist; see GET /v1/cases")
            book = CaseBook(connection, services.flows, services.drawer.keeper)
            loads = book.loads(dispatcher.units_of(case, now))
        found = dispatcher.advise(case, now, loads)
        plan = dispatcher.preplan_of(case)
        return AdviceView(
            department=found.department,
            unit=found.unit,
            person=found.person,
            supervisor=found.supervisor,
            confidence=found.confidence,
            fallback=found.fallback,
            reasons=list(found.reasons),
            said=[said_view(text) for text in found.reasons],
            others=list(found.others),
            preplan=None if plan is None else plan.id,
        )

    @router.get(
        "/v1/cases/{case_ref}/duplicates",
        summary="Find open cases that may be about the same matter",
        responses=documented(Unauthenticated, Forbidden, NotFound, InvalidInput, StoreUnavailable),
    )
    def duplicates(case_ref: str, caller: reader) -> list[TwinView]:
        """Return likely duplicates, the likeliest first; merging is a move, and reversible."""
        case_ref = storable(case_ref) or ""
        with services.store.read() as connection:
            case = find_case(connection, case_ref)
            if case is None:
                raise NotFound(f"case {case_ref[:80]!r} does not exist; see GET /v1/cases")
            twins = [
                twin
                for twin in profile.duplicates.find(connection, case)
                if case_in_scope(connection, caller.scope, twin.case.case_id)
            ]
        return [
            TwinView(
                case_id=twin.case.case_id,
                number=twin.case.number,
                odds=round(twin.likeness.odds, 2),
                distance_m=round(twin.likeness.distance_m, 1),
                hours=round(twin.likeness.hours, 2),
                words=round(twin.likeness.words, 2),
                same_picture=twin.likeness.same_picture,
            )
            for twin in twins[:20]
        ]

    @router.get(
        "/v1/classes",
        summary="List the classes of today's code table",
        responses=documented(Unauthenticated, Forbidden),
    )
    def classes(_caller: anybody) -> list[ClassView]:
        """Return the classes that hold today."""
        return [
            ClassView(
                code=entry.code,
                kind=entry.kind,
                zh=entry.zh,
                en=entry.en,
                event_types=list(entry.event_types),
            )
            for entry in dispatcher.classes.valid(dispatcher.day(services.clock.now()))
        ]

    @router.get(
        "/v1/grid",
        summary="Find the grid cell of a place",
        responses=documented(Unauthenticated, Forbidden, NotFound, InvalidInput),
    )
    def locate(
        _caller: anybody,
        lon: Annotated[float, Query(ge=-180, le=180, description="WGS 84")],
        lat: Annotated[float, Query(ge=-90, le=90, description="WGS 84")],
    ) -> CellView:
        """Return the cell that a place lies in, and who answers for it."""
        cell = None if dispatcher.grid is None else dispatcher.grid.locate(lon, lat)
        if cell is None:
            raise NotFound(
                f"no cell of the grid holds {lon}, {lat}; the profile's grid.geojson does"
            )
        return CellView(**cell._asdict())

    @router.get(
        "/v1/profile",
        summary="Read which city's data are in force, and what they are",
        responses=documented(Unauthenticated, Forbidden),
    )
    def show_profile(_caller: anybody) -> ProfileView:
        """Return the profile's name, version and its own statement of what it is."""
        return ProfileView(
            profile=profile.spec.profile,
            version=profile.spec.version,
            zh=profile.spec.zh,
            en=profile.spec.en,
            what=profile.spec.what,
            classes=len(dispatcher.classes.entries),
            responsibilities=len(dispatcher.listed.rows),
            cells=0 if dispatcher.grid is None else len(dispatcher.grid.cells),
            deadline_policy=profile.deadlines.name,
        )

    return router

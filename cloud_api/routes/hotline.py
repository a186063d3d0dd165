"""For whoever takes a report down on the telephone 代录: places by name, and what the report would become."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from cloud_api.access import Gate
from cloud_api.citizens.preview import Preview, ReportPreview
from cloud_api.dispatch.gazetteer import NamedPlace
from cloud_api.errors import (
    BodyTooLarge,
    Forbidden,
    InvalidInput,
    MalformedJson,
    StoreUnavailable,
    Unauthenticated,
)
from cloud_api.instants import from_us
from cloud_api.keys import Identity
from cloud_api.people.scope import Scope
from cloud_api.routes.acting import Text
from cloud_api.routes.answers import documented
from cloud_api.services import Services
from contracts.envelope import Place

__all__ = ["hotline_router"]

_MOST = 20


class NamedPlaceView(BaseModel):
    """A place with a name."""

    zh: str
    en: str
    kind: str = Field(description="As in `places.csv`; `cell` for a cell of the grid.")
    lon: float = Field(description="WGS 84")
    lat: float
    grid: str | None


class PreviewBody(BaseModel):
    """What is known so far of a report; every field may be left out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"text": "路口积水，约三十厘米", "lon": 114.0591, "lat": 22.5462}
        },
    )
    service_code: Annotated[str | None, Field(max_length=64)] = None
    text: Text = ""
    lon: Annotated[float | None, Field(ge=-180, le=180)] = Field(default=None, description="WGS 84")
    lat: Annotated[float | None, Field(ge=-90, le=90)] = None


class SuggestedClassView(BaseModel):
    """The class that the words speak of."""

    code: str
    zh: str
    en: str
    confidence: float = Field(description="0 to 1.")
    sure: bool = Field(description="Sure enough to be used where nobody names a class.")


class NearCaseView(BaseModel):
    """An open case near by."""

    case_id: str
    number: str
    title: dict[str, str]
    state: str
    level: str
    opened_at: datetime
    lon: float
    lat: float
    distance_m: float
    reports: int = Field(description="Events and reports that belong to it.")
    odds: float | None = Field(
        description="Of being the same matter, natural logarithm: above 0 rather yes; null: of another class."
    )


class PreviewView(BaseModel):
    """What a report would become."""

    suggestion: SuggestedClassView | None
    grid: str | None = Field(description="Code of the cell in which the place lies.")
    grid_name: str | None
    near: list[NearCaseView] = Field(description="Open cases within 150 m, the likeliest first.")


def hotline_router(services: Services, gate: Gate) -> APIRouter:
    """Return ``/v1/places`` and ``/v1/reports/preview``."""
    router = APIRouter(tags=["citizens"])
    actor = Annotated[Identity, Depends(gate.act_filtered)]
    profile = services.profile
    preview = ReportPreview(
        services.store, profile.dispatcher, profile.duplicates, profile.suggester
    )
    reading = documented(Unauthenticated, Forbidden, InvalidInput)

    @router.get("/v1/places", summary="Find places by name", responses=reading)
    def places(
        caller: actor,
        q: Annotated[str, Query(max_length=100, description="Part of a name, or one like it.")],
        limit: Annotated[int, Query(ge=1, le=_MOST)] = 8,
    ) -> list[NamedPlaceView]:
        """Return places of the city's gazetteer and cells of its grid, the best first."""
        found = profile.gazetteer.search(
            q, limit=limit, within=lambda place: _may_see(caller.scope, place)
        )
        return [
            NamedPlaceView(
                zh=each.zh, en=each.en, kind=each.kind, lon=each.lon, lat=each.lat, grid=each.cell
            )
            for each in found
        ]

    @router.post(
        "/v1/reports/preview",
        summary="See what a report would become",
        responses=documented(
            MalformedJson, Unauthenticated, Forbidden, BodyTooLarge, InvalidInput, StoreUnavailable
        ),
    )
    def look(body: PreviewBody, caller: actor) -> PreviewView:
        """Return the class that the words suggest, the cell, and open cases near by; nothing is stored."""
        if (body.lon is None) != (body.lat is None):
            raise InvalidInput("place: give both lon and lat, or neither")
        place = None
        if body.lon is not None and body.lat is not None:
            place = Place(lon=body.lon, lat=body.lat)
        now = services.clock.now()
        return _view(preview.look(body.service_code, body.text, place, caller.scope, now))

    return router


def _may_see(scope: Scope, place: NamedPlace) -> bool:
    """Return whether a place lies in what somebody may see; one in no cell belongs to everybody."""
    return not scope.grids or place.cell is None or place.cell.startswith(scope.grids)


def _view(found: Preview) -> PreviewView:
    suggested = found.suggestion
    return PreviewView(
        suggestion=None
        if suggested is None
        else SuggestedClassView(
            code=suggested.entry.code,
            zh=suggested.entry.zh,
            en=suggested.entry.en,
            confidence=suggested.confidence,
            sure=suggested.sure,
        ),
        grid=None if found.cell is None else found.cell.code,
        grid_name=None if found.cell is None else found.cell.name,
        near=[
            NearCaseView(
                case_id=each.case.case_id,
                number=each.case.number,
                title={"zh": each.case.title.zh, "en": each.case.title.en},
                state=each.case.state.value,
                level=each.case.level.value,
                opened_at=from_us(each.case.opened_at_us),
                lon=each.case.place.lon,
                lat=each.case.place.lat,
                distance_m=round(each.distance_m, 1),
                reports=len(each.case.events),
                odds=each.odds,
            )
            for each in found.near
            if each.case.place is not None
        ],
    )

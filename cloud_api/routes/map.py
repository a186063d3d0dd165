"""How the city stands: counts, and what lies on the map, for what the caller may see."""

import gzip
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from cloud_api.access import Gate
from cloud_api.errors import Forbidden, InvalidInput, StoreUnavailable, Unauthenticated
from cloud_api.flow import State
from cloud_api.keys import Identity
from cloud_api.map_points import (
    MOST,
    Box,
    Points,
    case_points,
    cells,
    counted,
    device_points,
    event_points,
    team_points,
)
from cloud_api.privacy.viewing import mask_in_route
from cloud_api.queries import CaseFilter, EventFilter
from cloud_api.routes.answers import documented, storable
from cloud_api.services import Services
from contracts.event import EventPhase
from contracts.levels import Lamp, Level

__all__ = ["map_router"]

_PACK_BYTES = 4_096
_READING = (Unauthenticated, Forbidden, InvalidInput, StoreUnavailable)
_NUMBER = r"-?\d{1,3}(\.\d{1,12})?"
_Bbox = Annotated[
    str | None,
    Query(
        pattern=rf"^{_NUMBER}(,{_NUMBER}){{3}}$",
        description="west,south,east,north in WGS 84 degrees; the whole city without it.",
    ),
]
_ID = Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,64}$")]
_Type = Annotated[str | None, Query(max_length=128)]
_Most = Annotated[int, Query(ge=1, le=MOST)]


class MapGeometry(BaseModel):
    """A GeoJSON geometry: a Point, or a Polygon or MultiPolygon of a cell."""

    type: str
    coordinates: list[Any]


class MapFeature(BaseModel):
    """One thing on the map."""

    type: str
    geometry: MapGeometry
    properties: dict[str, Any] = Field(description="`id`, and what the layer colours by.")


class MapLayer(BaseModel):
    """A layer of the map, as GeoJSON."""

    type: str
    features: list[MapFeature]
    truncated: bool = Field(description="There is more: ask for a smaller part of the map.")


class SituationView(BaseModel):
    """How the city stands, in a few numbers."""

    open_cases: int
    cases_by_lamp: dict[str, int] = Field(description="Open cases: green, yellow, red.")
    running_events: int
    events_by_level: dict[str, int] = Field(description="Events that have not ended: blue to red.")


def _box(text: str | None) -> Box | None:
    """Return the part of the map that is asked for.

    Raises:
        InvalidInput: it is none.
    """
    if text is None:
        return None
    box = Box(*(float(part) for part in text.split(",")))
    if box.west > box.east or box.south > box.north:
        raise InvalidInput(f"bbox {text}: expected west,south,east,north, the smaller ones first")
    return box


def _answer(points: Points, request: Request) -> Response:
    """Return a layer that is masked already, packed where the caller takes that: fifty thousand points are eight megabytes."""
    body = msgspec.json.encode(points)
    headers = {"Vary": "Accept-Encoding"}
    if len(body) > _PACK_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, compresslevel=1)
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type="application/geo+json", headers=headers)


def map_router(services: Services, gate: Gate) -> APIRouter:
    """Return ``/v1/situation`` and the routes below ``/v1/map``."""
    router = APIRouter(tags=["map"])
    reader = Annotated[Identity, Depends(gate.read_filtered)]
    dispatcher = services.profile.dispatcher
    told: dict[int | str, dict[str, Any]] = {
        200: {
            "content": {
                "application/geo+json": {"schema": {"$ref": "#/components/schemas/MapLayer"}}
            }
        },
        **documented(*_READING),
    }

    @router.get(
        "/v1/situation",
        summary="Read how many cases and events there are, by lamp and level",
        responses=documented(*_READING),
    )
    def situation(caller: reader) -> SituationView:
        """Return counts of what the caller may see: open cases, and events that have not ended."""
        with services.store.read() as connection:
            by_lamp, by_level = counted(connection, caller.scope)
        return SituationView(
            open_cases=sum(by_lamp.values()),
            cases_by_lamp=by_lamp,
            running_events=sum(by_level.values()),
            events_by_level=by_level,
        )

    @router.get(
        "/v1/map/cases",
        summary="Read where cases are",
        response_model=MapLayer,
        responses=told,
    )
    def map_cases(
        request: Request,
        caller: reader,
        bbox: _Bbox = None,
        open: bool | None = True,  # noqa: A002 - the parameter's public name
        state: State | None = None,
        level: Level | None = None,
        lamp: Lamp | None = None,
        type: _Type = None,  # noqa: A002 - as above
        district: _ID = None,
        department: _ID = None,
        limit: _Most = MOST,
    ) -> Response:
        """Return a point for each case that has a place: number, level, lamp, state."""
        mask_in_route(request, caller)  # it holds no text that people wrote
        chosen = CaseFilter(state, open, level, storable(type), district, department, lamp=lamp)
        with services.store.read() as connection:
            found = case_points(connection, chosen, _box(bbox), caller.scope, limit)
        return _answer(found, request)

    @router.get(
        "/v1/map/events",
        summary="Read where events are",
        response_model=MapLayer,
        responses=told,
    )
    def map_events(
        request: Request,
        caller: reader,
        bbox: _Bbox = None,
        phase: EventPhase | None = None,
        level: Level | None = None,
        type: _Type = None,  # noqa: A002 - the parameter's public name
        district: _ID = None,
        limit: _Most = MOST,
    ) -> Response:
        """Return a point for each event that has a place and has not ended, unless a phase is asked for."""
        mask_in_route(request, caller)  # it holds no text that people wrote
        chosen = EventFilter(level, storable(type), phase, district)
        with services.store.read() as connection:
            found = event_points(connection, chosen, _box(bbox), caller.scope, limit)
        return _answer(found, request)

    @router.get(
        "/v1/map/devices",
        summary="Read where cameras, sensors and boxes stand",
        response_model=MapLayer,
        responses=told,
    )
    def map_devices(
        request: Request,
        caller: reader,
        bbox: _Bbox = None,
        district: _ID = None,
        limit: _Most = MOST,
    ) -> Response:
        """Return a point for each device and box of the registry that has a place."""
        veil = mask_in_route(request, caller)
        with services.store.read() as connection:
            found = device_points(
                connection, dispatcher, district, _box(bbox), caller.scope, veil, limit
            )
        return _answer(found, request)

    @router.get(
        "/v1/map/teams",
        summary="Read who is on duty, and where",
        response_model=MapLayer,
        responses=told,
    )
    def map_teams(request: Request, caller: reader, bbox: _Bbox = None) -> Response:
        """Return a point for each person of the duty roster whose shift runs and whose place is known.

        Operators and admins are told who it is; readers the unit.
        """
        veil = mask_in_route(request, caller)
        found = team_points(dispatcher, services.clock.now(), _box(bbox), caller.scope, veil)
        return _answer(found, request)

    @router.get(
        "/v1/map/grid",
        summary="Read the grid's cells, with their open cases",
        response_model=MapLayer,
        responses=told,
    )
    def map_grid(request: Request, caller: reader) -> Response:
        """Return the outline of each cell, how many open cases it has, and their worst lamp."""
        veil = mask_in_route(request, caller)
        with services.store.read() as connection:
            found = cells(connection, dispatcher, caller.scope, veil)
        return _answer(found, request)

    return router

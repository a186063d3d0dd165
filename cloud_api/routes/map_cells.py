"""The map: open cases by cell."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from cloud_api.access import Gate
from cloud_api.errors import Forbidden, InvalidInput, StoreUnavailable, Unauthenticated
from cloud_api.keys import Identity
from cloud_api.map_cells import MapWindow, cell_degrees, map_cells
from cloud_api.routes.answers import documented
from cloud_api.services import Services

__all__ = ["map_cells_router"]

_LON = Query(ge=-180, le=180, description="WGS 84")
_LAT = Query(ge=-90, le=90, description="WGS 84")


class MapCellView(BaseModel):
    """Open cases of one cell."""

    lon: float = Field(description="Its middle.")
    lat: float
    cases: int
    level: str = Field(description="Highest.")
    lamp: str = Field(description="Worst.")


class MapView(BaseModel):
    """What lies in a window."""

    cell_degrees: float = Field(description="Edge of a cell.")
    cells: list[MapCellView]


def map_cells_router(services: Services, gate: Gate) -> APIRouter:
    """Return the route ``/v1/map/cells``."""
    router = APIRouter(tags=["map"])
    reader = Annotated[Identity, Depends(gate.read_filtered)]

    @router.get(
        "/v1/map/cells",
        summary="Count open cases on a map",
        responses=documented(Unauthenticated, Forbidden, InvalidInput, StoreUnavailable),
    )
    def cells(
        caller: reader,
        west: Annotated[float, _LON],
        south: Annotated[float, _LAT],
        east: Annotated[float, _LON],
        north: Annotated[float, _LAT],
        district: Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,64}$")] = None,
    ) -> MapView:
        """Return the cells of a window, about forty across, that hold open cases."""
        if west >= east or south >= north:
            raise InvalidInput("the window is empty: west must be less than east, south than north")
        window = MapWindow(west, south, east, north)
        with services.store.read() as connection:
            found = map_cells(connection, window, caller.scope, district)
        return MapView(
            cell_degrees=cell_degrees(window),
            cells=[MapCellView(**each._asdict()) for each in found],
        )

    return router

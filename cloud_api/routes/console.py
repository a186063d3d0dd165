"""What the console must know before anybody has logged in."""

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from cloud_api.access import Gate
from cloud_api.errors import RateLimited
from cloud_api.routes.answers import documented
from cloud_api.services import Services

__all__ = ["console_router"]


class MapCentre(BaseModel):
    """A place in WGS 84 degrees."""

    lon: float
    lat: float


class MapGround(BaseModel):
    """What lies under the city's own data on the map."""

    tiles: str | None = Field(description="Raster tiles, with {z}, {x} and {y}; null: none.")
    pmtiles: str | None = Field(description="A PMTiles file; null: none.")
    attribution: str
    centre: MapCentre | None = Field(
        description="Where the map looks first; null: at what lies on it."
    )
    zoom: float


class ConsoleSettings(BaseModel):
    """What the console must know before anybody has logged in."""

    city: dict[str, str] = Field(description="Name of the city's profile, zh and en.")
    oidc: bool = Field(description="Whether one can log in at an OpenID provider.")
    map: MapGround


def console_router(services: Services, gate: Gate) -> APIRouter:
    """Return the route ``/v1/console``."""
    router = APIRouter(tags=["console"])
    config = services.config

    @router.get(
        "/v1/console",
        summary="Read what the console's first page needs",
        dependencies=[Depends(gate.visitor)],
        responses=documented(RateLimited),
    )
    def console() -> ConsoleSettings:
        """Return how one logs in here and what lies under the map; the same for everybody."""
        spec, ground = services.profile.spec, config.console
        return ConsoleSettings(
            city={"zh": spec.zh, "en": spec.en},
            oidc=services.oidc is not None,
            map=MapGround(
                tiles=ground.tiles,
                pmtiles=ground.archive,
                attribution=ground.attribution,
                centre=None
                if ground.centre is None
                else MapCentre(lon=ground.centre[0], lat=ground.centre[1]),
                zoom=ground.zoom,
            ),
        )

    return router

"""Devices and boxes as people look for them: one list with how each is, and one's values."""

from collections import Counter
from datetime import timedelta
from typing import Annotated

import httpx
import msgspec
import structlog
from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime

from cloud_api.access import Gate
from cloud_api.causes.curve import ask_gateway
from cloud_api.devices.inventory import (
    Asset,
    AssetFilter,
    AssetState,
    assets,
    chosen,
    registered_entries,
)
from cloud_api.devices.reports import FleetReports
from cloud_api.errors import Forbidden, InvalidInput, NotFound, StoreUnavailable, Unauthenticated
from cloud_api.keys import Identity
from cloud_api.people.scope import Scope
from cloud_api.routes.answers import documented, storable
from cloud_api.routes.fleet_views import (
    AssetPage,
    AssetPlace,
    AssetView,
    SeriesPoint,
    SeriesView,
)
from cloud_api.services import Services

__all__ = ["inventory_router"]

_READING = (Unauthenticated, Forbidden, InvalidInput, StoreUnavailable)
_ID = r"^[a-z0-9-]{1,64}$"
_Name = Annotated[str, Path(pattern=_ID)]
_Id = Annotated[str | None, Query(pattern=_ID)]
_DAY = timedelta(days=1)
_MOST_DAYS = 31
_log = structlog.get_logger(__name__)


def inventory_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes below ``/v1/fleet/assets``."""
    router = APIRouter(tags=["fleet"])
    reader = Annotated[Identity, Depends(gate.read_filtered)]
    reports = FleetReports(services.store)
    dispatcher = services.profile.dispatcher

    def visible(scope: Scope, *, by_cell: bool = False) -> list[Asset]:
        """Return what stands in somebody's districts and cells; departments bound no devices.

        ``by_cell``: cells are looked up for places whose entry does not name one, though the scope asks for none.
        """
        now = services.clock.now()
        heard = reports.fresh(now)
        with services.store.read() as connection:
            found = list(assets(registered_entries(connection), heard, now))
        placed = [_in_cell(each) for each in found] if scope.grids or by_cell else found
        return [
            each
            for each in placed
            if (not scope.districts or each.district in scope.districts)
            and (not scope.grids or _grid(each).startswith(scope.grids))
        ]

    def _in_cell(asset: Asset) -> Asset:
        """Return an asset with the code of the cell that it stands in, where it does not tell it itself."""
        if asset.place is None or asset.place.grid:
            return asset
        cell = dispatcher.cell_of(asset.place)
        if cell is None:
            return asset
        place = msgspec.structs.replace(asset.place, grid=cell.code)
        return msgspec.structs.replace(asset, place=place)

    @router.get(
        "/v1/fleet/assets",
        summary="List devices and boxes with how they are, those in trouble first",
        responses=documented(*_READING),
    )
    def get_assets(
        caller: reader,
        q: Annotated[
            str | None, Query(max_length=100, description="Part of id, name, site.")
        ] = None,
        kind: Annotated[str | None, Query(pattern="^(camera|sensor|box)$")] = None,
        profile: Annotated[str | None, Query(max_length=64)] = None,
        district: _Id = None,
        grid: Annotated[str | None, Query(pattern=r"^[0-9A-Za-z-]{1,64}$")] = None,
        box: _Id = None,
        state: AssetState | None = None,
        faulty: bool | None = None,
        skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=services.config.page_size)] = 50,
    ) -> AssetPage:
        """Return one page of what the caller may see, and how many there are in each state."""
        every = visible(caller.scope, by_cell=grid is not None)
        wanted = AssetFilter(
            text=storable(q), kind=kind, profile=profile, district=district, grid=grid, box=box,
            faulty=faulty,
        )  # fmt: skip
        narrowed = chosen(every, wanted)
        shown = [each for each in narrowed if state in {None, each.state}]
        return AssetPage(
            items=[_view(_in_cell(each)) for each in shown[skip : skip + limit]],
            total=len(shown),
            states=Counter(each.state.value for each in narrowed),
            profiles=sorted({each.profile for each in every}),
            districts=sorted({each.district for each in every}),
            now=services.clock.now(),
        )

    @router.get(
        "/v1/fleet/assets/{name}",
        summary="Read one device or box with how it is",
        responses=documented(*_READING, NotFound),
    )
    def get_asset(name: _Name, caller: reader, kind: str = "device") -> AssetView:
        """Return a device, or with ``kind=box`` a box."""
        return _view(_in_cell(one(name, caller.scope, box=kind == "box")))

    @router.get(
        "/v1/fleet/assets/{name}/series",
        summary="Read the values of a device, from its gateway",
        responses=documented(*_READING, NotFound),
    )
    def get_series(
        name: _Name,
        caller: reader,
        metric: Annotated[str | None, Query(pattern=r"^[a-z0-9_]{1,64}$")] = None,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
    ) -> SeriesView:
        """Return up to 600 values, or steps of time; the last day unless asked for another span."""
        one(name, caller.scope, box=False)
        end = until or services.clock.now()
        start = since or end - _DAY
        if not timedelta(0) < end - start <= _MOST_DAYS * _DAY:
            raise InvalidInput(f"since, until: expected a span of up to {_MOST_DAYS} days")
        plain = SeriesView(
            device=name, metric=metric, unit=None, metrics=[], start=start, end=end, points=[], why=None
        )  # fmt: skip
        config = services.config.curves
        if config is None:
            return plain.model_copy(update={"why": "no gateway is configured"})
        try:
            told = ask_gateway(config, name, metric, start, end)
        except (httpx.HTTPError, OSError, msgspec.MsgspecError) as error:
            _log.warning("series_unavailable", device=name, reason=str(error)[:300])
            return plain.model_copy(update={"why": "the gateway has no values of this device"})
        points = [
            SeriesPoint(at=at, value=float(value))
            for at, value in told.values
            if not isinstance(value, str)
        ] or [SeriesPoint(at=e.at, value=e.mean, min=e.min, max=e.max) for e in told.steps]
        found = {
            "metric": told.metric,
            "unit": told.unit,
            "metrics": list(told.metrics),
            "points": points,
            "why": None if points else "the gateway has no values of this time",
        }
        return plain.model_copy(update=found)

    def one(name: str, scope: Scope, *, box: bool) -> Asset:
        for each in visible(scope):
            if each.id == name and (each.kind == "box") == box:
                return each
        what = "box" if box else "device"
        raise NotFound(f"{what} {name!r} is not registered; see GET /v1/fleet/assets")

    return router


def _grid(asset: Asset) -> str:
    return "" if asset.place is None or asset.place.grid is None else asset.place.grid


def _view(asset: Asset) -> AssetView:
    place = asset.place
    return AssetView(
        **(msgspec.structs.asdict(asset) | {"faults": list(asset.faults)})
        | {
            "place": None
            if place is None
            else AssetPlace(lon=place.lon, lat=place.lat, grid=place.grid)
        }
    )

"""Supervision 督办: what is nearly or already late, and 平急 operation of districts."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from cloud_api.access import Gate
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
from cloud_api.modes import switches
from cloud_api.queries import supervised
from cloud_api.rendering import case_view
from cloud_api.routes.acting import Id
from cloud_api.routes.answers import documented
from cloud_api.services import Services
from cloud_api.views import CaseView, ModeView, SwitchedView
from contracts.control import Mode

__all__ = ["supervision_router"]


class ModeBody(BaseModel):
    """Which district goes over to which operation, and why."""

    model_config = ConfigDict(extra="forbid")
    district: Id
    mode: Mode
    reason: Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]


def supervision_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes about lateness and modes."""
    router = APIRouter(tags=["supervision"])
    reader = Annotated[Identity, Depends(gate.read_common)]
    lister = Annotated[Identity, Depends(gate.read_filtered)]
    actor = Annotated[Identity, Depends(gate.act)]
    departments = {each.id: each for each in services.config.departments}

    @router.get(
        "/v1/supervision",
        summary="List open cases whose lamp is yellow or red",
        responses=documented(Unauthenticated, Forbidden, InvalidInput, StoreUnavailable),
    )
    def supervision(
        caller: lister,
        district: Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,64}$")] = None,
        limit: Annotated[int, Query(ge=1, le=services.config.page_size)] = 50,
    ) -> list[CaseView]:
        """Return the supervision queue: red ones first, then the one that is due first."""
        with services.store.read() as connection:
            found = supervised(connection, district, limit=limit, scope=caller.scope)
        return [case_view(case, services.flows, departments) for case in found]

    @router.get(
        "/v1/modes",
        summary="List switches between everyday and emergency operation",
        responses=documented(Unauthenticated, Forbidden, InvalidInput, StoreUnavailable),
    )
    def modes(
        _caller: reader, limit: Annotated[int, Query(ge=1, le=services.config.page_size)] = 50
    ) -> list[ModeView]:
        """Return the last switches, newest first; a district without one is in normal mode."""
        with services.store.read() as connection:
            found = switches(connection, limit)
        return [
            ModeView(
                district=each.district,
                mode=each.mode,
                at=from_us(each.at_us),
                actor=each.actor,
                reason=each.reason,
            )
            for each in found
        ]

    @router.post(
        "/v1/modes",
        summary="Put a district into everyday or emergency operation",
        responses=documented(
            MalformedJson, Unauthenticated, Forbidden, BodyTooLarge, InvalidInput, StoreUnavailable
        ),
    )
    def switch_mode(body: ModeBody, caller: actor) -> SwitchedView:
        """Switch a district, bring deadlines nearer, tell its gateways."""
        done = services.switcher.switch(
            body.district,
            body.mode,
            now=services.clock.now(),
            actor=caller.name,
            reason=body.reason,
        )
        return SwitchedView(
            district=body.district,
            mode=body.mode.value,
            cases_touched=done.cases_touched,
            told=done.told,
        )

    return router

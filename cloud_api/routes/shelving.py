"""Shelving 搁置: keeping a rule, a thing or an event quiet for a while, at the gateways of a district."""

import uuid
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
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
from cloud_api.keys import Identity
from cloud_api.routes.acting import Id
from cloud_api.routes.answers import documented
from cloud_api.services import Services
from contracts.control import Control, ControlAction

__all__ = ["shelving_router"]

_LONGEST_S = 7 * 24 * 3600
_Word = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]


class ShelveBody(BaseModel):
    """What is to be quiet, for how long, and why; name an event, a rule, key values, or rule and key."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "district": "futian",
                "rule": "waterlogging",
                "key": {"subject": "ws-017"},
                "for_s": 3600,
                "reason": "the sensor is being cleaned",
            }
        },
    )
    district: Id
    event_id: Annotated[str | None, Field(pattern=r"^[0-9a-f-]{36}$")] = None
    rule: _Word | None = None
    key: Annotated[dict[_Word, _Word], Field(max_length=8)] = {}
    for_s: Annotated[float, Field(gt=0, le=_LONGEST_S)] = Field(
        default=3600.0, description="Seconds; at most a week."
    )
    reason: Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]


class ShelvedView(BaseModel):
    """What was sent to the gateways."""

    id: str
    until: datetime | None
    told: bool = Field(description="Whether the hub took it; without one nothing is shelved.")


def shelving_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes that shelve and unshelve."""
    router = APIRouter(tags=["supervision"])
    actor = Annotated[Identity, Depends(gate.act)]
    answers = documented(
        MalformedJson, Unauthenticated, Forbidden, BodyTooLarge, InvalidInput, StoreUnavailable
    )

    def send(body: ShelveBody, caller: Identity, action: ControlAction) -> ShelvedView:
        if body.event_id is None and body.rule is None and not body.key:
            raise InvalidInput("name what is meant: event_id, rule, key, or rule and key")
        now = services.clock.now()
        until = now + timedelta(seconds=body.for_s) if action is ControlAction.SHELVE else None
        message = Control(
            id=str(uuid.uuid4()),
            action=action,
            at=now,
            by=caller.name,
            reason=body.reason,
            event_id=body.event_id,
            rule=body.rule,
            key=body.key,
            until=until,
            district=body.district,
        )
        told = services.control is not None and services.control.send(body.district, message)
        if services.control is not None and not told:
            services.metrics.control_dropped.inc()
        return ShelvedView(id=message.id, until=until, told=told)

    @router.post("/v1/shelve", summary="Keep a rule, a thing or an event quiet", responses=answers)
    def shelve(body: ShelveBody, caller: actor) -> ShelvedView:
        """Tell the district's gateways; what is open ends, and nothing new opens until then."""
        return send(body, caller, ControlAction.SHELVE)

    @router.post("/v1/unshelve", summary="Let it speak again", responses=answers)
    def unshelve(body: ShelveBody, caller: actor) -> ShelvedView:
        """Tell the district's gateways that a shelf ends now; name what was shelved."""
        return send(body, caller, ControlAction.UNSHELVE)

    return router

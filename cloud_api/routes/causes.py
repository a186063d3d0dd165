"""Why the events of a case spoke: in words, and as curves against their thresholds."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from cloud_api.access import Gate
from cloud_api.case_opening import find_case
from cloud_api.case_projection import Case
from cloud_api.causes.curve import curve_of
from cloud_api.causes.sentence import Sentence, condition_of, measured
from cloud_api.causes.words import FieldNames, load_field_names
from cloud_api.errors import Forbidden, InvalidInput, NotFound, StoreUnavailable, Unauthenticated
from cloud_api.event_projection import decode_event
from cloud_api.keys import Identity
from cloud_api.queries import events_of_case, revisions_of
from cloud_api.rendering import level_name
from cloud_api.routes.answers import documented, storable
from cloud_api.services import Services
from cloud_api.views import Named
from contracts.event import Event

__all__ = ["causes_router"]

_OF_ORDERS = "orders."
"""How the rules of orders are called that people or other systems give. Source: cloud_api/orders/order.py."""

_REPORTED = Sentence("有人反映", "somebody reported it")
_ANSWERS = documented(Unauthenticated, Forbidden, NotFound, InvalidInput, StoreUnavailable)


class SaidView(BaseModel):
    """One text in both languages."""

    zh: str
    en: str


class CauseView(BaseModel):
    """Why one event of a case spoke."""

    event_id: str
    title: SaidView
    rule: str
    rule_version: str
    level: Named
    phase: str
    subject: str | None
    onset_at: datetime
    ended_at: datetime | None
    expression: str = Field(description="The condition that decided last, as the rule has it.")
    condition: SaidView = Field(description="The same in words.")
    measured: SaidView = Field(description="What it saw then, in words.")
    reported: bool = Field(
        description="People or another system said so; no rule compared anything."
    )
    by_timer: bool = Field(description="A timer decided, no message did.")
    flags: list[str] = Field(description="Doubts about the values.")


class PointView(BaseModel):
    """One value."""

    at: datetime
    value: float


class StepView(BaseModel):
    """The numbers within one step of time."""

    at: datetime
    min: float
    mean: float
    max: float


class ThresholdView(BaseModel):
    """A constant that the rule compares the field with."""

    level: Named
    part: str = Field(description="`when`: the level begins; `clear`: it ends.")
    value: float


class CurveView(BaseModel):
    """The curve around an event; values are in the base unit."""

    event_id: str
    source: str = Field(description="`gateway`, or `revisions` where it could not be asked.")
    why: str | None = Field(description="Why it is not the gateway's.")
    metric: str | None
    name: SaidView | None = Field(description="What people call the field.")
    unit: str | None
    start: datetime
    end: datetime
    points: list[PointView]
    steps: list[StepView] = Field(description="Instead of points, where there are too many.")
    thresholds: list[ThresholdView]


def causes_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes about why."""
    router = APIRouter(tags=["cases"])
    reader = Annotated[Identity, Depends(gate.read)]
    names = load_field_names()

    @router.get(
        "/v1/cases/{case_ref}/causes",
        summary="Read in plain words why the events of a case spoke",
        responses=_ANSWERS,
    )
    def causes(case_ref: str, _caller: reader) -> list[CauseView]:
        """Return one cause for each event, in the order in which they joined."""
        with services.store.read() as connection:
            found = events_of_case(connection, _case(connection, case_ref))
        return [_cause(decode_event(state.body), names) for state in found]

    @router.get(
        "/v1/cases/{case_ref}/curves/{event_id}",
        summary="Read the curve around an event of a case",
        responses=_ANSWERS,
    )
    def curve(
        case_ref: str,
        event_id: str,
        _caller: reader,
        before_min: Annotated[
            int, Query(ge=1, le=1440, description="Minutes before the onset.")
        ] = 30,
    ) -> CurveView:
        """Return the values before, in and after the event, and what its rule compares them with."""
        wanted = storable(event_id) or ""
        with services.store.read() as connection:
            case = _case(connection, case_ref)
            rows = revisions_of(connection, wanted)
        if not rows or all(link.event_id != wanted for link in case.events):
            raise NotFound(f"event {wanted[:80]!r} does not exist; case {case.number} has others")
        found = curve_of(
            [decode_event(row.body) for row in rows],
            names,
            services.config.curves,
            before=timedelta(minutes=before_min),
            now=services.clock.now(),
        )
        told = msgspec.to_builtins(found, builtin_types=(datetime,))
        told["thresholds"] = [
            ThresholdView(level=level_name(each.level), part=each.part, value=each.value)
            for each in found.thresholds
        ]
        named = None if found.metric is None else names.of(found.metric)
        return CurveView(
            event_id=wanted,
            name=None if named is None else SaidView(zh=named.zh, en=named.en),
            **told,
        )

    return router


def _case(connection: Connection, case_ref: str) -> Case:
    case = find_case(connection, storable(case_ref) or "")
    if case is None:
        raise NotFound(f"case {case_ref[:80]!r} does not exist; see GET /v1/cases")
    return case


def _cause(event: Event, names: FieldNames) -> CauseView:
    reported = event.rule.startswith(_OF_ORDERS)
    condition = _REPORTED if reported else condition_of(event.cause.expression, names)
    seen = measured({} if reported else event.cause.values, names)
    return CauseView(
        event_id=event.event_id,
        title=SaidView(zh=event.title.zh, en=event.title.en),
        rule=event.rule,
        rule_version=event.rule_version,
        level=level_name(event.level),
        phase=event.phase.value,
        subject=event.subject,
        onset_at=event.onset_at,
        ended_at=event.ended_at,
        expression=event.cause.expression,
        condition=SaidView(zh=condition.zh, en=condition.en),
        measured=SaidView(zh=seen.zh, en=seen.en),
        reported=reported,
        by_timer=event.cause.tick,
        flags=list(event.cause.flags),
    )

"""Cases: what people do to them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from cloud_api.access import Gate
from cloud_api.case_opening import Deed
from cloud_api.case_projection import Case
from cloud_api.control_messages import tell_gateways
from cloud_api.errors import (
    BodyTooLarge,
    CaseClosed,
    Forbidden,
    IllegalMove,
    InvalidInput,
    MalformedJson,
    MoveIncomplete,
    NotFound,
    StoreUnavailable,
    Unauthenticated,
    VersionMismatch,
)
from cloud_api.flow import State
from cloud_api.guards import MoveRequest
from cloud_api.keys import Identity
from cloud_api.rendering import case_view
from cloud_api.routes.answers import documented, if_match, storable
from cloud_api.services import Services
from cloud_api.views import CaseView

__all__ = ["ACTING", "ActionBody", "Actions", "Id", "Name", "Sha256", "Text", "acting_router"]

Id = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
Text = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

ACTING = documented(
    MalformedJson,
    Unauthenticated,
    Forbidden,
    NotFound,
    CaseClosed,
    VersionMismatch,
    BodyTooLarge,
    InvalidInput,
    StoreUnavailable,
)


class ActionBody(BaseModel):
    """What every action may say."""

    model_config = ConfigDict(extra="forbid")
    version: Annotated[int | None, Field(ge=1, le=2**31 - 1)] = Field(
        default=None,
        description="The version that was read; 412 if the case has changed. If-Match says the same.",
    )


class AcknowledgeBody(ActionBody):
    """Nothing but, perhaps, the version."""


class AssignBody(ActionBody):
    """Who is to handle the case."""

    department: Id
    person: Name | None = None
    reason: Text = ""


class CommentBody(ActionBody):
    """A remark."""

    text: Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]


class MoveBody(ActionBody):
    """Where the case goes, and what the move needs (see ``moves`` of the case)."""

    to: State
    reason: Text = ""
    evidence: Annotated[list[Sha256], Field(max_length=50)] = []
    to_department: Id | None = None
    person: Name | None = None
    approved_by: Name | None = None
    into_case: Annotated[str | None, Field(max_length=128, pattern=r"^[^\x00]*$")] = None
    score: int | None = None
    false_alarm: bool | None = Field(
        default=None,
        description="There was nothing 误报: the pictures go to the review queue. For moves to void or closed; "
        "left out, it is taken to be so where what a machine discovered is declared void.",
    )


class Actions:
    """What every route that acts has in common: who asks, and how the case is answered."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._departments = {each.id: each for each in services.config.departments}

    def answer(self, case: Case, response: Response, action: str) -> CaseView:
        """Return a case after an action, counted, with its version as ETag."""
        self._services.metrics.case_records.labels(action).inc()
        response.headers["ETag"] = f'"{case.version}"'
        return case_view(case, self._services.flows, self._departments)

    def deed(self, case_ref: str, request: Request, caller: Identity, body: ActionBody) -> Deed:
        """Return who acts on which case, and which version of it he has seen."""
        version = body.version if body.version is not None else if_match(request)
        now = self._services.clock.now()
        return Deed(storable(case_ref) or "", caller.name, now, version)


def acting_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes below ``/v1/cases/{case_ref}`` that move a case along."""
    router = APIRouter(tags=["cases"])
    actor = Annotated[Identity, Depends(gate.act)]
    desk = services.desk
    actions = Actions(services)
    answer, deed = actions.answer, actions.deed

    @router.post(
        "/v1/cases/{case_ref}/acknowledge",
        summary="Say that the case has been seen",
        responses=ACTING,
    )
    def acknowledge(
        case_ref: str,
        request: Request,
        response: Response,
        caller: actor,
        body: AcknowledgeBody | None = None,
    ) -> CaseView:
        """Note who has seen the case and when; a second time changes nothing."""
        done = desk.acknowledge(deed(case_ref, request, caller, body or AcknowledgeBody()))
        if done.first:
            tell_gateways(done.case, services.control, services.metrics)
        return answer(done.case, response, "acknowledge")

    @router.post(
        "/v1/cases/{case_ref}/assign",
        summary="Give the case to a department or person",
        responses=ACTING,
    )
    def assign(
        case_ref: str, body: AssignBody, request: Request, response: Response, caller: actor
    ) -> CaseView:
        """Set who is to handle the case, without moving it."""
        asked = deed(case_ref, request, caller, body)
        case = desk.assign(asked, body.department, body.person, body.reason)
        return answer(case, response, "assign")

    @router.post(
        "/v1/cases/{case_ref}/comment", summary="Add a remark to the case", responses=ACTING
    )
    def comment(
        case_ref: str, body: CommentBody, request: Request, response: Response, caller: actor
    ) -> CaseView:
        """Add a remark, in whatever state the case is."""
        case = desk.comment(deed(case_ref, request, caller, body), body.text)
        return answer(case, response, "comment")

    @router.post(
        "/v1/cases/{case_ref}/move",
        summary="Move the case along its flow",
        responses=documented(
            MalformedJson,
            Unauthenticated,
            Forbidden,
            NotFound,
            IllegalMove,
            VersionMismatch,
            BodyTooLarge,
            MoveIncomplete,
            InvalidInput,
            StoreUnavailable,
        ),
    )
    def move(
        case_ref: str, body: MoveBody, request: Request, response: Response, caller: actor
    ) -> CaseView:
        """Move the case; an illegal move is 409 and lists the legal ones."""
        target = storable(body.into_case)
        if target is not None and not services.callers.visible(caller.scope, case_ref=target):
            raise NotFound(f"case {target[:80]!r} does not exist; see GET /v1/cases")
        asked = MoveRequest(
            to=body.to,
            reason=body.reason,
            evidence=tuple(body.evidence),
            to_department=body.to_department,
            person=body.person,
            approved_by=body.approved_by,
            into_case=body.into_case,
            score=body.score,
            false_alarm=body.false_alarm,
        )
        return answer(desk.move(deed(case_ref, request, caller, body), asked), response, "move")

    return router

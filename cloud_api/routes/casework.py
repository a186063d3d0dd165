"""Cases: sub-tasks, re-checks, visits and extensions."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from cloud_api.access import Gate
from cloud_api.case_classing import CaseClassing
from cloud_api.case_record import Rechecked
from cloud_api.errors import (
    BodyTooLarge,
    CaseClosed,
    Forbidden,
    InvalidInput,
    MalformedJson,
    MoveIncomplete,
    NotFound,
    StoreUnavailable,
    Unauthenticated,
    VersionMismatch,
)
from cloud_api.keys import Identity
from cloud_api.routes.acting import ACTING, ActionBody, Actions, Id, Name, Sha256, Text
from cloud_api.routes.answers import documented, storable
from cloud_api.services import Services
from cloud_api.views import CaseView

__all__ = ["casework_router"]

_GUARDED = documented(
    MalformedJson,
    Unauthenticated,
    Forbidden,
    NotFound,
    CaseClosed,
    VersionMismatch,
    BodyTooLarge,
    MoveIncomplete,
    InvalidInput,
    StoreUnavailable,
)


class SubtaskBody(ActionBody):
    """A part of the work, and who is to do it."""

    department: Id
    what: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]
    person: Name | None = None
    reason: Text = ""


class FinishBody(ActionBody):
    """What became of a sub-task."""

    reason: Text
    dropped: bool = Field(default=False, description="It was not needed.")


class RecheckBody(ActionBody):
    """What a model saw: is the trouble gone?"""

    after: Sha256 = Field(description="Picture taken after the work.")
    before: Sha256 | None = Field(default=None, description="Picture of the trouble.")
    model: Name
    clear: bool
    confidence: Annotated[float, Field(ge=0, le=1)]
    reason: Text = ""


class VisitBody(ActionBody):
    """What a reporter said after the end; unsatisfied needs his answer."""

    satisfied: bool
    channel: Literal["phone", "message", "visit", "app", "other"]
    answer: Text = ""


class ClassifyBody(ActionBody):
    """Which class the case belongs to, and why."""

    class_code: Annotated[str, Field(max_length=64)] = Field(
        description="Class of the code table: GET /v1/classes."
    )
    reason: Text


class ExtendBody(ActionBody):
    """More time for one clock."""

    clock: Id
    by: Annotated[str, Field(max_length=40, examples=["1 work_day"])]
    approved_by: Name
    reason: Text


def casework_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes for work on a case beside its moves."""
    router = APIRouter(tags=["cases"])
    actor = Annotated[Identity, Depends(gate.act)]
    work = services.work
    classing = CaseClassing(services.drawer, services.profile.dispatcher)
    actions = Actions(services)
    answer, deed = actions.answer, actions.deed

    @router.post(
        "/v1/cases/{case_ref}/subtasks",
        summary="Give a part of the work to another department",
        responses=ACTING,
    )
    def add_subtask(
        case_ref: str, body: SubtaskBody, request: Request, response: Response, caller: actor
    ) -> CaseView:
        """Add a sub-task; the case keeps its owner and waits for it before feeding back."""
        asked = deed(case_ref, request, caller, body)
        case = work.add_subtask(asked, body.department, body.what, body.person, body.reason)
        return answer(case, response, "subtask")

    @router.post(
        "/v1/cases/{case_ref}/subtasks/{subtask_id}/finish",
        summary="Say that a sub-task is done, or not needed",
        responses=_GUARDED,
    )
    def finish_subtask(
        case_ref: str,
        subtask_id: str,
        body: FinishBody,
        request: Request,
        response: Response,
        caller: actor,
    ) -> CaseView:
        """Note what became of a sub-task."""
        asked = deed(case_ref, request, caller, body)
        named = storable(subtask_id) or ""
        case = work.finish_subtask(asked, named, dropped=body.dropped, reason=body.reason)
        return answer(case, response, "subtask_finish")

    @router.post(
        "/v1/cases/{case_ref}/recheck",
        summary="Say what a model saw after the work",
        responses=ACTING,
    )
    def recheck(
        case_ref: str, body: RecheckBody, request: Request, response: Response, caller: actor
    ) -> CaseView:
        """Note a re-check; a clear and sure one is proof for closing."""
        seen = Rechecked(
            after=body.after,
            before=body.before,
            model=body.model,
            clear=body.clear,
            confidence=body.confidence,
        )
        case = work.recheck(deed(case_ref, request, caller, body), seen, body.reason)
        return answer(case, response, "recheck")

    @router.post(
        "/v1/cases/{case_ref}/visit",
        summary="Say what a reporter answered after the end",
        responses=_GUARDED,
    )
    def visit(
        case_ref: str, body: VisitBody, request: Request, response: Response, caller: actor
    ) -> CaseView:
        """Note the answer; within the flow's window, an unsatisfied one reopens the case."""
        asked = deed(case_ref, request, caller, body)
        case = work.visit(asked, satisfied=body.satisfied, channel=body.channel, answer=body.answer)
        return answer(case, response, "visit")

    @router.post(
        "/v1/cases/{case_ref}/classify",
        summary="Say which class the case belongs to",
        responses=_GUARDED,
    )
    def classify(
        case_ref: str, body: ClassifyBody, request: Request, response: Response, caller: actor
    ) -> CaseView:
        """Correct the class, or name the one that was missing; what was suggested stays in the log."""
        asked = deed(case_ref, request, caller, body)
        return answer(classing.classify(asked, body.class_code, body.reason), response, "classify")

    @router.post(
        "/v1/cases/{case_ref}/extend",
        summary="Give a deadline more time, with approval",
        responses=_GUARDED,
    )
    def extend(
        case_ref: str, body: ExtendBody, request: Request, response: Response, caller: actor
    ) -> CaseView:
        """Extend one clock by an amount of its own unit."""
        asked = deed(case_ref, request, caller, body)
        case = work.extend(asked, body.clock, body.by, body.approved_by, body.reason)
        return answer(case, response, "extend")

    return router

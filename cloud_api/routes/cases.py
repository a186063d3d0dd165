"""Cases: reading them and acting on them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from cloud_api.access import Gate
from cloud_api.case_desk import Deed, find_case
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
from cloud_api.paging import cursor_of, position_of
from cloud_api.queries import (
    CaseFilter,
    case_records,
    events_of_case,
    list_cases,
    merged_cases,
    stored_evidence,
)
from cloud_api.rendering import case_view, event_view, evidence_view, move_view, timeline_entry
from cloud_api.routes.answers import documented, if_match, storable
from cloud_api.services import Services
from cloud_api.views import CaseDetail, CasePage, CaseView
from contracts.levels import Level

__all__ = ["cases_router"]

_Id = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
_Text = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")]
_Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

_ACTING = documented(
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


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    version: Annotated[int | None, Field(ge=1, le=2**31 - 1)] = Field(
        default=None,
        description="The version that was read; 412 if the case has changed. If-Match says the same.",
    )


class AcknowledgeBody(_Body):
    """Nothing but, perhaps, the version."""


class AssignBody(_Body):
    """Who is to handle the case."""

    department: _Id
    person: _Name | None = None
    reason: _Text = ""


class CommentBody(_Body):
    """A remark."""

    text: Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]


class MoveBody(_Body):
    """Where the case goes, and what the move needs (see ``moves`` of the case)."""

    to: State
    reason: _Text = ""
    evidence: Annotated[list[_Sha256], Field(max_length=50)] = []
    to_department: _Id | None = None
    person: _Name | None = None
    approved_by: _Name | None = None
    into_case: Annotated[str | None, Field(max_length=128, pattern=r"^[^\x00]*$")] = None
    score: int | None = None


def cases_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes below ``/v1/cases``."""
    router = APIRouter(tags=["cases"])
    reader = Annotated[Identity, Depends(gate.read)]
    actor = Annotated[Identity, Depends(gate.act)]
    config, flow, desk = services.config, services.flow, services.desk
    departments = {department.id: department for department in config.departments}

    def answer(case: Case, response: Response, action: str) -> CaseView:
        services.metrics.case_records.labels(action).inc()
        response.headers["ETag"] = f'"{case.version}"'
        return case_view(case, flow, departments)

    def deed(case_ref: str, request: Request, caller: Identity, body: _Body) -> Deed:
        version = body.version if body.version is not None else if_match(request)
        return Deed(storable(case_ref) or "", caller.name, services.clock.now(), version)

    @router.get(
        "/v1/cases",
        summary="List cases, the youngest first",
        responses=documented(Unauthenticated, Forbidden, InvalidInput, StoreUnavailable),
    )
    def get_cases(
        _caller: reader,
        state: State | None = None,
        open: bool | None = None,  # noqa: A002 - the parameter's public name
        level: Level | None = None,
        type: Annotated[str | None, Query(max_length=128)] = None,  # noqa: A002 - as above
        district: Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,64}$")] = None,
        department: Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,64}$")] = None,
        since: Annotated[
            AwareDatetime | None, Query(description="Cases changed not before.")
        ] = None,
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=config.page_size)] = 50,
    ) -> CasePage:
        """Return one page of cases."""
        chosen = CaseFilter(state, open, level, storable(type), district, department, since)
        before = None if cursor is None else position_of(cursor)
        with services.store.read() as connection:
            found = list_cases(connection, chosen, before=before, limit=limit + 1)
        page = found[:limit]
        return CasePage(
            items=[case_view(case, flow, departments) for case in page],
            next_cursor=cursor_of(page[-1].opened_seq) if len(found) > limit else None,
        )

    @router.get(
        "/v1/cases/{case_ref}",
        summary="Read one case, by id or number, with its timeline",
        responses=documented(Unauthenticated, Forbidden, NotFound, InvalidInput, StoreUnavailable),
    )
    def get_case(case_ref: str, response: Response, _caller: reader) -> CaseDetail:
        """Return a case with timeline, events, evidence and legal moves."""
        case_ref = storable(case_ref) or ""
        with services.store.read() as connection:
            case = find_case(connection, case_ref)
            if case is None:
                raise NotFound(f"case {case_ref[:80]!r} does not exist; see GET /v1/cases")
            events = events_of_case(connection, case)
            records = case_records(connection, case.case_id)
            merged = merged_cases(connection, case.case_id)
            stored = stored_evidence(connection, (link.sha256 for link in case.evidence))
        response.headers["ETag"] = f'"{case.version}"'
        return CaseDetail(
            **dict(case_view(case, flow, departments)),
            moves=[move_view(move) for move in flow.legal_moves(case.state, case.previous)],
            events=[event_view(state) for state in events],
            evidence=[evidence_view(link, stored) for link in case.evidence],
            merged_cases=merged,
            timeline=[timeline_entry(record) for record in records],
        )

    @router.post(
        "/v1/cases/{case_ref}/acknowledge",
        summary="Say that the case has been seen",
        responses=_ACTING,
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
        responses=_ACTING,
    )
    def assign(
        case_ref: str, body: AssignBody, request: Request, response: Response, caller: actor
    ) -> CaseView:
        """Set who is to handle the case, without moving it."""
        asked = deed(case_ref, request, caller, body)
        case = desk.assign(asked, body.department, body.person, body.reason)
        return answer(case, response, "assign")

    @router.post(
        "/v1/cases/{case_ref}/comment", summary="Add a remark to the case", responses=_ACTING
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
        asked = MoveRequest(
            to=body.to,
            reason=body.reason,
            evidence=tuple(body.evidence),
            to_department=body.to_department,
            person=body.person,
            approved_by=body.approved_by,
            into_case=body.into_case,
            score=body.score,
        )
        return answer(desk.move(deed(case_ref, request, caller, body), asked), response, "move")

    return router

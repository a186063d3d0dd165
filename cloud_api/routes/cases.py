"""Cases: reading them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from cloud_api.access import ACT, Gate, check_person
from cloud_api.audit.recording import actor_of
from cloud_api.case_book import CaseBook
from cloud_api.case_opening import find_case
from cloud_api.device_timeline import with_orders
from cloud_api.devices.reports import orders_of_events
from cloud_api.errors import Forbidden, InvalidInput, NotFound, StoreUnavailable, Unauthenticated
from cloud_api.flow import State
from cloud_api.instants import to_us
from cloud_api.keys import Identity
from cloud_api.paging import cursor_of, position_of
from cloud_api.prospects import acts_of, prospects_of
from cloud_api.queries import (
    CaseFilter,
    case_records,
    events_of_case,
    list_cases,
    merged_cases,
    stored_evidence,
)
from cloud_api.rendering import (
    case_view,
    clock_view,
    event_view,
    evidence_view,
    move_view,
    subtask_view,
    timeline_entry,
)
from cloud_api.routes.answers import documented, storable
from cloud_api.services import Services
from cloud_api.views import CaseDetail, CasePage
from contracts.levels import Lamp, Level

__all__ = ["cases_router"]


def cases_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes below ``/v1/cases``."""
    router = APIRouter(tags=["cases"])
    reader = Annotated[Identity, Depends(gate.read)]
    lister = Annotated[Identity, Depends(gate.read_filtered)]
    config, flows = services.config, services.flows
    departments = {department.id: department for department in config.departments}

    @router.get(
        "/v1/cases",
        summary="List cases, the youngest first",
        responses=documented(Unauthenticated, Forbidden, InvalidInput, StoreUnavailable),
    )
    def get_cases(
        caller: lister,
        state: State | None = None,
        open: bool | None = None,  # noqa: A002 - the parameter's public name
        level: Level | None = None,
        type: Annotated[str | None, Query(max_length=128)] = None,  # noqa: A002 - as above
        district: Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,64}$")] = None,
        department: Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,64}$")] = None,
        since: Annotated[
            AwareDatetime | None, Query(description="Cases changed not before.")
        ] = None,
        lamp: Lamp | None = None,
        tier: Annotated[str | None, Query(pattern=r"^(community|street|district|city)$")] = None,
        person: Annotated[str | None, Query(max_length=200)] = None,
        grid: Annotated[str | None, Query(max_length=64)] = None,
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=config.page_size)] = 50,
    ) -> CasePage:
        """Return one page of cases; a reader may ask for no other person's."""
        check_person(caller, person)
        chosen = CaseFilter(
            state,
            True if open is None and state in flows.open_states else open,
            level,
            storable(type),
            district,
            department,
            since,
            lamp,
            tier,
            storable(person),
            storable(grid),
        )
        before = None if cursor is None else position_of(cursor)
        with services.store.read() as connection:
            found = list_cases(
                connection, chosen, before=before, limit=limit + 1, scope=caller.scope
            )
        page = found[:limit]
        return CasePage(
            items=[case_view(case, flows, departments) for case in page],
            next_cursor=cursor_of(page[-1].opened_seq) if len(found) > limit else None,
        )

    @router.get(
        "/v1/cases/{case_ref}",
        summary="Read one case, by id or number, with its timeline",
        responses=documented(Unauthenticated, Forbidden, NotFound, InvalidInput, StoreUnavailable),
    )
    def get_case(case_ref: str, response: Response, caller: reader) -> CaseDetail:
        """Return a case with timeline, events, evidence and legal moves."""
        case_ref = storable(case_ref) or ""
        with services.store.read() as connection:
            case = find_case(connection, case_ref)
            if case is None:
                raise NotFound(f"case {case_ref[:80]!r} does not exist; see GET /v1/cases")
            events = events_of_case(connection, case)
            records = case_records(connection, case.case_id)
            orders = orders_of_events(connection, (link.event_id for link in case.events))
            merged = merged_cases(connection, case.case_id, caller.scope)
            book = CaseBook(connection, flows, services.drawer.keeper)
            children = tuple(book.load_children(case.case_id))
            stored = stored_evidence(connection, (link.sha256 for link in case.evidence))
        now = services.clock.now()
        flow, acting = flows.of(case.flow), caller.role in ACT
        response.headers["ETag"] = f'"{case.version}"'
        return CaseDetail(
            **dict(case_view(case, flows, departments)),
            moves=[
                move_view(prospect)
                for prospect in prospects_of(
                    case, flow, children, actor=caller.name, at_us=to_us(now)
                )
                if acting
            ],
            acts=acts_of(case, flow) if acting else [],
            clocks=[clock_view(clock) for clock in case.clocks],
            subtasks=[subtask_view(task, departments) for task in case.subtasks],
            events=[event_view(state) for state in events],
            evidence=[
                evidence_view(link, stored, services.links.path(link.sha256, actor_of(caller), now))
                for link in case.evidence
            ],
            merged_cases=merged,
            timeline=with_orders([timeline_entry(record) for record in records], orders),
            now=now,
        )

    return router

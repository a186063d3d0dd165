"""The dispatcher's desk: the queue by lamp, who is there with how much to do, and giving out many at once."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from cloud_api.access import Gate, check_person
from cloud_api.errors import (
    BodyTooLarge,
    Forbidden,
    InvalidInput,
    MalformedJson,
    StoreUnavailable,
    Unauthenticated,
)
from cloud_api.flow import State
from cloud_api.instants import to_us
from cloud_api.keys import Identity
from cloud_api.problems import problem_type
from cloud_api.rendering import case_view
from cloud_api.routes.acting import Id, Name, Text
from cloud_api.routes.answers import documented, storable
from cloud_api.services import Services
from cloud_api.views import CaseView, Named
from cloud_api.worklist.assignment import Assigned, Assignment, Outcome, Wanted, assign_all
from cloud_api.worklist.loads import Load, on_duty_now, read_workload
from cloud_api.worklist.queue import QueueFilter, count_queue, read_queue
from contracts.levels import Lamp, Level

__all__ = ["worklist_router"]

_READ = documented(Unauthenticated, Forbidden, InvalidInput, StoreUnavailable)


class WorklistView(BaseModel):
    """A part of the queue, and what all of it counts."""

    items: list[CaseView]
    total: int = Field(description="Cases that the filters leave.")
    lamps: dict[str, int] = Field(description="Open cases by lamp, whatever lamp is chosen.")
    states: dict[str, int] = Field(description="Open cases by state, whatever state is chosen.")
    overdue: int = Field(description="Open cases whose next deadline has passed.")
    now: datetime = Field(description="The API's moment, which deadlines are compared with.")


class LoadView(BaseModel):
    """Open cases of somebody."""

    open: int
    red: int
    yellow: int
    unseen: int = Field(description="Dispatched, and nobody has begun.")


class DepartmentLoadView(LoadView):
    """Open cases of a department; `department` is null for those that nobody has."""

    department: Named | None


class PersonLoadView(LoadView):
    """Somebody who is on duty, or has open cases, or both."""

    person: str
    unit: str | None
    department: Named | None
    until: datetime | None = Field(description="When his shift ends; null: he is not on duty.")
    lon: float | None
    lat: float | None


class WorkloadView(BaseModel):
    """Who has how much to do, and who is there."""

    departments: list[DepartmentLoadView]
    people: list[PersonLoadView]


class WantedBody(BaseModel):
    """One case, and the version of it that was read."""

    model_config = ConfigDict(extra="forbid")
    case: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


class AssignmentBody(BaseModel):
    """Many cases for one team."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "items": [{"case": "futian-20260601-0001", "version": 3}],
                "department": "water",
                "person": "w-chen",
                "reason": "the pumps at the crossing",
            }
        },
    )
    items: Annotated[list[WantedBody], Field(min_length=1, max_length=200)]
    department: Id
    person: Name | None = None
    reason: Annotated[Text, Field(min_length=1)]


class AssignedView(BaseModel):
    """What became of one case."""

    case: str
    outcome: Outcome = Field(description="dispatched, assigned (it keeps its state) or refused.")
    number: str | None
    version: int | None
    problem: dict[str, Any] | None = Field(description="Why it was refused, as RFC 9457 has it.")


class AssignmentView(BaseModel):
    """What became of each case, in the order in which they were named."""

    results: list[AssignedView]
    done: int
    refused: int


def worklist_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes of the dispatcher's desk."""
    router = APIRouter(tags=["dispatch"])
    lister = Annotated[Identity, Depends(gate.read_filtered)]
    actor = Annotated[Identity, Depends(gate.act_filtered)]
    config, flows = services.config, services.flows
    departments = {each.id: each for each in config.departments}

    def named(department: str | None) -> Named | None:
        if not department:
            return None
        known = departments.get(department)
        if known is None:
            return Named(id=department, zh=department, en=department)
        return Named(id=known.id, zh=known.zh, en=known.en)

    @router.get("/v1/worklist", summary="Read the queue of open cases by lamp", responses=_READ)
    def worklist(
        caller: lister,
        lamp: Lamp | None = None,
        state: State | None = None,
        level: Level | None = None,
        district: Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,64}$")] = None,
        department: Annotated[
            str | None, Query(pattern=r"^[a-z0-9-]{0,64}$", description="Empty: nobody has it.")
        ] = None,
        person: Annotated[str | None, Query(max_length=200)] = None,
        tier: Annotated[str | None, Query(pattern=r"^(community|street|district|city)$")] = None,
        grid: Annotated[str | None, Query(max_length=64)] = None,
        skip: Annotated[int, Query(ge=0, le=100_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=config.page_size)] = 50,
    ) -> WorklistView:
        """Return red lamps first, then yellow and green ones, each by what is due first; a reader may ask for no other person's."""
        check_person(caller, person)
        chosen = QueueFilter(
            lamp, state, level, district, department, storable(person), tier, storable(grid)
        )
        now = services.clock.now()
        with services.store.read() as connection:
            found = read_queue(connection, chosen, caller.scope, limit=limit, skip=skip)
            counts = count_queue(connection, chosen, caller.scope, to_us(now))
        return WorklistView(
            items=[case_view(case, flows, departments) for case in found],
            total=counts.total,
            lamps=counts.lamps,
            states=counts.states,
            overdue=counts.overdue,
            now=now,
        )

    @router.get(
        "/v1/workload", summary="Read who is on duty, and who has how much to do", responses=_READ
    )
    def workload(caller: lister) -> WorkloadView:
        """Return departments and people with their open cases in the caller's scope."""
        now = services.clock.now()
        duties = on_duty_now(services.profile.dispatcher, now, config.utc_offset_minutes)
        with services.store.read() as connection:
            found = read_workload(connection, caller.scope)
        loads = dict(found.people)
        people: list[PersonLoadView] = []
        seen = set(caller.scope.departments)
        for duty in duties:
            if seen and duty.department not in seen:
                continue
            own = [who for who in loads if who[1] == duty.person]
            load = Load()
            for who in own:
                load = load.plus(loads.pop(who))
            lon, lat = duty.place or (None, None)
            people.append(
                PersonLoadView(
                    person=duty.person,
                    unit=duty.unit,
                    department=named(duty.department),
                    until=duty.until,
                    lon=lon,
                    lat=lat,
                    **load._asdict(),
                )
            )
        people += [
            PersonLoadView(
                person=person,
                unit=None,
                department=named(department),
                until=None,
                lon=None,
                lat=None,
                **load._asdict(),
            )
            for (department, person), load in sorted(loads.items())
        ]
        wanted = dict.fromkeys((*found.departments, *departments))
        listed = [name for name in wanted if not seen or name in seen or name in found.departments]
        return WorkloadView(
            departments=[
                DepartmentLoadView(
                    department=named(name), **found.departments.get(name, Load())._asdict()
                )
                for name in listed
            ],
            people=people,
        )

    @router.post(
        "/v1/worklist/assign",
        summary="Give many cases to one team, each for itself",
        responses=documented(
            MalformedJson, Unauthenticated, Forbidden, BodyTooLarge, InvalidInput, StoreUnavailable
        ),
    )
    def assign(body: AssignmentBody, caller: actor) -> AssignmentView:
        """Dispatch or assign each case; one that has changed meanwhile is refused and named."""
        done = assign_all(
            services.desk,
            services.store,
            flows,
            [Wanted(item.case, item.version) for item in body.items],
            Assignment(body.department, body.person, body.reason),
            actor=caller.name,
            scope=caller.scope,
            now=services.clock.now(),
            departments=frozenset(departments),
        )
        for each in done:
            if each.outcome is not Outcome.REFUSED:
                services.metrics.case_records.labels("assign").inc()
        refused = sum(each.outcome is Outcome.REFUSED for each in done)
        return AssignmentView(
            results=[_assigned(each) for each in done], done=len(done) - refused, refused=refused
        )

    return router


def _assigned(each: Assigned) -> AssignedView:
    problem = each.problem
    told = None
    if problem is not None:
        told = {
            "type": problem_type(problem.slug),
            "title": problem.title,
            "status": problem.status,
            "detail": str(problem),
            **problem.members,
        }
    return AssignedView(
        case=each.case_ref,
        outcome=each.outcome,
        number=each.number,
        version=each.version,
        problem=told,
    )

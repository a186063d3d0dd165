"""Giving many cases to one team at once: each for itself, and what became of each is told."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from cloud_api.case_desk import CaseDesk, check_department
from cloud_api.case_opening import Deed, find_case
from cloud_api.database import Store
from cloud_api.errors import NotFound, Problem
from cloud_api.flow import Need, State
from cloud_api.flow_choice import Flows
from cloud_api.guards import MoveRequest
from cloud_api.people.scope import Scope, case_in_scope

__all__ = ["Assigned", "Assignment", "Outcome", "Wanted", "assign_all"]

_GIVEN = frozenset({Need.REASON, Need.DEPARTMENT})
"""What an assignment says; a move that needs more is for a person to make."""


class Outcome(StrEnum):
    """What became of one case."""

    DISPATCHED = "dispatched"
    """It went to the department, along its flow."""
    ASSIGNED = "assigned"
    """It is there now, and stays in the state that it was in."""
    REFUSED = "refused"
    """Nothing happened; the problem says why."""


class Wanted(NamedTuple):
    """One case, and the version that the one who decides has seen."""

    case_ref: str
    version: int


class Assignment(NamedTuple):
    """To whom, and why."""

    department: str
    person: str | None
    reason: str


class Assigned(NamedTuple):
    """What became of one case; ``version`` is the one that it has now, None where it is not known."""

    case_ref: str
    outcome: Outcome
    number: str | None = None
    version: int | None = None
    problem: Problem | None = None


def assign_all(
    desk: CaseDesk,
    store: Store,
    flows: Flows,
    wanted: Sequence[Wanted],
    given: Assignment,
    *,
    actor: str,
    scope: Scope,
    now: datetime,
    departments: frozenset[str],
) -> list[Assigned]:
    """Give cases to a department, and return what became of each, in their order.

    Each is a transaction of its own: one that somebody else has changed meanwhile is refused and holds up no
    other.

    Raises:
        InvalidInput: there is no such department.
    """
    check_department(given.department, departments)
    done: list[Assigned] = []
    for each in wanted:
        try:
            done.append(_assign(desk, store, flows, each, given, actor, scope, now))
        except Problem as problem:
            done.append(Assigned(each.case_ref, Outcome.REFUSED, problem=problem))
    return done


def _assign(
    desk: CaseDesk,
    store: Store,
    flows: Flows,
    wanted: Wanted,
    given: Assignment,
    actor: str,
    scope: Scope,
    now: datetime,
) -> Assigned:
    with store.read() as connection:
        seen = case_in_scope(connection, scope, wanted.case_ref)
        case = find_case(connection, wanted.case_ref) if seen else None
    if case is None:
        raise NotFound(f"case {wanted.case_ref[:80]!r} does not exist; see GET /v1/cases")
    deed = Deed(case.case_id, actor, now, wanted.version)
    legal = flows.of(case.flow).legal_moves(case.state, case.previous)
    plain = any(move.to is State.DISPATCHED and set(move.needs) <= _GIVEN for move in legal)
    if plain and case.state is not State.SUSPENDED:
        request = MoveRequest(
            to=State.DISPATCHED,
            reason=given.reason,
            to_department=given.department,
            person=given.person,
        )
        after, outcome = desk.move(deed, request), Outcome.DISPATCHED
    else:
        after = desk.assign(deed, given.department, given.person, given.reason)
        outcome = Outcome.ASSIGNED
    return Assigned(wanted.case_ref, outcome, after.number, after.version)

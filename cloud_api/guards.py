"""What a move needs beside being legal: each need has one guard, which says what is missing."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from cloud_api.case_projection import Case
from cloud_api.case_record import EventLink, Proof
from cloud_api.deadlines.calendar import DAY_US
from cloud_api.flow import Flow, Need, State
from cloud_api.instants import iso
from contracts.event import EventPhase

__all__ = ["Facts", "MoveRequest", "missing", "proof_of"]

_PICTURES = ("image/jpeg", "image/png")
_SCORES = range(1, 6)

SURE = 0.8
"""Least confidence of a re-check that proves something. This project's choice: raise it where models err."""


class MoveRequest(NamedTuple):
    """What somebody asks for; empty texts count as absent."""

    to: State
    reason: str = ""
    evidence: tuple[str, ...] = ()
    to_department: str | None = None
    person: str | None = None
    approved_by: str | None = None
    into_case: str | None = None
    score: int | None = None
    false_alarm: bool | None = None
    """误报: there was nothing. None: taken to be so where what a machine discovered is declared void."""


class Facts(NamedTuple):
    """What is known of the things that a request names."""

    actor: str
    media_types: Mapping[str, str]
    """Stored evidence among the request's, by SHA-256."""
    departments: frozenset[str]
    target: Case | None
    """The case named by ``into_case``."""
    flow: Flow
    """The flow of the case that moves."""
    target_open: bool = True
    """Whether the target's own flow says that somebody still has to act on it."""
    merged: tuple[Case, ...] = ()
    """Cases that were merged into this one: what holds for it has to hold for them."""
    at_us: int = 0
    """Moment of the move, in microseconds since 1970 UTC."""


def _reason(_case: Case, request: MoveRequest, _facts: Facts) -> str | None:
    if request.reason.strip():
        return None
    return "reason: say why; no case moves without a reason"


def _department(case: Case, request: MoveRequest, facts: Facts) -> str | None:
    if not request.to_department:
        return f"to_department: name who handles it; one of {', '.join(sorted(facts.departments))}"
    if request.to is State.BOUNCED and request.to_department == case.department:
        return (
            f"to_department: {case.department!r} is the one that bounces it; name another that "
            "should handle the case"
        )
    return None


def _approval(_case: Case, request: MoveRequest, facts: Facts) -> str | None:
    if not (request.approved_by or "").strip():
        return "approved_by: name who approved it"
    if request.approved_by == facts.actor:
        return f"approved_by: {facts.actor!r} cannot approve what {facts.actor!r} asks for"
    return None


def _proof(case: Case, request: MoveRequest, facts: Facts) -> str | None:
    if proof_of(case, request, facts) is not None:
        return None
    running = [link.event_id for link in _links(case, facts) if link.phase is not EventPhase.END]
    return (
        "evidence: name a picture (image/jpeg, image/png) that was stored with PUT /v1/evidence and "
        "that no event brought, let a model re-check the place, or wait until every linked event "
        "has ended; still open: " + ", ".join(running[:5])
    )


def _links(case: Case, facts: Facts) -> tuple[EventLink, ...]:
    """Return the events of a case and of those that were merged into it."""
    return (*case.events, *(link for child in facts.merged for link in child.events))


def _target(case: Case, request: MoveRequest, facts: Facts) -> str | None:
    if request.into_case is None:
        return "into_case: name the case, by id or number, that this one is merged into"
    if facts.target is None:
        return f"into_case: there is no case {request.into_case!r}"
    if facts.target.case_id == case.case_id:
        return "into_case: a case cannot be merged into itself"
    if not facts.target_open:
        return (
            f"into_case: case {facts.target.number} is {facts.target.state}; expected an open one"
        )
    return None


def _score(_case: Case, request: MoveRequest, _facts: Facts) -> str | None:
    if request.score in _SCORES:
        return None
    return "score: expected 1 (poor) to 5 (very good)"


def _subtasks(case: Case, _request: MoveRequest, _facts: Facts) -> str | None:
    waiting = [task for task in case.subtasks if task.finished_at_us is None]
    if not waiting:
        return None
    named = ", ".join(f"{task.subtask_id} ({task.department})" for task in waiting[:5])
    return f"subtasks: {len(waiting)} are not finished: {named}; finish or drop them first"


def _window(case: Case, _request: MoveRequest, facts: Facts) -> str | None:
    days = facts.flow.spec.recurrence_days
    if case.closed_at_us is None or facts.at_us - case.closed_at_us <= days * DAY_US:
        return None
    return (
        f"window: the case ended on {iso(case.closed_at_us)}; it may be reopened within {days} days; "
        "report what is there now as a new event"
    )


_GUARDS: dict[Need, Callable[[Case, MoveRequest, Facts], str | None]] = {
    Need.REASON: _reason,
    Need.DEPARTMENT: _department,
    Need.APPROVAL: _approval,
    Need.PROOF: _proof,
    Need.TARGET: _target,
    Need.SCORE: _score,
    Need.SUBTASKS: _subtasks,
    Need.WINDOW: _window,
}


def missing(
    case: Case, request: MoveRequest, needs: tuple[Need, ...], facts: Facts
) -> list[dict[str, str]]:
    """Return what a legal move still lacks, as ``{"need", "detail"}``; empty when it may go ahead.

    Whatever the move needs, a department that it names has to exist and evidence to be stored.
    """
    lacking: list[dict[str, str]] = []
    for need in needs:
        detail = _GUARDS[need](case, request, facts)
        if detail is not None:
            lacking.append({"need": need.value, "detail": detail})
    if request.to_department and request.to_department not in facts.departments:
        detail = (
            f"to_department: {request.to_department!r} does not exist; expected one of "
            f"{', '.join(sorted(facts.departments))}"
        )
        lacking.append({"need": Need.DEPARTMENT.value, "detail": detail})
    absent = [sha for sha in request.evidence if sha not in facts.media_types]
    if absent:
        detail = f"evidence: {absent[0]} is not stored; send it with PUT /v1/evidence/{absent[0]}"
        lacking.append({"need": "evidence", "detail": detail})
    return lacking


def proof_of(case: Case, request: MoveRequest, facts: Facts) -> Proof | None:
    """Return why a verification is believed, or None.

    A picture that an event brought shows the trouble, not its end, so it proves nothing; a model's
    re-check proves it when it saw a picture from after the work and is sure; otherwise the sensors
    prove it when every linked event has ended. Source: requirements EVT-06, EVT-07.
    """
    brought = {link.sha256 for link in case.evidence if link.event_id is not None}
    pictures = tuple(
        sha
        for sha in request.evidence
        if facts.media_types.get(sha) in _PICTURES and sha not in brought
    )
    if pictures:
        return Proof(pictures=pictures)
    recheck = case.recheck
    if recheck is not None and recheck.clear and recheck.confidence >= SURE:
        return Proof(recheck=recheck.after)
    links = _links(case, facts)
    if links and all(link.phase is EventPhase.END for link in links):
        return Proof(ended_events=tuple(link.event_id for link in links))
    return None

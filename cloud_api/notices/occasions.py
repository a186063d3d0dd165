"""Occasions: which records of a case's log somebody may want to be told of."""

from enum import StrEnum

from cloud_api.case_projection import Case
from cloud_api.case_record import (
    Acknowledged,
    Assigned,
    Climbed,
    Detail,
    EventRevised,
    Moved,
    Opened,
    SubtaskAdded,
)
from cloud_api.flow import State
from contracts.levels import level_rank

__all__ = ["Occasion", "occasion_of"]


class Occasion(StrEnum):
    """Why somebody is told."""

    OPENED = "opened"
    """A case was opened."""
    LEVEL_RAISED = "level_raised"
    """The level of a case went up."""
    ASSIGNED = "assigned"
    """A case was given to a department or person."""
    SUBTASK = "subtask"
    """A part of the work was given to a department 联合处置."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody has seen the case."""
    REMIND = "remind"
    """A deadline comes near."""
    OVERDUE = "overdue"
    """A deadline has passed."""
    ESCALATE = "escalate"
    """A case has become a superior's supervision 督办."""
    FILED = "filed"
    """A report was verified 立案."""
    DISPATCHED = "dispatched"
    """A case was dispatched 分派."""
    BOUNCED = "bounced"
    """A department gave a case back 退回."""
    SUSPENDED = "suspended"
    """A case was suspended 挂账."""
    FED_BACK = "fed_back"
    """The work is said to be done 反馈."""
    MERGED = "merged"
    """A case was merged into another 并案."""
    CLOSED = "closed"
    """A case was closed 结案."""
    VOID = "void"
    """A case was declared void 作废."""
    REOPENED = "reopened"
    """A case was opened again 重开."""


_BY_STATE = {
    State.FILED: Occasion.FILED,
    State.DISPATCHED: Occasion.DISPATCHED,
    State.BOUNCED: Occasion.BOUNCED,
    State.SUSPENDED: Occasion.SUSPENDED,
    State.FED_BACK: Occasion.FED_BACK,
    State.MERGED: Occasion.MERGED,
    State.CLOSED: Occasion.CLOSED,
    State.VOID: Occasion.VOID,
    State.REOPENED: Occasion.REOPENED,
}


def occasion_of(before: Case | None, detail: Detail, after: Case) -> Occasion | None:
    """Return why somebody may be told of a record; None where nobody is."""
    match detail:
        case Opened():
            return Occasion.OPENED
        case Assigned():
            return Occasion.ASSIGNED
        case SubtaskAdded():
            return Occasion.SUBTASK
        case Acknowledged():
            return Occasion.ACKNOWLEDGED
        case Climbed():
            return Occasion(detail.notice) if detail.notice in set(Occasion) else None
        case Moved():
            return _BY_STATE.get(detail.to_state)
        case EventRevised() if before is not None:
            raised = level_rank(after.level) > level_rank(before.level)
            return Occasion.LEVEL_RAISED if raised else None
        case _:
            return None

"""What people and programs read: events and cases with the names of things in both languages."""

from datetime import datetime
from typing import Any

import msgspec
from pydantic import BaseModel, Field

__all__ = [
    "CaseDetail",
    "CasePage",
    "CaseView",
    "ClockView",
    "DepartmentView",
    "EventDetail",
    "EventPage",
    "EventView",
    "EvidenceView",
    "FlowView",
    "ModeView",
    "MoveView",
    "Named",
    "ReceiptView",
    "RejectedView",
    "RevisionView",
    "StoredView",
    "SubtaskView",
    "SuggestionView",
    "SwitchedView",
    "SystemReasonView",
    "TimelineEntry",
    "message",
]


def message(body: bytes) -> dict[str, Any]:
    """Return a stored JSON body as plain objects."""
    return msgspec.json.decode(body, type=dict[str, Any])


class Named(BaseModel):
    """A value of a closed vocabulary with its names."""

    id: str
    zh: str
    en: str


class RejectedView(BaseModel):
    """One item of a batch that was not stored."""

    index: int = Field(description="Place in the posted array, from 0.")
    problem: dict[str, Any]


class ReceiptView(BaseModel):
    """What became of a post; accepted and duplicate revisions are committed."""

    accepted: int
    duplicates: int
    rejected: list[RejectedView]


class EventView(BaseModel):
    """An event at its highest revision."""

    event_id: str
    rev: int
    revisions: int = Field(description="How many revisions have arrived.")
    event_type: str
    district: str
    level: Named
    phase: str
    at: datetime
    first_received_at: datetime
    received_at: datetime
    case_id: str
    event: dict[str, Any] = Field(description="The event.v1 message, with cause and evidence.")


class EventPage(BaseModel):
    """Events, the one that arrived last first."""

    items: list[EventView]
    next_cursor: str | None = Field(description="Give it back as `cursor`; null at the end.")


class RevisionView(BaseModel):
    """One revision as it was posted."""

    rev: int
    received_at: datetime
    event: dict[str, Any]


class EventDetail(EventView):
    """An event with its whole history."""

    cause: dict[str, Any]
    history: list[RevisionView]


class MoveView(BaseModel):
    """A legal move from where the case stands."""

    to: str
    zh: str
    en: str
    needs: list[str]
    met: list[str] = Field(description="Needs that the case itself meets already.")
    blocked: list[str] = Field(description="What has to happen first, in words.")


class EvidenceView(BaseModel):
    """A picture or clip of a case."""

    sha256: str
    media_type: str
    href: str = Field(description="A link for the caller alone; works for some minutes.")
    stored: bool = Field(description="Whether the bytes have arrived.")
    event_id: str | None = Field(description="The event that brought it; null: a person did.")
    at: datetime


class SystemReasonView(BaseModel):
    """A reason that the system gave: a code with its values, and the sentence in both languages."""

    code: str = Field(description="One of the codes in docs/console_cases.md.")
    values: dict[str, str]
    en: str
    zh: str


class TimelineEntry(BaseModel):
    """One entry of a case's log, or what a device did for one of its events."""

    version: int | None = Field(
        description="Place in the case's log, from 1; null for `device_ordered`, `device_answered`."
    )
    at: datetime
    actor: str
    kind: str
    reason: str
    said: SystemReasonView | None = Field(
        default=None,
        description="What the reason says where the system gave it; null: a person did.",
    )
    detail: dict[str, Any]


class SuggestionView(BaseModel):
    """What a model read in the words of a report."""

    class_code: str
    confidence: float = Field(description="0 to 1, calibrated.")
    sure: bool = Field(description="Taken over; otherwise a person decides.")
    model: str


class ClockView(BaseModel):
    """One deadline of a case; a paused or ended one has no due moment."""

    name: str = Field(description="response, resolve, or the step that it is for.")
    unit: str = Field(
        description="What it counts: minute, urgent_hour, work_hour, work_day, natural_day."
    )
    limit_h: float = Field(description="The limit, in hours of its unit's time.")
    started_at: datetime
    due_at: datetime | None
    lamp: str = Field(description="green, yellow or red.")
    paused: bool
    done_at: datetime | None
    late: bool
    source: str = Field(description="Policy and line that the limit comes from.")


class SubtaskView(BaseModel):
    """A part of a case's work at another department."""

    subtask_id: str
    department: Named | None
    person: str | None
    what: str
    preplan: str | None
    finished_at: datetime | None
    dropped: bool


class CaseView(BaseModel):
    """A case 案件 as it stands."""

    case_id: str
    number: str
    version: int
    title: dict[str, str]
    district: str
    event_type: str
    subject: str | None
    place: dict[str, Any] | None
    discovery: str
    preplan: str | None
    flow: str
    state: Named
    step: Named
    level: Named
    open: bool = Field(description="Whether somebody still has to act.")
    department: Named | None
    person: str | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    event_count: int
    open_events: int
    merged_into: str | None
    score: int | None
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    lamp: str = Field(description="How its deadlines stand: green, yellow or red; not the level.")
    due_at: datetime | None = Field(description="The next deadline.")
    tier: str | None = Field(description="Whose supervision it became: community to city.")
    class_code: str | None
    suggested: SuggestionView | None = Field(description="Null: no words were read.")
    class_by_person: bool
    grid: str | None
    first_department: Named | None = Field(description="Who received it first.")
    recurrence_of: str | None = Field(description="The case that ended here not long ago.")
    reopened: int
    recurrences: int
    satisfied: bool | None = Field(description="What a reporter said at the visit afterwards.")


class CasePage(BaseModel):
    """Cases, the youngest first."""

    items: list[CaseView]
    next_cursor: str | None = Field(description="Give it back as `cursor`; null at the end.")


class CaseDetail(CaseView):
    """A case with everything that belongs to it."""

    moves: list[MoveView] = Field(description="Legal moves; none for a caller who may not act.")
    acts: list[str] = Field(
        description="What else the caller may do now, by the last part of the routes' paths."
    )
    clocks: list[ClockView]
    subtasks: list[SubtaskView]
    events: list[EventView]
    evidence: list[EvidenceView]
    merged_cases: list[str]
    timeline: list[TimelineEntry]
    now: datetime = Field(description="The API's moment, which deadlines are compared with.")


class StoredView(BaseModel):
    """Stored evidence."""

    sha256: str
    media_type: str
    size_bytes: int
    stored_at: datetime
    stored_by: str


class DepartmentView(BaseModel):
    """A department that cases can be dispatched to."""

    id: str
    zh: str
    en: str


class ModeView(BaseModel):
    """One switch of a district between everyday 平 and emergency 急 operation."""

    district: str
    mode: str
    at: datetime
    actor: str
    reason: str


class SwitchedView(BaseModel):
    """What a switch did."""

    district: str
    mode: str
    cases_touched: int = Field(description="Open cases whose deadlines came nearer.")
    told: bool = Field(description="Whether the hub took the message to the gateways.")


class FlowView(BaseModel):
    """A flow that cases follow: steps, states and moves."""

    id: str
    zh: str
    en: str
    hand_offs: int
    recurrence_days: int
    steps: list[Named]
    states: list[dict[str, Any]]
    moves: list[dict[str, Any]]

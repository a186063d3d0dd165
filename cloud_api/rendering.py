"""From projections and log records to views."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from cloud_api.case_projection import Case, Subtask
from cloud_api.case_record import SYSTEM, EvidenceLink, Record
from cloud_api.case_rows import case_lamp, due_at_us
from cloud_api.config import Department
from cloud_api.deadlines.calendar import HOUR_US
from cloud_api.deadlines.clocks import CaseClock
from cloud_api.event_projection import EventState, IntakeRow
from cloud_api.flow_choice import Flows
from cloud_api.instants import from_us
from cloud_api.prospects import Prospect
from cloud_api.system_reasons import read_reason
from cloud_api.views import (
    CaseView,
    ClockView,
    EventView,
    EvidenceView,
    MoveView,
    Named,
    RevisionView,
    SubtaskView,
    SuggestionView,
    SystemReasonView,
    TimelineEntry,
    message,
)
from contracts.event import EventPhase
from contracts.levels import LEVEL_NAMES_ZH, Level

__all__ = [
    "case_view",
    "clock_view",
    "event_view",
    "evidence_view",
    "level_name",
    "move_view",
    "revision_view",
    "said_view",
    "subtask_view",
    "timeline_entry",
]


def level_name(level: Level) -> Named:
    """Return a level with its names."""
    return Named(id=level.value, zh=LEVEL_NAMES_ZH[level], en=level.value)


def event_view(state: EventState) -> EventView:
    """Return an event as it is read."""
    return EventView(
        event_id=state.event_id,
        rev=state.rev,
        revisions=state.revisions,
        event_type=state.event_type,
        district=state.district,
        level=level_name(Level(state.level)),
        phase=state.phase,
        at=from_us(state.at_us),
        first_received_at=from_us(state.first_received_at_us),
        received_at=from_us(state.received_at_us),
        case_id=state.case_id,
        event=message(state.body),
    )


def revision_view(row: IntakeRow) -> RevisionView:
    """Return one revision of an event."""
    return RevisionView(
        rev=row.rev, received_at=from_us(row.received_at_us), event=message(row.body)
    )


def _moment(value_us: int | None) -> datetime | None:
    return None if value_us is None else from_us(value_us)


def clock_view(clock: CaseClock) -> ClockView:
    """Return one deadline of a case."""
    return ClockView(
        name=clock.name,
        unit=clock.unit.value,
        limit_h=round(clock.span_us / HOUR_US, 6),
        started_at=from_us(clock.started_at_us),
        due_at=_moment(clock.due_at_us),
        lamp=clock.lamp.value,
        paused=clock.since_us is None and clock.done_at_us is None,
        done_at=_moment(clock.done_at_us),
        late=clock.late,
        source=clock.source,
    )


def subtask_view(task: Subtask, departments: Mapping[str, Department]) -> SubtaskView:
    """Return one part of a case's work."""
    return SubtaskView(
        subtask_id=task.subtask_id,
        department=_department(task.department, departments),
        person=task.person,
        what=task.what,
        preplan=task.preplan,
        finished_at=_moment(task.finished_at_us),
        dropped=task.dropped,
    )


def case_view(case: Case, flows: Flows, departments: Mapping[str, Department]) -> CaseView:
    """Return a case as it is listed."""
    flow = flows.of(case.flow)
    described, step = flow.state(case.state), flow.step(case.state)
    open_events = sum(link.phase is not EventPhase.END for link in case.events)
    return CaseView(
        case_id=case.case_id,
        number=case.number,
        version=case.version,
        title={"zh": case.title.zh, "en": case.title.en},
        district=case.district,
        event_type=case.event_type,
        subject=case.subject,
        place=None if case.place is None else msgspec.to_builtins(case.place),
        discovery=case.discovery.value,
        preplan=case.preplan,
        flow=case.flow,
        state=Named(id=case.state.value, zh=described.zh, en=described.en),
        step=Named(id=step.id, zh=step.zh, en=step.en),
        level=level_name(case.level),
        open=described.open,
        department=_department(case.department, departments),
        person=case.person,
        acknowledged_at=_moment(case.acknowledged_at_us),
        acknowledged_by=case.acknowledged_by,
        event_count=len(case.events),
        open_events=open_events,
        merged_into=case.merged_into,
        score=case.score,
        opened_at=from_us(case.opened_at_us),
        changed_at=from_us(case.changed_at_us),
        closed_at=_moment(case.closed_at_us),
        lamp=case_lamp(case).value,
        due_at=_moment(due_at_us(case)),
        tier=case.tier,
        class_code=case.class_code,
        suggested=None
        if case.suggested is None
        else SuggestionView(**msgspec.structs.asdict(case.suggested)),
        class_by_person=case.class_by_person,
        grid=case.grid,
        first_department=_department(case.first_department, departments),
        recurrence_of=case.recurrence_of,
        reopened=case.reopened,
        recurrences=case.recurrences,
        satisfied=case.satisfied,
    )


def _department(chosen: str | None, departments: Mapping[str, Department]) -> Named | None:
    if chosen is None:
        return None
    known = departments.get(chosen)
    # A department that has since been removed from the configuration keeps its id.
    return (
        Named(id=chosen, zh=chosen, en=chosen)
        if known is None
        else Named(id=known.id, zh=known.zh, en=known.en)
    )


def move_view(prospect: Prospect) -> MoveView:
    """Return a legal move, and what it has and lacks."""
    move = prospect.move
    return MoveView(
        to=move.to.value,
        zh=move.zh,
        en=move.en,
        needs=[need.value for need in move.needs],
        met=[need.value for need in prospect.met],
        blocked=list(prospect.blocked),
    )


def evidence_view(link: EvidenceLink, stored: set[str], href: str) -> EvidenceView:
    """Return a case's picture or clip; ``stored`` holds the hashes whose bytes have arrived."""
    return EvidenceView(
        sha256=link.sha256,
        media_type=link.media_type,
        href=href,
        stored=link.sha256 in stored,
        event_id=link.event_id,
        at=from_us(link.at_us),
    )


def said_view(text: str) -> SystemReasonView | None:
    """Return what a text of the system says in both languages; None where its form is not known."""
    read = read_reason(text)
    return None if read is None else SystemReasonView(**read._asdict())


def timeline_entry(record: Record) -> TimelineEntry:
    """Return one entry of a case's log."""
    detail: dict[str, object] = msgspec.to_builtins(record.detail)
    kind = str(detail.pop("type"))
    return TimelineEntry(
        version=record.version,
        at=from_us(record.at_us),
        actor=record.actor,
        kind=kind,
        reason=record.reason,
        said=said_view(record.reason) if record.actor == SYSTEM else None,
        detail=detail,
    )

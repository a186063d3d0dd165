"""From projections and log records to views."""

from collections.abc import Mapping

import msgspec

from cloud_api.case_projection import Case
from cloud_api.case_record import EvidenceLink, Record
from cloud_api.config import Department
from cloud_api.event_projection import EventState, IntakeRow
from cloud_api.flow import Flow, Move
from cloud_api.instants import from_us
from cloud_api.views import (
    CaseView,
    EventView,
    EvidenceView,
    MoveView,
    Named,
    RevisionView,
    TimelineEntry,
    message,
)
from contracts.event import EventPhase
from contracts.levels import LEVEL_NAMES_ZH, Level

__all__ = [
    "case_view",
    "event_view",
    "evidence_view",
    "level_name",
    "move_view",
    "revision_view",
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


def case_view(case: Case, flow: Flow, departments: Mapping[str, Department]) -> CaseView:
    """Return a case as it is listed."""
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
        acknowledged_at=None
        if case.acknowledged_at_us is None
        else from_us(case.acknowledged_at_us),
        acknowledged_by=case.acknowledged_by,
        event_count=len(case.events),
        open_events=open_events,
        merged_into=case.merged_into,
        score=case.score,
        opened_at=from_us(case.opened_at_us),
        changed_at=from_us(case.changed_at_us),
        closed_at=None if case.closed_at_us is None else from_us(case.closed_at_us),
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


def move_view(move: Move) -> MoveView:
    """Return a legal move."""
    return MoveView(
        to=move.to.value, zh=move.zh, en=move.en, needs=[need.value for need in move.needs]
    )


def evidence_view(link: EvidenceLink, stored: set[str]) -> EvidenceView:
    """Return a case's picture or clip; ``stored`` holds the hashes whose bytes have arrived."""
    return EvidenceView(
        sha256=link.sha256,
        media_type=link.media_type,
        href=f"/v1/evidence/{link.sha256}",
        stored=link.sha256 in stored,
        event_id=link.event_id,
        at=from_us(link.at_us),
    )


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
        detail=detail,
    )

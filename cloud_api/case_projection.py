"""A case as its log says it is: a pure fold of records into a state."""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from cloud_api.case_record import (
    Acknowledged,
    Assigned,
    Attached,
    Classified,
    Climbed,
    Commented,
    EventLink,
    EventRevised,
    EvidenceLink,
    Extended,
    FlowChanged,
    ModeSwitched,
    Moved,
    Opened,
    Rechecked,
    Record,
    SubtaskAdded,
    SubtaskFinished,
    Suggested,
    Visited,
)
from cloud_api.deadlines.clocks import CaseClock
from cloud_api.errors import ProjectionError
from cloud_api.flow import State
from contracts.envelope import Discovery, Place
from contracts.event import EventPhase, Title
from contracts.levels import Level, level_rank

__all__ = ["Case", "Subtask", "apply_record", "case_level", "decode_case", "encode_case"]

_REVERSIBLE = frozenset({State.SUSPENDED, State.MERGED})
_FINISHED = frozenset({State.CLOSED, State.VOID})
_WORK_AHEAD = frozenset({State.HANDLING, State.REOPENED})
"""Where work begins (again): what was seen before proves nothing any more."""


class Subtask(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a case's work at another department."""

    subtask_id: str
    department: str
    what: str
    person: str | None = None
    preplan: str | None = None
    finished_at_us: int | None = None
    dropped: bool = False


class Case(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A case 案件 as it stands after ``version`` records.

    ``level`` is the highest level among linked events that are open; when all have ended, the
    level that held last. ``previous`` is where it stood before it was suspended or merged.
    ``first_department`` is who received it first 首接; ``tier`` is whose supervision 督办 it has become.
    ``suggested`` is what a model read in the report's words; ``class_by_person`` that somebody decided.
    """

    case_id: str
    version: int
    number: str
    day: str
    day_number: int
    opened_seq: int
    district: str
    event_type: str
    dedupe: str | None
    title: Title
    subject: str | None
    place: Place | None
    discovery: Discovery
    preplan: str | None
    flow: str
    state: State
    previous: State | None
    level: Level
    events: tuple[EventLink, ...]
    evidence: tuple[EvidenceLink, ...]
    department: str | None = None
    person: str | None = None
    acknowledged_at_us: int | None = None
    acknowledged_by: str | None = None
    merged_into: str | None = None
    score: int | None = None
    opened_at_us: int
    changed_at_us: int
    closed_at_us: int | None = None
    class_code: str | None = None
    grid: str | None = None
    recurrence_of: str | None = None
    first_department: str | None = None
    bounced_by: tuple[str, ...] = ()
    reopened: int = 0
    recurrences: int = 0
    subtasks: tuple[Subtask, ...] = ()
    recheck: Rechecked | None = None
    satisfied: bool | None = None
    suggested: Suggested | None = None
    class_by_person: bool = False
    tier: str | None = None
    clocks: tuple[CaseClock, ...] = ()


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Case)


def encode_case(case: Case) -> bytes:
    """Return a case as UTF-8 JSON, the same bytes for the same case."""
    return _ENCODER.encode(case)


def decode_case(document: bytes) -> Case:
    """Return the case in ``document``."""
    return _DECODER.decode(document)


def case_level(events: Iterable[EventLink], held: Level) -> Level:
    """Return the highest level among open events, or ``held`` when none is open."""
    levels = [event.level for event in events if event.phase is not EventPhase.END]
    return max(levels, key=level_rank) if levels else held


def apply_record(case: Case | None, record: Record, seq: int) -> Case:
    """Return the case after ``record``.

    Args:
        case: the case before; None for its first record.
        record: what happened.
        seq: the record's place in the whole log.

    Raises:
        ProjectionError: the record does not follow on the case: another version or an unknown event.
    """
    detail = record.detail
    if isinstance(detail, Opened):
        if case is not None:
            raise ProjectionError(f"case {record.case_id}: opened twice, again at log entry {seq}")
        return _opened(record, detail, seq)
    case = _follow(case, record, seq)
    return case if record.clocks is None else msgspec.structs.replace(case, clocks=record.clocks)


def _follow(case: Case | None, record: Record, seq: int) -> Case:
    """Return the case after a record that did not open it."""
    detail = record.detail
    if case is None or record.version != case.version + 1:
        found = "no case" if case is None else f"version {case.version}"
        raise ProjectionError(
            f"case {record.case_id}: log entry {seq} is version {record.version}, but there is {found}; "
            "the log has a hole: restore it from a backup"
        )
    if isinstance(detail, Moved):  # most records are, so they are copied once
        return _moved(case, detail, record)
    case = msgspec.structs.replace(case, version=record.version, changed_at_us=record.at_us)
    match detail:
        case Attached():
            return _with_events(case, (*case.events, detail.event), detail.evidence)
        case EventRevised():
            return _revised(case, detail, seq)
        case Acknowledged():
            return msgspec.structs.replace(
                case, acknowledged_at_us=record.at_us, acknowledged_by=record.actor
            )
        case Assigned():
            return msgspec.structs.replace(
                case,
                department=detail.department,
                person=detail.person,
                first_department=case.first_department or detail.department,
            )
        case FlowChanged():
            return msgspec.structs.replace(case, flow=detail.flow)
        case Rechecked():
            return msgspec.structs.replace(case, recheck=detail)
        case Visited():
            return msgspec.structs.replace(case, satisfied=detail.satisfied)
        case Suggested() | Classified():
            return _classed(case, detail)
        case SubtaskAdded() | SubtaskFinished():
            return msgspec.structs.replace(case, subtasks=_subtasks(case, detail, record.at_us))
        case Climbed():
            return msgspec.structs.replace(case, tier=detail.tier or case.tier)
        case Opened() | Moved() | Commented() | Extended() | ModeSwitched():
            return case


def _classed(case: Case, detail: Suggested | Classified) -> Case:
    if isinstance(detail, Classified):
        return msgspec.structs.replace(case, class_code=detail.class_code, class_by_person=True)
    taken_over = detail.class_code if detail.sure else None
    return msgspec.structs.replace(case, suggested=detail, class_code=case.class_code or taken_over)


def _subtasks(
    case: Case, detail: SubtaskAdded | SubtaskFinished, at_us: int
) -> tuple[Subtask, ...]:
    if isinstance(detail, SubtaskAdded):
        added = Subtask(
            subtask_id=detail.subtask_id,
            department=detail.department,
            what=detail.what,
            person=detail.person,
            preplan=detail.preplan,
        )
        return (*case.subtasks, added)
    return tuple(
        msgspec.structs.replace(task, finished_at_us=at_us, dropped=detail.dropped)
        if task.subtask_id == detail.subtask_id
        else task
        for task in case.subtasks
    )


def _opened(record: Record, detail: Opened, seq: int) -> Case:
    return Case(
        case_id=record.case_id,
        version=record.version,
        number=detail.number,
        day=detail.day,
        day_number=detail.day_number,
        opened_seq=seq,
        district=detail.district,
        event_type=detail.event_type,
        dedupe=detail.dedupe,
        title=detail.title,
        subject=detail.subject,
        place=detail.place,
        discovery=detail.discovery,
        preplan=detail.preplan,
        flow=detail.flow,
        state=detail.state,
        previous=None,
        level=detail.event.level,
        events=(detail.event,),
        evidence=_merged_evidence((), detail.evidence),
        opened_at_us=record.at_us,
        changed_at_us=record.at_us,
        class_code=detail.class_code,
        grid=detail.grid,
        recurrence_of=detail.recurrence_of,
        clocks=record.clocks or (),
    )


def _revised(case: Case, detail: EventRevised, seq: int) -> Case:
    ids = [event.event_id for event in case.events]
    if detail.event.event_id not in ids:
        raise ProjectionError(
            f"case {case.case_id}: log entry {seq} revises event {detail.event.event_id}, which is not linked"
        )
    events = tuple(
        detail.event if event.event_id == detail.event.event_id else event for event in case.events
    )
    return _with_events(case, events, detail.evidence)


def _with_events(
    case: Case, events: tuple[EventLink, ...], evidence: tuple[EvidenceLink, ...]
) -> Case:
    return msgspec.structs.replace(
        case,
        events=events,
        level=case_level(events, _last_level(case, events)),
        evidence=_merged_evidence(case.evidence, evidence),
    )


def _last_level(case: Case, events: tuple[EventLink, ...]) -> Level:
    """Return the level that holds when no event is open.

    That is the level of the event which ended last, so the answer does not depend on whether the
    revision just before the end arrived in time.
    """
    before = {event.event_id: event for event in case.events}
    changed = [event for event in events if before.get(event.event_id) != event]
    return changed[-1].level if changed else case.level


def _moved(case: Case, detail: Moved, record: Record) -> Case:
    to, at_us = detail.to_state, record.at_us
    previous = detail.from_state if to in _REVERSIBLE else None
    if detail.with_parent:  # it can still be taken out again, to where it stood before the merge
        previous = case.previous
    closed_at_us = case.closed_at_us
    if to in _FINISHED:
        closed_at_us = at_us
    elif to is State.REOPENED or detail.with_parent:
        closed_at_us = None
    again = to is State.REOPENED
    bounced_by = case.bounced_by
    if to is State.BOUNCED and case.department is not None:
        bounced_by = (*bounced_by, case.department)
    return msgspec.structs.replace(
        case,
        version=record.version,
        changed_at_us=at_us,
        state=to,
        previous=previous,
        evidence=_merged_evidence(case.evidence, detail.evidence),
        department=detail.department if detail.department is not None else case.department,
        person=detail.person if detail.department is not None else case.person,
        first_department=case.first_department or detail.department,
        bounced_by=bounced_by,
        merged_into=detail.into_case,
        score=detail.score if detail.score is not None else case.score,
        closed_at_us=closed_at_us,
        reopened=case.reopened + again,
        recurrences=case.recurrences + detail.recurrence,
        recheck=None if to in _WORK_AHEAD else case.recheck,
        satisfied=None if again else case.satisfied,
        tier=None if again else case.tier,
    )


def _merged_evidence(
    old: tuple[EvidenceLink, ...], new: tuple[EvidenceLink, ...]
) -> tuple[EvidenceLink, ...]:
    """Return ``old`` followed by what is new in ``new``; a picture is listed once."""
    if not new:
        return old
    known = {link.sha256 for link in old}
    merged = list(old)
    for link in new:
        if link.sha256 not in known:
            known.add(link.sha256)
            merged.append(link)
    return tuple(merged)

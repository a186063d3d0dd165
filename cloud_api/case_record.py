"""The append-only log of cases: one record for each thing that happened to a case."""

import uuid

import msgspec
from msgspec import Struct

from cloud_api.deadlines.clocks import CaseClock
from cloud_api.flow import State
from contracts.control import Mode
from contracts.envelope import Discovery, Place, Ratio, Sha256
from contracts.event import EventPhase, Title
from contracts.ids import CaseId
from contracts.levels import Lamp, Level

__all__ = [
    "SYSTEM",
    "Acknowledged",
    "Assigned",
    "Attached",
    "Classified",
    "Climbed",
    "Commented",
    "Detail",
    "EventLink",
    "EventRevised",
    "EvidenceLink",
    "Extended",
    "FlowChanged",
    "ModeSwitched",
    "Moved",
    "Opened",
    "Proof",
    "Rechecked",
    "Record",
    "SubtaskAdded",
    "SubtaskFinished",
    "Suggested",
    "Visited",
    "case_id_of",
    "decode_record",
    "encode_record",
]

SYSTEM = "system"
"""Actor of what the API does by itself."""

_NAMESPACE = uuid.UUID("0b0f6a54-3f0e-5d5e-8f5b-5f4f1a2f7c61")


def case_id_of(event_id: str) -> CaseId:
    """Return the id of the case that ``event_id`` opens: UUIDv5, the same in every run."""
    return CaseId(str(uuid.uuid5(_NAMESPACE, event_id)))


class EventLink(Struct, frozen=True, kw_only=True):
    """How an event stood when the record was written."""

    event_id: str
    rev: int
    level: Level
    phase: EventPhase


class EvidenceLink(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture or clip that belongs to the case; ``event_id`` is None where a person brought it."""

    sha256: Sha256
    media_type: str
    at_us: int
    event_id: str | None = None


class Proof(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a verification is believed.

    Pictures taken for it, every linked event having ended, or an AI re-check of the place; a case that
    closes with its parent has the parent's proof.
    """

    pictures: tuple[Sha256, ...] = ()
    ended_events: tuple[str, ...] = ()
    recheck: Sha256 | None = None
    parent: str | None = None


class Opened(Struct, frozen=True, kw_only=True, tag="opened", omit_defaults=True):
    """A first event opened the case."""

    number: str
    day: str
    day_number: int
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
    event: EventLink
    evidence: tuple[EvidenceLink, ...] = ()
    class_code: str | None = None
    grid: str | None = None
    recurrence_of: str | None = None


class Attached(Struct, frozen=True, kw_only=True, tag="attached"):
    """Another event with the same dedupe key joined the case."""

    event: EventLink
    evidence: tuple[EvidenceLink, ...] = ()


class EventRevised(Struct, frozen=True, kw_only=True, tag="event_revised"):
    """A linked event changed its level or phase, or brought evidence; the case's level follows."""

    event: EventLink
    evidence: tuple[EvidenceLink, ...] = ()


class Acknowledged(Struct, frozen=True, kw_only=True, tag="acknowledged"):
    """Somebody has seen the case and says so."""


class Assigned(Struct, frozen=True, kw_only=True, tag="assigned"):
    """The case was given to a department, and there perhaps to a person."""

    department: str
    person: str | None = None


class Commented(Struct, frozen=True, kw_only=True, tag="commented"):
    """Somebody remarked something; the text is the record's reason."""


class Moved(Struct, frozen=True, kw_only=True, tag="moved", omit_defaults=True):
    """The case went from one state to another."""

    from_state: State
    to_state: State
    evidence: tuple[EvidenceLink, ...] = ()
    proof: Proof | None = None
    department: str | None = None
    person: str | None = None
    approved_by: str | None = None
    into_case: str | None = None
    score: int | None = None
    recurrence: bool = False
    with_parent: bool = False
    false_alarm: bool = False
    """误报: whoever moved it says that there was nothing; the pictures go to the review queue."""


class FlowChanged(Struct, frozen=True, kw_only=True, tag="flow_changed"):
    """The case follows another flow from now on, because its level rose."""

    flow: str


class SubtaskAdded(Struct, frozen=True, kw_only=True, tag="subtask_added", omit_defaults=True):
    """Joint handling 联合处置: a part of the work goes to another department; the owner stays."""

    subtask_id: str
    department: str
    what: str
    person: str | None = None
    preplan: str | None = None


class SubtaskFinished(Struct, frozen=True, kw_only=True, tag="subtask_finished"):
    """A part of the work is done, or ``dropped`` because it was not needed; the reason says more."""

    subtask_id: str
    dropped: bool = False


class Rechecked(Struct, frozen=True, kw_only=True, tag="rechecked", omit_defaults=True):
    """A model compared a picture from after the work with one from before: is the trouble gone?"""

    after: Sha256
    before: Sha256 | None
    model: str
    clear: bool
    confidence: Ratio


class Visited(Struct, frozen=True, kw_only=True, tag="visited"):
    """Somebody asked a reporter after the end 回访; the reason says what he answered."""

    satisfied: bool
    channel: str


class Suggested(Struct, frozen=True, kw_only=True, tag="suggested"):
    """A model read which class the words of a report belong to; it holds where that is ``sure``."""

    class_code: str
    confidence: Ratio
    sure: bool
    model: str


class Classified(Struct, frozen=True, kw_only=True, tag="classified"):
    """Somebody says which class the case belongs to; ``was`` is the one that it had."""

    class_code: str
    was: str | None


class Extended(Struct, frozen=True, kw_only=True, tag="extended"):
    """A deadline was extended 延期, with somebody else's approval."""

    clock: str
    by_us: int
    approved_by: str


class Climbed(Struct, frozen=True, kw_only=True, tag="climbed", omit_defaults=True):
    """A share of a limit was used up: the lamp turns, people are reminded, a superior is told."""

    clock: str
    notice: str
    lamp: Lamp
    due_at_us: int
    tier: str | None = None


class ModeSwitched(Struct, frozen=True, kw_only=True, tag="mode_switched"):
    """The district went over to everyday 平 or emergency 急 operation; deadlines may come nearer."""

    mode: Mode


Detail = (
    Opened
    | Attached
    | EventRevised
    | Acknowledged
    | Assigned
    | Commented
    | Moved
    | FlowChanged
    | SubtaskAdded
    | SubtaskFinished
    | Rechecked
    | Visited
    | Suggested
    | Classified
    | Extended
    | Climbed
    | ModeSwitched
)


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry: what happened, to which case, when, through whom and why.

    ``version`` counts the case's records from 1; ``at_us`` is microseconds since 1970 UTC.
    ``clocks`` are the case's clocks after it, where they are others than before.
    """

    case_id: str
    version: int
    at_us: int
    actor: str
    reason: str
    detail: Detail
    clocks: tuple[CaseClock, ...] | None = None


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Record)


def encode_record(record: Record) -> bytes:
    """Return a record as UTF-8 JSON, the same bytes for the same record."""
    return _ENCODER.encode(record)


def decode_record(body: bytes) -> Record:
    """Return the record in ``body``."""
    return _DECODER.decode(body)

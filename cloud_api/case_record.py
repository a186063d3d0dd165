"""The append-only log of cases: one record for each thing that happened to a case."""

import uuid

import msgspec
from msgspec import Struct

from cloud_api.flow import State
from contracts.envelope import Discovery, Place, Sha256
from contracts.event import EventPhase, Title
from contracts.ids import CaseId
from contracts.levels import Level

__all__ = [
    "Acknowledged",
    "Assigned",
    "Attached",
    "Commented",
    "Detail",
    "EventLink",
    "EventRevised",
    "EvidenceLink",
    "Moved",
    "Opened",
    "Proof",
    "Record",
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
    """Why a verification is believed: pictures taken for it, or every linked event having ended."""

    pictures: tuple[Sha256, ...] = ()
    ended_events: tuple[str, ...] = ()


class Opened(Struct, frozen=True, kw_only=True, tag="opened"):
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


Detail = Opened | Attached | EventRevised | Acknowledged | Assigned | Commented | Moved


class Record(Struct, frozen=True, kw_only=True):
    """One entry: what happened, to which case, when, through whom and why.

    ``version`` counts the case's records from 1; ``at_us`` is microseconds since 1970 UTC.
    """

    case_id: str
    version: int
    at_us: int
    actor: str
    reason: str
    detail: Detail


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Record)


def encode_record(record: Record) -> bytes:
    """Return a record as UTF-8 JSON, the same bytes for the same record."""
    return _ENCODER.encode(record)


def decode_record(body: bytes) -> Record:
    """Return the record in ``body``."""
    return _DECODER.decode(body)

"""observation.v1: an episode that a box derived by itself."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from contracts.envelope import Envelope, Evidence, Id, Moment, Place, Ratio, Sha256

__all__ = ["URGENT_KINDS", "Observation", "ObservationKind", "OriginalClip", "Phase"]


class Phase(StrEnum):
    """Where an episode stands."""

    START = "start"
    UPDATE = "update"
    END = "end"


class ObservationKind(StrEnum):
    """What a box may notice by itself."""

    ZONE_PRESENCE = "zone_presence"
    """A track is inside a zone; ends when it has left."""
    ZONE_DWELL = "zone_dwell"
    """A track stayed in a zone longer than the zone's ``dwell_s``."""
    LINE_CROSSING = "line_crossing"
    """A track crossed a line; start and end at once."""
    CAMERA_OFFLINE = "camera_offline"
    """No frame from a camera for longer than its hold-off."""
    WRONG_WAY = "wrong_way"
    LEFT_OBJECT = "left_object"
    STOPPED_VEHICLE = "stopped_vehicle"
    """A vehicle stands still in a zone for longer than the zone's ``stopped_after_s``."""
    LOITERING = "loitering"
    """A track was in a zone for longer than its ``loiter_after_s`` in all, coming and going."""
    CROWD_GROWTH = "crowd_growth"
    """A zone fills up; ``count`` says with how many."""
    SCENE_COMPARED = "scene_compared"
    """A picture from after was compared with one from before: ``label`` is changed or unchanged, with
    its confidence; start and end at once."""
    CAMERA_INTEGRITY = "camera_integrity"


URGENT_KINDS = frozenset({ObservationKind.WRONG_WAY})
"""Kinds of priority 0: they travel in the urgent lane."""


class OriginalClip(Struct, frozen=True, kw_only=True):
    """A clip that stays on the box, encrypted: only an audited release hands it out.

    Its hash stands in the observation from the first, so that what is released later proves itself.
    """

    sha256: Sha256
    media_type: str
    size_bytes: int
    starts_at: Moment
    ends_at: Moment
    expires_at: Moment
    """When the box forgets it."""


class Observation(Envelope, frozen=True, kw_only=True, tag="observation.v1", tag_field="type"):
    """One statement about an episode; (observation_id, rev) is its idempotency key.

    ``at`` is the moment the statement is about; ``dwell_s`` counts presentation time.
    """

    observation_id: Annotated[str, Meta(min_length=1, max_length=64)]
    rev: Annotated[int, Meta(ge=0)]
    phase: Phase
    kind: ObservationKind
    camera: Id
    started_at: Moment
    ended_at: Moment | None = None
    zone: Id | None = None
    zone_kind: str | None = None
    line: Id | None = None
    direction: str | None = None
    """forward | backward, for crossings."""
    track: int | None = None
    label: str | None = None
    confidence: Ratio = 0.0
    dwell_s: Annotated[float, Meta(ge=0.0)] = 0.0
    speed_m_s: float | None = None
    speed_error_m_s: float | None = None
    """One standard deviation of the speed."""
    heading_deg: Annotated[float, Meta(ge=0.0, le=360.0)] | None = None
    """Clockwise from north; says nothing near standstill."""
    count: Annotated[int, Meta(ge=0)] | None = None
    """How many take part, where that is counted."""
    place: Place | None = None
    evidence: tuple[Evidence, ...] = ()
    model: str | None = None
    """Detector that saw it, name and short hash."""
    original_clip: OriginalClip | None = None

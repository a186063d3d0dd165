"""The envelope that every message of a box carries, and the small values inside messages."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from contracts.ids import BOOT_ID_PATTERN, ID_PATTERN

__all__ = [
    "Channel",
    "Discovery",
    "Envelope",
    "Evidence",
    "EvidenceRole",
    "Id",
    "Latitude",
    "Longitude",
    "Moment",
    "Place",
    "Ratio",
    "Redaction",
    "Sha256",
]

Id = Annotated[str, Meta(pattern=ID_PATTERN)]
Moment = Annotated[datetime, Meta(tz=True)]
Ratio = Annotated[float, Meta(ge=0.0, le=1.0)]
Longitude = Annotated[float, Meta(ge=-180.0, le=180.0)]
Latitude = Annotated[float, Meta(ge=-90.0, le=90.0)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]


class Channel(StrEnum):
    """A box's outgoing lanes; each counts its own ``seq`` from 0 in every boot."""

    READINGS = "readings"
    TRACKS = "tracks"
    COUNTS = "counts"
    OBSERVATIONS = "observations"
    URGENT = "urgent"
    """绿色通道: anything whose profile or kind has priority 0."""
    STATUS = "status"


class Discovery(StrEnum):
    """How something came to be known. Source: requirements SEN-22 (主动/被动/自动发现)."""

    ACTIVE = "active"
    PASSIVE = "passive"
    AUTOMATIC = "automatic"


class Place(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A point in WGS 84: degrees, lon before lat; ``accuracy_m`` is a radius in metres."""

    lon: Longitude
    lat: Latitude
    accuracy_m: float = 0.0
    grid: str | None = None


class Redaction(Struct, frozen=True, kw_only=True):
    """What was made illegible in a picture before it left the box."""

    method: str
    """subject (all but the subject) | place (all, coarsely) | frame (all alike) | pixelate (what was
    found) | faces (as place, but a subject's clothes sharper; heads and faces covered) | plates
    (as subject, but a vehicle sharper; its plates covered) | faces-and-plates (both)."""
    block_px: int
    """Edge of one mosaic block in pixels of the picture."""
    areas: int
    """How many areas were covered."""


class EvidenceRole(StrEnum):
    """What a picture shows of an episode."""

    BEST = "best"
    """The best picture of its subject."""
    BEFORE = "before"
    """Some seconds earlier."""
    AFTER = "after"
    """The latest when it was told."""


class Evidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture or clip, named by the SHA-256 of its bytes; the bytes travel by HTTPS PUT."""

    sha256: Sha256
    media_type: str
    size_bytes: int
    captured_at: Moment
    camera: str | None = None
    redaction: Redaction | None = None
    role: EvidenceRole | None = None
    model: str | None = None
    """Detector that saw what the picture is about, name and short hash; None: nobody says."""


class Envelope(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Fields that every message of a box begins with.

    ``box, boot_id, channel, seq`` name the message; the box repeats its identity here so that a
    payload relayed under another box's topic is found out. ``at`` is the event's own time,
    ``sent_at`` and ``resent`` are added when the message leaves the outbox. Fields that hold their
    default are left out on the wire. Source: architecture §4.
    """

    id: Annotated[str, Meta(min_length=1, max_length=160)]
    box: Id
    boot_id: Annotated[str, Meta(pattern=BOOT_ID_PATTERN)]
    channel: Channel
    seq: Annotated[int, Meta(ge=0)]
    at: Moment
    discovery: Discovery = Discovery.AUTOMATIC
    sent_at: Moment | None = None
    resent: bool = False

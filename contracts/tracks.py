"""tracks.v1: the live tracks of one camera, about once a second."""

from typing import Annotated

from msgspec import Meta, Struct

from contracts.envelope import Envelope, Id, Place, Ratio

__all__ = ["TrackState", "Tracks"]


class TrackState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One live track.

    ``box_xyxy`` is normalised to the picture: 0..1, left, top, right, bottom. ``foot`` is the
    bottom centre in the same scale. ``dwell_s`` maps zone ids to seconds of presentation time.
    """

    track: Annotated[int, Meta(ge=1)]
    label: str
    confidence: Ratio
    box_xyxy: tuple[Ratio, Ratio, Ratio, Ratio]
    foot: tuple[Ratio, Ratio]
    dwell_s: dict[str, float] = {}
    speed_m_s: float | None = None
    speed_error_m_s: float | None = None
    """One standard deviation of the speed."""
    heading_deg: Annotated[float, Meta(ge=0.0, le=360.0)] | None = None
    """Clockwise from north; says nothing near standstill."""
    place: Place | None = None


class Tracks(Envelope, frozen=True, kw_only=True, tag="tracks.v1", tag_field="type"):
    """Live tracks of one camera at ``at``."""

    camera: Id
    tracks: tuple[TrackState, ...] = ()
    zone_kinds: dict[str, str] = {}
    """Kind of every zone named in a track's dwell."""

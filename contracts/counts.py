"""counts.v1: per zone and line figures of one camera, every few seconds."""

from typing import Annotated

from msgspec import Meta, Struct

from contracts.envelope import Envelope, Id, Ratio

__all__ = ["Counts", "LineCount", "ZoneCount"]

_Natural = Annotated[int, Meta(ge=0)]


class ZoneCount(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How full a zone is: tracks standing in it and the share of its area that boxes cover."""

    zone: Id
    zone_kind: str = "zone"
    people: _Natural = 0
    vehicles: _Natural = 0
    objects: _Natural = 0
    """Tracks of any class."""
    occupied_ratio: Ratio = 0.0
    area_m2: float | None = None
    """Ground area: the configured one, else that of the polygon on a calibrated camera's ground."""
    longest_dwell_s: float = 0.0
    speed_m_s: float | None = None
    """Median speed of the tracks in it; None: none of them has one, as without a calibrated camera."""
    standing: _Natural = 0
    """Tracks that have stood still for three seconds or more."""
    density_per_m2: float | None = None
    """People a square metre; absent where the area is not known."""
    queue_m: float | None = None
    """Length of the longest queue of standing tracks, metres; absent without calibration."""


class LineCount(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Crossings of a line within the window; ``forward`` is left to right of the line's direction."""

    line: Id
    forward: _Natural = 0
    backward: _Natural = 0
    by_class: dict[str, dict[str, int]] = {}
    forward_per_min: float | None = None
    """Crossings a minute over the last minute; absent in a camera's first ten seconds."""
    backward_per_min: float | None = None


class Counts(Envelope, frozen=True, kw_only=True, tag="counts.v1", tag_field="type"):
    """Figures of one camera over the ``window_s`` seconds before ``at``."""

    camera: Id
    window_s: Annotated[float, Meta(gt=0.0)]
    zones: tuple[ZoneCount, ...] = ()
    lines: tuple[LineCount, ...] = ()

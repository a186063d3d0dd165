"""Incident classes: which true values are an incident, of which level, and which events tell of it."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.event import Title
from contracts.levels import Level
from runtime.yaml_document import load_config
from simulators.duration import parse_duration

__all__ = ["IncidentClass", "incident_classes"]


class IncidentClass(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One class. Thresholds are in the field's base unit; see ``classes.yaml`` for every number's source."""

    title: Title
    profile: str
    """Device profile, or ``camera``."""
    field: str
    """Field of the profile; of a camera: blocked_s and stood_s (seconds that a zone was occupied, and
    that a body stood in it, beyond the zone's dwell), density_m2 (people), against_s (seconds against
    a lane's direction)."""
    zone_kind: str | None = None
    """Of a camera: in which zones."""
    keyed_by_zone: bool = True
    """Of a camera: whether its events name the zone."""
    side: Literal["above", "below"]
    levels: dict[Level, float]
    """Threshold by level, ascending in gravity."""
    ends: float
    """True value beyond which, on the good side, the incident is over."""
    calm: str
    """How long it must stay there."""
    notice: dict[Level, str]
    """By level: how long the value must stay there to count."""
    margin: Annotated[float, Meta(ge=0.0)]
    """A peak no further than this from a threshold may be called either way."""
    maybe: float | None = None
    """True value from which an event is not blamed; default the first threshold less the margin."""
    average: str | None = None
    """The value is the mean over so long before; default the value itself."""
    measured: str | None = None
    """How long a measurement of it takes, where events wait for its end: one that tells of it may open so
    long after it, and is not blamed; default nothing."""
    graded: bool = True
    """Whether the event's level is marked; false where it depends on more than the value."""
    events: tuple[str, ...]
    """Event types that tell of it."""
    district_events: dict[str, str] = {}
    """Event types that tell of the whole district, whoever's reading decided, and how long before an incident
    of the class they may warn of it: right while any lasts, and never asked for; default none."""
    source: str

    def notice_s(self, level: Level) -> float:
        """Return how long a value must stay at a level to count, seconds."""
        return parse_duration(self.notice[level])

    def warns_s(self, event_type: str) -> float | None:
        """Return how long before an incident an event about the district may open; None: it tells of none."""
        lead = self.district_events.get(event_type)
        return None if lead is None else parse_duration(lead)

    @property
    def average_s(self) -> float:
        """Return over how long the value is averaged, seconds; 0: not at all."""
        return 0.0 if self.average is None else parse_duration(self.average)

    @property
    def measured_s(self) -> float:
        """Return how long a measurement takes, seconds."""
        return 0.0 if self.measured is None else parse_duration(self.measured)

    @property
    def calm_s(self) -> float:
        """How long a value must be back to end an incident, seconds."""
        return parse_duration(self.calm)


@lru_cache(maxsize=1)
def incident_classes() -> dict[str, IncidentClass]:
    """Return the classes that ship, by name."""
    return load_config(Path(__file__).parent / "classes.yaml", dict[str, IncidentClass])

"""Marking: which events tell of which incidents and faults, and what is missed, false or doubled.

Pure functions; an incident is found when an event of its class about its sensor opened while it lasted.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from cityloop.exam.citizen_desk import CaseStanding, HeardReport
from cityloop.exam.citizen_marks import CitizenMarks, mark_reports
from cityloop.exam.statements import Episode
from contracts.geometry import distance_m
from contracts.levels import Level, level_rank
from simulators.city.citizens import matter_of
from simulators.city.city import City, Fault
from simulators.city.incident_classes import incident_classes
from simulators.city.incident_truth import Incident

__all__ = ["FAULT_EVENTS", "SILENT_KINDS", "FaultFinding", "Finding", "Marks", "mark"]

FAULT_EVENTS = frozenset({"device.data_quality", "device.offline", "device.absence"})
"""Event types that tell of a broken sensor."""

_NOTHING: Mapping[str, CaseStanding] = MappingProxyType({})

SILENT_KINDS = frozenset({"bias", "flood", "reboot", "clock", "repeat"})
"""Faults that nobody has to notice: an offset cannot be seen in one sensor by itself, the others must
just do no harm. Events about them are neither demanded nor blamed."""


_SURE_S = {"stuck": 4 * 3600.0, "drift": 7200.0, "spike": 3600.0, "silent": 3600.0}
"""Seconds after which a careful observer is sure that a sensor is broken; of one that breaks later than this before
the end nobody has to say so. A value of mains or air that stands still may be calm for three hours; the rest are choices."""


class Finding(Struct, frozen=True, kw_only=True):
    """An incident and the event that tells of it."""

    incident: Incident
    episode: Episode | None
    again: int = 0
    """How many more events of a rule tell of it than that rule's first."""
    level_error: int = 0
    """Steps by which the event's gravest level misses the true one; 0 within what is sure and possible."""
    detect_s: float | None = None
    """Event time from the incident's start to the event's opening, seconds."""
    late_s: float | None = None
    """The same from the moment at which a careful observer is sure."""
    distance_m: float | None = None


class FaultFinding(Struct, frozen=True, kw_only=True):
    """A broken sensor and when somebody said so."""

    fault: Fault
    episode: Episode | None
    detect_s: float | None = None
    demanded: bool = True


class Marks(Struct, frozen=True, kw_only=True):
    """One run, marked."""

    findings: tuple[Finding, ...]
    """Every incident that counts."""
    marginal: int
    """Incidents that may be called either way."""
    faults: tuple[FaultFinding, ...]
    false: tuple[Episode, ...]
    """Events that tell of nothing."""
    right: int
    """Events that tell of an incident or a fault, repetitions included."""
    ignored: int
    """Events of types that the scenario leaves out."""
    citizens: CitizenMarks = CitizenMarks()


def mark(
    city: City,
    incidents: Sequence[Incident],
    episodes: Sequence[Episode],
    until_s: float,
    *,
    reports: Sequence[HeardReport] = (),
    standings: Mapping[str, CaseStanding] = _NOTHING,
) -> Marks:
    """Return what the events of a run are worth.

    Args:
        city: the scenario.
        incidents: what was true.
        episodes: what was said.
        until_s: where the run ended; what a careful observer was sure of only later does not count.
        reports: what citizens reported.
        standings: by event id, which case it came into.
    """
    classes = incident_classes()
    left = [one for one in episodes if one.event_type not in city.ignore]
    ignored = len(episodes) - len(left)
    told: dict[str, Incident] = {}
    of_incident: list[tuple[Incident, list[Episode]]] = []
    for incident in incidents:
        events = classes[incident.class_name].events
        about = [
            one for one in left if one.event_type in events and one.subject == incident.subject
        ]
        found = [one for one in about if _meets(one, incident)]
        of_incident.append((incident, found))
        told.update(
            dict.fromkeys((one.event_id for one in about if _tells(one, incident)), incident)
        )
    faults = [
        _fault_finding(fault, left, city, until_s)
        for fault in city.faults
        if fault.start_s < until_s
    ]
    of_faults = {
        one.event_id for one in left if any(_concerns(one, fault, city) for fault in city.faults)
    }
    of_district = {one.event_id for one in left if any(_warns(one, other) for other in incidents)}
    excused = of_faults | of_district | told.keys()
    false = tuple(one for one in left if one.event_id not in excused)
    counting = [
        (incident, found)
        for incident, found in of_incident
        if not incident.marginal and incident.ideal_s + incident.cadence_s < until_s
    ]
    return Marks(
        findings=tuple(_finding(incident, found) for incident, found in counting),
        marginal=sum(incident.marginal for incident in incidents),
        faults=tuple(faults),
        false=false,
        right=len(left) - len(false),
        ignored=ignored,
        citizens=mark_reports(
            reports,
            {event_id: matter_of(incident) for event_id, incident in told.items()},
            standings,
            incidents,
        ),
    )


def _meets(episode: Episode, incident: Incident) -> bool:
    """Whether an event opened while an incident lasted, two readings' time around it."""
    slack_s = 2.0 * incident.cadence_s + (incident.ideal_s - incident.start_s)
    before = incident.start_s - slack_s
    return episode.opened_s >= before and (
        incident.end_s is None or episode.onset_s <= incident.end_s + slack_s
    )


def _tells(episode: Episode, incident: Incident) -> bool:
    """Whether an event is not to be blamed: it meets the incident, or what an observer may say around it.

    That is from where the true value may be called an incident on, and as long after its end as a
    measurement takes.
    """
    if _meets(episode, incident):
        return True
    slack_s = 2.0 * incident.cadence_s
    begin_s = incident.start_s if incident.maybe_s is None else incident.maybe_s
    measured_s = incident_classes()[incident.class_name].measured_s
    return episode.opened_s >= begin_s - slack_s and (
        incident.end_s is None or episode.opened_s <= incident.end_s + slack_s + measured_s
    )


def _warns(episode: Episode, incident: Incident) -> bool:
    """Whether an event about the whole district opened while an incident lasted, or as its class allows before."""
    lead_s = incident_classes()[incident.class_name].warns_s(episode.event_type)
    if lead_s is None:
        return False
    slack_s = 2.0 * incident.cadence_s
    return incident.start_s - lead_s - slack_s <= episode.opened_s and (
        incident.end_s is None or episode.opened_s <= incident.end_s + slack_s
    )


def _concerns(episode: Episode, fault: Fault, city: City) -> bool:
    if episode.event_type not in FAULT_EVENTS:
        return False
    box = next(box for box in city.boxes if box.name == fault.box)
    subjects = {city.group(group).subjects[index] for group, index in box.sensors}
    whole_box = fault.kind in {"reboot", "clock", "repeat"}
    here = episode.subject == fault.subject or (
        whole_box and episode.subject in subjects | {box.name}
    )
    slack_s = 2.0 * city.group(fault.group).profile.cadence_s
    return (
        here
        and fault.start_s - slack_s <= episode.opened_s
        and (episode.onset_s <= fault.end_s + slack_s)
    )


def _fault_finding(
    fault: Fault, episodes: Sequence[Episode], city: City, until_s: float
) -> FaultFinding:
    found = [one for one in episodes if _concerns(one, fault, city)]
    first = min(found, key=lambda one: one.opened_s) if found else None
    return FaultFinding(
        fault=fault,
        episode=first,
        detect_s=None if first is None else max(0.0, first.opened_s - fault.start_s),
        demanded=fault.kind not in SILENT_KINDS
        and (bool(found) or fault.start_s + _SURE_S.get(fault.kind, 0.0) < until_s),
    )


def _finding(incident: Incident, found: Sequence[Episode]) -> Finding:
    if not found:
        return Finding(incident=incident, episode=None)
    first = min(found, key=lambda one: one.opened_s)
    peak: Level = max((one.peak for one in found), key=level_rank)
    error = 0
    graded = incident_classes()[incident.class_name].graded
    if graded and level_rank(peak) < level_rank(incident.level):
        error = level_rank(incident.level) - level_rank(peak)
    elif graded and level_rank(peak) > level_rank(incident.most):
        error = level_rank(peak) - level_rank(incident.most)
    away = None
    if first.lon is not None and first.lat is not None:
        away = distance_m((first.lon, first.lat), (incident.lon, incident.lat))
    return Finding(
        incident=incident,
        episode=first,
        again=len(found) - len({one.rule for one in found}),
        level_error=error,
        detect_s=first.opened_s - incident.start_s,
        late_s=first.opened_s - incident.ideal_s,
        distance_m=away,
    )

"""From breaches to events: the statement that goes to the API."""

from contracts.envelope import Place
from contracts.event import Cause, Event
from contracts.readings import moment
from gateway.registry import Registry
from rules.breach import Breach

__all__ = ["build_event"]


def _district(breach: Breach, registry: Registry, default: str) -> str:
    """Return the district of a breach: its key's, its subject's, its box's, else ``default``."""
    named = breach.key.get("district")
    if named is not None:
        return named
    for subject in (breach.subject, breach.key.get("subject"), breach.key.get("camera")):
        known = registry.subjects.get(subject) if subject is not None else None
        if known is not None:
            return known.district
    box = registry.boxes.get(breach.key.get("box", ""))
    return default if box is None else box.district


def _place(breach: Breach, registry: Registry) -> Place | None:
    """Return where a breach without a sample is: the last known place of its subject."""
    for subject in (breach.subject, breach.key.get("subject"), breach.key.get("camera")):
        known = registry.subjects.get(subject) if subject is not None else None
        if known is not None and known.place is not None:
            return known.place
    return None


def build_event(
    breach: Breach, registry: Registry, *, default_district: str, flags: tuple[str, ...]
) -> Event:
    """Return the event of a breach.

    Args:
        breach: what the rule found.
        registry: tells the district of the subject.
        default_district: district of breaches whose subject nobody knows.
        flags: data-quality flags of the deciding message, added to the cause's own.
    """
    cause: Cause = breach.cause
    if flags:
        cause = Cause(
            expression=cause.expression,
            values=cause.values,
            message=cause.message,
            sent_at=cause.sent_at,
            journal_offset=cause.journal_offset,
            tick=cause.tick,
            flags=tuple(dict.fromkeys((*cause.flags, *flags))),
        )
    return Event(
        event_id=breach.event_id,
        rev=breach.rev,
        event_type=breach.event.type,
        rule=breach.rule,
        rule_version=breach.rule_version,
        level=breach.level,
        phase=breach.phase,
        key=breach.key,
        district=_district(breach, registry, default_district),
        onset_at=moment(breach.onset_at),
        at=moment(breach.at),
        title=breach.title,
        cause=cause,
        subject=breach.subject,
        ended_at=None if breach.ended_at is None else moment(breach.ended_at),
        place=breach.place or _place(breach, registry),
        discovery=breach.discovery,
        dedupe=breach.dedupe,
        preplan=breach.event.preplan,
        evidence=breach.evidence,
        members=breach.members,
    )

"""A record on its way to the rules, and what it leads to."""

from collections.abc import Sequence
from typing import NamedTuple

from contracts.codec import Message
from contracts.event import Event
from contracts.readings import SubjectReading
from contracts.topics import BoxTopic, DistrictTopic
from gateway.foreign.translator import Translated
from gateway.ports import Point
from runtime.journal import JournalKind

__all__ = ["Entry", "Outcome", "Prepared"]

Entry = tuple[JournalKind, int, str, bytes]
"""What the journal is given: kind, arrival in microseconds, topic, payload."""


class Prepared(NamedTuple):
    """What intake already knows of a record, so that it is not decoded twice."""

    message: Message | Translated
    place: BoxTopic | DistrictTopic | None
    """None for a foreign message: each of its parts has a place of its own."""
    resolved: Sequence[SubjectReading] | None


class Outcome(NamedTuple):
    """What a record led to."""

    events: list[Event]
    points: list[Point]

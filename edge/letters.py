"""Messages of the box, put together when the outbox gives them their number."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from types import MappingProxyType
from typing import Any

from msgspec import structs

from contracts.counts import Counts, LineCount, ZoneCount
from contracts.envelope import Channel
from contracts.observation import URGENT_KINDS, Observation, ObservationKind
from contracts.profiles import PROFILES
from contracts.readings import Readings, Record, Value
from contracts.topics import Kind
from contracts.tracks import Tracks, TrackState
from edge.sensors.ports import SensorReading
from runtime.outbox import Letter, Stamp

__all__ = ["counts_letter", "observation_letter", "reading_letters", "tracks_letter"]


def observation_letter(kind: ObservationKind, at: datetime, facts: dict[str, Any]) -> Letter:
    """Return an observation; priority 0 kinds go down the urgent lane.

    Args:
        kind: what was noticed.
        at: the moment that the statement is about.
        facts: the other fields of :class:`contracts.observation.Observation`.
    """

    def compose(stamp: Stamp) -> Observation:
        return Observation(**stamp._asdict(), at=at, kind=kind, **facts)

    if kind in URGENT_KINDS:
        return Letter(Channel.URGENT, Kind.URGENT, compose)
    return Letter(Channel.OBSERVATIONS, Kind.OBSERVATIONS, compose)


def tracks_letter(
    camera: str, at: datetime, tracks: tuple[TrackState, ...], zone_kinds: dict[str, str]
) -> Letter:
    """Return the live tracks of a camera."""

    def compose(stamp: Stamp) -> Tracks:
        return Tracks(**stamp._asdict(), at=at, camera=camera, tracks=tracks, zone_kinds=zone_kinds)

    return Letter(Channel.TRACKS, Kind.TRACKS, compose)


def counts_letter(
    camera: str,
    at: datetime,
    window_s: float,
    zones: tuple[ZoneCount, ...],
    lines: tuple[LineCount, ...],
) -> Letter:
    """Return the figures of a camera over the ``window_s`` seconds before ``at``."""

    def compose(stamp: Stamp) -> Counts:
        return Counts(
            **stamp._asdict(), at=at, camera=camera, window_s=window_s, zones=zones, lines=lines
        )

    return Letter(Channel.COUNTS, Kind.COUNTS, compose)


def reading_letters(
    readings: Sequence[SensorReading],
    per_message: int,
    priorities: Mapping[str, int] = MappingProxyType({}),
) -> list[Letter]:
    """Return readings as SenML packs of at most ``per_message`` readings, in the same order.

    Readings of priority 0 go down the urgent lane, in packs of their own.

    Args:
        readings: the readings.
        per_message: most readings in one pack.
        priorities: priority by subject, where it is not the profile's.
    """
    letters: list[Letter] = []
    for urgent, group in groupby(readings, key=lambda one: _is_urgent(one, priorities)):
        members = list(group)
        for start in range(0, len(members), per_message):
            letters.append(_pack(members[start : start + per_message], urgent=urgent))
    return letters


def _is_urgent(reading: SensorReading, priorities: Mapping[str, int]) -> bool:
    priority = priorities.get(reading.subject)
    if priority is not None:
        return priority == 0
    profile = PROFILES.get(reading.profile)
    return profile is not None and profile.priority == 0


def _pack(readings: Sequence[SensorReading], *, urgent: bool) -> Letter:
    at = max(reading.at for reading in readings)
    timed = any(reading.at != at for reading in readings)
    records = tuple(r for reading in readings for r in _records(reading, at if timed else None))

    def compose(stamp: Stamp) -> Readings:
        return Readings(**stamp._asdict(), at=at, records=records)

    if urgent:
        return Letter(Channel.URGENT, Kind.URGENT, compose)
    return Letter(Channel.READINGS, Kind.READINGS, compose)


def _records(reading: SensorReading, at: datetime | None) -> list[Record]:
    """Return one record a field; the first carries the base name, base time and profile.

    The base time is in seconds relative to the pack. Source: RFC 8428 §4.1 (base values hold until
    they are given again) and §4.5.3 (relative times).
    """
    profile = PROFILES.get(reading.profile)
    base_s = None if at is None else (reading.at - at).total_seconds()
    records: list[Record] = []
    for name, value in reading.values.items():
        field = None if profile is None else profile.field(name)
        unit = reading.units.get(name) or (None if field is None else field.unit)
        record = _record(name, unit, value)
        if name in reading.flags:
            record = structs.replace(record, q=reading.flags[name])
        if not records:
            subject = f"{reading.subject}/"
            record = structs.replace(record, bn=subject, bt=base_s, profile=reading.profile)
        records.append(record)
    return records


def _record(name: str, unit: str | None, value: Value) -> Record:
    if isinstance(value, bool):
        return Record(n=name, vb=value)
    if isinstance(value, str):
        return Record(n=name, vs=value)
    return Record(n=name, u=unit, v=float(value))

"""From messages to the samples that rules are fed and the points that telemetry keeps.

A pure function of the message, its place, its arrival and what the registry knows. Values are
converted to the base unit of the device profile; what the profile does not allow is withheld from
the rules (there it counts as unknown: it neither fires nor clears), kept in telemetry, and counted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from contracts.counts import Counts
from contracts.errors import UnitError
from contracts.observation import Observation
from contracts.profiles import PROFILES, ProfileField
from contracts.readings import Readings, SubjectReading, Value
from contracts.topics import BoxTopic
from contracts.tracks import Tracks
from contracts.units import convert
from gateway.camera_samples import counts_samples, observation_sample, tracks_samples
from gateway.ports import Point
from gateway.registry import Registry, SubjectRecord
from gateway.stamps import REPEATED, StampTally
from rules.sample import Sample

__all__ = ["CLOCK_SKEW", "LATE", "NOTHING_WITHHELD", "Batch", "SampleMaker", "Source", "Withheld"]

CLOCK_SKEW = "clock_skew"
"""Flag: the sender's clock was ahead, its time was taken to be the arrival."""
LATE = "late"
"""Flag: the message tells of a time long past."""

_FIELDS: dict[str, dict[str, ProfileField]] = {
    name: {field.name: field for field in profile.fields} for name, profile in PROFILES.items()
}


_OUT_OF_RANGE = "out_of_range"

Withheld = Mapping[str, float | None]
"""Fields that the profile does not allow: the value where it is out of range, None where there is
none of the right type and unit."""
NOTHING_WITHHELD: Withheld = MappingProxyType({})


class Batch(NamedTuple):
    """What one message became: samples with their flags, and telemetry points."""

    samples: list[tuple[Sample, tuple[str, ...]]]
    points: list[Point]
    withheld: Mapping[int, Withheld] = MappingProxyType({})
    """What is not in a sample's fields, by the sample's place."""


class Source(NamedTuple):
    """Where a message came from."""

    message: Readings | Tracks | Counts | Observation
    place: BoxTopic
    arrived_s: float
    """Arrival, seconds since 1970."""
    offset: int
    """Journal offset of its record."""

    @property
    def name(self) -> str:
        """What the message is called: box/boot/channel/seq."""
        message = self.message
        return f"{message.box}/{message.boot_id}/{message.channel.value}/{message.seq}"


class SampleMaker:
    """Makes samples; its counters say what was wrong with values.

    Args:
        registry: profiles and places of subjects.
        skew_s: how far ahead of its arrival a message's time may lie; beyond, it is clamped.
        late_s: how far behind its arrival it may lie before it is flagged as late.
    """

    def __init__(self, registry: Registry, *, skew_s: float, late_s: float) -> None:
        self._registry = registry
        self.skew_s = skew_s
        self.late_s = late_s
        self.counters: Counter[str] = Counter()
        self.skewed: Counter[str] = Counter()
        """Clamped times by box."""
        self.late: Counter[str] = Counter()
        """Times long past by box."""
        self.stamps = StampTally()
        """Odd times by device."""

    def make(
        self,
        message: Readings | Tracks | Counts | Observation,
        resolved: Sequence[SubjectReading],
        place: BoxTopic,
        arrived_s: float,
        offset: int,
    ) -> Batch:
        """Return the samples and points of one message.

        Args:
            message: the message.
            resolved: its pack resolved by subject, where it is a readings message; else empty.
            place: district, site and box it came from.
            arrived_s: arrival, seconds since 1970.
            offset: journal offset of its record.
        """
        source = Source(message, place, arrived_s, offset)
        self._registry.heard[place.box] = arrived_s
        if isinstance(message, Readings):
            return self._readings(resolved, source)
        name = source.name
        at_s, flags = self._clamp(message.at.timestamp(), arrived_s, place.box, message.camera)
        known = self._registry.locate(message.camera, place)
        known.heard_s = max(known.heard_s, at_s)
        if known.flag is not None:
            self.counters[known.flag] += 1
            if known.refused:
                return Batch([], [])
            flags = (*flags, known.flag)
        if isinstance(message, Tracks):
            samples = tracks_samples(message, known.place, place, at_s, offset, name)
        elif isinstance(message, Counts):
            samples = counts_samples(message, known.place, place, at_s, offset, name)
        else:
            samples = [observation_sample(message, known.place, place, at_s, offset, name)]
        self.counters["samples"] += len(samples)
        return Batch([(sample, flags) for sample in samples], [])

    def _clamp(
        self, at_s: float, arrived_s: float, box: str, subject: str
    ) -> tuple[float, tuple[str, ...]]:
        """Return a usable event time and the flags that it earned."""
        if at_s > arrived_s + self.skew_s:
            self.counters[CLOCK_SKEW] += 1
            self.skewed[box] += 1
            self.stamps.note(subject, CLOCK_SKEW)
            return arrived_s, (CLOCK_SKEW,)
        if at_s < arrived_s - self.late_s:
            self.counters[LATE] += 1
            self.late[box] += 1
            self.stamps.note(subject, LATE)
            return at_s, (LATE,)
        return at_s, ()

    def _readings(self, resolved: Sequence[SubjectReading], source: Source) -> Batch:
        samples: list[tuple[Sample, tuple[str, ...]]] = []
        points: list[Point] = []
        withheld: dict[int, Withheld] = {}
        self.counters["readings"] += len(resolved)
        for reading in resolved:
            made = self.reading(reading, source, points)
            if made is not None:
                sample, flags, kept_back = made
                if kept_back:
                    withheld[len(samples)] = kept_back
                samples.append((sample, flags))
        return Batch(samples, points, withheld)

    def reading(
        self, reading: SubjectReading, source: Source, points: list[Point]
    ) -> tuple[Sample, tuple[str, ...], Withheld] | None:
        """Return the sample of one reading, its flags and what is withheld from it.

        Args:
            reading: the reading.
            source: where its message came from.
            points: takes its telemetry.

        Returns:
            None where nobody knows its profile (it has telemetry only), and where the registry
            turns its device away.
        """
        at_s, flags = self._clamp(reading.at, source.arrived_s, source.place.box, reading.subject)
        subject = reading.subject
        known = self._registry.locate(subject, source.place)
        if at_s == known.heard_s:
            self.stamps.note(subject, REPEATED)
        known.heard_s = max(known.heard_s, at_s)
        if known.flag is not None:
            self.counters[known.flag] += 1
            if known.refused:
                return None
            flags = (*flags, known.flag)
        profile = known.profile if known.registered else reading.profile or known.profile
        table = _FIELDS.get(profile) if profile is not None else None
        at_us = round(at_s * 1_000_000)
        if table is None or profile is None:
            self.counters["unknown_profile"] += 1
            points.extend(Point(subject, k, at_us, v) for k, v in reading.values.items())
            return None
        fields: dict[str, Value] = {}
        withheld: dict[str, float | None] = {}
        for field, given in reading.values.items():
            value, fault = self._value(table.get(field), given, reading.units.get(field))
            points.append(Point(subject, field, at_us, value))
            if fault is None:
                fields[field] = value
            else:
                self.counters[fault] += 1
                out = fault is _OUT_OF_RANGE and not isinstance(value, str)
                withheld[field] = float(value) if out else None
        sample = self.sample(subject, profile, at_s, fields, known, source)
        return sample, flags, withheld or NOTHING_WITHHELD

    def sample(
        self,
        subject: str,
        profile: str,
        at_s: float,
        fields: dict[str, Value],
        known: SubjectRecord,
        source: Source,
    ) -> Sample:
        """Return the sample of values that the rules may see."""
        self.counters["samples"] += 1
        message, place = source.message, source.place
        return Sample(
            stream="readings",
            profile=profile,
            subject=subject,
            at=at_s,
            keys={
                "subject": subject,
                "box": place.box,
                "site": place.site,
                "district": place.district,
            },
            fields=fields,
            place=known.place,
            discovery=message.discovery,
            message=source.name,
            sent_at=message.sent_at,
            offset=source.offset,
        )

    @staticmethod
    def _value(
        field: ProfileField | None, given: Value, unit: str | None
    ) -> tuple[Value, str | None]:
        """Return a value in the profile's unit, and why rules may not see it, if they may not."""
        if field is None:
            return given, "unknown_field"
        if field.kind == "number":
            if isinstance(given, bool | str):
                return given, "wrong_type"
            if unit is not None and unit != field.unit and field.unit is not None:
                try:
                    given = convert(given, unit, field.unit)
                except UnitError:
                    return given, "wrong_unit"
            if (field.minimum is not None and given < field.minimum) or (
                field.maximum is not None and given > field.maximum
            ):
                return given, _OUT_OF_RANGE
            return given, None
        if field.kind == "flag":
            if isinstance(given, bool):
                return given, None
            # many devices can only send numbers: 1 and 0 are as good as true and false
            if not isinstance(given, str) and given in {0.0, 1.0}:
                return bool(given), None
        elif isinstance(given, str):
            return given, None
        return given, "wrong_type"

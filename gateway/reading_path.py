"""The way of readings to the rules, and the short way of those about which there is nothing to say.

A sensor that reports as ever is known by its *station*: what its place, profile, gates and rules
make of its next reading is at hand there. While its values are numbers in order, within the range
and in the unit of the profile, while its gates pass them and no rule judges anew, no sample is made
and no rule is asked. Everything else goes the ordinary way, and both come to the same.
"""

import math
import sys
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from msgspec.structs import astuple

from contracts.alike_pack import AlikePack, SensorShape
from contracts.profiles import PROFILES
from contracts.readings import SubjectReading
from contracts.topics import BoxTopic
from gateway.ports import Point
from gateway.quality_marks import box_flags, flag_points
from gateway.registry import Registry, SubjectRecord
from gateway.samples import CLOCK_SKEW, NOTHING_WITHHELD, SampleMaker, Source
from gateway.stamps import REPEATED
from rules.breach import Breach
from rules.calm_keys import CalmKeys
from rules.engine import Engine
from rules.quality.inspector import Inspection, Inspector
from rules.quality.sensor_memory import SensorMemory
from rules.quality.telling import tell
from rules.quality.watch import Watch, plain_memories

__all__ = ["ReadingPath", "Statements"]

Statements = list[tuple[Sequence[Breach], tuple[str, ...]]]
"""What the rules found, each with the data-quality flags of what decided."""

_Numbers = dict[str, tuple[str, float, float, str | None]]
"""By field: its name, the range of the profile, and its unit."""
_NUMBERS: Final[dict[str, _Numbers]] = {
    name: {
        field.name: (
            field.name,
            -sys.float_info.max if field.minimum is None else field.minimum,
            sys.float_info.max if field.maximum is None else field.maximum,
            field.unit,
        )
        for field in profile.fields
        if field.kind == "number"
    }
    for name, profile in PROFILES.items()
}
_new_point = tuple.__new__


class _Station:
    """What is known of one sensor, as its box speaks for it."""

    __slots__ = (
        "calm",
        "high",
        "known",
        "low",
        "memories",
        "numbers",
        "place",
        "profile",
        "shape",
        "single",
        "unit",
        "watches",
    )

    def __init__(
        self, place: BoxTopic, known: SubjectRecord, profile: str, watches: Sequence[Watch]
    ) -> None:
        self.place = place
        self.known = known
        self.profile = profile
        self.numbers = _NUMBERS[profile]
        self.watches = watches
        self.calm: CalmKeys | None = None
        self.single = ""
        """The one field of its readings, where two comparisons and its gates decide on it."""
        self.low, self.high = math.inf, -math.inf
        """Between these, both included, neither profile nor rules have anything to say of it."""
        self.unit: str | None = None
        self.shape: SensorShape | None = None
        """What its records look like, where that is known to be the field and the unit above."""
        self.memories: tuple[SensorMemory, ...] = ()
        """What its gates remember of that field."""

    def rest(self, calm: CalmKeys | None) -> None:
        """Know what stands for the sensor's keys, and whether the shortest way is open to it."""
        self.calm = calm
        self.low, self.high = math.inf, -math.inf
        self.shape = None
        number = None if calm is None else self.numbers.get(calm.single)
        if calm is None or number is None:
            return
        self.single, low, high, self.unit = number
        memories = plain_memories(self.watches, self.single)
        if memories is not None:
            self.memories = memories
            self.low, self.high = max(low, calm.low), min(high, calm.high)

    def looks(self, shape: SensorShape) -> bool:
        """Return whether records of a shape are what the shortest way is open to."""
        if (
            self.low > self.high
            or shape.field != self.single
            or shape.profile != self.profile
            or (shape.unit is not None and shape.unit != self.unit)
        ):
            return False
        self.shape = shape
        return True


class _Found(NamedTuple):
    """Who judges a pack, where it came from, and what there is to say of it."""

    engine: Engine
    inspector: Inspector
    source: Source
    statements: Statements
    points: list[Point]


class ReadingPath:
    """Takes readings to gates and rules.

    Args:
        maker: makes samples and points, and counts; its limits of clocks hold here.
        registry: what is known of subjects.
    """

    def __init__(self, maker: SampleMaker, registry: Registry) -> None:
        self._maker = maker
        self._registry = registry
        self._stations: dict[str, _Station] = {}
        self.noted = 0
        """Readings that took the short way."""

    def forget(self) -> None:
        """Forget every station; to be called when other rules or gates come into force."""
        self._stations.clear()

    def take(
        self,
        engine: Engine,
        inspector: Inspector,
        resolved: Sequence[SubjectReading],
        source: Source,
    ) -> tuple[Statements, list[Point]]:
        """Return what the rules find in a pack, and its telemetry.

        Args:
            engine: the engine in force.
            inspector: the gates in force.
            resolved: the pack, resolved by subject.
            source: where it came from, when, and under which offset.
        """
        found = _Found(engine, inspector, source, [], [])
        maker = self._maker
        self._registry.heard[source.place.box] = source.arrived_s
        if resolved.__class__ is AlikePack:
            noted = self._alike(resolved, found)
        else:
            noted = sum([self._one(reading, found, 0) for reading in resolved])
        maker.counters["readings"] += len(resolved)
        maker.counters["samples"] += noted
        self.noted += noted
        return found.statements, found.points

    def _alike(self, pack: AlikePack, found: _Found) -> int:
        """Take a pack of sensors with one number each; return how many there was nothing to say of."""
        engine, inspector, source, _, points = found
        maker, place, arrived_s = self._maker, source.place, source.arrived_s
        soonest, latest = arrived_s - maker.late_s, arrived_s + maker.skew_s
        station_of, subject_of = self._stations.get, self._registry.subjects.get
        passed_by, noted_by = inspector.passed, engine.noted
        noted, stamped_at, at_us, index = 0, math.nan, 0, -1
        for shape, value, at in zip(pack.shapes, pack.numbers, pack.ats, strict=True):
            index += 1
            subject, passed = shape.subject, 0
            station = station_of(subject)
            if (
                station is not None
                and (station.shape is shape or station.looks(shape))
                and station.low <= value <= station.high
            ):
                calm, known = station.calm, station.known
                assert calm is not None
                if (
                    calm.at <= at < calm.until
                    and known.heard_s < at
                    and soonest <= at <= latest
                    and subject_of(subject) is known
                    and (station.place is place or station.place == place)
                ):
                    for memory in station.memories:
                        if memory.passes(memory, at, value, arrived_s) is None:
                            break
                        passed += 1
                        if not memory.dirty:
                            passed_by(memory)
                    else:
                        if at != stamped_at:
                            stamped_at, at_us = at, round(at * 1_000_000)
                        known.heard_s = at
                        calm.move(at, value, arrived_s - at, noted_by)
                        points.append(_new_point(Point, (subject, station.single, at_us, value)))
                        noted += 1
                        continue
            noted += self._one(pack[index], found, passed)
        return noted

    def _one(self, reading: SubjectReading, found: _Found, passed: int) -> int:
        """Take one reading; return 1 where there was nothing to say of it, else 0.

        Args:
            reading: the reading.
            found: takes what there is to say.
            passed: how many gates of its sensor it passed already, in their order.
        """
        engine, inspector, source, statements, points = found
        maker, place, arrived_s = self._maker, source.place, source.arrived_s
        subject, profile, at, values, units, doubts = astuple(reading)
        station, known = self._stations.get(subject), self._registry.subjects.get(subject)
        if (
            station is None
            or known is None
            or station.known is not known
            or not (station.place is place or station.place == place)
            or station.profile != (profile or known.profile)
            or doubts
            or not arrived_s - maker.late_s <= at <= arrived_s + maker.skew_s
        ):
            self._ordinary(reading, found)
            return 0
        numbers, first, at_us = station.numbers, len(points), round(at * 1_000_000)
        for field, given in values.items():
            number = numbers.get(field)
            if number is None or given.__class__ is not float:
                break
            name, low, high, unit = number
            if not low <= given <= high or (units and units.get(field, unit) != unit):
                break
            points.append(_new_point(Point, (subject, name, at_us, given)))
        else:
            heard_s = known.heard_s
            if at > heard_s:
                known.heard_s = at
            elif at == heard_s:
                maker.stamps.note(subject, REPEATED)
            watches = station.watches[passed:] if passed else station.watches
            judgement = None
            if watches:
                judgement = inspector.judge(
                    watches, subject, at, values, NOTHING_WITHHELD, arrived_s, clamped=False
                )
            calm = station.calm
            if judgement is None and calm is not None and engine.note(calm, at, values, arrived_s):
                return 1
            sample = maker.sample(subject, station.profile, at, values, known, source)
            inspection = inspector.explain(sample, judgement)
            points += _flags(inspection)
            statements += _apply(engine, inspection, (), arrived_s)
            station.rest(engine.calm(inspection.sample))
            return 0
        del points[first:]
        self._ordinary(reading, found)
        return 0

    def _ordinary(self, reading: SubjectReading, found: _Found) -> None:
        """Take one reading the ordinary way, and know its sensor from then on."""
        engine, inspector, source, statements, points = found
        made = self._maker.reading(reading, source, points)
        if made is None:
            return
        sample, flags, withheld = made
        profile, subject = sample.profile or "", sample.subject
        if reading.flags:
            said = box_flags(reading.flags)
            flags = (*flags, *said)
            points += flag_points(subject, round(sample.at * 1_000_000), said)
        inspection = Inspection(sample, (), ())
        if profile in inspector.profiles:
            clamped = CLOCK_SKEW in flags
            inspection = inspector.inspect(sample, withheld, source.arrived_s, clamped=clamped)
            points += _flags(inspection)
        statements += _apply(engine, inspection, flags, source.arrived_s)
        known = self._registry.subjects[subject]
        if known.flag is not None:
            return  # what the registry holds against a sensor is told with each of its readings
        station = self._stations[subject] = _Station(
            source.place, known, profile, inspector.watch(profile, subject, sample.keys)
        )
        if not flags:
            station.rest(engine.calm(inspection.sample))


def _flags(inspection: Inspection) -> list[Point]:
    """Return what the gates said of a reading, and anew of those after it, for telemetry."""
    sample, revision = inspection.sample, inspection.revision
    points = flag_points(sample.subject, round(sample.at * 1_000_000), inspection.flags)
    for at, flags in () if revision is None else revision.flags:
        points += flag_points(sample.subject, round(at * 1_000_000), flags)
    return points


def _apply(
    engine: Engine, inspection: Inspection, flags: tuple[str, ...], now: float
) -> Iterator[tuple[Sequence[Breach], tuple[str, ...]]]:
    """Yield what the rules find in what the gates left of a reading, and in what they found."""
    for breaches, said in tell(engine, inspection, now):
        if breaches:
            yield breaches, (*flags, *said)

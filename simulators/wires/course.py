"""What the sensors of a scenario measure as time goes on, whichever kind of scenario it is."""

import heapq
import math
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from contracts.envelope import Place
from contracts.geometry import from_local_m
from contracts.profiles import PROFILES
from contracts.readings import Value
from simulators.city.city import City
from simulators.city.instruments import FIELD_KINDS
from simulators.city.sample_flow import SampleFlow
from simulators.scenario import Scenario
from simulators.wires.board import WiredSensor

__all__ = ["CityCourse", "Course", "Measured", "StormCourse"]


class Measured(NamedTuple):
    """One measurement, ``at_s`` seconds into the scenario."""

    at_s: float
    subject: str
    values: dict[str, Value]


class Course(Protocol):
    """A scenario's sensors in time.

    Adapters: :class:`StormCourse` (the demonstration's storm) and :class:`CityCourse`.
    """

    sensors: tuple[WiredSensor, ...]
    lasts_s: float

    def take(self, until_s: float) -> list[Measured]:
        """Return the measurements before a second of the scenario that were not taken yet."""
        ...


class StormCourse:
    """The storm over Riverside.

    Args:
        scenario: the storm.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.sensors = tuple(
            WiredSensor(subject=one.subject, profile=PROFILES[one.profile], place=one.place)
            for one in scenario.subjects
        )
        self.lasts_s = scenario.duration_s
        self._scenario = scenario
        self._due = [
            (scenario.elapsed_s(one, 0), number, 0) for number, one in enumerate(scenario.subjects)
        ]
        heapq.heapify(self._due)

    def take(self, until_s: float) -> list[Measured]:
        """Return the measurements before a second of the scenario that were not taken yet."""
        return list(self._measured(until_s))

    def _measured(self, until_s: float) -> Iterator[Measured]:
        while self._due[0][0] < min(until_s, self.lasts_s):
            at_s, number, index = self._due[0]
            sensor = self._scenario.subjects[number]
            following = self._scenario.elapsed_s(sensor, index + 1)
            heapq.heapreplace(self._due, (following, number, index + 1))
            yield Measured(at_s, sensor.subject, self._scenario.measure(sensor, index))


class CityCourse:
    """The sensors of a city scenario; what link faults keep from a broker is kept from no wire.

    Args:
        city: the scenario.
    """

    def __init__(self, city: City) -> None:
        self.sensors = tuple(
            WiredSensor(
                subject=subject,
                profile=group.profile,
                place=_place(city, float(group.east_m[number]), float(group.north_m[number])),
            )
            for group in city.groups
            for number, subject in enumerate(group.subjects)
        )
        self.lasts_s = city.lasts_s
        self._flow = SampleFlow(city, city.lasts_s)

    def take(self, until_s: float) -> list[Measured]:
        """Return the measurements before a second of the scenario that were not taken yet."""
        found = [
            Measured(at_s, group.subjects[index], values)
            for samples in self._flow.take(until_s).values()
            for group, index, at_s, given in samples
            if (values := _values(given))
        ]
        return sorted(found, key=lambda one: (one.at_s, one.subject))


def _place(city: City, east_m: float, north_m: float) -> Place:
    lon, lat = from_local_m(city.map.centre, (east_m, north_m))
    return Place(lon=round(lon, 6), lat=round(lat, 6))


def _values(given: dict[str, float]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name, value in given.items():
        if math.isnan(value):
            continue
        kind = FIELD_KINDS.get(name)
        if kind == "flag":
            values[name] = value > 0.5
        elif kind == "text":
            values[name] = "construction" if value > 0.5 else "traffic"
        else:
            values[name] = value
    return values

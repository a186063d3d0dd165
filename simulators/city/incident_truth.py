"""What is true: the incidents in the world's own values, and the faults that somebody should notice.

Reckoned from the true values and the incident classes alone; no rule, gate or reading is looked at.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from msgspec import Struct

from contracts.levels import Level
from simulators.city.city import City, SensorGroup
from simulators.city.incident_classes import IncidentClass, incident_classes
from simulators.city.signals import Stretch

__all__ = ["Incident", "TruthBook", "incidents_in"]

Array = np.ndarray[Any, np.dtype[np.float64]]


class Incident(Struct, frozen=True, kw_only=True):
    """One incident. Times are seconds of the scenario.

    ``marginal``: an honest sensor may see it either way; nobody is blamed for finding or missing it.
    """

    class_name: str
    subject: str
    start_s: float
    """First sample of the stretch that makes it an incident."""
    end_s: float | None
    """First sample of the calm that ends it; None where the scenario ends before."""
    ideal_s: float
    """When a careful observer of the true values is sure: start plus the class's notice."""
    level: Level
    """The gravest level that it surely reaches."""
    most: Level
    """The gravest level that an honest sensor may see."""
    lon: float
    lat: float
    cadence_s: float
    """Seconds between two of the samples that the stack under test gets of it."""
    marginal: bool = False
    maybe_s: float | None = None
    """From here on no event about it is blamed, see ``maybe`` of its class; None: from the start."""


def _runs(mask: np.ndarray[Any, np.dtype[np.bool_]]) -> list[tuple[int, int]]:
    """Return the stretches of True as (first, last) indices, both inside."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _first_long(at_s: Array, mask: np.ndarray[Any, np.dtype[np.bool_]], for_s: float) -> int | None:
    """Return where the first stretch of True begins that lasts ``for_s``; None: there is none."""
    for first, last in _runs(mask):
        if at_s[last] - at_s[first] >= for_s:
            return first
    return None


def _calm_runs(at_s: Array, mask: np.ndarray[Any, np.dtype[np.bool_]], calm_s: float) -> list[int]:
    """Return where the stretches of True begin that last ``calm_s``, or until the end."""
    end = len(at_s) - 1
    return [
        first
        for first, last in _runs(mask)
        if last == end or at_s[last + 1] - at_s[first] >= calm_s
    ]


def _averaged(at_s: Array, values: Array, over_s: float) -> Array:
    """Return the mean of the last ``over_s`` seconds at every moment of an even cadence."""
    width = max(1, round(over_s / (at_s[1] - at_s[0]))) if len(at_s) > 1 else 1
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    begins = np.maximum(ends - width, 0)
    return np.asarray((sums[ends] - sums[begins]) / width)


def incidents_in(
    name: str,
    kind: IncidentClass,
    subject: str,
    at_s: Array,
    values: Array,
    place: tuple[float, float],
    *,
    cadence_s: float,
) -> list[Incident]:
    """Return the incidents of one class in one sensor's true values.

    Args:
        name: the class's name.
        kind: the class.
        subject: the sensor.
        at_s: seconds of the scenario in rising order, ``(n,)``.
        values: true values ``(n,)``, base unit.
        place: longitude and latitude of the sensor.
        cadence_s: seconds between two samples that the stack under test gets.
    """
    sign = 1.0 if kind.side == "above" else -1.0
    height = sign * (_averaged(at_s, values, kind.average_s) if kind.average_s else values)
    levels = list(kind.levels)
    first = sign * kind.levels[levels[0]]
    low = first - kind.margin if kind.maybe is None else sign * kind.maybe
    touching = height >= low
    if not touching.any():
        return []
    found: list[Incident] = []
    over = _calm_runs(at_s, height < sign * kind.ends, kind.calm_s)
    position = 0
    while True:
        begins = np.flatnonzero(touching[position:])
        if not begins.size:
            return found
        begin = position + int(begins[0])
        end = next((first for first in over if first > begin), len(at_s))
        part, high = at_s[begin:end], height[begin:end]
        sure = [
            level
            for level in levels
            if _first_long(
                part, high >= sign * kind.levels[level] + kind.margin, kind.notice_s(level)
            )
            is not None
        ]
        maybe = [
            level for level in levels if (high >= sign * kind.levels[level] - kind.margin).any()
        ]
        start = _first_long(part, high >= first, kind.notice_s(levels[0]))
        start_s = float(part[start or 0])
        found.append(
            Incident(
                class_name=name,
                subject=subject,
                start_s=start_s,
                end_s=float(at_s[end]) if end < len(at_s) else None,
                ideal_s=start_s + kind.notice_s(levels[0]),
                level=sure[-1] if sure else levels[0],
                most=maybe[-1] if maybe else levels[0],
                lon=place[0],
                lat=place[1],
                cadence_s=cadence_s,
                marginal=not sure or start is None,
                maybe_s=float(part[0]),
            )
        )
        position = end
        if position >= len(at_s):
            return found


class TruthBook:
    """Collects a run's true values and says what was an incident in them."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._classes = {
            name: kind
            for name, kind in incident_classes().items()
            if any(group.profile.name == kind.profile for group in city.groups)
        }
        self._columns: dict[tuple[str, str], tuple[SensorGroup, list[Array], list[Array]]] = {}

    def add(self, stretches: Iterable[Stretch]) -> None:
        """Take in the next stretch of every group."""
        for stretch in stretches:
            for name, kind in self._classes.items():
                if kind.profile == stretch.group.profile.name:
                    _, times, values = self._columns.setdefault(
                        (name, stretch.group.id), (stretch.group, [], [])
                    )
                    times.append(stretch.at_s)
                    values.append(stretch.true[kind.field])

    def incidents(self) -> list[Incident]:
        """Return every incident so far, in order of class, sensor and time."""
        found: list[Incident] = []
        for (name, _), (group, times, values) in self._columns.items():
            kind, at_s, true = self._classes[name], np.concatenate(times), np.concatenate(values)
            for index, subject in enumerate(group.subjects):
                found.extend(
                    incidents_in(
                        name,
                        kind,
                        subject,
                        at_s,
                        true[:, index],
                        self._city.place(group, index),
                        cadence_s=group.profile.cadence_s,
                    )
                )
        return found

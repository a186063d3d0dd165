"""All groups' readings in rising order of time, a stretch at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from msgspec import Struct

from simulators.city.city import City, SensorGroup, stream_of
from simulators.city.instruments import Instrument, instrument_for
from simulators.city.sensor_faults import FaultedGroup

__all__ = ["Signals", "Stretch"]

Array = np.ndarray[Any, np.dtype[np.float64]]

STRETCH_S = 6 * 3600.0
"""Most seconds of one stretch: 2,160 moments of a level sensor, and memory stays small."""


class Stretch(Struct, frozen=True, eq=False):
    """Readings of one group at ``at_s`` ``(n,)``; ``true`` and ``sent`` by field, ``(n, sensors)``."""

    group: SensorGroup
    at_s: Array
    true: dict[str, Array]
    sent: dict[str, Array]


class _GroupSignals:
    def __init__(self, city: City, group: SensorGroup) -> None:
        self._city, self._group = city, group
        self._instrument: Instrument = instrument_for(city, group)
        self._faulted = FaultedGroup(group, city.faults)
        self._next = 0

    def until(self, end_s: float, stretch: int) -> Stretch | None:
        """Return the readings from the last call up to ``end_s`` exclusive; None: there are none."""
        cadence_s = self._group.profile.cadence_s
        last = int(np.ceil(end_s / cadence_s))
        if last <= self._next:
            return None
        at_s = np.arange(self._next, last, dtype=np.float64) * cadence_s
        self._next = last
        rng = stream_of(self._city.seed, self._group.id, "noise", chunk=stretch)
        true = self._instrument.advance(at_s)
        return Stretch(
            self._group, at_s, true, self._faulted.apply(at_s, self._instrument.measure(true, rng))
        )


class Signals:
    """Everything that the city's sensors say up to ``until_s`` of the scenario."""

    def __init__(self, city: City, until_s: float) -> None:
        self._groups = [_GroupSignals(city, group) for group in city.groups]
        self._until_s = until_s

    def __iter__(self) -> Iterator[list[Stretch]]:
        """Yield stretches of six hours, each with every group that reports in it."""
        begin_s, number = 0.0, 0
        while begin_s < self._until_s:
            end_s = min(begin_s + STRETCH_S, self._until_s)
            found = [group.until(end_s, number) for group in self._groups]
            yield [stretch for stretch in found if stretch is not None]
            begin_s, number = end_s, number + 1

"""What broken sensors report: faults laid over the readings of honest ones."""

from typing import Any

import numpy as np

from simulators.city.city import Fault, SensorGroup

__all__ = ["DEFAULT_SIZES", "FaultedGroup"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Values = dict[str, Array]

DEFAULT_SIZES: dict[str, dict[str, float]] = {
    "water_level": {"drift": 0.05, "spike": 1.2, "range": 9.9, "bias": 0.03},
    "rain_gauge": {"drift": 5.0, "spike": 380.0, "range": 900.0, "bias": 2.0},
    "noise": {"drift": 1.0, "spike": 60.0, "range": 180.0, "bias": 2.0},
    "bin_fill": {"drift": 0.01, "spike": -0.9, "range": 1.9, "bias": 0.05},
    "manhole": {"drift": 0.1, "spike": 40.0, "range": 400.0, "bias": 1.0},
    "fire_water": {"drift": 4.0, "spike": 1500.0, "range": 9999.0, "bias": 10.0},
    "air": {"drift": 3.0, "spike": 1200.0, "range": 6500.0, "bias": 8.0},
    "dust": {"drift": 10.0, "spike": 3000.0, "range": 9999.0, "bias": 20.0},
    "street_lamp": {"drift": 2.0, "spike": 1800.0, "range": 9999.0, "bias": 10.0},
    "elevator": {"drift": 0.1, "spike": 15.0, "range": 99.0, "bias": 0.1},
}
"""In the first field's base unit: offset (bias), change an hour (drift), step (spike), value sent
(range: an out-of-range code as sensors send when a wire breaks). Invented."""


class FaultedGroup:
    """A group's sensors, of which some are broken for a while. Call in rising order of time.

    Args:
        group: the sensors.
        faults: those of the group, of any kind; kinds that concern a box are left alone.
    """

    def __init__(self, group: SensorGroup, faults: tuple[Fault, ...]) -> None:
        self._faults = tuple(one for one in faults if one.group == group.id)
        self._sizes = DEFAULT_SIZES.get(group.profile.name, {})
        self._held: dict[str, dict[str, float]] = {}

    def apply(self, at_s: Array, values: Values) -> Values:
        """Return readings ``(moments, sensors)`` as the broken sensors send them; NaN: none is sent."""
        active = [one for one in self._faults if one.start_s <= at_s[-1] and one.end_s > at_s[0]]
        if not active:
            return values
        changed = {name: array.copy() for name, array in values.items()}
        for fault in active:
            during = np.flatnonzero((at_s >= fault.start_s) & (at_s < fault.end_s))
            if during.size:
                self._break(fault, at_s, during, changed)
        return changed

    def _break(
        self, fault: Fault, at_s: Array, during: np.ndarray[Any, Any], values: Values
    ) -> None:
        first = next(iter(values))
        size = fault.size if fault.size is not None else self._sizes.get(fault.kind, 0.0)
        column = values[first][:, fault.index]
        if fault.kind == "stuck":
            held = self._held.setdefault(
                f"{fault.subject}@{fault.start_s}",
                {name: float(array[during[0], fault.index]) for name, array in values.items()},
            )
            for name, value in held.items():
                values[name][during, fault.index] = value
        elif fault.kind == "drift":
            column[during] = np.round(
                column[during] + size * (at_s[during] - fault.start_s) / 3600.0, 3
            )
        elif fault.kind == "bias":
            column[during] = np.round(column[during] + size, 3)
        elif fault.kind == "range":
            column[during] = size
        elif fault.kind == "spike":
            # one in three: a loose contact, not a new world
            hit = during[::3]
            column[hit] = np.round(column[hit] + size, 3)
        elif fault.kind == "silent":
            for array in values.values():
                array[during, fault.index] = np.nan

"""Arrays of what groups of sensors measure, and what happens to them while they do."""

import math
from typing import Any

import numpy as np

from simulators.city.city import City, Happening, SensorGroup

__all__ = ["Array", "Values", "during_of", "happenings_of", "rounded", "site_of"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Values = dict[str, Array]
"""By field: float64 ``(moments, sensors)`` in base units."""


def rounded(values: Array, digits: int) -> Array:
    """Return values to a sensor's resolution: so many digits after the point."""
    return np.asarray(values.round(digits), dtype=np.float64)


def happenings_of(city: City, group: SensorGroup, cause: str) -> list[Happening]:
    """Return what happens of one cause to a group's sensors."""
    return [one for one in city.happenings if one.cause == cause and one.group == group.id]


def during_of(at_s: Array, happening: Happening) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which moments something lasts at: ``(moments,)``."""
    return (at_s >= happening.start_s) & (at_s < happening.end_s)


def site_of(group: SensorGroup, works: Happening) -> tuple[float, float]:
    """Return where works stand: metres east and north of the map's centre."""
    bearing = math.radians(works.bearing_deg)
    east = group.east_m[works.index] + works.distance_m * math.sin(bearing)
    north = group.north_m[works.index] + works.distance_m * math.cos(bearing)
    return float(east), float(north)
